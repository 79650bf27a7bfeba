/* SPF records, term by term (RFC 7208 4.6.1, 5, 6, 12). */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "mailauth/spf_record.h"

/* The terms as "KIND VERDICT DOMAIN ADDRESS/IP4/IP6", or the one that is wrong behind "!". */
static const struct {
	const char *name, *text, *want;
} rows[] = {
	{ "empty", "v=spf1", "" },
	{ "blanks", "v=spf1   ", "" },
	{ "all", "v=spf1 -all", "all fail" },
	{ "qualifiers", "v=spf1 +all ?all ~all all", "all pass,all neutral,all softfail,all pass" },
	{ "two of them", "v=spf1 +-all", "!+-all" },
	{ "any case", "V=SPF1 -ALL A MX", "all fail,a pass,mx pass" },
	{ "all with an argument", "v=spf1 all:x.y", "!all:x.y" },
	{ "all with a length", "v=spf1 all/8", "!all/8" },
	{ "all and a dot", "v=spf1 -all.", "!-all." },
	{ "a prefix of a name", "v=spf1 al", "!al" },
	{ "a name more", "v=spf1 alla", "!alla" },
	{ "not a term", "v=spf1 ip4:192.0.2.1 -all moo", "!moo" },
	{ "a tab", "v=spf1 a\tmx", "!a\tmx" },
	{ "a line end", "v=spf1 a\r\n", "!a\r\n" },
	{ "a high byte", "v=spf1 \x80", "!\x80" },
	{ "include", "v=spf1 include:a.b", "include pass a.b" },
	{ "include of nothing", "v=spf1 include:", "!include:" },
	{ "include alone", "v=spf1 include", "!include" },
	{ "include with a length", "v=spf1 include:a.b/24", "!include:a.b/24" },
	{ "a", "v=spf1 a:x.y", "a pass x.y" },
	{ "a of nothing", "v=spf1 a:", "!a:" },
	{ "a with lengths", "v=spf1 a/24 a//64 a/24//64 a:x.y/0//0",
	    "a pass /24/128,a pass /32/64,a pass /24/64,a pass x.y /0/0" },
	{ "too long a length", "v=spf1 a/33", "!a/33" },
	{ "too long a length of IPv6", "v=spf1 a//129", "!a//129" },
	{ "a length of far too many digits", "v=spf1 a/99999999999999999999",
	    "!a/99999999999999999999" },
	{ "zeros before it", "v=spf1 a/032", "!a/032" },
	{ "lengths the other way", "v=spf1 a/24/64", "!a/24/64" },
	{ "three lengths", "v=spf1 a/24/24//64", "!a/24/24//64" },
	{ "a slash and no length", "v=spf1 a/", "!a/" },
	{ "two slashes and no length", "v=spf1 a:x.y//", "!a:x.y//" },
	{ "a slash in a name", "v=spf1 a:b/c.x.y", "a pass b/c.x.y" },
	{ "a length behind a macro", "v=spf1 a:%{d}/24", "a pass %{d} /24/128" },
	{ "mx", "v=spf1 mx mx:x.y/8", "mx pass,mx pass x.y /8/128" },
	{ "ptr", "v=spf1 ptr ptr:x.y", "ptr pass,ptr pass x.y" },
	{ "ptr with a length", "v=spf1 ptr/0", "!ptr/0" },
	{ "ptr of nothing", "v=spf1 ptr:", "!ptr:" },
	{ "ip4", "v=spf1 ip4:192.0.2.1 -ip4:192.0.2.0/24",
	    "ip4 pass 192.0.2.1,ip4 fail 192.0.2.0 /24/128" },
	{ "ip4 alone", "v=spf1 ip4", "!ip4" },
	{ "ip4 of nothing", "v=spf1 ip4:", "!ip4:" },
	{ "ip4 with both lengths", "v=spf1 ip4:192.0.2.1//32", "!ip4:192.0.2.1//32" },
	{ "ip4 with a port", "v=spf1 ip4:192.0.2.1:25", "!ip4:192.0.2.1:25" },
	{ "three numbers", "v=spf1 ip4:192.0.2", "!ip4:192.0.2" },
	{ "a number with a zero", "v=spf1 ip4:192.0.02.1", "!ip4:192.0.02.1" },
	{ "ip4 of IPv6", "v=spf1 ip4:2001:db8::1", "!ip4:2001:db8::1" },
	{ "ip6", "v=spf1 ip6:2001:db8::1 ip6:2001:DB8::/32",
	    "ip6 pass 2001:db8::1,ip6 pass 2001:db8:: /32/32" },
	{ "ip6 of IPv4", "v=spf1 ip6:192.0.2.1", "!ip6:192.0.2.1" },
	{ "ip6 too long", "v=spf1 ip6:::1/129", "!ip6:::1/129" },
	{ "ip6 with a zone", "v=spf1 ip6:fe80::1%eth0", "!ip6:fe80::1%eth0" },
	{ "ip6 mapped", "v=spf1 ip6:::ffff:192.0.2.1", "ip6 pass ::ffff:192.0.2.1" },
	{ "exists", "v=spf1 exists:%{i}.x.y", "exists pass %{i}.x.y" },
	{ "exists alone", "v=spf1 exists", "!exists" },
	{ "redirect", "v=spf1 redirect=x.y", "redirect pass x.y" },
	{ "redirect twice", "v=spf1 redirect=x.y redirect=x.y", "!redirect=x.y" },
	{ "redirect to nothing", "v=spf1 redirect=", "!redirect=" },
	{ "redirect as a mechanism", "v=spf1 redirect:x.y", "!redirect:x.y" },
	{ "redirect with a qualifier", "v=spf1 -redirect=x.y", "!-redirect=x.y" },
	{ "exp", "v=spf1 -all EXP=x.y", "all fail,exp pass x.y" },
	{ "exp twice", "v=spf1 exp=x.y -all exp=x.y", "!exp=x.y" },
	{ "an unknown modifier", "v=spf1 m-o_o.2=a:b/c% -all", "!m-o_o.2=a:b/c%" },
	{ "a good one, twice", "v=spf1 m-o_o.2=a:b/c m-o_o.2= -all",
	    "other pass a:b/c,other pass,all fail" },
	{ "a digit first", "v=spf1 1up=foo", "!1up=foo" },
	{ "no name", "v=spf1 =all", "!=all" },
	{ "a mechanism as a modifier", "v=spf1 a=x.y all", "other pass x.y,all pass" },
};

