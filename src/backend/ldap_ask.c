#include "backend/ldap_ask.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "backend/ldap_find.h"

#define VALUE_MAX     (64 * 1024) /* bytes of a name in an entry */
#define ADDRESSES_MAX 1000        /* of one account: as many searches for what leads to them */

/* --- accounts ---------------------------------------------------------------------------------- */

static bool
is_enabled(struct ldap_engine *e, LDAPMessage *entry)
{
	struct buf value;
	struct str text;
	bool is;

	buf_init(&value, VALUE_MAX);
	ldap_write_value(e, entry, LDAP_ENABLED, &value);
	text = buf_str(&value);
	is = str_empty(text) || source_is_true(text);
	buf_release(&value);
	return is;
}

/* As they stand in the entry: lookup.c makes names lower case. */
static void
add_account(struct ldap_engine *e, LDAPMessage *entry)
{
	static const enum ldap_attribute attributes[] = { LDAP_NAME, LDAP_DISPLAY_NAME,
		LDAP_QUOTA_BYTES, LDAP_QUOTA_MESSAGES };
	struct str columns[SOURCE_COLUMNS_MAX];
	struct buf values[ARRAY_LEN(attributes)];

	for (size_t i = 0; i < ARRAY_LEN(attributes); i++) {
		buf_init(&values[i], VALUE_MAX);
		ldap_write_value(e, entry, attributes[i], &values[i]);
		columns[i] = buf_str(&values[i]);
	}
	columns[4] = is_enabled(e, entry) ? STR("1") : STR("0");
	if (values[0].n > 0)
		ldap_row_add(e, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < ARRAY_LEN(attributes); i++)
		buf_release(&values[i]);
}

static enum fail
ask_account(struct ldap_engine *e, struct str name)
{
	LDAPMessage *found, *entry;
	enum fail fail = ldap_find_account(e, name,
	    LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES, LDAP_DISPLAY_NAME, LDAP_QUOTA_BYTES,
		LDAP_QUOTA_MESSAGES, LDAP_ENABLED),
	    &found, &entry);

	if (fail == FAIL_NONE)
		add_account(e, entry);
	ldap_msgfree(found);
	return fail;
}

static void
write_dn(struct ldap_engine *e, LDAPMessage *entry, struct buf *out)
{
	char *dn = ldap_get_dn(e->link.search, entry);

	buf_add(out, str_c(dn));
	ldap_memfree(dn);
}

static void
write_changed(struct ldap_engine *e, LDAPMessage *entry, struct buf *out)
{
	struct buf value;

	buf_init(&value, VALUE_MAX);
	ldap_write_value(e, entry, LDAP_CHANGED, &value);
	if (value.n > 0) {
		buf_add(out, STR("changed "));
		buf_add(out, buf_str(&value));
	}
	buf_release(&value);
}

enum fail
ldap_ask_entry(struct ldap_engine *e, struct str name, struct buf *dn_out, struct buf *changed_out)
{
	LDAPMessage *found, *entry;
	enum fail fail = ldap_find_account(e, name,
	    LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES, LDAP_CHANGED), &found, &entry);

	if (fail == FAIL_NONE) {
		write_dn(e, entry, dn_out);
		write_changed(e, entry, changed_out);
	}
	ldap_msgfree(found);
	return fail;
}

/* With login = bind nobody reads passwords; what changes with them still names them. */
static enum fail
ask_passwords(struct ldap_engine *e, struct str name)
{
	bool has_hashes = e->settings->login == LDAP_LOGIN_PASSWORD;
	LDAPMessage *found, *entry;
	struct buf changed;
	enum fail fail = ldap_find_account(e, name,
	    LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES, has_hashes ? LDAP_PASSWORD : LDAP_CHANGED), &found,
	    &entry);

	if (fail == FAIL_NONE && has_hashes)
		ldap_add_values(e, entry, LDAP_PASSWORD);
	if (fail == FAIL_NONE && !has_hashes) {
		buf_init(&changed, VALUE_MAX);
		write_changed(e, entry, &changed);
		if (changed.n > 0)
			ldap_row_add_one(e, buf_str(&changed));
		buf_release(&changed);
	}
	ldap_msgfree(found);
	return fail;
}

