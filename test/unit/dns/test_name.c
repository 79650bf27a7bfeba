/* Names as text. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "dns/name.h"

static const struct {
	const char *name, *in;
	enum fail want;
	const char *out;
} name_rows[] = {
	{ "plain", "Mail.Example.TEST", FAIL_NONE, "mail.example.test" },
	{ "dot at the end", "example.test.", FAIL_NONE, "example.test" },
	{ "service", "_25._tcp.mail.example.test", FAIL_NONE, "_25._tcp.mail.example.test" },
	{ "empty", "", FAIL_SYNTAX, NULL },
	{ "root", ".", FAIL_SYNTAX, NULL },
	{ "empty label", "a..b", FAIL_SYNTAX, NULL },
	{ "leading dot", ".a", FAIL_SYNTAX, NULL },
	{ "blank", "a b", FAIL_SYNTAX, NULL },
	{ "8 bit", "m\xc3\xbcller.test", FAIL_SYNTAX, NULL },
	{ "any byte", "a\\058b\\046\\255\\000.\\032.test", FAIL_NONE,
	    "a\\058b\\046\\255\\000.\\032.test" },
	{ "a plain byte", "\\065\\098.test", FAIL_NONE, "ab.test" },
	{ "no byte", "a\\256.test", FAIL_SYNTAX, NULL },
	{ "a byte cut short", "a\\03", FAIL_SYNTAX, NULL },
	{ "a byte over a dot", "a\\03.test", FAIL_SYNTAX, NULL },
	{ "a byte that is none", "a\\.b.test", FAIL_SYNTAX, NULL },
	{ "longest label with a byte",
	    "a23456789b123456789c123456789d123456789e123456789f123456789g12\\058.test", FAIL_NONE,
	    "a23456789b123456789c123456789d123456789e123456789f123456789g12\\058.test" },
	{ "label with a byte too long",
	    "a23456789b123456789c123456789d123456789e123456789f123456789g123\\058.test",
	    FAIL_SYNTAX, NULL },
	{ "longest label", "a23456789b123456789c123456789d123456789e123456789f123456789g123.test",
	    FAIL_NONE, "a23456789b123456789c123456789d123456789e123456789f123456789g123.test" },
	{ "label too long", "a23456789b123456789c123456789d123456789e123456789f123456789g1234.test",
	    FAIL_SYNTAX, NULL },
};

int
main(void)
{
	struct buf out = { .max = DNS_NAME_MAX };
	struct net_address a;

	for (size_t i = 0; i < ARRAY_LEN(name_rows); i++) {
		TEST_ROW(name_rows[i].name);
		CHECK_NUM(dns_name_parse(str_c(name_rows[i].in), &out), name_rows[i].want);
		if (name_rows[i].want == FAIL_NONE)
			CHECK_STR(buf_str(&out), str_c(name_rows[i].out));
	}
	TEST_ROW("any bytes as a name");
	buf_clear(&out);
	dns_name_write(&out, STR("A:b.\0.c\\"));
	CHECK_STR(buf_str(&out), STR("a\\058b.\\000.c\\092"));
	TEST_ROW("reverse");
	buf_clear(&out);
	CHECK(net_address_parse(STR("192.0.2.1"), &a) == FAIL_NONE);
	dns_reverse_name(&a, &out);
	CHECK_STR(buf_str(&out), STR("1.2.0.192.in-addr.arpa"));
	buf_clear(&out);
	CHECK(net_address_parse(STR("2001:db8::1"), &a) == FAIL_NONE);
	dns_reverse_name(&a, &out);
	CHECK_STR(buf_str(&out),
	    STR("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"));
	buf_release(&out);
	return test_end();
}
