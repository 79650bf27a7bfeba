/*
 * acl_log.h - what a user could do with the mailboxes of another's account some time ago.
 *
 * Each change of a list leaves the list as it was, under the modseq of the change, so that whoever asks what changed
 * since a state can be told truly what came into sight and what left it. ACL_LOG_MAX changes are kept, then the
 * oldest go, and the floor says how far back they reach.
 */
#ifndef MAIL_ACL_LOG_H
#define MAIL_ACL_LOG_H

/* rooms */
#include "mail/acl.h"
#include "mail/mailbox.h"

#define ACL_LOG_MAX 400 /* changes of lists of one account */

struct acl_past { /* a mailbox whose list changed, or that went */
	uint32_t mailbox;
	unsigned rights; /* then; of a list that is there still though its mailbox is not: now */
	unsigned ever;   /* all rights that there were since then, before the last change .. */
	unsigned always; /* .. and those that were there all the time */
	uint32_t above[MAILBOX_DEPTH_MAX]; /* the mailboxes above it then */
	size_t above_count;
};

struct acl_pasts {              /* zeroed at first */
	struct acl_past *items; /* own */
	size_t count, cap;
	bool is_moved; /* some mailbox went below another one since then */
};

/*
 * What was so at this state. acl_pasts_release() in any case.
 *   FAIL_PERM  that is before the floor    FAIL_TEMP
 */
MUST_CHECK enum fail acl_pasts(struct account *a, const struct acl_user *who, uint64_t since,
    struct acl_pasts *out);
void acl_pasts_release(struct acl_pasts *p);

/* The one of this mailbox, or NULL: its list is what it was. */
const struct acl_past *acl_past_find(const struct acl_pasts *p, uint32_t mailbox);

#endif