static const char *const kind_names[] = { "all", "include", "a", "mx", "ptr", "ip4", "ip6",
	"exists", "redirect", "exp", "other" };

static void
add_term(struct buf *out, const struct spf_term *t)
{
	char address[NET_ADDRESS_TEXT_MAX];

	if (out->n > 0)
		buf_add_char(out, ',');
	buf_add_c(out, kind_names[t->kind]);
	buf_add_char(out, ' ');
	buf_add(out, verdict_names[t->kind >= SPF_REDIRECT ? VERDICT_PASS : t->verdict]);
	if (!str_empty(t->domain)) {
		buf_add_char(out, ' ');
		buf_add(out, t->domain);
	}
	if (t->network.family != NET_ADDRESS_NONE) {
		buf_add_char(out, ' ');
		buf_add(out, net_address_text(&t->network, address));
	}
	if (t->ip4_length == 32 && t->ip6_length == 128)
		return;
	buf_add_c(out, " /");
	buf_add_u64(out, t->ip4_length);
	buf_add_char(out, '/');
	buf_add_u64(out, t->ip6_length);
}

static void
add_terms(struct buf *out, struct str text)
{
	struct spf_record record;
	struct spf_term term;
	struct str bad;

	if (spf_record_parse(text, &record, &bad) != FAIL_NONE) {
		buf_add_char(out, '!');
		buf_add(out, bad);
		return;
	}
	while (spf_term_next(&record.terms, &term) == FAIL_NONE)
		add_term(out, &term);
}

static void
test_rows(void)
{
	struct buf out;

	buf_init(&out, 4000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		buf_clear(&out);
		CHECK(spf_record_is(str_c(rows[i].text)));
		add_terms(&out, str_c(rows[i].text));
		CHECK_STR(buf_str(&out), str_c(rows[i].want));
	}
	TEST_ROW("a NUL");
	buf_clear(&out);
	add_terms(&out, STR("v=spf1 a:x.y\0"));
	CHECK_STR(buf_str(&out), STR("!a:x.y\0"));
	buf_release(&out);
}

