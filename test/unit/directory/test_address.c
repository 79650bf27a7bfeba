#include "directory/address.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define TEN "0123456789"
#define L64 "1234567890123456789012345678901234567890123456789012345678901234"

static const struct {
	const char *name, *in;
	bool is_catch_all;
	enum fail want;
	const char *out;
} rows[] = {
	{ "plain", "ann@example.org", false, FAIL_NONE, "ann@example.org" },
	{ "case", "Ann@EXAMPLE.org", false, FAIL_NONE, "ann@example.org" },
	{ "dots", "a.b.c@example.org", false, FAIL_NONE, "a.b.c@example.org" },
	{ "all of atext", "!#$%&'*+-/=?^_`{|}~@example.org", false, FAIL_NONE,
	    "!#$%&'*+-/=?^_`{|}~@example.org" },
	{ "needless quotes", "\"Ann\"@example.org", false, FAIL_NONE, "ann@example.org" },
	{ "needless backslash", "\"a\\nn\"@example.org", false, FAIL_NONE, "ann@example.org" },
	{ "needed quotes", "\"Ann B\"@example.org", false, FAIL_NONE, "\"ann b\"@example.org" },
	{ "@ in quotes", "\"a@b\"@example.org", false, FAIL_NONE, "\"a@b\"@example.org" },
	{ "quote in quotes", "\"a\\\"b\"@example.org", false, FAIL_NONE, "\"a\\\"b\"@example.org" },
	{ "empty quotes", "\"\"@example.org", false, FAIL_NONE, "\"\"@example.org" },
	{ "UTF-8",
	    "J\xc3\x96RG@b\xc3\xbc"
	    "cher.example",
	    false, FAIL_NONE, "j\xc3\xb6rg@xn--bcher-kva.example" },
	{ "literal", "ann@[IPv6:2001:DB8::1]", false, FAIL_NONE, "ann@[ipv6:2001:db8::1]" },
	{ "64 bytes", L64 "@a.b", false, FAIL_NONE, L64 "@a.b" },
	{ "250 bytes", L64 L64 L64 TEN TEN TEN TEN TEN "12345678@a.b", false, FAIL_NONE,
	    L64 L64 L64 TEN TEN TEN TEN TEN "12345678@a.b" },
	{ "251 bytes", L64 L64 L64 TEN TEN TEN TEN TEN "123456789@a.b", false, FAIL_SYNTAX, NULL },
	{ "catch-all", "@example.org", true, FAIL_NONE, "@example.org" },
	{ "no local part", "@example.org", false, FAIL_SYNTAX, NULL },
	{ "no domain", "ann@", false, FAIL_SYNTAX, NULL },
	{ "no @", "ann", false, FAIL_SYNTAX, NULL },
	{ "empty", "", false, FAIL_SYNTAX, NULL },
	{ "two @", "a@b@c", false, FAIL_SYNTAX, NULL },
	{ "blank", "a b@c.d", false, FAIL_SYNTAX, NULL },
	{ "dot first", ".a@c.d", false, FAIL_SYNTAX, NULL },
	{ "dot last", "a.@c.d", false, FAIL_SYNTAX, NULL },
	{ "two dots", "a..b@c.d", false, FAIL_SYNTAX, NULL },
	{ "quote not closed", "\"a@c.d", false, FAIL_SYNTAX, NULL },
	{ "text after the quote", "\"a\"b@c.d", false, FAIL_SYNTAX, NULL },
	{ "CR in quotes", "\"a\r\"@c.d", false, FAIL_SYNTAX, NULL },
	{ "escaped LF in quotes", "\"a\\\n\"@c.d", false, FAIL_SYNTAX, NULL },
	{ "bad UTF-8", "a\xff@c.d", false, FAIL_SYNTAX, NULL },
	{ "bad domain", "a@c_.-d", false, FAIL_SYNTAX, NULL },
	{ "bad literal", "a@[1 2]", false, FAIL_SYNTAX, NULL },
};

static const struct {
	const char *local, *separators;
	bool has_tag;
	const char *user, *tag;
} tag_rows[] = {
	{ "ann+news", "+", true, "ann", "news" },
	{ "ann+a+b", "+", true, "ann", "a+b" },
	{ "ann+", "+", true, "ann", "" },
	{ "ann-news", "+-", true, "ann", "news" },
	{ "ann", "+", false, "", "" },
	{ "+ann", "+", false, "", "" },
	{ "ann+news", "", false, "", "" },
	{ "\"a b+c\"", "+", false, "", "" },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf out;

		TEST_ROW(rows[i].name);
		buf_init(&out, ADDRESS_MAX);
		CHECK_NUM(address_write(&out, str_c(rows[i].in), rows[i].is_catch_all),
		    rows[i].want);
		if (rows[i].want == FAIL_NONE)
			CHECK_STR(buf_str(&out), str_c(rows[i].out));
		buf_release(&out);
	}
	for (size_t i = 0; i < ARRAY_LEN(tag_rows); i++) {
		struct str user = STR(""), tag = STR("");

		TEST_ROW(tag_rows[i].local);
		CHECK(address_tag(str_c(tag_rows[i].local), str_c(tag_rows[i].separators), &user,
			  &tag) == tag_rows[i].has_tag);
		if (tag_rows[i].has_tag) {
			CHECK_STR(user, str_c(tag_rows[i].user));
			CHECK_STR(tag, str_c(tag_rows[i].tag));
		}
	}
	return test_end();
}
