#include "envelope/path.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

#define TEN   "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN

static const struct {
	const char *name, *in;
	enum fail want;
	const char *address, *local, *domain, *rest;
} rows[] = {
	{ "plain", "<ann@example.org>", FAIL_NONE, "ann@example.org", "ann", "example.org", "" },
	{ "parameters stay", "<a@b> SIZE=1", FAIL_NONE, "a@b", "a", "b", " SIZE=1" },
	{ "null", "<>", FAIL_NONE, "", "", "", "" },
	{ "postmaster", "<Postmaster>", FAIL_NONE, "Postmaster", "Postmaster", "", "" },
	{ "dots", "<a.b.c@d.e>", FAIL_NONE, "a.b.c@d.e", "a.b.c", "d.e", "" },
	{ "empty atoms of phones", "<a..b.@d>", FAIL_NONE, "a..b.@d", "a..b.", "d", "" },
	{ "quoted", "<\"a b\\\"@\"@d>", FAIL_NONE, "\"a b\\\"@\"@d", "\"a b\\\"@\"", "d", "" },
	{ "source route", "<@x.y,@z:a@d>", FAIL_NONE, "a@d", "a", "d", "" },
	{ "IPv4 literal", "<a@[192.0.2.1]>", FAIL_NONE, "a@[192.0.2.1]", "a", "[192.0.2.1]", "" },
	{ "IPv6 literal", "<a@[IPv6:2001:db8::1]>", FAIL_NONE, "a@[IPv6:2001:db8::1]", "a",
	    "[IPv6:2001:db8::1]", "" },
	{ "UTF-8", "<\xc3\xa4@\xc3\xb6.de>", FAIL_NONE, "\xc3\xa4@\xc3\xb6.de", "\xc3\xa4",
	    "\xc3\xb6.de", "" },
	{ "longest local part", "<" SIXTY "1234@d>", FAIL_NONE, SIXTY "1234@d", SIXTY "1234", "d",
	    "" },
	{ "local part too long", "<" SIXTY SIXTY SIXTY SIXTY "12345678901@d>", FAIL_LIMIT, NULL,
	    NULL, NULL, NULL },
	{ "domain too long", "<a@" SIXTY SIXTY SIXTY SIXTY SIXTY ">", FAIL_LIMIT, NULL, NULL, NULL,
	    NULL },
	{ "no bracket", "ann@example.org", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "no end", "<ann@example.org", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "no domain", "<ann@>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "no local part", "<@example.org>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "no at", "<ann>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "blank", "<a b@c>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "blank in front", "< a@c>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "two ats", "<a@b@c>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "domain begins with dot", "<a@.b>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "open quote", "<\"a@b>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "control in quotes", "<\"a\t\"@b>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "open literal", "<a@[1.2>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "not UTF-8", "<a\xff@b>", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
	{ "empty", "", FAIL_SYNTAX, NULL, NULL, NULL, NULL },
};

static void
test_paths(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str cur = str_c(rows[i].in);
		struct path path;

		TEST_ROW(rows[i].name);
		CHECK_NUM(path_parse(&cur, &path), rows[i].want);
		if (rows[i].want != FAIL_NONE) {
			CHECK_STR(cur, str_c(rows[i].in));
			continue;
		}
		CHECK_STR(path.address, str_c(rows[i].address));
		CHECK_STR(path.local, str_c(rows[i].local));
		CHECK_STR(path.domain, str_c(rows[i].domain));
		CHECK_STR(cur, str_c(rows[i].rest));
	}
}

static const struct {
	const char *name, *in, *want; /* "NAME:VALUE|" per parameter, "!" for a malformed rest */
} params[] = {
	{ "none", "", "" },
	{ "one", " SIZE=123", "SIZE:123|" },
	{ "two", " SIZE=1  BODY=8BITMIME ", "SIZE:1|BODY:8BITMIME|" },
	{ "no value", " SMTPUTF8", "SMTPUTF8:|" },
	{ "empty value", " A= B=1", "A:|B:1|" },
	{ "bad name", " A=1 =x", "A:1|!" },
	{ "bad character", " A=1=2", "!" },
	{ "glued", " A_B", "!" },
};

static void
test_params(void)
{
	for (size_t i = 0; i < ARRAY_LEN(params); i++) {
		struct str cur = str_c(params[i].in), name, value;
		struct buf got;

		TEST_ROW(params[i].name);
		buf_init(&got, 1000);
		while (path_param_next(&cur, &name, &value)) {
			if (str_empty(name)) {
				buf_add_char(&got, '!');
				continue;
			}
			buf_add(&got, name);
			buf_add_char(&got, ':');
			buf_add(&got, value);
			buf_add_char(&got, '|');
		}
		CHECK_STR(buf_str(&got), str_c(params[i].want));
		buf_release(&got);
	}
}

static void
test_hello(void)
{
	TEST_ROW("hello");
	CHECK(path_is_hello_name(STR("mail.example.org")));
	CHECK(path_is_hello_name(STR("[127.0.0.1]")));
	CHECK(path_is_hello_name(STR("my_pc")));
	CHECK(!path_is_hello_name(STR("")));
	CHECK(!path_is_hello_name(STR("a b")));
	CHECK(!path_is_hello_name(STR("a\tb")));
	CHECK(!path_is_hello_name(STR(".a")));
	CHECK(!path_is_hello_name(STR("\xc3\xb6.test")));
}

static const struct {
	const char *one, *other;
	bool is_same;
} same_rows[] = {
	{ "a@x.test", "a@x.test", true },
	{ "a@x.test", "a@X.TEST", true },
	{ "a@x.test", "A@x.test", false },
	{ "a@x.test", "a@y.test", false },
	{ "a@x.test", "a@x.tes", false },
	{ "ab@x.test", "a@bx.test", false },
	{ "\"A@b\"@x.test", "\"A@b\"@X.test", true },
	{ "\"A@b\"@x.test", "\"A@B\"@x.test", false },
	{ "postmaster", "postmaster", true },
	{ "postmaster", "Postmaster", false },
	{ "", "", true },
	{ "", "a", false },
};

static void
test_same(void)
{
	for (size_t i = 0; i < ARRAY_LEN(same_rows); i++) {
		TEST_ROW(same_rows[i].one);
		CHECK_NUM(path_is_same(str_c(same_rows[i].one), str_c(same_rows[i].other)),
		    same_rows[i].is_same);
		CHECK_NUM(path_is_same(str_c(same_rows[i].other), str_c(same_rows[i].one)),
		    same_rows[i].is_same);
	}
}

int
main(void)
{
	test_same();
	test_paths();
	test_params();
	test_hello();
	return test_end();
}