static void
test_modifiers(void)
{
	struct spf_record record;
	struct str bad;

	TEST_ROW("modifiers are known before the first term");
	CHECK_NUM(spf_record_parse(STR("v=spf1 a redirect=r.x exp=e.x"), &record, &bad), FAIL_NONE);
	CHECK_STR(record.redirect, STR("r.x"));
	CHECK_STR(record.exp, STR("e.x"));
	CHECK_NUM(spf_record_parse(STR("v=spf1 a"), &record, &bad), FAIL_NONE);
	CHECK(record.redirect.p == NULL && record.exp.p == NULL);
	TEST_ROW("what is no record");
	CHECK(!spf_record_is(STR("v=spf10")));
	CHECK(!spf_record_is(STR("v=spf1\tall")));
	CHECK(!spf_record_is(STR(" v=spf1")));
	CHECK(!spf_record_is(STR("v=spf")));
	CHECK(!spf_record_is(STR("")));
}

static void
test_many(void)
{
	struct spf_record record;
	struct buf text;
	struct str bad;

	TEST_ROW("as many terms as there may be, and one more");
	buf_init(&text, 100000);
	buf_add(&text, STR("v=spf1"));
	for (size_t i = 0; i < SPF_TERMS_MAX; i++)
		buf_add(&text, STR(" a"));
	CHECK_NUM(spf_record_parse(buf_str(&text), &record, &bad), FAIL_NONE);
	buf_add(&text, STR(" -all"));
	CHECK_NUM(spf_record_parse(buf_str(&text), &record, &bad), FAIL_LIMIT);
	CHECK_STR(bad, STR("all"));
	buf_release(&text);
}

static const struct {
	const char *term, *client, *network; /* NULL: the term's */
	bool want;
} cover_rows[] = {
	{ "ip4:192.0.2.1", "192.0.2.1", NULL, true },
	{ "ip4:192.0.2.1", "192.0.2.2", NULL, false },
	{ "ip4:192.0.2.1/0", "8.8.8.8", NULL, true },
	{ "ip4:192.0.2.255/31", "192.0.2.254", NULL, true },
	{ "ip4:192.0.2.255/31", "192.0.2.253", NULL, false },
	{ "ip4:128.0.0.0/1", "200.0.0.1", NULL, true },
	{ "ip4:128.0.0.0/1", "127.0.0.1", NULL, false },
	{ "ip4:0.0.0.0/0", "::1", NULL, false },
	{ "ip6:::/0", "192.0.2.1", NULL, false },
	{ "ip6:::/0", "2001:db8::1", NULL, true },
	{ "ip6:2001:db8::/33", "2001:db8:7fff::1", NULL, true },
	{ "ip6:2001:db8::/33", "2001:db8:8000::1", NULL, false },
	{ "ip6:::ffff:192.0.2.1", "::ffff:192.0.2.1", NULL, false },
	{ "a/24//64", "192.0.2.9", "192.0.2.1", true },
	{ "a//64", "192.0.2.9", "192.0.2.1", false },
	{ "a/24//64", "2001:db8::9", "2001:db8::1", true },
	{ "a/24", "2001:db8::9", "2001:db8::1", false },
};

static void
test_covers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(cover_rows); i++) {
		struct str cur = str_c(cover_rows[i].term);
		struct net_address client, network;
		struct spf_term term;

		TEST_ROW(cover_rows[i].term);
		CHECK_NUM(spf_term_next(&cur, &term), FAIL_NONE);
		CHECK_NUM(net_address_parse(str_c(cover_rows[i].client), &client), FAIL_NONE);
		network = term.network;
		if (cover_rows[i].network)
			CHECK_NUM(net_address_parse(str_c(cover_rows[i].network), &network),
			    FAIL_NONE);
		CHECK(spf_term_covers(&term, &network, &client) == cover_rows[i].want);
	}
}

int
main(void)
{
	test_rows();
	test_modifiers();
	test_many();
	test_covers();
	return test_end();
}
