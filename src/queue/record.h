/*
 * record.h - keys and records of the queue: one encoder and one decoder each.
 *
 * README.md has the table. All keys begin with QUEUE_SPACE and a kind. Records are versioned and may grow at
 * the end (store/record.h); a decoder answers FAIL_PERM for a damaged one. Private to the room and its tests.
 */
#ifndef QUEUE_RECORD_H
#define QUEUE_RECORD_H

#include "base/arena.h"
#include "base/buf.h"
#include "envelope/envelope.h"
#include "envelope/status.h"
#include "store/key.h"
#include "store/record.h"

#define QUEUE_SPACE 'Q'

enum queue_kind {
	QUEUE_HELD = 'a',    /* message -> (nothing): held, put aside */
	QUEUE_BLOB = 'b',    /* file name -> message */
	QUEUE_NEXT = 'c',    /* -> counter of message ids */
	QUEUE_EPOCH = 'e',   /* -> the store's epoch, as far as this room knows */
	QUEUE_HOST = 'h',    /* site -> how it has been doing */
	QUEUE_SECRET = 'k',  /* -> key of rewritten senders */
	QUEUE_MESSAGE = 'm', /* message */
	QUEUE_COUNT = 'n',   /* -> counter: messages in the queue */
	QUEUE_RCPT = 'r',    /* message, number */
	QUEUE_SITE = 's', /* site, priority, due, message, number -> (nothing): what waits for it */
	QUEUE_TIME = 't', /* time, message -> (nothing): when it must be told or given up */
	QUEUE_WAKE = 'w', /* time, site -> (nothing): when it has something to do */
};

/* --- records ----------------------------------------------------------------------------------------- */

struct queue_message {
	uint64_t id;
	struct envelope envelope;
	struct str blob;   /* file name in the queue's folder */
	uint64_t skip;     /* bytes at its beginning that are for mailboxes only */
	struct str fields; /* header fields to be sent in front of it */
	struct str helo;   /* who brought it; or empty */
	struct str owner;  /* account that submitted it; empty: it came from outside */
	struct str log_id; /* of the SMTP transaction that took it */
	int64_t arrived_s;
	int64_t expires_s;   /* given up then */
	int64_t time_s;      /* its QUEUE_TIME key; 0: none */
	uint32_t rcpt_next;  /* numbers given so far */
	uint32_t rcpt_left;  /* recipients that are not settled */
	bool is_held;        /* by the owner of the server: nothing happens until released */
	uint64_t submission; /* of the owner's account, which hears what becomes of it; 0: none */
	unsigned traits;     /* queue.h */
};

/* What happened at the last try. */
struct queue_last {
	int64_t time_s; /* 0: never tried */
	uint32_t code;  /* of the reply; 0: nothing was said */
	struct status status;
	struct str text;   /* the host's words, or ours */
	struct str remote; /* the host's name, with its address behind it; or empty */
	uint32_t stage;    /* enum smtpc_stage */
	struct str tls;    /* "TLS1.2 ECDHE_..", "no" in clear; empty: it did not come so far */
	bool is_verified;  /* .. and the certificate was right for the host's name */
};

struct queue_rcpt {
	uint64_t message;
	uint32_t n;
	struct envelope_rcpt envelope;
	struct str site; /* where it waits; route.h has the forms */
	int64_t due_s;   /* not tried before */
	uint32_t attempts;
	bool is_told; /* the sender heard of the delay */
	bool is_late; /* the sender heard that DELIVERBY's time is over */
	struct queue_last last;
	uint32_t
	    expanded; /* members elsewhere that were sent to already, in the directory's order */
};

struct queue_host {
	int64_t wake_s;    /* its QUEUE_WAKE key */
	uint32_t failures; /* in a row, of the site as a whole */
	int64_t retry_s;   /* not tried before */
	struct queue_last last;
};

void queue_message_write(struct buf *out, const struct queue_message *m);
void queue_rcpt_write(struct buf *out, const struct queue_rcpt *r);
void queue_host_write(struct buf *out, const struct queue_host *h);

/* Texts point into `value`. Ids and numbers come from the key: not set here. */
MUST_CHECK enum fail queue_message_read(struct str value, struct queue_message *out);
MUST_CHECK enum fail queue_rcpt_read(struct str value, struct queue_rcpt *out);
MUST_CHECK enum fail queue_host_read(struct str value, struct queue_host *out);

/* --- keys ---------------------------------------------------------------------------------------------- */

struct key queue_key(enum queue_kind kind);
struct key queue_key_message(uint64_t id);
struct key queue_key_rcpt(uint64_t id, uint32_t n);
struct key queue_key_rcpts(uint64_t id); /* what the keys of its recipients begin with */
struct key queue_key_blob(struct str name);
struct key queue_key_held(uint64_t id);
struct key queue_key_host(struct str site);
struct key queue_key_wake(int64_t wake_s, struct str site);
struct key queue_key_time(int64_t time_s, uint64_t id);

/* Those of one site, urgent ones first (MT-PRIORITY, RFC 6710 3), each by when it is due. */
struct queue_place {
	struct str site;
	int8_t priority;
	int64_t due_s;
	uint64_t message;
	uint32_t n;
};
struct key queue_key_place(const struct queue_place *place);
struct key queue_key_site(struct str site);                      /* what all of them begin with */
struct key queue_key_priority(struct str site, int8_t priority); /* .. those of one priority */

/* False: no such key. place->site is left alone; queue_place_site() appends it to `site`. */
MUST_CHECK bool queue_place_read(struct str key, struct queue_place *place);
MUST_CHECK bool queue_place_site(struct str key, struct buf *site);
/* The site is appended to `site`. */
MUST_CHECK bool queue_wake_read(struct str key, int64_t *wake_s, struct buf *site);
MUST_CHECK bool queue_time_read(struct str key, int64_t *time_s, uint64_t *id);
MUST_CHECK bool queue_rcpt_key_read(struct str key, uint64_t *id, uint32_t *n);

#endif
