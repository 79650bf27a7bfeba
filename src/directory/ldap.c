#include "directory/ldap.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "directory/sql.h"

#define AT(field)  offsetof(struct ldap_settings, field)
#define MINUTE_MS  60000
#define TIMEOUT_MS 600000

static const char *const tls_words[] = { "auto", "starttls", "off", NULL };
static const char *const login_words[] = { "bind", "password", NULL };

#define FILTER(search, word, filter, help) \
	{ \
		"filter-" word, SETTING_TEXT, AT(filters[search]), filter, 0, 0, NULL, help \
	}
#define ATTRIBUTE(attribute, word, names, help) \
	{ \
		"attribute-" word, SETTING_LIST, AT(attributes[attribute]), names, 0, 0, NULL, \
		    help \
	}

static const struct setting rows[] = {
	{ "url", SETTING_LIST, AT(urls), "ldap://localhost", 0, 0, NULL,
	    "ldap://HOST[:PORT], ldaps:// or ldapi://; of several, the first that answers" },
	{ "tls", SETTING_CHOICE, AT(tls), "auto", 0, 0, tls_words,
	    "With ldap://: auto is StartTLS unless it is on this host; certificates are verified" },
	{ "ca-file", SETTING_TEXT, AT(ca_file), "", 0, 0, NULL,
	    "PEM file of the authorities to trust; empty: the system's" },
	{ "bind-dn", SETTING_TEXT, AT(bind_dn), "", 0, 0, NULL,
	    "Whom to search as; it needs to read only; empty: anonymous" },
	{ "bind-password", SETTING_SECRET, AT(bind_password), "", 0, 0, NULL,
	    "Its password, best as file:PATH" },
	{ "base", SETTING_TEXT, AT(base), "", 0, 0, NULL,
	    "Where everything is below, as dc=example,dc=org" },
	{ "connect-timeout", SETTING_DURATION, AT(connect_ms), "3s", 100, MINUTE_MS, NULL,
	    "How long a try to connect may take" },
	{ "timeout", SETTING_DURATION, AT(timeout_ms), "5s", 100, TIMEOUT_MS, NULL,
	    "How long a search or a bind may take" },
	{ "login", SETTING_CHOICE, AT(login), "bind", 0, 0, login_words,
	    "bind: the LDAP server checks passwords; password: by attribute-password, also SCRAM" },
	{ "domains", SETTING_LIST, AT(domains), "", 0, 0, NULL,
	    "Domains that are ours; empty: those that filter-domain and filter-domains find" },
	FILTER(LDAP_ACCOUNT, "account", "(&(objectClass=inetOrgPerson)(mail={name}))",
	    "The account {name}; also {local} and {domain} of it"),
	FILTER(LDAP_ADDRESS, "address",
	    "(&(objectClass=inetOrgPerson)(mailAlternateAddress={address}))",
	    "Accounts that get mail for {address}; for a catch-all it is @example.org"),
	FILTER(LDAP_ALIAS, "alias", "(&(objectClass=nisMailAlias)(cn={address}))",
	    "Entries that say by attribute-target where mail for {address} goes"),
	FILTER(LDAP_ALIAS_OF, "alias-of",
	    "(&(objectClass=nisMailAlias)(rfc822MailMember={address}))",
	    "Entries by which other addresses lead to {address}"),
	FILTER(LDAP_LIST, "list", "(&(objectClass=groupOfNames)(mail={address}))",
	    "The list {address}"),
	FILTER(LDAP_GROUP_OF, "group-of", "(&(objectClass=groupOfNames)(member={dn}))",
	    "Groups that the account {dn}, {name}, {local} is a member of"),
	FILTER(LDAP_DOMAIN, "domain",
	    "(&(objectClass=domainRelatedObject)(associatedDomain={domain}))",
	    "The domain {domain} (xn--.. form), if it is ours"),
	FILTER(LDAP_DOMAINS, "domains", "(&(objectClass=domainRelatedObject)(associatedDomain=*))",
	    "All domains that are ours"),
	FILTER(LDAP_ACCOUNTS, "accounts", "(&(objectClass=inetOrgPerson)(mail=*@{domain}))",
	    "Accounts of the domain, for users who share"),
	FILTER(LDAP_ALL_GROUPS, "all-groups", "(objectClass=groupOfNames)",
	    "All groups, for users who share"),
	FILTER(LDAP_POSTMASTER, "postmaster",
	    "(|(mail=postmaster@*)(mailAlternateAddress=postmaster@*)(&(objectClass=nisMailAlias)(cn=postmaster@*)))",
	    "Entries with the address of a postmaster, who answers for this host's name"),
	ATTRIBUTE(LDAP_NAME, "name", "mail", "An account's name, which is its first address"),
	ATTRIBUTE(LDAP_DISPLAY_NAME, "display-name", "displayName cn",
	    "Its owner's name; the first of these that is there"),
	ATTRIBUTE(LDAP_ADDRESSES, "addresses", "mail mailAlternateAddress",
	    "Addresses that lead to it and that it may send from"),
	ATTRIBUTE(LDAP_QUOTA_BYTES, "quota-bytes", "", "Its quota, as mailQuotaSize"),
	ATTRIBUTE(LDAP_QUOTA_MESSAGES, "quota-messages", "", "The same in messages"),
	ATTRIBUTE(LDAP_ENABLED, "enabled", "",
	    "TRUE, yes or a number: it may be used; empty or not there: so it may"),
	ATTRIBUTE(LDAP_PASSWORD, "password", "userPassword authPassword",
	    "Hashes and keys for SCRAM, with login = password"),
	ATTRIBUTE(LDAP_CHANGED, "changed", "",
	    "What changes with a password, as pwdChangedTime, pwdLastSet: then logins of before end"),
	ATTRIBUTE(LDAP_MEMBER_OF, "member-of", "",
	    "Groups in the account's entry, as memberOf; else filter-group-of is asked"),
	ATTRIBUTE(LDAP_ALIAS_NAME, "alias", "cn", "The addresses of an alias"),
	ATTRIBUTE(LDAP_TARGET, "target", "rfc822MailMember", "Where an alias leads"),
	ATTRIBUTE(LDAP_LIST_NAME, "list", "mail", "The addresses of a list"),
	ATTRIBUTE(LDAP_MEMBER, "member", "rfc822MailMember", "Addresses of a list's members"),
	ATTRIBUTE(LDAP_MEMBER_DN, "member-dn", "member uniqueMember",
	    "Members of a list that are entries; their attribute-name counts"),
	ATTRIBUTE(LDAP_GROUP_NAME, "group", "cn", "A group's name"),
	ATTRIBUTE(LDAP_GROUP_TITLE, "group-name", "description", "A group's name for people"),
	ATTRIBUTE(LDAP_DOMAIN_NAME, "domain", "associatedDomain", "A domain"),
};

