/*
 * email.h - messages: adding, reading, flags, copying, moving, expunging, destroying.
 *
 * An Email is one message with one immutable file. A membership (mailbox, UID) shows it in a
 * mailbox; COPY adds one, even a second one in the same mailbox. Keywords belong to the Email,
 * \Deleted belongs to the membership and hides it from JMAP: an Email whose memberships are all
 * \Deleted is destroyed in JMAP's eyes, and created when one comes back. When the last membership
 * goes, the Email goes, and its file is dropped after the commit (D3).
 *
 * Every call is one transaction for at most EMAIL_BATCH_MAX messages, so that no turn is long:
 * callers with more go on in slices from the last UID. Counters, quota, change log, threads and the
 * shared views follow in the same call.
 */
#ifndef MAIL_EMAIL_H
#define MAIL_EMAIL_H

#include "base/arena.h"
#include "blob/blob.h"
#include "mail/mail.h"

struct email_digest;
struct message;
struct view_session;

#define EMAIL_BATCH_MAX       500 /* messages per call; about 30 fill a slice of the loop */
#define EMAIL_MEMBERSHIPS_MAX 200 /* of one Email, those in deleted mailboxes too */
#define EMAIL_ENVELOPE_MAX    320 /* bytes kept of envelope sender and recipient, each */

struct membership {
	uint32_t mailbox, uid;
	bool is_deleted;
	uint64_t modseq;      /* of the last change of the membership or of the Email's keywords */
	int64_t saved_s;      /* SAVEDATE (RFC 8514) */
	uint64_t seen_modseq; /* since when JMAP sees it there; when is_deleted: no longer does */
};

struct email {
	uint64_t id, thread_id;
	struct str blob; /* name of its file */
	uint32_t size;   /* bytes of the file = RFC822.SIZE */
	int64_t received_s;
	uint64_t keywords;               /* keyword.h; never FLAG_DELETED */
	uint64_t modseq, created_modseq; /* in JMAP's eyes: last change, appearance */
	struct membership *members;      /* by (mailbox, uid); none in a deleted mailbox */
	size_t member_count;
	struct str sender, recipient; /* of the envelope; empty when appended or imported */
};

/* --- adding ----------------------------------------------------------------------------------- */

struct email_new {
	struct str
	    blob; /* name that blob_write_finish() or blob_link() gave, in the account's folder */
	struct str bytes; /* the whole message (a mapping will do), to be parsed */
	int64_t received_s;
	uint64_t flags;            /* keywords, and FLAG_DELETED for the memberships */
	const uint32_t *mailboxes; /* where to, at least one, each once */
	size_t mailbox_count;
	struct str sender, recipient;      /* of the envelope, may be empty */
	const struct email_digest *digest; /* borrow; NULL: it is made here */
};

/* What is parsed out of a message once, when several accounts store it. */
struct email_digest *email_digest_new(struct mail *m, struct str bytes);
void email_digest_free(struct email_digest **d);

#define EMAIL_TARGETS_MAX 50 /* mailboxes of one message that is added */

struct email_added {
	uint64_t id, thread_id, modseq;
	uint32_t uid[EMAIL_TARGETS_MAX]; /* in the order of `mailboxes` */
};

/*
 * Store a message. It is parsed once and the summary kept. Belongs to the turn in which the file was
 * finished; when it fails, the blob room drops the file at the end of the turn.
 *   FAIL_LIMIT    over quota, or too many mailboxes     FAIL_MISSING  no such mailbox
 *   FAIL_TEMP     the store failed
 */
MUST_CHECK enum fail email_add(struct account *a, const struct email_new *new,
    struct email_added *out);

/* The same from bytes in memory, `blob` left empty: writes the file too (drafts, tests). */
MUST_CHECK enum fail email_add_bytes(struct account *a, const struct email_new *new,
    struct email_added *out);

/*
 * Several messages in one change, all or none, and, when `replaced_uid` is not 0, that membership goes in the
 * same change: its bytes count for the new ones. out has room for count. Failures as email_add(); FAIL_LIMIT
 * also for more than EMAIL_BATCH_MAX.
 */