/* --- addresses --------------------------------------------------------------------------------- */

/* Beside addresses stand sip:.., x500:.. in Active Directory's. */
static bool
is_address(struct str value)
{
	return str_find_char(value, '@') != STR_NONE &&
	    (str_starts(value, STR("\"")) || str_find_char(value, ':') == STR_NONE);
}

static bool
add_new_value(struct ldap_engine *e, struct str value, void *arg)
{
	(void)arg;
	if (e->row_count >= ADDRESSES_MAX)
		return false;
	if (is_address(value) && !ldap_row_has(e, value))
		ldap_row_add_one(e, value);
	return e->fail == FAIL_NONE;
}

/* What leads to an address by an alias. */
static enum fail
add_aliases_of(struct ldap_engine *e, struct str address)
{
	LDAPMessage *found, *entry = NULL;
	enum fail fail = ldap_find(e, LDAP_ALIAS_OF, address, STR(""),
	    LDAP_WISH(LDAP_ALIAS_NAME, LDAP_TARGET), &found);

	while (fail == FAIL_NONE && ldap_find_next(e, found, &entry)) {
		if (ldap_is_meant(e, LDAP_ALIAS_OF, entry, address, LDAP_WISH(LDAP_TARGET)))
			ldap_each_value(e, entry, LDAP_ALIAS_NAME, add_new_value, NULL);
	}
	ldap_msgfree(found);
	return fail;
}

/* Its own, what leads to these, what leads there .. */
static enum fail
ask_addresses(struct ldap_engine *e, struct str name)
{
	LDAPMessage *found, *entry;
	enum fail fail =
	    ldap_find_account(e, name, LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES), &found, &entry);

	if (fail == FAIL_NONE) {
		ldap_row_add_one(e, name);
		ldap_each_value(e, entry, LDAP_ADDRESSES, add_new_value, NULL);
	}
	ldap_msgfree(found);
	for (size_t i = 0; fail == FAIL_NONE && i < e->row_count; i++)
		fail = add_aliases_of(e, e->rows[i].columns[0]);
	return fail;
}

static enum fail
ask_targets(struct ldap_engine *e, struct str address)
{
	const struct ldap_wish *names = LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES, LDAP_ALIAS_NAME);
	LDAPMessage *found, *entry = NULL;
	enum fail fail = ldap_find(e, LDAP_ALIAS, address, STR(""),
	    LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES, LDAP_ALIAS_NAME, LDAP_TARGET), &found);
	struct buf name;

	while (fail == FAIL_NONE && ldap_find_next(e, found, &entry)) {
		if (ldap_is_meant(e, LDAP_ALIAS, entry, address, names))
			ldap_add_values(e, entry, LDAP_TARGET);
	}
	ldap_msgfree(found);
	if (fail != FAIL_NONE)
		return fail;
	fail = ldap_find(e, LDAP_ADDRESS, address, STR(""), LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES),
	    &found);
	while (fail == FAIL_NONE && ldap_find_next(e, found, &entry)) {
		if (!ldap_is_meant(e, LDAP_ADDRESS, entry, address, names))
			continue;
		buf_init(&name, VALUE_MAX);
		ldap_write_value(e, entry, LDAP_NAME, &name);
		if (name.n > 0)
			ldap_row_add_one(e, buf_str(&name));
		buf_release(&name);
	}
	ldap_msgfree(found);
	return fail;
}

/* --- lists and groups -------------------------------------------------------------------------- */

/* The names that other entries have, by their DNs; an entry that is gone has none. */
struct reading {
	enum ldap_attribute first, second;
	enum fail fail;
};

static bool
add_name_of_dn(struct ldap_engine *e, struct str dn, void *arg)
{
	struct reading *r = arg;
	LDAPMessage *found, *entry = NULL;
	struct buf name;
	enum fail fail = ldap_find_entry(e, dn, LDAP_WISH(r->first, r->second), &found);

	if (fail == FAIL_MISSING)
		return true;
	if (fail != FAIL_NONE) {
		r->fail = fail;
		return false;
	}
	buf_init(&name, VALUE_MAX);
	if (ldap_find_next(e, found, &entry)) {
		ldap_write_value(e, entry, r->first, &name);
		if (name.n == 0)
			ldap_write_value(e, entry, r->second, &name);
	}
	if (name.n > 0)
		ldap_row_add_one(e, buf_str(&name));
	buf_release(&name);
	ldap_msgfree(found);
	return e->fail == FAIL_NONE;
}

