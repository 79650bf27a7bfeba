/*
 * inner.h - what the files of this room share: memory of an account, and the edit of one change.
 *
 * A change runs as edit_run(): inside one store transaction the function works on copies (struct
 * edit: the account's counters, the mailboxes it touches) and writes records; what views must learn
 * is collected as deltas. When the transaction succeeded, and only then, copies and deltas go into
 * memory. So a failed or repeated transaction leaves no trace. email_save() is the one place that
 * knows how a changed Email touches indexes, counters, threads and the log.
 */
#ifndef MAIL_INNER_H
#define MAIL_INNER_H

#include "base/arena.h"
#include "base/log.h"
#include "blob/blob.h"
#include "loop/loop.h"
#include "mail/changes.h"
#include "mail/email.h"
#include "mail/index.h"
#include "mail/mail.h"
#include "mail/mailbox.h"
#include "mail/notify.h"
#include "mail/record.h"
#include "mail/thread.h"
#include "mail/view.h"
#include "store/store.h"

#define ACCOUNTS_IDLE_MAX 64                 /* accounts nobody holds that stay in memory */
#define PARSE_ARENA_BYTES (16 * 1024 * 1024) /* for parsing one message: parts and parameters */
#define PURGE_SLICE       100                /* memberships removed per slice behind a deletion */

struct mail {
	struct loop *loop; /* borrow; NULL without one */
	struct store *store;
	struct blob_store *blobs;
	struct blob_namer namer;
	struct map accounts;       /* by name: struct account_private.by_name */
	struct list idle_accounts; /* those without holder, oldest first */
	size_t idle_account_count;
	struct list touched;    /* accounts changed in this turn */
	struct list purging;    /* accounts with deleted mailboxes to empty, counted */
	struct list idle_views; /* views without holder, oldest first */
	size_t idle_view_bytes, idle_view_limit;
	struct turn_hook committed;
	struct task purge_task, idle_task;
	struct timer idle_timer;
	struct task sweep_task; /* uploads that are too old */
	struct timer sweep_timer;
	uint64_t swept_to; /* account */
	struct arena parse;
	struct search *search; /* borrow; NULL: no index */
	uint64_t sharing;      /* acl_sharing() */
	uint64_t sharing_told; /* the same when its watches were woken last */
	struct list sharing_watches;
	struct share_teller
	    *teller; /* own; NULL: nobody is told of what groups are given (share_tell.h) */
	struct log log;
};

struct account_private {
	struct account account;
	struct map_node by_name;
	unsigned refs;
	struct list_node idle, touched, purging;
	struct account_counters counters; /* used, modseq: mirrored in struct account */
	uint64_t durable_email;           /* the last id that is, or was, a durable Email's */
	struct str keywords[KEYWORD_CUSTOM_MAX]; /* own; empty: the bit is free */
	struct mailbox **dead;                   /* own; deleted, being emptied */
	size_t dead_count;
	struct list views, watches;
	uint64_t subscription_changes;                 /* since it was opened */
	struct annotation_changes *annotation_changes; /* own; NULL: none since it was opened */
};

struct view_private {
	struct view view;
	struct list_node node; /* in the account's views */
	struct list_node idle; /* in the room's idle_views */
	unsigned refs;
	size_t cap;
	size_t removed_from; /* lowest index with a removed entry, while deltas are applied */
	int64_t idle_since_ms;
	struct list sessions;
};

/* --- the edit ---------------------------------------------------------------------------------- */

enum delta_type { DELTA_ADD, DELTA_SET, DELTA_REMOVE };

struct delta {
	enum delta_type type;
	bool is_asked; /* the session that asked has answered for it */
	uint32_t mailbox;
	struct view_entry entry; /* REMOVE: only uid */
};

struct mailbox_edit {
	struct mailbox now; /* name is borrowed from the original, or arena */
	bool is_new, is_deleted;
	bool has_counts; /* a count that JMAP shows changed */
	bool has_properties;
	bool has_rights; /* who else may do what with it changed */
	unsigned bits;   /* MAIL_CHANGED_ for watches of this mailbox */
};

struct email_edit { /* an Email as it was and as it shall be */
	uint64_t id, thread_id;
	uint32_t size;
	int64_t received_s;
	bool is_new;
	uint64_t was_keywords, keywords;
	uint64_t modseq, created_modseq; /* as they were; email_save() sets new ones */
	struct membership was[EMAIL_MEMBERSHIPS_MAX], now[EMAIL_MEMBERSHIPS_MAX];
	size_t was_count, now_count;
};

/* View entries that are to be deleted: one range for UIDs that follow each other. */
struct view_gone {
	uint32_t mailbox; /* 0: none */
	uint32_t first, last;
};

