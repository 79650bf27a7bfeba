#include "directory/ldap_filter.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "directory/ldap.h"

#define NAME \
	{ \
		.word = STR_INIT("name"), .key = STR_INIT("x@y.z") \
	}

static const struct {
	const char *name, *filter;
	struct ldap_values values;
	enum fail want;
	const char *out;
} rows[] = {
	{ "plain", "(mail={name})", NAME, FAIL_NONE, "(mail=x@y.z)" },
	{ "parts", "(&(uid={local})(o={domain})(mail={name}))", NAME, FAIL_NONE,
	    "(&(uid=x)(o=y.z)(mail=x@y.z))" },
	{ "none", "(mail=*)", NAME, FAIL_NONE, "(mail=*)" },
	{ "twice", "(|(a={name})(b={name}))", NAME, FAIL_NONE, "(|(a=x@y.z)(b=x@y.z))" },
	{ "an escaped brace", "(mail=\\7b{name}\\7d)", NAME, FAIL_NONE, "(mail=\\7bx@y.z\\7d)" },
	{ "a domain is its own", "(o={domain})",
	    { .word = STR_INIT("domain"), .key = STR_INIT("y.z") }, FAIL_NONE, "(o=y.z)" },
	{ "a DN", "(member={dn})",
	    { .word = STR_INIT("name"), .dn = STR_INIT("cn=a\\2cb (c)*"), .has_dn = true },
	    FAIL_NONE, "(member=cn=a\\5c2cb \\28c\\29\\2a)" },
	{ "no DN here", "(member={dn})", NAME, FAIL_SYNTAX, "" },
	{ "another word", "(mail={address})", NAME, FAIL_SYNTAX, "" },
	{ "no word", "(mail={})", NAME, FAIL_SYNTAX, "" },
	{ "no key at all", "(mail={local})", { .has_dn = false }, FAIL_SYNTAX, "" },
	{ "a brace", "(mail={name)", NAME, FAIL_SYNTAX, "" },
	{ "the other brace", "(mail=name})", NAME, FAIL_SYNTAX, "" },
	{ "braces in braces", "(mail={{name}})", NAME, FAIL_SYNTAX, "" },
	{ "no parentheses", "mail={name}", NAME, FAIL_SYNTAX, "" },
	{ "one", "(mail={name}", NAME, FAIL_SYNTAX, "" },
	{ "one too many", "(mail={name}))", NAME, FAIL_SYNTAX, "" },
	{ "two filters", "(mail={name})(uid=*)", NAME, FAIL_SYNTAX, "" },
	{ "something behind", "(mail={name}) ", NAME, FAIL_SYNTAX, "" },
	{ "empty", "", NAME, FAIL_SYNTAX, "" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *why = NULL;
		struct buf out;

		TEST_ROW(rows[i].name);
		CHECK_NUM(ldap_filter_check(str_c(rows[i].filter), &rows[i].values, &why),
		    rows[i].want);
		CHECK((why == NULL) == (rows[i].want == FAIL_NONE));
		if (rows[i].want != FAIL_NONE)
			continue;
		buf_init(&out, LDAP_FILTER_MAX);
		ldap_filter_write(&out, str_c(rows[i].filter), &rows[i].values);
		CHECK_STR(buf_str(&out), str_c(rows[i].out));
		buf_release(&out);
	}
}

static const struct {
	const char *name;
	struct str in;
	const char *out;
} escapes[] = {
	{ "nothing to do", STR_INIT("ann@example.org"), "ann@example.org" },
	{ "RFC 4515 4", STR_INIT("Parens R Us (for all your parenthetical needs)"),
	    "Parens R Us \\28for all your parenthetical needs\\29" },
	{ "a star", STR_INIT("*"), "\\2a" },
	{ "a backslash", STR_INIT("C:\\MyFile"), "C:\\5cMyFile" },
	{ "a NUL", STR_INIT("a\0b"), "a\\00b" },
	{ "UTF-8", STR_INIT("Lu\xc4\x8di\xc4\x87"), "Lu\xc4\x8di\xc4\x87" },
	{ "what it would be without", STR_INIT("x)(|(uid=*"), "x\\29\\28|\\28uid=\\2a" },
	{ "braces are no words any more", STR_INIT("{name}"), "{name}" },
	{ "empty", STR_INIT(""), "" },
};

