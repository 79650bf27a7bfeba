/*
 * sight.h - what changed for who sees a part of an account: mail's changes, seen through the user's rights.
 *
 * What moved into sight is created for this user, what moved out of it destroyed, whatever it is for the account; the
 * rest of what happens out of sight is not told. That follows from when each Email came to where it is, from which
 * Emails left each mailbox, and from what the lists of rights were. Where those do not reach back, or there is too
 * much of it, more is told: as destroyed what the user may never have seen, as created what it knows already. Both
 * are ids that a client passes over. Ids of mailboxes that were deleted are told when any shared one was.
 *
 * When the set of mailboxes that the user may read is another one than then, changes of Emails and Threads cannot be
 * told: all Emails of such a mailbox would be new.
 */
#ifndef JMAP_SIGHT_H
#define JMAP_SIGHT_H

/* rooms */
#include "jmap/run.h"
#include "mail/changes.h"

/*
 * Changes of a type since a state, as changes_since() tells them, for this call's user: an owner's are not touched.
 * Failures as there; FAIL_PERM also when the rights then are not known, or are too different.
 */
MUST_CHECK enum fail jmap_changes_seen(struct jmap_call *c, enum change_type type, uint64_t since,
    struct changes *changes);

#endif