struct edit {
	struct account *account;
	struct account_private *p;
	struct txn *txn;
	struct account_counters counters;
	struct mailbox_edit *mailboxes; /* own */
	size_t mailbox_count, mailbox_cap;
	struct delta *deltas; /* own */
	size_t delta_count, delta_cap;
	struct arena arena;
	unsigned bits;             /* MAIL_CHANGED_ of the whole account */
	struct email_edit email;   /* the one being changed */
	struct view_gone gone;     /* by it and those before it */
	struct email_ahead *ahead; /* arena: ahead_arena; NULL: nothing was read ahead */
	struct arena ahead_arena;
	struct buf value;                  /* scratch for records */
	uint32_t asked_mailbox, asked_uid; /* 0: nobody asked for one membership */
	struct view_session *by;
	const struct str *names; /* the new table of custom keywords, or NULL */
};

typedef enum fail edit_fn(struct edit *e, void *arg);

/* Run fn as one change of the account; by: the session that asked, or NULL. */
MUST_CHECK enum fail edit_run(struct account *a, struct view_session *by, edit_fn *fn, void *arg);

/* The working copy of a mailbox (dead ones too), or NULL when there is none. Valid until the next
 * call of edit_mailbox() or edit_mailbox_new(). */
struct mailbox_edit *edit_mailbox(struct edit *e, uint32_t id);
struct mailbox_edit *edit_mailbox_new(struct edit *e);

/* The next modseq of the account. */
uint64_t edit_modseq(struct edit *e);

void edit_delta(struct edit *e, enum delta_type type, uint32_t mailbox,
    const struct view_entry *entry);

/* The annotations of a mailbox that goes (annotation.c). */
MUST_CHECK enum fail annotations_drop(struct edit *e, uint32_t mailbox);

/* What changed is remembered, and all of it forgotten (annotation_changes.c). */
void annotation_changed(struct account_private *p, uint32_t mailbox, struct str name);
void annotation_changes_free(struct account_private *p);

/* Its list (acl.c). */
MUST_CHECK enum fail acl_drop(struct edit *e, uint32_t mailbox);

/* A list names it now, or no longer: so does the note that the account has something for it (acl_grant.c). */
MUST_CHECK enum fail acl_grant_follow(struct edit *e, struct str identifier);

/* What a list gives to a user less what it takes; a damaged one gives nothing. */
unsigned acl_rights_of(struct str list, const struct acl_user *who);

/* The record of a list, in place of what `out` had; empty when there is none. FAIL_TEMP */
MUST_CHECK enum fail acl_record(struct account *a, uint32_t mailbox, struct buf *out);

/* The summary in a record of SPACE_STATIC, in the arena (email_summary.c). FAIL_PERM: it does not do. FAIL_LIMIT */
enum fail summary_take(struct str record, struct arena *arena, struct message **out);

/* A notice for the user of that name, if there is one (share_notice.c). FAIL_TEMP */
struct share_notice;
MUST_CHECK enum fail share_notice_leave(struct mail *m, struct str name,
    struct share_notice *notice);

/*
 * The list of this mailbox is about to change, or it goes: that is logged, and what others see in the account is another
 * from here on, so that the states of its mail move (acl_log.c).
 */
MUST_CHECK enum fail acl_log(struct edit *e, uint32_t mailbox);

/* A mailbox goes below another one, so that others are shown above it. Nothing without lists. */
MUST_CHECK enum fail acl_log_move(struct edit *e);

/* It dies: logged when it has a list. */
MUST_CHECK enum fail acl_log_dead(struct edit *e, uint32_t mailbox);

/* Others may see other accounts from here on: acl_sharing() moves (acl_grant.c). */
MUST_CHECK enum fail sharing_changed(struct mail *m, struct txn *t);

/* Put and delete records by key. */
MUST_CHECK enum fail edit_put(struct edit *e, const struct key *key);

/* Remember that a thing is destroyed, and prune old ones. */
MUST_CHECK enum fail edit_tombstone(struct edit *e, enum change_type type, uint64_t id,
    uint64_t modseq, uint64_t created_modseq);

/* --- an Email within an edit (email_edit.c, thread.c) ------------------------------------------ */

/* Load into e->email. FAIL_MISSING. */
MUST_CHECK enum fail email_edit_load(struct edit *e, uint64_t id);

/* Load the one with this membership; *at_out is its place in now[]. FAIL_MISSING. */
MUST_CHECK enum fail email_edit_at(struct edit *e, uint32_t mailbox, uint32_t uid, size_t *at_out);

