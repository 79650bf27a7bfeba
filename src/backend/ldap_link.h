/*
 * ldap_link.h - connections to an LDAP server: one that searches as whom the owner says, one that tries passwords.
 *
 *     down --a question, backoff over--> up --lost, too slow--> down, asked once more if it was lost
 *
 * Certificates are always verified. Nothing waits longer than the settings' connect-timeout and timeout.
 */
#ifndef BACKEND_LDAP_LINK_H
#define BACKEND_LDAP_LINK_H

#include <ldap.h>

#include "backend/backoff.h"
#include "base/buf.h"
#include "base/fail.h"
#include "directory/ldap.h"

struct ldap_link {
	const struct ldap_settings *settings; /* borrow: the process's */
	LDAP *search;                         /* own; NULL: down */
	LDAP *door;                           /* own; for binds as somebody else */
	struct backoff backoff;
};

/* What is asked for: everything below `base`, or the entry itself. */
struct ldap_request {
	struct str base;
	struct str filter;
	bool is_entry;
	char **attributes; /* borrow; NULL at the end */
	int entries_max;   /* 0: as many as the server gives */
};

/* FAIL_TEMP: not reachable, or not with these names and passwords (said in `why`). */
MUST_CHECK enum fail ldap_link_open(struct ldap_link *l, struct buf *why);
void ldap_link_close(struct ldap_link *l);

/*
 * Search; *out is for ldap_msgfree(), also with entries_max passed. FAIL_MISSING: with is_entry, there is no such;
 * FAIL_PERM: the filter is none; FAIL_TEMP: no answer (logged).
 */
MUST_CHECK enum fail ldap_link_search(struct ldap_link *l, const struct ldap_request *request,
    LDAPMessage **out);

/* Is it the password of that entry? FAIL_DENIED, FAIL_TEMP. An empty one never is (RFC 4513 5.1.2). */
MUST_CHECK enum fail ldap_link_try(struct ldap_link *l, const char *dn, struct str secret);

#endif
