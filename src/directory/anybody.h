/*
 * anybody.h - the test switch: every name in a domain of ours is an account. Private: in the child.
 *
 * With the setting `test-password`, names that directory.db does not know log in with that password,
 * receive mail and have no limits; nothing is written. For test programs that bring their own user
 * names by the thousand; an owner never sets it.
 */
#ifndef DIRECTORY_ANYBODY_H
#define DIRECTORY_ANYBODY_H

#include "directory/directory.h"
#include "directory/lookup.h"

/*
 * Answer a question that directory.db refused (login, account, resolve), as lookup.h's functions do.
 * FAIL_MISSING when the switch is off, the name is known after all, or its domain is not ours;
 * FAIL_DENIED for a wrong password.
 */
MUST_CHECK enum fail anybody_answer(struct lookup *l, enum directory_kind kind, struct str name,
    struct str secret, struct json_writer *w);

#endif
