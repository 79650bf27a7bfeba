/*
 * delivery.h - a message for local recipients: trace headers, loop detection, the Inbox of each.
 *
 * The SMTP and LMTP rooms ask the directory for each recipient, collect the answers in a
 * delivery_targets (aliases, lists and catch-all meet in it, an account that is reached twice gets
 * one copy), write trace headers and body into one blob, and call delivery_store(). That gives
 * every account a hard link of the one file, its record, its place in the Inbox, in the turn's one
 * commit; the outcome is per account, since LMTP answers per recipient. Synchronous: what may have to be waited
 * for is delivery_reach, before it.
 *
 * Not done here: Sieve, forwarding and the queue; remote targets are the caller's.
 */
#ifndef DELIVERY_DELIVERY_H
#define DELIVERY_DELIVERY_H

#include "base/arena.h"
#include "base/buf.h"
#include "blob/blob.h"
#include "mail/mail.h"

#define DELIVERY_TARGETS_MAX  5000 /* accounts one message reaches, lists expanded */
#define DELIVERY_RECEIVED_MAX 100  /* Received fields; more is a loop (RFC 5321 6.3) */

/* --- trace ------------------------------------------------------------------------------------ */

enum delivery_with { /* RFC 3848, RFC 6531 4.3: chosen by delivery_with() */
	WITH_SMTP,
	WITH_ESMTP,
	WITH_LMTP,
	WITH_UTF8SMTP,
	WITH_UTF8LMTP,
	WITH_HTTP, /* JMAP */
	WITH_COUNT
};

struct delivery_trace {
	enum delivery_with with; /* base protocol; S and A are added for tls and auth */
	bool is_tls, is_authenticated;
	struct str sender;      /* MAIL FROM without <>, empty for the null sender */
	struct str recipient;   /* for Delivered-To and "for": only when there is exactly one */
	struct str helo;        /* what the client called itself */
	struct str client_ip;   /* text; empty for a unix socket */
	struct str client_name; /* verified reverse name, or empty */
	struct str own_name;    /* this host */
	struct str tls_text;    /* "TLSv1.2 ECDHE-..", or empty */
	struct str id;          /* of the transaction */
	int64_t now_s;
	bool hides_client; /* submission: the client's address is left out */
};

/* "ESMTPSA" and so on. */
struct str delivery_with_text(const struct delivery_trace *trace);

/*
 * Append Return-Path, Delivered-To (with one recipient) and Received (RFC 5321 4.4), folded, with
 * CRLF. Bytes of the peer are quoted or left out so that no line can be forged.
 */
void delivery_write_headers(struct buf *out, const struct delivery_trace *trace);

/*
 * Does the header of this message, trace of this delivery included, show a loop: too many Received
 * fields, or a Delivered-To with this recipient below our own Received? delivery_store() asks it for
 * every target (outcome FAIL_PERM); others may ask earlier, with the header alone.
 */
bool delivery_is_loop(struct str header, struct str recipient);

/* --- targets ---------------------------------------------------------------------------------- */

struct delivery_target {    /* one account */
	struct str account; /* canonical name; arena */
	struct account_limits limits;
	struct str *recipients; /* envelope recipients that led here; arena */
	size_t recipient_count, recipient_cap;
	enum fail outcome; /* after delivery_store(): NONE, LIMIT over quota, PERM loop, TEMP */
	uint64_t email_id;
};

struct delivery_targets {
	struct arena *arena;             /* borrow: the mail transaction's */
	struct delivery_target *targets; /* in order of arrival; arena */
	size_t count, cap;
	bool
	    is_report; /* after delivery_store(): the message looks like a report (message/report.h) */
};

void delivery_targets_init(struct delivery_targets *t, struct arena *arena);

/* This recipient leads to this account. FAIL_LIMIT: too many. */
MUST_CHECK enum fail delivery_targets_add(struct delivery_targets *t, struct str recipient,
    struct str account, const struct account_limits *limits);

/* This recipient leads nowhere after all: its RCPT was refused. */
void delivery_targets_drop(struct delivery_targets *t, struct str recipient);

/* Did this recipient lead to it? */
bool delivery_target_has(const struct delivery_target *target, struct str recipient);

/* The first account that this recipient led to; empty: none. */
struct str delivery_account_of(const struct delivery_targets *t, struct str recipient);

/*
 * The outcome for one envelope recipient: FAIL_NONE when all its accounts have the message; when
 * some do not, the worst of theirs (TEMP, then LIMIT, then PERM); FAIL_MISSING when it led nowhere.
 */
enum fail delivery_outcome(const struct delivery_targets *t, struct str recipient);

/* --- before storing --------------------------------------------------------------------------- */

/*
 * The file on its way to where those of each target are kept, when that is far away (blob.h): before
 * delivery_store() of the same, and released behind it. One that cannot be reached has the outcome FAIL_TEMP there.
 */
struct delivery_reach { /* zeroed before; safe to release always */
	struct blob_store *blobs;
	struct task *owner;
	struct str account, blob;               /* borrow */
	const struct delivery_targets *targets; /* borrow */
	struct blob_wait *waits;                /* own; one for each target */
	size_t started, done;                   /* all before these */
};

/* `blob` in the folder of `account` may be the name of a writer that was put (blob_writer_name()). */
void delivery_reach_start(struct delivery_reach *r, struct mail *m, struct str account,
    struct str blob, const struct delivery_targets *targets, struct task *owner);

/* It was started, and is not released. */
static inline bool
delivery_reach_is_started(const struct delivery_reach *r)
{
	return r->blobs != NULL;
}

/* False: `owner` is woken when it is to be asked again. */
MUST_CHECK bool delivery_reach_is_done(struct delivery_reach *r);
void delivery_reach_release(struct delivery_reach *r);

/* --- storing ---------------------------------------------------------------------------------- */

struct delivery {
	struct str account; /* whose folder the file was written to: one of the targets */
	struct str blob;    /* its name there, from blob_write_finish() in this turn */
	struct str sender;  /* of the envelope */
	int64_t received_s;
	bool is_tls_must;    /* REQUIRETLS: what comes of it travels so, too (RFC 8689 6) */
	bool is_junk;        /* into Junk, where there is one, and marked $Junk */
	bool is_all_or_none; /* one reply for all (SMTP): nobody has it when somebody cannot */
};

/*
 * Store the message in the Inbox (or Junk) of every target and fill in the outcomes. The file is given to the
 * other targets by hard links and needs no care of the caller afterwards, whatever the outcomes.
 * FAIL_NONE when at least one target has it; else the worst outcome. With is_all_or_none: FAIL_NONE
 * when all have it; else the worst outcome, and none has it.
 */
MUST_CHECK enum fail delivery_store(struct mail *m, const struct delivery *d,
    struct delivery_targets *targets);

/*
 * In the same turn: take it back from everybody who has it, for the caller cannot keep its part. FAIL_TEMP:
 * somebody has it still.
 */
MUST_CHECK enum fail delivery_undo(struct mail *m, struct delivery_targets *targets);

#endif
