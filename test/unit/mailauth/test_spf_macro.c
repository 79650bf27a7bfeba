/* Macro strings: which are good, what they become (RFC 7208 7). */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "mailauth/spf_macro.h"

static const struct {
	const char *name, *text;
	enum spf_text kind;
	bool want;
} good_rows[] = {
	{ "a name", "example.com", SPF_DOMAIN_SPEC, true },
	{ "with a dot", "example.com.", SPF_DOMAIN_SPEC, true },
	{ "with two dots", "example.com..", SPF_DOMAIN_SPEC, false },
	{ "empty", "", SPF_DOMAIN_SPEC, false },
	{ "only a top label", "com", SPF_DOMAIN_SPEC, false },
	{ "only that and a dot", "com.", SPF_DOMAIN_SPEC, false },
	{ "a dot before it", ".com", SPF_DOMAIN_SPEC, true },
	{ "digits at the end", "example.123", SPF_DOMAIN_SPEC, false },
	{ "digits and a letter", "example.1a3", SPF_DOMAIN_SPEC, true },
	{ "digits and a hyphen", "example.1-3", SPF_DOMAIN_SPEC, true },
	{ "a hyphen first", "example.-com", SPF_DOMAIN_SPEC, false },
	{ "a hyphen last", "example.com-", SPF_DOMAIN_SPEC, false },
	{ "a slash at the end", "example.com/24", SPF_DOMAIN_SPEC, false },
	{ "anything before", "foo:bar/baz.example.com", SPF_DOMAIN_SPEC, true },
	{ "a macro at the end", "a.%{d}", SPF_DOMAIN_SPEC, true },
	{ "a percent at the end", "a.%%", SPF_DOMAIN_SPEC, true },
	{ "a macro and no dot", "%{d}com", SPF_DOMAIN_SPEC, false },
	{ "a macro, a dot", "%{d}.com", SPF_DOMAIN_SPEC, true },
	{ "a blank", "a b.example.com", SPF_DOMAIN_SPEC, false },
	{ "DEL", "a\x7f.example.com", SPF_DOMAIN_SPEC, false },
	{ "a high byte", "\xc3\xa9.example.com", SPF_DOMAIN_SPEC, false },
	{ "all letters", "%{s}%{l}%{o}%{d}%{i}%{p}%{v}%{h}", SPF_DOMAIN_SPEC, true },
	{ "c", "%{c}.a.b", SPF_DOMAIN_SPEC, false },
	{ "r", "%{R}.a.b", SPF_DOMAIN_SPEC, false },
	{ "t", "%{t}.a.b", SPF_DOMAIN_SPEC, false },
	{ "no such letter", "%{a}.a.b", SPF_DOMAIN_SPEC, false },
	{ "no letter", "%{}.a.b", SPF_DOMAIN_SPEC, false },
	{ "a percent alone", "a%b.c.d", SPF_DOMAIN_SPEC, false },
	{ "a percent last", "a.b%", SPF_DOMAIN_SPEC, false },
	{ "cut short", "a.%{d", SPF_DOMAIN_SPEC, false },
	{ "cut shorter", "a.%{", SPF_DOMAIN_SPEC, false },
	{ "transformers", "%{d2r}", SPF_DOMAIN_SPEC, true },
	{ "in the wrong order", "%{dr2}", SPF_DOMAIN_SPEC, false },
	{ "no parts", "%{d0}", SPF_DOMAIN_SPEC, false },
	{ "no parts, twice", "%{d00}", SPF_DOMAIN_SPEC, false },
	{ "more parts than fit", "%{d99999999999999999999r}", SPF_DOMAIN_SPEC, true },
	{ "all delimiters", "%{dr.-+,/_=}", SPF_DOMAIN_SPEC, true },
	{ "not a delimiter", "%{d:}", SPF_DOMAIN_SPEC, false },
	{ "an empty value", "", SPF_MACRO_STRING, true },
	{ "any value", "=a:b%_", SPF_MACRO_STRING, true },
	{ "a value with a blank", "a b", SPF_MACRO_STRING, false },
	{ "a value with a bad macro", "%abc", SPF_MACRO_STRING, false },
	{ "a sentence", "Ask %{r} at %{t}, %{c}.", SPF_EXPLAIN_STRING, true },
	{ "an empty sentence", "", SPF_EXPLAIN_STRING, true },
	{ "a tab", "a\tb", SPF_EXPLAIN_STRING, false },
	{ "a line end", "a\r\n", SPF_EXPLAIN_STRING, false },
};

