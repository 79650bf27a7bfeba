/*
 * fetch_content.h - the items of FETCH that need more than the mailbox's index.
 *
 * ENVELOPE, BODY and BODYSTRUCTURE come from the stored summary; SAVEDATE from the record of the message; BODY[..] and BINARY[..] from the
 * mapped file, piece by piece as the output drains, so that memory does not grow with a message.
 */
#ifndef IMAP_FETCH_CONTENT_H
#define IMAP_FETCH_CONTENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "blob/blob.h"
#include "imap/fetch.h"
#include "imap/session.h"
#include "message/message.h"

struct body_reader;

/* So many were waited for in vain: of the others only those are told that are here. A hung server costs no more. */
#define IMAP_UNREACHED_MAX 3

#define IMAP_AHEAD_MAX \
	32 /* summaries that are read at once: a slice tells about a hundred messages */

/* The summaries of the messages to come. */
struct imap_ahead {
	uint64_t ids[IMAP_AHEAD_MAX];
	struct message *summaries[IMAP_AHEAD_MAX]; /* arena; NULL: it is not at hand */
	size_t count, next;
	struct arena arena;
};

struct imap_content {
	struct imap_session *session; /* borrow */
	struct account *account;      /* borrow: whose the message is */
	uint64_t email_id;
	uint32_t uid; /* in the selected mailbox */
	struct imap_ahead ahead;
	struct arena arena;      /* of one message */
	struct message *summary; /* arena, or ahead; NULL: not yet asked for */
	struct message parsed;   /* when is_parsed */
	struct blob_map map;     /* when is_mapped */
	struct blob_wait wait;   /* for its file */
	bool is_parsed, is_mapped;
	bool is_lost; /* this message cannot be read .. */
	bool is_away; /* .. now: it is far away and cannot be reached, or the disk fails */

	/* what of the current item is still to leave, in this order */
	struct buf piece;           /* own */
	struct str left;            /* of the map */
	struct body_reader *reader; /* own; NULL when there is none */
	uint64_t skip, rest;        /* decoded bytes to drop, then to send */

	enum fail
	    unread; /* of all messages: FAIL_TEMP, FAIL_PERM as of a matcher (search_eval.h) */
	bool is_some_unknown; /* the same */
	unsigned
	    unreached; /* files that are far away and were waited for in vain, one behind the other */
};

void imap_content_init(struct imap_content *c, struct imap_session *s);
void imap_content_release(struct imap_content *c);

/* The next items are of this message; its account is held by the caller, `uid` its UID in the selected mailbox or 0. */
void imap_content_message(struct imap_content *c, struct account *a, uint64_t email_id,
    uint32_t uid);

/*
 * Before anything of a message is told that needs its file: false while the session waits for that (imap_wait()).
 * *is_away_out: it cannot be reached now, and better nothing is told of it.
 */
MUST_CHECK bool imap_content_reach(struct imap_content *c, bool *is_away_out);

/* Are there messages whose summaries were read ahead? If not, name the next ones, in the order in which they come. */
bool imap_content_is_ahead(const struct imap_content *c);
void imap_content_read_ahead(struct imap_content *c, struct account *a, const uint64_t *ids,
    size_t count);

/*
 * Write "NAME value", or as much of it as imap_content_pump() has to bring after this. False: the session waits for
 * the file (imap_wait()); what of it is in the output is to be cut off, and the item comes again.
 */
MUST_CHECK bool imap_content_item(struct imap_content *c, const struct imap_fetch_item *item);

/*
 * The bytes that BODY[..] of this item stands for, of the map or of c->piece; valid until the next message. False:
 * there is no such section, or the file is lost; or the session waits for it, then again.
 */
MUST_CHECK bool imap_content_bytes(struct imap_content *c, const struct imap_fetch_item *item,
    struct str *out);

enum imap_pump { PUMP_DONE, PUMP_MORE, PUMP_BROKEN };

/* Let the rest of the item leave: MORE when the output is high, BROKEN: say BYE. */
enum imap_pump imap_content_pump(struct imap_content *c);

#endif
