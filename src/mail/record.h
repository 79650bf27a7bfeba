/*
 * record.h - keys and records of the mail room: one encoder and one decoder each.
 *
 * README.md has the table of all of them. Keys begin with a space byte and the account. Records are
 * versioned (store/record.h), so that newer ones may be longer. A decoder answers FAIL_PERM when a
 * record is damaged. Private to the room, and to its tests.
 */
#ifndef MAIL_RECORD_H
#define MAIL_RECORD_H

#include "base/buf.h"
#include "mail/acl.h"
#include "mail/changes.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "mail/thread.h"
#include "mail/upload.h"
#include "mail/view.h"
#include "store/key.h"
#include "store/record.h"

enum mail_space {
	SPACE_ACCOUNT = 'A', /* account -> counters */
	SPACE_BLOB = 'B',    /* account, file name -> who names it */
	SPACE_NEXT = 'C',    /* -> counter of account ids */
	SPACE_TOMB = 'D',    /* account, type, modseq, id -> destroyed thing */
	SPACE_EPOCH = 'e',   /* -> the store's epoch, as far as this room knows */
	SPACE_EMAIL = 'E',   /* account, email -> flags and memberships */
	SPACE_ACL = 'G',     /* account, mailbox -> who else may what */
	SPACE_ACL_LOG = 'g', /* account, modseq, mailbox -> its list before; modseq 0: the floor */
	SPACE_HASH = 'H',    /* account, message id hash, email -> thread, subject */
	SPACE_THING = 'I',   /* account, type, thing */
	SPACE_GRANT = 'J',   /* identifier, account: that has something for it */
	SPACE_KEYWORD = 'K', /* account -> names of custom keywords */
	SPACE_LOG = 'L',     /* account, type, modseq, id -> when created */
	SPACE_MAILBOX = 'M', /* account, mailbox */
	SPACE_NAME = 'N',    /* account name -> account */
	SPACE_ANNOTATION = 'O', /* account, mailbox (0: its own), name */
	SPACE_PART = 'P',       /* account, thread, received, email: those JMAP sees */
	SPACE_RECEIVED = 'R',   /* account, received, email -> thread: those JMAP sees */
	SPACE_STATIC = 'S',     /* account, email -> what never changes: file, envelope, summary */
	SPACE_THREAD = 'T',     /* account, thread -> counts */
	SPACE_SUBSCRIPTION = 'W', /* account, name: of no mailbox of the account */
	SPACE_UPLOAD = 'U',       /* account, upload */
	SPACE_SHARING = 'y',      /* -> counter: it moves when others may see other accounts */
	SPACE_VIEW = 'V',         /* account, mailbox, uid -> view entry */
	SPACE_PUSH = 'Z',         /* account, push subscription; account 0: our key */
	SPACE_EXPUNGED = 'X',     /* account, mailbox, modseq, uid */
	SPACE_ANSWERED = 'Y',     /* account, hash of a sender -> until when it has an answer */
};

/* --- keys --------------------------------------------------------------------------------------- */

struct key key_account(char space, uint64_t account);
struct key key_id(char space, uint64_t account, uint64_t id); /* A-records of one u64 */
struct key key_mailbox(uint64_t account, uint32_t mailbox);
struct key key_view(uint64_t account, uint32_t mailbox, uint32_t uid);
struct key key_expunged(uint64_t account, uint32_t mailbox, uint64_t modseq, uint32_t uid);
struct key key_change(char space, uint64_t account, enum change_type type, uint64_t modseq,
    uint64_t id);
struct key key_received(uint64_t account, int64_t received_s, uint64_t email);
struct key key_part(uint64_t account, uint64_t thread, int64_t received_s, uint64_t email);
struct key key_hash(uint64_t account, uint64_t hash, uint64_t email);
struct key key_blob(uint64_t account, struct str blob);
struct key key_name(struct str name);
struct key key_acl(uint64_t account, uint32_t mailbox);
struct key key_grant(struct str identifier, uint64_t account);
struct key key_thing(uint64_t account, enum change_type type, uint64_t id);

/* The end of all keys that begin as this one: for scans. */
struct key key_after(struct key k);

/* --- records -------------------------------------------------------------------------------------- */