/* RFC 7208 7.4, and its edges. */
static const struct {
	const char *name, *text, *want;
} expand_rows[] = {
	{ "s", "%{s}", "strong-bad@email.example.com" },
	{ "o", "%{o}", "email.example.com" },
	{ "d", "%{d}", "email.example.com" },
	{ "d4", "%{d4}", "email.example.com" },
	{ "d3", "%{d3}", "email.example.com" },
	{ "d2", "%{d2}", "example.com" },
	{ "d1", "%{d1}", "com" },
	{ "dr", "%{dr}", "com.example.email" },
	{ "d2r", "%{d2r}", "example.email" },
	{ "d1r", "%{d1r}", "email" },
	{ "l", "%{l}", "strong-bad" },
	{ "l-", "%{l-}", "strong.bad" },
	{ "lr", "%{lr}", "strong-bad" },
	{ "lr-", "%{lr-}", "bad.strong" },
	{ "l1r-", "%{l1r-}", "strong" },
	{ "in a name", "%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com" },
	{ "with a part", "%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com" },
	{ "two of them", "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
	    "bad.strong.lp.3.2.0.192.in-addr._spf.example.com" },
	{ "reversed", "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
	    "3.2.0.192.in-addr.strong.lp._spf.example.com" },
	{ "signs", "%%a%_b%-c", "%a b%20c" },
	{ "c", "%{c}", "192.0.2.3" },
	{ "h", "%{h}", "mx.example.org" },
	{ "p", "%{p}", "unknown" },
	{ "r", "%{r}", "unknown" },
	{ "t", "%{t}", "1234567890" },
	{ "a capital", "%{S}", "strong-bad%40email.example.com" },
	{ "a capital, reversed", "%{LR-}", "bad.strong" },
	{ "split at two", "%{dr.m}", NULL },
	{ "split at several", "%{s2-.}", "example.com" },
	{ "nothing to split at", "%{l3/}", "strong-bad" },
	{ "a letter r and a mark r", "%{rr}", "unknown" },
};

static struct spf_macros macros = {
	.client = { .family = NET_ADDRESS_IPV4, .bytes = { 192, 0, 2, 3 } },
	.sender = STR_INIT("strong-bad@email.example.com"),
	.local = STR_INIT("strong-bad"),
	.sender_domain = STR_INIT("email.example.com"),
	.domain = STR_INIT("email.example.com"),
	.hello = STR_INIT("mx.example.org"),
	.now_s = 1234567890,
};

static void
check_expansion(const char *text, struct str want)
{
	struct buf out;

	buf_init(&out, SPF_EXPANDED_MAX);
	spf_text_expand(&out, str_c(text), &macros);
	CHECK_STR(buf_str(&out), want);
	buf_release(&out);
}

