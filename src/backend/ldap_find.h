/*
 * ldap_find.h - the owner's filters as searches, and which of the entries that they find are meant.
 *
 * What is found lies in a message of libldap's, NULL when there is none: the caller frees it with ldap_msgfree().
 */
#ifndef BACKEND_LDAP_FIND_H
#define BACKEND_LDAP_FIND_H

#include "backend/ldap_entry.h"

/* What a search gives: the attributes of these settings. */
struct ldap_wish {
	enum ldap_attribute attributes[6];
	size_t count;
};

#define LDAP_WISH(...) \
	(&(const struct ldap_wish){ { __VA_ARGS__ }, \
	    sizeof((enum ldap_attribute[]){ __VA_ARGS__ }) / sizeof(enum ldap_attribute) })

/* Everything that the owner's filter finds; an empty filter finds nothing. FAIL_TEMP */
MUST_CHECK enum fail ldap_find(struct ldap_engine *e, enum ldap_search which, struct str key,
    struct str dn, const struct ldap_wish *wish, LDAPMessage **out);

/* One entry by its DN. FAIL_MISSING, FAIL_TEMP */
MUST_CHECK enum fail ldap_find_entry(struct ldap_engine *e, struct str dn,
    const struct ldap_wish *wish, LDAPMessage **out);

/* The next entry, skipping what is none; NULL in *at begins. */
bool ldap_find_next(struct ldap_engine *e, LDAPMessage *found, LDAPMessage **at);

/* A filter that compares the whole key must have found it letter by letter in one of these. */
bool ldap_is_meant(struct ldap_engine *e, enum ldap_search which, LDAPMessage *entry,
    struct str key, const struct ldap_wish *names);

/* The one entry of an account in *at, which lies in *found. FAIL_MISSING; FAIL_TEMP: also when there are two. */
MUST_CHECK enum fail ldap_find_account(struct ldap_engine *e, struct str name,
    const struct ldap_wish *wish, LDAPMessage **found, LDAPMessage **at);

#endif