const struct setting_section directory_ldap_section = { "directory-ldap", rows, ARRAY_LEN(rows),
	sizeof(struct ldap_settings), false, "Accounts in LDAP, with engine = ldap" };

struct ldap_values
ldap_words(enum ldap_search search)
{
	switch (search) {
	case LDAP_ACCOUNT: return (struct ldap_values){ .word = STR("name") };
	case LDAP_GROUP_OF: return (struct ldap_values){ .word = STR("name"), .has_dn = true };
	case LDAP_ADDRESS:
	case LDAP_ALIAS:
	case LDAP_ALIAS_OF:
	case LDAP_LIST: return (struct ldap_values){ .word = STR("address") };
	case LDAP_DOMAIN:
	case LDAP_ACCOUNTS: return (struct ldap_values){ .word = STR("domain") };
	case LDAP_DOMAINS:
	case LDAP_ALL_GROUPS:
	case LDAP_POSTMASTER:
	case LDAP_SEARCH_COUNT: break;
	}
	return (struct ldap_values){ 0 };
}

static const char *
filter_name(enum ldap_search search)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].offset == AT(filters) + search * sizeof(struct str))
			return rows[i].name;
	}
	return "filter";
}

static bool
next_word(struct str *rest, struct str *out)
{
	while (str_next_part(rest, ' ', out)) {
		if (!str_empty(*out))
			return true;
	}
	return false;
}

enum fail
ldap_settings_check(const struct ldap_settings *settings, struct buf *why)
{
	struct str rest = settings->urls, url;
	const char *reason;

	for (enum ldap_search i = 0; i < LDAP_SEARCH_COUNT; i++) {
		struct ldap_values values = ldap_words(i);

		if (str_empty(settings->filters[i]) ||
		    ldap_filter_check(settings->filters[i], &values, &reason) == FAIL_NONE)
			continue;
		buf_add_c(why, filter_name(i));
		buf_add_c(why, ": ");
		buf_add_c(why, reason);
		return FAIL_PERM;
	}
	while (next_word(&rest, &url)) {
		if (str_starts_nocase(url, STR("ldap://")) ||
		    str_starts_nocase(url, STR("ldaps://")) ||
		    str_starts_nocase(url, STR("ldapi://")))
			continue;
		buf_add_c(why, "url: must be ldap://, ldaps:// or ldapi://: ");
		buf_add(why, url);
		return FAIL_PERM;
	}
	if (str_empty(settings->base) || str_empty(settings->urls)) {
		buf_add_c(why, "url and base must be set");
		return FAIL_PERM;
	}
	return FAIL_NONE;
}

bool
ldap_url_is_local(struct str url)
{
	struct str host = str_from(url, str_find(url, STR("://")) + 3);

	host = str_head(host, str_find_char(host, '/'));
	if (str_starts(host, STR("[")))
		host = str_slice(host, 1, str_find_char(str_from(host, 1), ']'));
	else
		host = str_head(host, str_find_char(host, ':'));
	return str_starts_nocase(url, STR("ldapi:")) || sql_is_local(host);
}