struct email_batch {
	const struct email_new *news;
	size_t count;
	uint32_t replaced_mailbox, replaced_uid;
};
MUST_CHECK enum fail email_add_batch(struct account *a, const struct email_batch *batch,
    struct email_added *out);

/* --- reading ---------------------------------------------------------------------------------- */

/* The record in `arena`. FAIL_MISSING no such Email · FAIL_LIMIT arena full · FAIL_TEMP. */
MUST_CHECK enum fail email_get(struct account *a, uint64_t id, struct arena *arena,
    struct email **out);

/*
 * The same with its summary, which lies beside it; NULL where it does not do.
 */
struct message;
MUST_CHECK enum fail email_get_outline(struct account *a, uint64_t id, struct arena *arena,
    struct email **out, struct message **summary_out);

/* False when JMAP must not see it: no membership is without \Deleted. */
bool email_is_visible(const struct email *e);

/*
 * The parsed summary (message/summary.h) in `arena`, without the file. Failures as email_get(); also FAIL_PERM: it does not
 * do (the message has more structure than a summary holds, the summary is of an older form or damaged): then map the file
 * and message_parse() it. FAIL_LIMIT: it does not fit the arena.
 */
MUST_CHECK enum fail email_summary(struct account *a, uint64_t id, struct arena *arena,
    struct message **out);

/*
 * The summaries of several Emails: one walk over the store finds ids that ascend with few others between them,
 * as those of a mailbox do. NULL in out[] where there is no such Email, or its
 * summary does not do.
 */
MUST_CHECK enum fail email_summaries(struct account *a, const uint64_t *ids, size_t count,
    struct arena *arena, struct message **out);

/* Map the file; give back with blob_unmap(). FAIL_MISSING also when the file is lost. */
MUST_CHECK enum fail email_map(struct account *a, uint64_t id, struct blob_map *out);

/*
 * The same when the file may be far away, as blob_map_wait(): while op_pending(&w->op) the answer means nothing,
 * wait and ask again. FAIL_TEMP also: it cannot be reached.
 */
MUST_CHECK enum fail email_map_wait(struct account *a, uint64_t id, struct blob_wait *w,
    struct task *owner, struct blob_map *out);

/* Ids by file name, and by Message-ID (without <>; Emails that have it as their own, oldest first,
 * `count_out` at most `max`). FAIL_MISSING when there is none. */
MUST_CHECK enum fail email_by_blob(struct account *a, struct str blob, uint64_t *id_out);
MUST_CHECK enum fail email_by_message_id(struct account *a, struct str message_id,
    uint64_t *ids_out, size_t max, size_t *count_out);

/* The highest id that an Email of the account has, or had; 0: there was none. */
uint64_t email_last(const struct account *a);

/*
 * All Emails of the account by receivedAt then id, in batches: `from` NULL starts, else goes on
 * behind that item. Emails that JMAP must not see are left out. Fewer than `max` means the end.
 */
struct email_order {
	int64_t received_s;
	uint64_t id, thread_id;
};
MUST_CHECK enum fail email_ordered(struct account *a, bool is_newest_first,
    const struct email_order *from, struct email_order *out, size_t max, size_t *count_out);

/* --- flags, the IMAP way: by UID -------------------------------------------------------------- */

enum flags_how { FLAGS_ADD, FLAGS_REMOVE, FLAGS_REPLACE };

struct flags_change {
	enum flags_how how;
	uint64_t flags; /* FLAG_DELETED too */
	uint64_t kept;  /* these stay as they are: not the caller's to change */
	bool has_unchanged_since;
	uint64_t unchanged_since; /* RFC 7162 3.1.3 */
	struct view_session *by;  /* its own pending events leave these UIDs out; may be NULL */
};

