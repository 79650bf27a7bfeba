#include "backend/ldap_find.h"

/* base */
#include "base/log.h"

#define ANY_ENTRY STR("(objectClass=*)")

static const struct log find_log = { .room = "directory" };

static void
list_names(struct ldap_engine *e, const struct ldap_wish *wish, char **out)
{
	static char none[] = LDAP_NO_ATTRS;
	size_t n = 0;

	for (size_t i = 0; i < wish->count; i++) {
		for (char **name = e->names[wish->attributes[i]]; *name; name++)
			out[n++] = *name;
	}
	if (n == 0)
		out[n++] = none;
	out[n] = NULL;
}

enum fail
ldap_find(struct ldap_engine *e, enum ldap_search which, struct str key, struct str dn,
    const struct ldap_wish *wish, LDAPMessage **out)
{
	struct ldap_values values = ldap_words(which);
	char *names[LDAP_ASKED_MAX];
	struct buf filter;
	enum fail fail;

	*out = NULL;
	if (str_empty(e->settings->filters[which]))
		return FAIL_NONE;
	values.key = key;
	values.dn = dn;
	list_names(e, wish, names);
	buf_init(&filter, LDAP_FILTER_MAX);
	ldap_filter_write(&filter, e->settings->filters[which], &values);
	fail = ldap_link_search(&e->link,
	    &(struct ldap_request){ .base = e->settings->base,
		.filter = buf_str(&filter),
		.attributes = names },
	    out);
	buf_release(&filter);
	return fail == FAIL_NONE ? FAIL_NONE : FAIL_TEMP;
}

enum fail
ldap_find_entry(struct ldap_engine *e, struct str dn, const struct ldap_wish *wish,
    LDAPMessage **out)
{
	char *names[LDAP_ASKED_MAX];

	list_names(e, wish, names);
	return ldap_link_search(&e->link,
	    &(struct ldap_request){ .base = dn,
		.filter = ANY_ENTRY,
		.is_entry = true,
		.attributes = names },
	    out);
}

bool
ldap_find_next(struct ldap_engine *e, LDAPMessage *found, LDAPMessage **at)
{
	if (found == NULL)
		return false;
	*at = *at ? ldap_next_entry(e->link.search, *at) : ldap_first_entry(e->link.search, found);
	return *at != NULL;
}

bool
ldap_is_meant(struct ldap_engine *e, enum ldap_search which, LDAPMessage *entry, struct str key,
    const struct ldap_wish *names)
{
	struct ldap_values words = ldap_words(which);

	if (!ldap_filter_uses(e->settings->filters[which], words.word))
		return true;
	for (size_t i = 0; i < names->count; i++) {
		if (ldap_has_value(e, entry, names->attributes[i], key))
			return true;
	}
	return false;
}

enum fail
ldap_find_account(struct ldap_engine *e, struct str name, const struct ldap_wish *wish,
    LDAPMessage **found, LDAPMessage **at)
{
	LDAPMessage *entry = NULL;
	enum fail fail = ldap_find(e, LDAP_ACCOUNT, name, STR(""), wish, found);

	*at = NULL;
	while (fail == FAIL_NONE && ldap_find_next(e, *found, &entry)) {
		if (!ldap_is_meant(e, LDAP_ACCOUNT, entry, name,
			LDAP_WISH(LDAP_NAME, LDAP_ADDRESSES)))
			continue;
		if (*at) {
			log_warn(&find_log, "directory.ldap",
			    LOG_TEXT("reason", STR("filter-account finds two entries")),
			    LOG_TEXT("name", name));
			return FAIL_TEMP;
		}
		*at = entry;
	}
	return fail == FAIL_NONE && *at == NULL ? FAIL_MISSING : fail;
}
