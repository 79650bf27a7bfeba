/*
 * queue.h - mail that cannot be settled at once: kept in the store, tried until it is delivered or returned.
 *
 * An entry is a message (its envelope and a file in the queue's own folder) with a row per recipient. Each
 * recipient waits at a site: "example.org" is reached by its MX hosts, "route/NAME" by a route of the
 * configuration, "@local" asks the directory again and delivers here or finds another site. A site is tried
 * as a whole: when its hosts do not answer it rests, and one message probes it later, whatever waits behind.
 *
 * Taking in belongs to the turn, like every change of the store: once its commit went well the message is
 * delivered, returned, or still here (rule D6), and never sent twice unless the process dies between a
 * host's final 250 and our commit. Memory does not grow with the queue: what is due is read when it is due.
 *
 * What users, hosts of ours and this server write is signed when it leaves (sign.c). Bounces follow RFC 3461 and 3464
 * (dsn.h).
 *
 * Ownership: one queue per program; it borrows everything in queue_house for its life. Texts given are
 * copied. Units: _s seconds since 1970.
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"
#include "blob/blob.h"
#include "envelope/envelope.h"
#include "envelope/status.h"
#include "queue/route.h"
#include "queue/settings.h"
#include "smtpc/mx.h"
#include "smtpc/settings.h"
#include "store/store.h"

struct dns;
struct directory;
struct http_client;
struct keyring;
struct loop;
struct mail;
struct net;
struct queue;
struct rpt_session;
struct store;
struct sts_refresh;
struct tls_trust;

#define QUEUE_FOLDER \
	"/queue" /* the blob room's account of queued files; no account can have this name */

struct queue_house {
	struct loop *loop; /* NULL on the command line: nothing is sent then */
	struct store *store;
	struct blob_store *blobs;
	/* from here on only used for sending: */
	struct net *net;
	struct dns *dns;
	struct mail *mail;
	struct directory *directory;
	struct tls_trust *(*get_trust)(void *arg);  /* whom to trust; asked for each connection */
	struct http_client *(*get_http)(void *arg); /* for policies; NULL: there are none */
	struct sts_refresh *sts_refresh;            /* of policies; NULL: nobody does */
	/* how a conversation went, for reports to its domain; belongs to the turn. NULL: nobody asks */
	void (*note_session)(void *arg, const struct rpt_session *session);
	void *arg;               /* of these three */
	struct keyring *keyring; /* what signs mail of ours; NULL: nothing does */
	const struct queue_settings *settings;
	const struct smtpc_settings *outbound;
	const struct queue_routes *routes;
	const struct queue_route
	    *home;         /* where users' mail is handed on; NULL: it is stored here */
	struct mx_own own; /* our name and addresses */
};

/* What happened since the start, and what is here now. */
struct queue_counts {
	uint64_t messages;    /* in the queue */
	uint64_t taken;       /* messages that came in */
	uint64_t delivered;   /* recipients */
	uint64_t deferred;    /* tries that failed for the time being */
	uint64_t failed;      /* recipients given up */
	uint64_t reports;     /* DSNs written */
	uint64_t connections; /* now */
	uint64_t sites;       /* being worked on now */
};

/*
 * Open the queue in this store; tells `blobs` which files it names (call blob_recover() after this).
 * FAIL_TEMP: the store failed. Nothing is sent before queue_start().
 */
MUST_CHECK enum fail queue_open(struct queue **out, const struct queue_house *house);

/* Begin sending. */
void queue_start(struct queue *q);

/* No new tries; what is under way may end until queue_close(), which breaks it off. */
void queue_stop(struct queue *q);
void queue_close(struct queue **q);

struct queue_counts queue_counts(const struct queue *q);

/* --- taking in ---------------------------------------------------------------------------------------- */

/* What is known of a message from the time when it was taken in. */
enum {
	QUEUE_OURS = 1, /* by a user, a host of ours, or ourselves: it leaves with our signatures */
	QUEUE_JUNK = 2, /* it goes to Junk where a mailbox here takes it */
	QUEUE_TLS_OPTIONAL = 4, /* it goes whatever the domain demands of TLS (RFC 8689 3) */
};