struct account_counters {
	struct str name; /* points into the record */
	uint64_t used_bytes, used_messages;
	uint64_t modseq;
	uint64_t state[CHANGE_TYPE_COUNT]; /* modseq of the last change of each type */
	uint64_t floor[CHANGE_TYPE_COUNT]; /* destroyed things up to this are forgotten */
	uint64_t tombs[CHANGE_TYPE_COUNT]; /* how many are remembered */
	uint64_t next_email, next_upload, next_thing;
	uint32_t next_mailbox;
	uint32_t uid_validity;                /* the last one given */
	uint64_t annotation_bytes;            /* names and values */
	uint64_t acl_bytes;                   /* records of lists */
	uint64_t quota_bytes, quota_messages; /* as last heard; 0: no limit */
	uint64_t acl_modseq;                  /* of the last change of a list */
	uint64_t epoch;                       /* of the store, when it was opened last */
};
void counters_record_write(struct buf *out, const struct account_counters *c);
MUST_CHECK enum fail counters_record_read(struct str value, struct account_counters *out);

void mailbox_record_write(struct buf *out, const struct mailbox *m);
MUST_CHECK enum fail mailbox_record_read(struct str value,
    struct mailbox *out); /* name: in value */

void view_record_write(struct buf *out, const struct view_entry *entry);
MUST_CHECK enum fail view_record_read(struct str value, struct view_entry *out); /* not uid */

struct email_record {
	uint64_t thread_id;
	uint32_t size;
	int64_t received_s;
	uint64_t keywords, modseq, created_modseq;
	struct membership *members; /* reader: the caller's room */
	size_t member_count;
};
void email_record_write(struct buf *out, const struct email_record *email);
MUST_CHECK enum fail email_record_read(struct str value, struct membership *room, size_t max,
    struct email_record *out);

struct record_id { /* a message id for threads */
	uint64_t hash;
	uint32_t subject; /* hash of the base subject */
	bool is_own;      /* its Message-ID, else one it refers to */
};
struct static_record {
	struct str blob, sender, recipient, summary;
	struct record_id ids[THREAD_IDS_MAX];
	size_t id_count;
};
void static_record_write(struct buf *out, const struct static_record *s);
MUST_CHECK enum fail static_record_read(struct str value, struct static_record *out);

struct hash_record {
	uint64_t thread_id;
	uint32_t subject;
	bool is_own;
};
void hash_record_write(struct buf *out, const struct hash_record *h);
MUST_CHECK enum fail hash_record_read(struct str value, struct hash_record *out);

struct thread_mailbox {
	uint32_t mailbox, count; /* Emails of the thread that JMAP sees there */
};
struct thread_record {
	uint64_t modseq, created_modseq;
	uint32_t total, unread;           /* Emails JMAP sees */
	struct thread_mailbox *mailboxes; /* ascending; arena */
	size_t mailbox_count;
};
void thread_record_write(struct buf *out, const struct thread_record *t);
MUST_CHECK enum fail thread_record_read(struct str value, struct arena *arena,
    struct thread_record *out);

struct expunged_record { /* a UID that is gone: of which Email */
	uint64_t email_id, thread_id;
	uint64_t seen_modseq; /* since when JMAP had seen it there, or not any more .. */
	bool was_deleted;     /* .. by \Deleted */
};
void expunged_record_write(struct buf *out, const struct expunged_record *x);
MUST_CHECK enum fail expunged_record_read(struct str value, struct expunged_record *out);

enum blob_owner { BLOB_OF_EMAIL = 1, BLOB_OF_UPLOAD = 2 };
void blob_record_write(struct buf *out, enum blob_owner owner, uint64_t id);
MUST_CHECK enum fail blob_record_read(struct str value, enum blob_owner *owner, uint64_t *id);

void upload_record_write(struct buf *out, const struct upload *u);
MUST_CHECK enum fail upload_record_read(struct str value, struct upload *out); /* texts: in value */

void names_record_write(struct buf *out, const struct str *names, size_t count);
MUST_CHECK enum fail names_record_read(struct str value, struct str *out, size_t count);

/* The list of a mailbox; the reader's identifiers point into the value. */
void acl_record_write(struct buf *out, const struct acl_entry *entries, size_t count);
MUST_CHECK enum fail acl_record_read(struct str value, struct acl_entry *room, size_t max,
    size_t *count_out);

/* An annotation's value; how long it is, 0 in a damaged record. */
void annotation_record_write(struct buf *out, struct str text);
MUST_CHECK enum fail annotation_record_read(struct str value, struct str *out); /* in value */
size_t annotation_record_size(struct str value);

/* A small thing: when it was made and changed last, and a record of its own type as bytes. */
struct thing_record {
	uint64_t modseq, created_modseq;
	struct str body; /* reader: in value */
};
void thing_record_write(struct buf *out, const struct thing_record *t);
MUST_CHECK enum fail thing_record_read(struct str value, struct thing_record *out);

/* One number: thread of a received index entry, created_modseq of a log entry, account of a name. */
void number_record_write(struct buf *out, uint64_t n);
MUST_CHECK enum fail number_record_read(struct str value, uint64_t *out);

#endif
