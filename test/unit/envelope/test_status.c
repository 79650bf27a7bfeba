#include "envelope/status.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name;
	unsigned code;
	const char *text, *want;
} rows[] = {
	{ "as said", 550, "5.1.1 No such user", "5.1.1" },
	{ "three digits", 450, "4.999.12 x", "4.999.12" },
	{ "alone", 250, "2.0.0", "2.0.0" },
	{ "another class", 450, "5.1.1 No such user", "4.2.0" },
	{ "none", 550, "No such user", "5.1.0" },
	{ "a version", 550, "5.1.1.2 x", "5.1.0" },
	{ "too many digits", 554, "5.1.1000 x", "5.0.0" },
	{ "glued", 554, "5.1.1x", "5.0.0" },
	{ "class 3", 354, "3.0.0 x", "3.0.0" },
	{ "empty", 421, "", "4.3.2" },
	{ "host takes no mail", 521, "go away", "5.3.2" },
	{ "domain takes no mail", 556, "go away", "5.1.10" },
	{ "unknown code", 599, "", "5.0.0" },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		TEST_ROW(rows[i].name);
		buf_init(&out, 20);
		status_write(&out, status_of_reply(rows[i].code, str_c(rows[i].text)));
		CHECK_STR(buf_str(&out), str_c(rows[i].want));
		buf_release(&out);
	}
	return test_end();
}