struct queue_new {
	const struct envelope *envelope;
	const struct envelope_rcpt *rcpts;
	size_t rcpt_count;
	struct str
	    account; /* whose folder the file was finished in, in this turn; empty: the queue's own */
	struct str blob;     /* its name there */
	uint64_t skip;       /* bytes in front that are for mailboxes only: Return-Path */
	struct str fields;   /* header fields to stand in front when it is sent */
	struct str helo;     /* what the client called itself; for reports */
	struct str owner;    /* account that submitted it; empty: from outside */
	uint64_t submission; /* .. and the record there that hears what becomes of it; 0: none */
	struct str log_id;   /* for the log */
	unsigned traits;     /* QUEUE_ bits */
	int64_t wait_s;      /* not tried before, for a reason of ours; 0: at once */
	bool is_remote;      /* the directory said that these domains are not ours */
	bool is_home; /* all are accounts of ours, whose mail is handed on (queue_hands_on()) */
	store_fn *
	    also; /* .. in the same transaction: what this message stands for goes; NULL: nothing */
	void *also_arg;
};

/*
 * Take a message in; belongs to the turn. Recipients are first tried at envelope->hold_s or at once.
 *   FAIL_LIMIT  the queue is full     FAIL_TEMP  the store or the disk failed
 */
MUST_CHECK enum fail queue_add(struct queue *q, const struct queue_new *new, uint64_t *id_out);

/*
 * A message that this host writes itself, as a file of the queue's folder, for queue_add() in this turn: account empty,
 * skip QUEUE_OWN_SKIP. In front of it stands that bounces go nowhere. Failures as blob_write_finish().
 */
#define QUEUE_OWN_SKIP 17 /* bytes of "Return-Path: <>" and its line end */
MUST_CHECK enum fail queue_write_own(struct blob_store *blobs, struct str text,
    struct blob_name *out);

/* Take back what was added in this turn. */
void queue_drop(struct queue *q, uint64_t id);

/*
 * Take back whole messages of the queue, all or none: nobody has anything of them yet, and no agent works on them.
 *   FAIL_DENIED  somebody has it, or is about to   FAIL_MISSING  one is gone   FAIL_TEMP
 */
MUST_CHECK enum fail queue_withdraw(struct queue *q, const uint64_t *ids, size_t count);

/* Who decides where mail for an address goes that is not ours. */
enum queue_way {
	QUEUE_WAY_DNS,
	QUEUE_WAY_ROUTE,  /* a route of the configuration */
	QUEUE_WAY_REFUSED /* .. which says that it is not sent */
};
enum queue_way queue_way_of(const struct queue *q, struct str address);

/* Is mail for accounts here handed on to another server, instead of being stored? */
bool queue_hands_on(const struct queue *q);

/* There is room for one more message. */
bool queue_has_room(const struct queue *q);

/*
 * Tell the sender what became of recipients that never were in the queue (delivered at once, RFC 3461 5.2).
 * Does nothing when the sender is the null path. Belongs to the turn. FAIL_TEMP: as queue_add().
 */
struct dsn_rcpt;
struct queue_news {
	const struct envelope *envelope;
	const struct dsn_rcpt *rcpts;
	size_t rcpt_count;
	struct str message; /* its bytes, for what is returned of it */
	struct str helo;
	int64_t arrived_s;
	unsigned traits; /* QUEUE_ bits */
};
MUST_CHECK enum fail queue_tell(struct queue *q, const struct queue_news *news);

/* --- forwarding --------------------------------------------------------------------------------------- */

/*
 * Append the sender under which mail from `sender` is forwarded by `by`, an address of ours; the same sender
 * when SRS is switched off, or one of the two has no domain. FAIL_LIMIT: it would be too long; FAIL_SYNTAX: it is
 * no address; FAIL_TEMP: the store failed.
 */
MUST_CHECK enum fail queue_forward_sender(struct queue *q, struct buf *out, struct str sender,
    struct str by);

/* Where a bounce to this address of ours goes, appended. FAIL_MISSING: it is no rewritten sender of ours. */
MUST_CHECK enum fail queue_reverse_sender(struct queue *q, struct buf *out, struct str address);

#endif
