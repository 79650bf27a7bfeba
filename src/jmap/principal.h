/*
 * principal.h - whom a user may share with: the directory's accounts and groups of its domain (RFC 9670 2).
 *
 * Nothing of them is kept here. A call asks the directory once; a state is a hash of its answer and of acl_sharing(),
 * since they tell which accounts the user sees; so what changed is told only when nothing did. The Principals are in the user's own account.
 */
#ifndef JMAP_PRINCIPAL_H
#define JMAP_PRINCIPAL_H

/* rooms */
#include "directory/directory.h"
#include "jmap/args.h"

struct principal {                  /* arena: the call's */
	struct str id, name, email; /* email: p is NULL when it is no address */
	struct str account;         /* whose mail it has */
	bool is_group;
};

struct principals {                   /* zeroed at first; a call's state begins with one */
	struct directory_query query; /* own */
	bool is_asked;
	struct principal *items; /* arena; accounts, then groups, each by name */
	size_t count;
	struct str state; /* arena */
};

/*
 * Ask, or go on: JMAP_WAIT, or JMAP_DONE: they are there, or the call's error is set. principals_release() in any case.
 */
enum jmap_step principals_load(struct jmap_call *c, struct principals *p);
void principals_release(struct principals *p);

/* The account of a Principal as this user sees it, to be released. FAIL_MISSING: it sees nothing. FAIL_TEMP. */
struct jmap_access;
MUST_CHECK enum fail principal_access(struct jmap_call *c, const struct principal *one,
    struct jmap_access *out);

#endif