/* The next ones will be those of these UIDs, in this order: what can be read of them at once is. */
MUST_CHECK enum fail email_edit_ahead(struct edit *e, uint32_t mailbox, const uint32_t *uids,
    size_t count);

/* What was read of it, once; p is NULL: nothing. */
struct str email_ahead_take(struct edit *e, uint64_t id);

/* What waits to be deleted: before view entries are read, and at the end. */
MUST_CHECK enum fail email_edit_settle(struct edit *e);

/* Change now[]. A new membership gets its UID. FAIL_LIMIT too many, FAIL_MISSING no such mailbox. */
MUST_CHECK enum fail email_edit_join(struct edit *e, uint32_t mailbox, bool is_deleted);
void email_edit_leave(struct edit *e, size_t at);

/* Write all that follows from the difference between was and now. */
MUST_CHECK enum fail email_save(struct edit *e);

/* The mailboxes in which JMAP sees it, ascending, each once; how many. */
size_t email_visible_in(const struct membership *members, size_t count, uint32_t *out);

/* The thread's part of email_save(): where it was seen, where it is seen now. */
struct presence {
	const uint32_t *mailboxes; /* ascending */
	size_t count;
	bool is_unread;
};
MUST_CHECK enum fail thread_follow(struct edit *e, uint64_t modseq, const struct presence *was,
    const struct presence *now);

/* Hashes of the message ids that count for threads, its own first; how many. */
size_t thread_hashes(const struct message *m, struct arena *arena, struct record_id *out,
    size_t max);
uint64_t thread_hash(struct str message_id);

/* The thread for a new Email, 0 when it begins one. */
MUST_CHECK enum fail thread_find(struct edit *e, const struct record_id *ids, size_t count,
    uint64_t *thread_out);

/* What email_digest_new() makes. */
struct email_digest {
	struct record_id ids[THREAD_IDS_MAX];
	size_t id_count;
	struct buf summary;
};

/* --- memory ------------------------------------------------------------------------------------ */

/* After a successful transaction: bring the account and its views up to date. */
void edit_apply(struct edit *e);

/* The table of custom keywords follows (keyword.c). */
void keywords_apply(struct edit *e);

/* Views follow the deltas of one edit. */
void views_apply(struct account_private *p, const struct delta *deltas, size_t count,
    const struct view_session *by);

/* The Email with this UID, when a view in memory knows it; else 0. Of what this edit did it knows nothing. */
uint64_t views_email(const struct account_private *p, uint32_t mailbox, uint32_t uid);

/* A mailbox is gone, or the account is lost: sessions learn it, views leave the account. */
void views_forget(struct account_private *p, uint32_t mailbox /* 0: all */);

/* Free idle views until at most `bytes` are kept and all are younger than VIEW_KEEP_MS. */
void views_trim(struct mail *m, size_t bytes);

/* Watches of this mailbox (0: those of the whole account) collect bits. */
void watches_mark(struct account_private *p, uint32_t mailbox, unsigned bits);
void watches_fire(struct account_private *p, unsigned more);

/* Those of sharing are woken when it has moved. */
void sharing_fire(struct mail *m);

/* A mailbox in memory, dead ones too. */
struct mailbox *mailbox_any(const struct account_private *p, uint32_t id);

/* Read one account's records into memory; make a new account's records. */
MUST_CHECK enum fail account_load(struct account_private *p);
MUST_CHECK enum fail account_create(struct mail *m, struct str name, uint64_t *id_out);
struct account_private *account_private_new(struct mail *m, struct str name, uint64_t id);
void account_private_free(struct account_private *p);
void account_touch(struct account_private *p);
void account_purge_later(struct account_private *p);

/*
 * epoch.c: the store is a copy of a lost one. An account of an older epoch is renewed; counters of one; what belongs to
 * none, durably.
 */
MUST_CHECK enum fail epoch_renew(struct account *a);
void epoch_counters(const struct mail *m, struct account_counters *c);
MUST_CHECK enum fail epoch_open(struct mail *m);

/* index.c: tell the index what a durable commit brought, and that an account goes. */
void index_committed(struct account_private *p);
void index_forget(struct mail *m, uint64_t account);

/* FAIL_NONE when the account may be used: not lost. */
MUST_CHECK enum fail account_usable(const struct account *a);

/* store_read() for an account that may be used. FAIL_TEMP: it is lost; and what the function gives. */
MUST_CHECK enum fail account_read(struct account *a, store_fn *fn, void *arg);

static inline struct account_private *
account_inner(const struct account *a)
{
	return a->private;
}

/* A store_read() with the account at hand. */
struct reading {
	struct account *account;
	void *arg;
};

#endif
