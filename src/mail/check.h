/*
 * check.h - the state of checking one account. Private to the room.
 */
#ifndef MAIL_CHECK_H
#define MAIL_CHECK_H

#include "mail/inner.h"

struct check_part { /* an Email as its thread counts it in one mailbox */
	uint64_t thread;
	uint32_t mailbox;
	bool is_unread; /* at the first of its mailboxes only */
};

struct account_check {
	struct account *account;
	struct mail_check *check;
	struct txn *txn;
	struct mailbox *mailboxes; /* own; counted anew */
	size_t mailbox_count;
	struct check_part *parts; /* own */
	size_t part_count, part_cap;
	uint64_t *lost; /* own; Emails that cannot be kept */
	size_t lost_count;
	uint64_t emails, bytes, memberships, visible, hashes, threads, uploads, findings;
	struct arena arena; /* one thread record */
};

/* check_box.c: what hangs on mailboxes beside messages; and what of it cannot stay. */
MUST_CHECK enum fail check_boxes(struct account_check *in);
MUST_CHECK enum fail boxes_rebuild(struct edit *e, const struct account_check *in);

/* check_thing.c: small things and their logs. */
MUST_CHECK enum fail check_things(struct account_check *in);
MUST_CHECK enum fail things_rebuild(struct edit *e);

/* check_thread.c: threads, by the parts that the Emails have. */
MUST_CHECK enum fail check_threads(struct account_check *in);

/* --- check.c: what all of them need ------------------------------------------------------------------------ */

void check_find(struct account_check *in, const char *what, uint64_t id, uint64_t number);

/* A key that should be there: FAIL_MISSING, and a finding, when it is not; FAIL_TEMP. check_told() passes over the first. */
MUST_CHECK enum fail check_key(struct account_check *in, const struct key *k, const char *what,
    uint64_t id, uint64_t number, struct str *value);
MUST_CHECK enum fail check_told(enum fail fail);

/* One as it is counted anew, or NULL. */
struct mailbox *check_mailbox_seen(struct account_check *in, uint32_t id);
void check_lose(struct account_check *in, uint64_t id);

/* Write everything that follows from Emails and mailboxes anew; lost Emails go. */
MUST_CHECK enum fail account_rebuild(struct account_check *in);

#endif
