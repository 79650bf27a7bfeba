#include "mailauth/dmarc_from.h"

/* base */
#include "base/test.h"

static const struct {
	const char *name, *in;
	const char *want, *why; /* one of both */
} rows[] = {
	{ "one", "From: Ann <ann@Example.ORG>\r\n", "example.org", NULL },
	{ "bare", "Subject: x\r\nfrom : ann@a.example.org\r\n\r\nFrom: b@c\r\n", "a.example.org",
	    NULL },
	{ "two of one domain", "From: a@example.org, b@EXAMPLE.org\r\n", "example.org", NULL },
	{ "group", "From: All: a@example.org, b@example.org;\r\n", "example.org", NULL },
	{ "folded, commented", "From: =?utf-8?q?x?=\r\n (a@b.example)\r\n <ann@(c)example.org>\r\n",
	    "example.org", NULL },
	{ "an address as a name", "From: \"boss@bank.example\" <x@evil.example>\r\n",
	    "evil.example", NULL },
	{ "U-labels",
	    "From: a@B\xc3\xbc"
	    "cher.example\r\n",
	    "xn--bcher-kva.example", NULL },
	{ "both forms",
	    "From: a@b\xc3\xbc"
	    "cher.example, b@xn--bcher-kva.example\r\n",
	    "xn--bcher-kva.example", NULL },
	{ "dot at the end", "From: <a@example.org.>\r\n", "example.org", NULL },
	{ "behind a line that is no field",
	    "Subject: x\r\nno field\r\n: nor this\r\nFrom: a@b.example\r\n", "b.example", NULL },
	{ "two fields, one behind a line that is no field",
	    "From: a@b.example\r\nno field\r\nfrom: a@c.example\r\n", NULL, "several From fields" },
	{ "two @", "From: boss@bank.example@evil.example\r\n", NULL,
	    "an address in From that can be read in two ways" },
	{ "a quoted @", "From: \"boss@bank.example\"@evil.example\r\n", NULL,
	    "an address in From that can be read in two ways" },
	{ "a quoted bracket", "From: <\"boss@bank.example> <\"@evil.example>\r\n", NULL,
	    "an address in From that can be read in two ways" },
	{ "two in one pair of brackets", "From: <boss@bank.example, x@evil.example>\r\n", NULL,
	    "an address without a domain name in From" },
	{ "two pairs of brackets", "From: <boss@bank.example> <x@evil.example>\r\n", NULL,
	    "addresses of different domains in From" },
	{ "one behind the brackets", "From: <boss@bank.example> x@evil.example\r\n", NULL,
	    "addresses of different domains in From" },
	{ "a route", "From: <@bank.example,@a.example:x@evil.example>\r\n", "evil.example", NULL },
	{ "a backslash before a comma", "From: <boss@bank.example>\\, <x@evil.example>\r\n", NULL,
	    "addresses of different domains in From" },
	{ "an encoded address", "From: =?utf-8?q?=3Cboss=40bank.example=3E?=\r\n", NULL,
	    "an address without a domain name in From" },
	{ "none", "Subject: x\r\n\r\nFrom: a@b\r\n", NULL, "no From field" },
	{ "empty block", "", NULL, "no From field" },
	{ "two fields", "From: a@example.org\r\nFROM: a@example.org\r\n", NULL,
	    "several From fields" },
	{ "two domains", "From: a@example.org, b@example.net\r\n", NULL,
	    "addresses of different domains in From" },
	{ "subdomain beside it", "From: a@example.org, b@a.example.org\r\n", NULL,
	    "addresses of different domains in From" },
	{ "group of two", "From: All: a@example.org, b@example.net;\r\n", NULL,
	    "addresses of different domains in From" },
	{ "empty", "From: \r\n", NULL, "no address in From" },
	{ "empty group", "From: undisclosed:;\r\n", NULL, "no address in From" },
	{ "no domain", "From: ann\r\n", NULL, "an address without a domain name in From" },
	{ "null", "From: <>\r\n", NULL, "an address without a domain name in From" },
	{ "literal", "From: ann@[192.0.2.1]\r\n", NULL,
	    "an address without a domain name in From" },
	{ "empty label", "From: ann@a..b\r\n", NULL, "an address without a domain name in From" },
	{ "no UTF-8", "From: ann@a\xff.example\r\n", NULL,
	    "an address without a domain name in From" },
	{ "one good, one not", "From: ann@example.org, bob\r\n", NULL,
	    "an address without a domain name in From" },
};

static void
test_many(void)
{
	struct buf text, domain;
	struct str why;

	TEST_ROW("more addresses than we look at");
	buf_init(&text, 1024 * 1024);
	buf_init(&domain, 1000);
	buf_add_c(&text, "From: a@b.example");
	for (int i = 0; i < 20000; i++)
		buf_add_c(&text, ",a@b.example");
	buf_add_c(&text, ",a@c.example\r\n");
	CHECK_NUM(dmarc_from_find(buf_str(&text), &domain, &why), FAIL_SYNTAX);
	CHECK_STR(why, STR("too many addresses in From"));
	buf_release(&domain);
	buf_release(&text);
}

static void
test_zero(void)
{
	struct buf domain;
	struct str why;

	TEST_ROW("NUL in an address");
	buf_init(&domain, 1000);
	CHECK_NUM(
	    dmarc_from_find(STR("From: boss@bank.example\0 <x@evil.example>\r\n"), &domain, &why),
	    FAIL_NONE);
	CHECK_STR(buf_str(&domain), STR("evil.example"));
	buf_clear(&domain);
	CHECK_NUM(
	    dmarc_from_find(STR("From: boss@bank.example\0x@evil.example\r\n"), &domain, &why),
	    FAIL_SYNTAX);
	CHECK_NUM(dmarc_from_find(STR("From: <boss@bank.example\0>\r\n"), &domain, &why),
	    FAIL_SYNTAX);
	buf_release(&domain);
}

int
main(void)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum fail want = rows[i].want ? FAIL_NONE : FAIL_SYNTAX;
		struct buf domain;
		struct str why;

		TEST_ROW(rows[i].name);
		buf_init(&domain, 1000);
		CHECK_NUM(dmarc_from_find(str_c(rows[i].in), &domain, &why), want);
		CHECK_STR(buf_str(&domain), str_c(rows[i].want));
		CHECK_STR(why, str_c(rows[i].why));
		buf_release(&domain);
	}
	test_many();
	test_zero();
	return test_end();
}