static void
test_escapes(void)
{
	for (size_t i = 0; i < ARRAY_LEN(escapes); i++) {
		struct ldap_values values = { .word = STR("name"), .key = escapes[i].in };
		struct buf out;

		TEST_ROW(escapes[i].name);
		buf_init(&out, LDAP_FILTER_MAX);
		ldap_filter_escape(&out, escapes[i].in);
		CHECK_STR(buf_str(&out), str_c(escapes[i].out));
		buf_clear(&out);
		ldap_filter_write(&out, STR("{name}"), &values);
		CHECK_STR(buf_str(&out), str_c(escapes[i].out));
		buf_release(&out);
	}
}

static void
test_uses(void)
{
	TEST_ROW("uses");
	CHECK(ldap_filter_uses(STR("(&(a={local})(b={name}))"), STR("name")));
	CHECK(!ldap_filter_uses(STR("(&(a={local})(b=name))"), STR("name")));
	CHECK(!ldap_filter_uses(STR(""), STR("name")));
}

static const struct {
	const char *url;
	bool is_local;
} urls[] = {
	{ "ldap://localhost", true },
	{ "ldap://LOCALHOST:389/", true },
	{ "ldap://127.0.0.1:3890", true },
	{ "ldap://[::1]:389", true },
	{ "ldapi://%2Frun%2Fldapi", true },
	{ "ldap://ldap.example.org", false },
	{ "ldap://localhost.example.org", false },
	{ "ldap://127.0.0.1.example.org", false },
	{ "ldap://127.example.org:389/", false },
	{ "ldap://[::2]:389", false },
	{ "ldap://10.0.0.1:389", false },
	{ "ldap://[2001:db8::1]", false },
	{ "ldap://", false },
	{ "ldap", false },
};

static void
test_urls(void)
{
	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		TEST_ROW(urls[i].url);
		CHECK(ldap_url_is_local(str_c(urls[i].url)) == urls[i].is_local);
	}
}

/* What conf.example says is right as it stands, but for the base. */
static void
test_settings(void)
{
	struct ldap_settings settings = { 0 };
	struct buf why;

	TEST_ROW("settings");
	for (size_t i = 0; i < directory_ldap_section.row_count; i++) {
		const struct setting *row = &directory_ldap_section.rows[i];

		if (row->type == SETTING_TEXT || row->type == SETTING_LIST)
			*(struct str *)(void *)((char *)&settings + row->offset) =
			    str_c(row->fallback);
	}
	buf_init(&why, 1000);
	CHECK(ldap_settings_check(&settings, &why) == FAIL_PERM);
	CHECK_STR(buf_str(&why), STR("url and base must be set"));
	buf_clear(&why);
	settings.base = STR("dc=example,dc=org");
	CHECK(ldap_settings_check(&settings, &why) == FAIL_NONE && why.n == 0);
	settings.filters[LDAP_POSTMASTER] = STR("(mail={name})");
	CHECK(ldap_settings_check(&settings, &why) == FAIL_PERM);
	CHECK(str_starts(buf_str(&why), STR("filter-postmaster: ")));
	settings.filters[LDAP_POSTMASTER] = STR("");
	buf_clear(&why);
	settings.urls = STR("ldaps://a ldapi:///  ldap://b");
	CHECK(ldap_settings_check(&settings, &why) == FAIL_NONE);
	settings.urls = STR("ldaps://a b");
	CHECK(ldap_settings_check(&settings, &why) == FAIL_PERM);
	buf_release(&why);
}

int
main(void)
{
	test_rows();
	test_escapes();
	test_uses();
	test_urls();
	test_settings();
	return test_end();
}