static enum fail
add_names_of_dns(struct ldap_engine *e, LDAPMessage *entry, enum ldap_attribute attribute,
    enum ldap_attribute first, enum ldap_attribute second)
{
	struct reading r = { first, second, FAIL_NONE };

	ldap_each_value(e, entry, attribute, add_name_of_dn, &r);
	return r.fail;
}

static enum fail
ask_list(struct ldap_engine *e, struct str address, bool wants_members)
{
	const struct ldap_wish *names = LDAP_WISH(LDAP_LIST_NAME);
	const struct ldap_wish *all = LDAP_WISH(LDAP_LIST_NAME, LDAP_MEMBER, LDAP_MEMBER_DN);
	LDAPMessage *found, *entry = NULL;
	enum fail fail =
	    ldap_find(e, LDAP_LIST, address, STR(""), wants_members ? all : names, &found);

	while (fail == FAIL_NONE && ldap_find_next(e, found, &entry)) {
		if (!ldap_is_meant(e, LDAP_LIST, entry, address, names))
			continue;
		if (!wants_members) {
			ldap_row_add_one(e, address);
			continue;
		}
		ldap_add_values(e, entry, LDAP_MEMBER);
		fail = add_names_of_dns(e, entry, LDAP_MEMBER_DN, LDAP_NAME, LDAP_LIST_NAME);
	}
	ldap_msgfree(found);
	return fail;
}

static enum fail
ask_groups_of(struct ldap_engine *e, struct str name, struct str dn)
{
	LDAPMessage *found, *entry = NULL;
	struct buf group;
	enum fail fail = ldap_find(e, LDAP_GROUP_OF, name, dn, LDAP_WISH(LDAP_GROUP_NAME), &found);

	while (fail == FAIL_NONE && ldap_find_next(e, found, &entry)) {
		buf_init(&group, VALUE_MAX);
		ldap_write_value(e, entry, LDAP_GROUP_NAME, &group);
		if (group.n > 0)
			ldap_row_add_one(e, buf_str(&group));
		buf_release(&group);
	}
	ldap_msgfree(found);
	return fail;
}

static enum fail
ask_groups(struct ldap_engine *e, struct str name)
{
	LDAPMessage *found, *entry;
	struct buf dn;
	enum fail fail = ldap_find_account(e, name,
	    LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES, LDAP_MEMBER_OF), &found, &entry);

	buf_init(&dn, VALUE_MAX);
	if (fail == FAIL_NONE && e->names[LDAP_MEMBER_OF][0])
		fail = add_names_of_dns(e, entry, LDAP_MEMBER_OF, LDAP_GROUP_NAME, LDAP_GROUP_NAME);
	else if (fail == FAIL_NONE)
		write_dn(e, entry, &dn);
	ldap_msgfree(found);
	if (fail == FAIL_NONE && dn.n > 0)
		fail = ask_groups_of(e, name, buf_str(&dn));
	buf_release(&dn);
	return fail;
}

/* --- domains ----------------------------------------------------------------------------------- */

static void
list_own_domains(struct ldap_engine *e, struct str wanted)
{
	struct str rest = e->settings->domains, word;

	while (str_next_part(&rest, ' ', &word)) {
		if (!str_empty(word) && (str_empty(wanted) || str_eq_nocase(word, wanted)))
			ldap_row_add_one(e, word);
	}
}

static enum fail
ask_domains(struct ldap_engine *e, enum ldap_search which, struct str wanted)
{
	LDAPMessage *found, *entry = NULL;
	enum fail fail;

	if (!str_empty(e->settings->domains)) {
		list_own_domains(e, wanted);
		return FAIL_NONE;
	}
	fail = ldap_find(e, which, wanted, STR(""), LDAP_WISH(LDAP_DOMAIN_NAME), &found);
	while (fail == FAIL_NONE && ldap_find_next(e, found, &entry)) {
		if (which == LDAP_DOMAINS)
			ldap_add_values(e, entry, LDAP_DOMAIN_NAME);
		else if (ldap_is_meant(e, which, entry, wanted, LDAP_WISH(LDAP_DOMAIN_NAME)))
			ldap_row_add_one(e, wanted);
	}
	ldap_msgfree(found);
	return fail;
}

