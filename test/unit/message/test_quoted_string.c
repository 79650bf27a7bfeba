/* Quoted-strings, written and read back. */
#include "message/quoted_string.h"

/* base */
#include "base/arena.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "message/address.h"

static const struct {
	const char *name;
	struct str text, want;
} rows[] = {
	{ "word", STR_INIT("ann"), STR_INIT("\"ann\"") },
	{ "nothing", STR_INIT(""), STR_INIT("\"\"") },
	{ "specials", STR_INIT("a@b, <c>; (d)"), STR_INIT("\"a@b, <c>; (d)\"") },
	{ "blanks stay", STR_INIT(" a  b\t"), STR_INIT("\" a  b\t\"") },
	{ "quote", STR_INIT("a \"b\" c"), STR_INIT("\"a \\\"b\\\" c\"") },
	{ "quote alone", STR_INIT("\""), STR_INIT("\"\\\"\"") },
	{ "backslash", STR_INIT("a\\b"), STR_INIT("\"a\\\\b\"") },
	{ "backslash at the end", STR_INIT("a\\"), STR_INIT("\"a\\\\\"") },
	{ "backslash before a quote", STR_INIT("\\\""), STR_INIT("\"\\\\\\\"\"") },
	{ "UTF-8", STR_INIT("J\xc3\xbcrg"), STR_INIT("\"J\xc3\xbcrg\"") },
};

static void
test_rows(void)
{
	struct buf out;

	buf_init(&out, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		buf_clear(&out);
		buf_add_c(&out, "x=");
		quoted_string_write(&out, rows[i].text);
		CHECK_STR(str_from(buf_str(&out), 2), rows[i].want);
	}
	buf_release(&out);
}

/* As the local part of an address. */
static void
test_back(void)
{
	struct address_list list;
	struct arena a;
	struct buf out;

	arena_init(&a, 10000);
	buf_init(&out, 100);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		buf_clear(&out);
		quoted_string_write(&out, rows[i].text);
		buf_add_c(&out, "@example.org");
		address_parse(buf_str(&out), &a, &list);
		CHECK_NUM(list.count, 1);
		CHECK_STR(list.items[0].local, rows[i].text);
		CHECK_STR(list.items[0].domain, STR("example.org"));
	}
	arena_release(&a);
	buf_release(&out);
}

/* What does not fit shows, as with every writer. */
static void
test_limit(void)
{
	struct buf out;

	TEST_ROW("as much as fits");
	buf_init(&out, 6);
	quoted_string_write(&out, STR("a\"b"));
	CHECK(buf_ok(&out));
	CHECK_STR(buf_str(&out), STR("\"a\\\"b\""));
	buf_release(&out);
	TEST_ROW("too much");
	buf_init(&out, 5);
	quoted_string_write(&out, STR("a\"b"));
	CHECK(!buf_ok(&out));
	buf_release(&out);
}

int
main(void)
{
	test_rows();
	test_back();
	test_limit();
	return test_end();
}
