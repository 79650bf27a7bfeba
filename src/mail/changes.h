/*
 * changes.h - what changed since: JMAP /changes, and expunged UIDs for QRESYNC.
 *
 * A thing is told under its last change only, so that an answer which stops in the middle leaves out what was
 * created before its end and changed behind it. `base` is the state that a row of answers began with: what
 * came after that is told as created, even twice, rather than as an update of something never heard of.
 *
 * One modseq counter per account; each changed Email takes the next value, so every modseq is a
 * state at which an answer may stop (maxChanges). A JMAP state is the modseq of the last change of
 * its type; id.h writes it as text (ID_STATE). Things that exist are never forgotten; destroyed ones
 * and expunged UIDs are pruned when there are many, and the floor says honestly how far back they
 * go. CONDSTORE's FETCH CHANGEDSINCE needs no log: view entries have their modseq.
 */
#ifndef MAIL_CHANGES_H
#define MAIL_CHANGES_H

#include "base/arena.h"
#include "mail/mail.h"

#define CHANGES_TOMBSTONES_MAX 20000 /* destroyed ids kept per account and type */
#define EXPUNGED_UIDS_MAX      20000 /* expunged UIDs kept per mailbox */

enum change_type { /* numbers stand in keys and records: new ones at the end */
	CHANGE_EMAIL,
	CHANGE_MAILBOX,
	CHANGE_THREAD,
	CHANGE_IDENTITY, /* from here on: small things (thing.h) */
	CHANGE_SUBMISSION,
	CHANGE_VACATION,
	CHANGE_SHARE_NOTICE,
	CHANGE_TYPE_COUNT
};
enum change_kind { CHANGE_CREATED, CHANGE_UPDATED, CHANGE_DESTROYED };

struct change {
	uint64_t id;
	uint64_t modseq;
	enum change_kind kind;
};

struct changes {
	struct change *items; /* caller's room for max */
	size_t max;
	/* filled in: */
	size_t count;
	uint64_t state; /* the state after these */
	bool has_more;  /* there are more up to the current state: go on from it, with `base` */
	bool
	    has_base; /* in: as the answer before gave it, false for the first; out: for the next one */
	uint64_t base;
	bool is_counts_only; /* mailboxes: only counts changed in all that were updated */
};

/* The current state of a type. */
uint64_t change_state(const struct account *a, enum change_type type);

/*
 * Changes after state `since`, oldest first, each id once.
 *   FAIL_PERM  cannotCalculateChanges: `since` is before the floor or was never a state
 *   FAIL_TEMP  the store failed
 */
MUST_CHECK enum fail changes_since(struct account *a, enum change_type type, uint64_t since,
    struct changes *out);

/*
 * UIDs expunged from a mailbox after `since`, ascending, in `arena`.
 *   FAIL_PERM  before the mailbox's expunged_floor: answer with all UIDs below uid_next that are
 *              not there (RFC 7162 3.2.5.2 allows more than really changed)
 *   FAIL_MISSING no such mailbox   FAIL_LIMIT arena full   FAIL_TEMP the store failed
 */
MUST_CHECK enum fail expunged_since(struct account *a, uint32_t mailbox, uint64_t since,
    struct arena *arena, uint32_t **uids_out, size_t *count_out);

/*
 * The Emails that left a mailbox after `since`, appended to out[*count ..], which has room for `max` in all.
 *   FAIL_PERM  before the floor    FAIL_LIMIT  more than that    FAIL_MISSING, FAIL_TEMP as above
 */
struct departed {
	uint64_t email_id, thread_id;
	bool was_there; /* JMAP saw it in the mailbox at `since`, certainly .. */
	bool was_seen;  /* .. or at some time since then */
};
MUST_CHECK enum fail departed_since(struct account *a, uint32_t mailbox, uint64_t since,
    struct departed *out, size_t max, size_t *count);

#endif
