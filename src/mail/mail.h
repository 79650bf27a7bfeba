/*
 * mail.h - the mail of all accounts: opening, accounts, quota, check and repair.
 *
 * JMAP's model is the store's model and IMAP is a view of it (design.md section 7); README.md of
 * this room lists records and keys. Everything here and in the room's other headers is synchronous
 * on the local store: a change is visible at once to everybody in this process, and durable when
 * the turn's commit ended well, which is before any output leaves. Every change is one transaction:
 * a failed call has changed nothing.
 *
 * After a failed commit everything in memory is forgotten: accounts that are open become `is_lost`,
 * calls on them give FAIL_TEMP, and their watches are woken with MAIL_LOST. Sessions then close (or,
 * without state, close the account and open it again).
 *
 * Ownership: an account is counted; each account_open() needs one account_close(). Structs that
 * calls hand out by pointer (mailboxes, view entries) belong to the account and are valid until the
 * next call on it that changes something or until the end of the step, whichever is first.
 */
#ifndef MAIL_MAIL_H
#define MAIL_MAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "mail/keyword.h"

struct blob_store;
struct loop;
struct mail;
struct mailbox;
struct store;

#define ACCOUNT_NAME_MAX 320 /* bytes: local part 64 + @ + domain 255 */

struct account_limits { /* 0: no limit */
	uint64_t quota_bytes;
	uint64_t quota_messages;
};

struct account { /* fields: read only */
	uint64_t id;
	struct str name;              /* own; canonical, lower case */
	struct account_limits limits; /* as the last account_open() or account_limit() said, kept */
	uint64_t used_bytes, used_messages;
	uint64_t modseq;            /* the last one given to a change */
	struct mailbox **mailboxes; /* own; those that exist, by id */
	size_t mailbox_count;
	bool is_lost;                    /* a commit failed after this was opened */
	struct mail *mail;               /* borrow */
	struct account_private *private; /* own; this room's */
};

/*
 * Open the mail of this store and these files, and tell `blobs` which files are named
 * (blob_add_namer(); call blob_recover() after this). `loop` may be NULL (command line, tests): then
 * the caller commits with blob_commit() and then calls mail_committed().
 *   FAIL_TEMP  the store failed
 */
MUST_CHECK enum fail mail_open(struct mail **out, struct loop *loop, struct store *store,
    struct blob_store *blobs);

/* All accounts must be closed. */
void mail_close(struct mail **m);

struct blob_store *mail_blobs(struct mail *m);
struct store *mail_store(struct mail *m);

/*
 * Bytes that views of mailboxes nobody has selected may keep (default VIEW_CACHE_BYTES).
 */
void mail_cache_limit(struct mail *m, size_t bytes);

/*
 * The account of this canonical name, counted. The first time it is created, with Inbox, Drafts,
 * Sent, Junk, Trash and Archive. `limits` (from the directory's answer) replace those known; NULL
 * keeps them.
 *   FAIL_SYNTAX empty or too long name    FAIL_TEMP the store failed
 */
MUST_CHECK enum fail account_open(struct mail *m, struct str name,
    const struct account_limits *limits, struct account **out);

/* The same without creating: FAIL_MISSING. */
MUST_CHECK enum fail account_find(struct mail *m, struct str name, struct account **out);
MUST_CHECK enum fail account_find_id(struct mail *m, uint64_t id, struct account **out);

/* One more holder, one less; close takes the address of the holder's pointer and nulls it. */
struct account *account_ref(struct account *a);
void account_close(struct account **a);

/* Remember new limits. */
void account_limit(struct account *a, const struct account_limits *limits);

/* FAIL_LIMIT when a message of `bytes` more would pass the quota (APPEND and RCPT ask early). */
MUST_CHECK enum fail account_room(const struct account *a, uint64_t bytes);

/*
 * Remove an account with all its mail, in slices: call until *done. Nobody may hold it.
 *   FAIL_MISSING no such account    FAIL_DENIED somebody holds it    FAIL_TEMP the store failed
 */
MUST_CHECK enum fail account_delete(struct mail *m, struct str name, bool *done);

/* Walk all accounts by id: start with 0; FAIL_MISSING at the end. */
struct account_name {
	uint64_t id;
	char text[ACCOUNT_NAME_MAX];
	size_t n;
};
MUST_CHECK enum fail account_next(struct mail *m, uint64_t after_id, struct account_name *out);

/*
 * Verify rule D4: records, indexes, counters and quota agree, every named message file is there.
 * Each finding is reported as one line; with `repair` it is put right where that is possible (a
 * lost file's message is removed, derived records are written anew). Not sliced: for the command
 * line and for tests. FAIL_TEMP when the store fails.
 */
struct mail_check {
	void (*report)(struct mail_check *check, struct str line);
	bool repair;
	/* filled in: */
	uint64_t accounts, mailboxes, emails, findings, repaired;
	uint64_t
	    lost; /* messages that a repair takes out: their file is gone, or their record damaged */
};
MUST_CHECK enum fail mail_check(struct mail *m, struct mail_check *check);

/*
 * Without a loop: what blob_commit() answered. Watches are woken, or everything is forgotten.
 */
void mail_committed(struct mail *m, enum fail outcome);

#endif
