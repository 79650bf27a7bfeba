#include "codec/uu.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *in, *want;
	enum uu_state state;
} rows[] = {
	{ "cat", "begin 644 cat.txt\r\n#0V%T\r\n`\r\nend\r\n", "Cat", UU_AFTER },
	{ "text around", "hello\nbegin 600 a b\n#0V%T\n \nend\nbye\n", "Cat", UU_AFTER },
	{ "stripped blanks", "begin 644 x\n#0V%T\n#\nend\n", "Cat\0\0\0", UU_AFTER },
	{ "no end", "begin 644 x\n#0V%T", "Cat", UU_INSIDE },
	{ "no begin", "#0V%T\n", "", UU_BEFORE },
	{ "begin in prose", "begin with this\n#0V%T\n", "", UU_BEFORE },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t step = 1; step < 9; step += 3) {
			struct uu_decoder d = { 0 };
			struct str in = str_c(rows[i].in);
			size_t want_n = i == 2 ? 6 : str_c(rows[i].want).n;
			struct buf out;

			TEST_ROW(rows[i].name);
			buf_init(&out, 1000);
			for (; in.n > 0; in = str_from(in, step))
				uu_decoder_feed(&d, str_head(in, step), &out);
			uu_decoder_end(&d, &out);
			CHECK_STR(buf_str(&out), str_of(rows[i].want, want_n));
			CHECK_NUM(d.state, rows[i].state);
			buf_release(&out);
		}
	}
	return test_end();
}
