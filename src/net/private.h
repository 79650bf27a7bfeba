/*
 * private.h - what the files of this room know of a connection.
 *
 * A connection has its own small task, `io`, which gets the socket's events: it continues writing,
 * wakes the owner, and outlives the owner while the last output leaves (README.md has the states).
 * One timer serves the owner's deadline, then the dial or the linger.
 */
#ifndef NET_PRIVATE_H
#define NET_PRIVATE_H

#include "net/filter.h"
#include "net/net.h"

#define NET_LINGER_MS 5000 /* how long input is discarded after the last reply */

/* Connections from one address. */
struct site {
	struct map_node node;
	struct net_address address; /* holds the key */
	size_t count;
};

struct conn {
	struct net *net;           /* borrow */
	struct listener *listener; /* borrow; NULL for outbound */
	struct task *owner;        /* borrow; NULL before conn_attach() and while lingering */
	struct conn_dial *dial;    /* borrow; while connecting */
	struct site *site;         /* borrow: net->sites; NULL when not counted */
	struct filter *top;        /* own */
	struct filter socket;      /* the lowest, unless memory */
	struct watch watch;
	struct task io;
	struct timer timer;
	struct list_node node;    /* in net->conns */
	struct list_node pending; /* in net->unflushed */
	struct buf in, out;
	struct buf
	    *before; /* own; output from before a filter was pushed or popped, NULL when it left */
	struct filter *leaving; /* own; through which it leaves when one was popped, or NULL */
	uint64_t id;
	uint64_t skipped; /* bytes of a line that is too long, with its head */
	uint32_t head;    /* bytes at the front of `in` that stay, of such a line */
	uint32_t used;    /* bytes of `in` that the last reading call handed out */
	uint32_t scanned; /* bytes of `in` known to hold no LF */
	bool is_inbound;  /* counted in net->count */
	bool is_held;     /* conn_hold() */
	bool is_starved;  /* the last reading call found nothing */
	bool is_ended;    /* the peer closed its side */
	bool is_broken;
	bool is_skipping;   /* inside a line that is too long */
	bool skips_end;     /* the end of a deflate stream may still come (compress.h) */
	bool is_tainted;    /* behind a bare LF, before the next CRLF */
	bool is_touched;    /* output was appended in this turn */
	bool is_blocked;    /* the last flush met EAGAIN */
	bool has_heard;     /* bytes came that the kernel may not have acknowledged yet */
	bool is_finishing;  /* conn_finish() */
	bool is_finished;   /* FIN went out */
	bool is_lingering;  /* the owner let go */
	bool wants_low;     /* the owner asked conn_is_high() and heard yes */
	bool wants_drained; /* the owner asked conn_drained() and heard no */
	struct net_address peer, local;
	char peer_text[NET_ADDRESS_TEXT_MAX], local_text[NET_ADDRESS_TEXT_MAX];
};

/* A bare connection without filters, in net->conns. */
struct conn *conn_new(struct net *net, struct listener *l, const struct net_address *peer);

/* Put the socket below everything and watch it; FAIL_TEMP (fd stays the caller's). */
MUST_CHECK enum fail conn_use_socket(struct conn *c, int fd);

/* Release everything now. */
void conn_destroy(struct conn *c);

/* Nothing can be sent or read any more; the owner is told. */
void conn_break(struct conn *c);

/* For the flush hook: send what can be sent. */
void conn_flush(struct conn *c);

/* io task: the socket has news. */
enum step conn_io_step(struct task *t);

/* Part of conn_io_step() while connecting. */
void dial_step(struct conn_dial *d);

/* Its peer is known: refuse it, or let the service make a session. */
void listener_admit(struct conn *c);

/* One more of them: how many to tell of in a line now, or 0 when the last one is not long ago. */
uint64_t net_tally(struct net_tally *t);

/* Wait for the PROXY header, then admit; and close those of a listener that still wait. */
void proxied_start(struct conn *c);
void proxied_stop(struct listener *l);

/* Read once through the filters into c->in; false when nothing came. */
bool conn_pull(struct conn *c);

/* Drop what the last reading call handed out. */
void conn_settle(struct conn *c);

/* The lowest filter. */
struct filter *conn_lowest(const struct conn *c);

extern const struct filter_ops socket_ops;

#endif