static void
test_expansion(void)
{
	for (size_t i = 0; i < ARRAY_LEN(expand_rows); i++) {
		TEST_ROW(expand_rows[i].name);
		CHECK(spf_text_is_good(str_c(expand_rows[i].text), SPF_EXPLAIN_STRING) ==
		    (expand_rows[i].want != NULL));
		if (expand_rows[i].want)
			check_expansion(expand_rows[i].text, str_c(expand_rows[i].want));
	}
	TEST_ROW("odd parts");
	macros.local = STR("-a--b-");
	check_expansion("%{l-}", STR(".a..b."));
	check_expansion("%{l2-}", STR("b."));
	check_expansion("%{lr-}", STR(".b..a."));
	check_expansion("%{l2r-}", STR("a."));
	macros.local = STR("");
	check_expansion("(%{l-})(%{lr})(%{l1r})", STR("()()()"));
	macros.local = STR("strong-bad");
	TEST_ROW("every byte in a URL");
	macros.hello = STR("a~._-\x00\xff %");
	check_expansion("%{H=}", STR("a~._-%00%FF%20%25"));
	macros.hello = STR("mx.example.org");
	TEST_ROW("a name that leads back");
	CHECK(spf_text_needs_name(STR("a.%{d}.%{P1r}")));
	CHECK(!spf_text_needs_name(STR("p.%{d}%%{p}")));
	macros.validated = STR("mx.example.org");
	macros.receiver = STR("mail.test");
	check_expansion("%{p} %{r}", STR("mx.example.org mail.test"));
}

static void
test_ipv6(void)
{
	TEST_ROW("IPv6");
	CHECK(net_address_parse(STR("2001:db8::cb01"), &macros.client) == FAIL_NONE);
	check_expansion("%{ir}.%{v}._spf.%{d2}",
	    STR("1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf"
		".example.com"));
	check_expansion("%{c}", STR("2001:db8::cb01"));
}

/* Names: cut from the left by labels, without the last dot, any byte by its number. */
static void
test_names(void)
{
	struct buf out, spec;

	buf_init(&out, 4 * SPF_NAME_MAX);
	buf_init(&spec, 100000);
	TEST_ROW("a name");
	CHECK_NUM(spf_name_expand(&out, STR("A%_%{d2}."), &macros), FAIL_NONE);
	CHECK_STR(buf_str(&out), STR("a\\032example.com"));
	TEST_ROW("253 bytes stay, 254 lose a label");
	for (size_t extra = 0; extra < 2; extra++) {
		buf_clear(&spec);
		buf_clear(&out);
		buf_add(&spec, extra ? STR("ab.") : STR("a."));
		for (size_t i = 0; i < 62; i++)
			buf_add(&spec, STR("abc."));
		buf_add(&spec, STR("com"));
		CHECK_NUM(spec.n, SPF_NAME_MAX + extra);
		CHECK_NUM(spf_name_expand(&out, buf_str(&spec), &macros), FAIL_NONE);
		CHECK_STR(buf_str(&out), str_from(buf_str(&spec), extra ? 3 : 0));
	}
	TEST_ROW("one label of 254 bytes is no name");
	buf_clear(&spec);
	for (size_t i = 0; i < SPF_NAME_MAX + 1; i++)
		buf_add_char(&spec, 'a');
	macros.hello = buf_str(&spec);
	CHECK_NUM(spf_name_expand(&out, STR("%{h=}"), &macros), FAIL_SYNTAX);
	TEST_ROW("a high byte is no name");
	macros.hello = STR("m\xc3\xbcller.test");
	CHECK_NUM(spf_name_expand(&out, STR("%{h}"), &macros), FAIL_SYNTAX);
	TEST_ROW("nothing is no name");
	macros.hello = STR("");
	CHECK_NUM(spf_name_expand(&out, STR("%{h}"), &macros), FAIL_SYNTAX);
	TEST_ROW("far too long is no name");
	buf_clear(&spec);
	for (size_t i = 0; i < SPF_EXPANDED_MAX / 10; i++)
		buf_add(&spec, STR("%{d}."));
	buf_add(&spec, STR("com"));
	CHECK(spf_text_is_good(buf_str(&spec), SPF_DOMAIN_SPEC));
	CHECK_NUM(spf_name_expand(&out, buf_str(&spec), &macros), FAIL_SYNTAX);
	buf_release(&spec);
	buf_release(&out);
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(good_rows); i++) {
		TEST_ROW(good_rows[i].name);
		CHECK(spf_text_is_good(str_c(good_rows[i].text), good_rows[i].kind) ==
		    good_rows[i].want);
	}
	test_expansion();
	test_ipv6();
	test_names();
	return test_end();
}