/* --- everybody --------------------------------------------------------------------------------- */

static bool
is_in_domain(struct str name, struct str domain)
{
	size_t at = str_rfind_char(name, '@');

	return at != STR_NONE && str_eq_nocase(str_from(name, at + 1), domain);
}

static enum fail
ask_everybody(struct ldap_engine *e, struct str domain, bool is_groups)
{
	enum ldap_attribute name = is_groups ? LDAP_GROUP_NAME : LDAP_NAME;
	enum ldap_attribute title = is_groups ? LDAP_GROUP_TITLE : LDAP_DISPLAY_NAME;
	LDAPMessage *found, *entry = NULL;
	struct buf values[2];
	enum fail fail = ldap_find(e, is_groups ? LDAP_ALL_GROUPS : LDAP_ACCOUNTS, domain, STR(""),
	    LDAP_WISH(name, title, LDAP_ENABLED), &found);

	while (fail == FAIL_NONE && ldap_find_next(e, found, &entry)) {
		bool is_wanted;

		buf_init(&values[0], VALUE_MAX);
		buf_init(&values[1], VALUE_MAX);
		ldap_write_value(e, entry, name, &values[0]);
		ldap_write_value(e, entry, title, &values[1]);
		is_wanted = is_in_domain(buf_str(&values[0]), domain) ||
		    (is_groups && str_find_char(buf_str(&values[0]), '@') == STR_NONE);
		if (values[0].n > 0 && is_wanted && (is_groups || is_enabled(e, entry)))
			ldap_row_add(e, (struct str[]){ buf_str(&values[0]), buf_str(&values[1]) },
			    2);
		buf_release(&values[0]);
		buf_release(&values[1]);
	}
	ldap_msgfree(found);
	ldap_row_sort(e);
	return fail;
}

static bool
add_postmaster(struct ldap_engine *e, struct str value, void *arg)
{
	(void)arg;
	if (str_starts_nocase(value, STR("postmaster@")))
		ldap_row_add_one(e, value);
	return e->fail == FAIL_NONE;
}

static enum fail
ask_postmaster(struct ldap_engine *e)
{
	const struct ldap_wish *names = LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES, LDAP_ALIAS_NAME);
	LDAPMessage *found, *entry = NULL;
	enum fail fail = ldap_find(e, LDAP_POSTMASTER, STR(""), STR(""), names, &found);

	while (fail == FAIL_NONE && ldap_find_next(e, found, &entry)) {
		for (size_t i = 0; i < names->count; i++)
			ldap_each_value(e, entry, names->attributes[i], add_postmaster, NULL);
	}
	ldap_msgfree(found);
	ldap_row_sort(e);
	return fail;
}

enum fail
ldap_ask(struct ldap_engine *e, enum source_question question, struct str key)
{
	switch (question) {
	case SOURCE_ACCOUNT: return ask_account(e, key);
	case SOURCE_PASSWORDS: return ask_passwords(e, key);
	case SOURCE_ADDRESSES: return ask_addresses(e, key);
	case SOURCE_GROUPS: return ask_groups(e, key);
	case SOURCE_TARGETS: return ask_targets(e, key);
	case SOURCE_LIST: return ask_list(e, key, false);
	case SOURCE_MEMBERS: return ask_list(e, key, true);
	case SOURCE_DOMAIN: return ask_domains(e, LDAP_DOMAIN, key);
	case SOURCE_DOMAINS: return ask_domains(e, LDAP_DOMAINS, STR(""));
	case SOURCE_ACCOUNTS: return ask_everybody(e, key, false);
	case SOURCE_ALL_GROUPS: return ask_everybody(e, key, true);
	case SOURCE_POSTMASTER: return ask_postmaster(e);
	case SOURCE_TOKEN:
	case SOURCE_TOKENS: /* LDAP has none */
	case SOURCE_QUESTION_COUNT: break;
	}
	return FAIL_NONE;
}