enum flags_outcome {
	FLAGS_CHANGED,  /* stored, the entry in the view has the new flags and modseq */
	FLAGS_SAME,     /* nothing to change */
	FLAGS_MODIFIED, /* failed UNCHANGEDSINCE */
	FLAGS_MISSING,  /* no such UID (any more) */
};

/* FAIL_MISSING no such mailbox · FAIL_LIMIT count above EMAIL_BATCH_MAX · FAIL_TEMP. */
MUST_CHECK enum fail email_flags(struct account *a, uint32_t mailbox, const uint32_t *uids,
    size_t count, const struct flags_change *change, enum flags_outcome *outcomes_out);

/* --- copying, moving, expunging, the IMAP way: by UID ----------------------------------------- */

struct email_copied {
	uint32_t from_uid, to_uid;
};

/*
 * Copy, or move, these UIDs into mailbox `to` (which may be the same one), in the order given;
 * UIDs that do not exist are left out. The UIDs given in `to` ascend. out has room for count.
 *   FAIL_MISSING no such mailbox   FAIL_LIMIT too many in one call, or memberships   FAIL_TEMP
 */
MUST_CHECK enum fail email_copy(struct account *a, uint32_t from, const uint32_t *uids,
    size_t count, uint32_t to, struct email_copied *out, size_t *count_out);
MUST_CHECK enum fail email_move(struct account *a, uint32_t from, const uint32_t *uids,
    size_t count, uint32_t to, struct email_copied *out, size_t *count_out);

/*
 * Before email_share() of the same: their files begin to go where those of the other account are kept. Wait for
 * waits[0 .. count-1], zeroed before, each by itself; release them behind email_share().
 *   FAIL_TEMP the store failed; of a wait: it cannot be reached
 */
MUST_CHECK enum fail email_share_start(struct account *from, uint32_t mailbox, const uint32_t *uids,
    size_t count, struct account *to, struct blob_wait *waits, struct task *owner);

/*
 * Copy these UIDs into a mailbox of another account, with those of their flags that `allowed` has (FLAGS_CUSTOM:
 * keywords of its own, too; \Deleted never). Each is a message of its own there and counts against that
 * quota. What was copied before a failure stays, *count_out of them.
 *   FAIL_LIMIT   over that quota         FAIL_MISSING no such mailbox there
 *   FAIL_PERM    a file is lost          FAIL_TEMP    the store failed
 */
MUST_CHECK enum fail email_share(struct account *from, uint32_t mailbox, const uint32_t *uids,
    size_t count, struct account *to, uint32_t to_mailbox, uint64_t allowed,
    struct email_copied *out, size_t *count_out);

/*
 * Remove these memberships; with `only_deleted` only those with \Deleted. Sessions, the caller's
 * too, hear it from their view_session. count_out may be NULL.
 */
MUST_CHECK enum fail email_expunge(struct account *a, uint32_t mailbox, const uint32_t *uids,
    size_t count, bool only_deleted, size_t *count_out);

/* --- the JMAP way: by Email ------------------------------------------------------------------- */

struct email_update {
	uint64_t keywords_add, keywords_remove; /* set keywords: add them, remove ~them */
	bool
	    replace_mailboxes; /* memberships become `mailboxes_add`; `mailboxes_remove` is empty */
	const uint32_t *mailboxes_add;
	size_t mailboxes_add_count;
	const uint32_t *mailboxes_remove;
	size_t mailboxes_remove_count;
};

/*
 * Email/set update. An Email put where it is already keeps its UID there; removing takes all its
 * memberships in that mailbox, \Deleted ones too when the mailbox is named.
 *   FAIL_MISSING  no such Email (or not visible)       FAIL_PERM  no such mailbox
 *   FAIL_DENIED   it would be in no mailbox            FAIL_LIMIT too many mailboxes   FAIL_TEMP
 */
MUST_CHECK enum fail email_update(struct account *a, uint64_t id,
    const struct email_update *update);

/* Email/set destroy: all memberships go. FAIL_MISSING · FAIL_TEMP. */
MUST_CHECK enum fail email_destroy(struct account *a, uint64_t id);

#endif
