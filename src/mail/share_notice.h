/*
 * share_notice.h - what others gave a user or took away: records for ShareNotifications (RFC 9670 3).
 *
 * acl_set_by() changes a list and leaves a notice with the user whose rights in the mailbox became others by it. What
 * groups and everybody are given or lose is told behind it, to each whom it means (share_tell.h). A user who has no
 * account here yet gets none. Of a user by name the rights are those that the list gives to the name and to "anyone":
 * groups are the directory's, which is not asked then.
 *
 * Bounds: changes of one mailbox are one notice, a new one, from what was before the first of them to what is
 * now; when that is the same, none. SHARE_NOTICES_MAX are kept, the oldest goes; and for SHARE_NOTICE_AGE_S.
 */
#ifndef MAIL_SHARE_NOTICE_H
#define MAIL_SHARE_NOTICE_H

/* rooms */
#include "mail/acl.h"

#define SHARE_NOTICES_MAX  200                   /* of one user: more than anybody reads */
#define SHARE_NOTICE_AGE_S ((int64_t)90 * 86400) /* who did not look for so long knows by now */

struct share_notice {
	uint64_t id;
	int64_t created_s;
	struct str by; /* account name of who changed it */
	uint64_t account;
	uint32_t mailbox;
	struct str name; /* of the mailbox then */
	bool is_inbox;
	unsigned was, now; /* rights */
};

/* acl_set() by the user `by`; failures as there. A notice that cannot be written is none. */
MUST_CHECK enum fail acl_set_by(struct account *a, uint32_t mailbox, struct str identifier,
    unsigned rights, struct str by);

/* Those that are too old go; before they are read. FAIL_TEMP */
MUST_CHECK enum fail share_notices_expire(struct account *a);

/* All of them by id, oldest first; texts in the arena. FAIL_LIMIT: it is full · FAIL_TEMP */
MUST_CHECK enum fail share_notices(struct account *a, struct arena *arena,
    struct share_notice **out, size_t *count_out);

/* One of them, in the arena. FAIL_MISSING · FAIL_PERM damaged · FAIL_LIMIT: it is full · FAIL_TEMP */
MUST_CHECK enum fail share_notice_get(struct account *a, uint64_t id, struct arena *arena,
    struct share_notice **out);

/* The user has seen it. FAIL_MISSING · FAIL_TEMP */
MUST_CHECK enum fail share_notice_remove(struct account *a, uint64_t id);

#endif
