#include "envelope/xtext.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *in;
	enum fail want;
	const char *out;
} rows[] = {
	{ "plain", FAIL_NONE, "plain" },
	{ "a+2Bb+3Dc", FAIL_NONE, "a+b=c" },
	{ "+c3+A4", FAIL_NONE, "\xc3\xa4" },
	{ "+2", FAIL_SYNTAX, NULL },
	{ "+ZZ", FAIL_SYNTAX, NULL },
	{ "+2 ", FAIL_SYNTAX, NULL },
	{ "a=b", FAIL_SYNTAX, NULL },
	{ "a b", FAIL_SYNTAX, NULL },
	{ "\xc3\xa4", FAIL_SYNTAX, NULL },
	{ "", FAIL_NONE, "" },
	{ "12345678901", FAIL_LIMIT, NULL },
};

static void
test_parse(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		TEST_ROW(rows[i].in);
		buf_init(&out, 10);
		CHECK_NUM(xtext_parse(&out, str_c(rows[i].in)), rows[i].want);
		CHECK_STR(buf_str(&out), str_c(rows[i].out));
		CHECK(buf_ok(&out));
		buf_release(&out);
	}
}

/* Every byte comes back, and nothing that is no xtext is written. */
static void
test_write(void)
{
	struct buf text, back;
	char bytes[256];

	TEST_ROW("all bytes");
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(unsigned char)i;
	buf_init(&text, 1000);
	buf_init(&back, 1000);
	xtext_write(&text, str_of(bytes, sizeof bytes));
	CHECK_NUM(xtext_parse(&back, buf_str(&text)), FAIL_NONE);
	CHECK_STR(buf_str(&back), str_of(bytes, sizeof bytes));
	buf_clear(&text);
	xtext_write(&text, STR("a+b=c d"));
	CHECK_STR(buf_str(&text), STR("a+2Bb+3Dc+20d"));
	buf_release(&text);
	buf_release(&back);
}

/* RFC 6533 3: two digits at the least, six at the most. */
static void
test_embedded(void)
{
	struct buf out;

	buf_init(&out, 64);
	embedded_write(&out, 0);
	embedded_write(&out, 0xe4);
	embedded_write(&out, 0x20ac);
	embedded_write(&out, 0x10ffff);
	CHECK_STR(buf_str(&out), STR("\\x{00}\\x{E4}\\x{20AC}\\x{10FFFF}"));
	buf_release(&out);
}

int
main(void)
{
	test_parse();
	test_write();
	test_embedded();
	return test_end();
}
