/*
 * identity.h - what the methods of Identity and EmailSubmission share.
 */
#ifndef JMAP_IDENTITY_H
#define JMAP_IDENTITY_H

/* rooms */
#include "jmap/run.h"

/*
 * Make the user's identities follow what the directory said at login; before a method of them answers. False:
 * the call's error was set.
 */
MUST_CHECK bool jmap_identities_ready(struct jmap_call *c);

/* May the user who is logged in send as this address? Also "*@domain", when that address of theirs is a catch-all. */
bool jmap_may_send_as(const struct jmap_call *c, struct str address);

/* Write a whole Identity. FAIL_MISSING. */
MUST_CHECK enum fail jmap_identity_write(struct jmap_call *c, uint64_t id);

#endif
