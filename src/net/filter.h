/*
 * filter.h - what stands between a connection's readers and the wire.
 *
 * Filters are stacked: the lowest is the socket (or memory, for tests), above it TLS, or deflate.
 * Each reads from and writes to the one below. A filter never calls up; conn.c drives from the top.
 *
 * Ownership: a filter is embedded in its own heap struct and belongs to the conn once pushed;
 * `free` releases it (not those below).
 */
#ifndef NET_FILTER_H
#define NET_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "net/conn.h"

enum io {
	IO_OK,    /* at least one byte moved (read, write); done (flush, finish) */
	IO_AGAIN, /* not now; the socket will say when */
	IO_END,   /* read: the peer ended properly */
	IO_BROKEN /* it will never work again */
};

struct filter;

struct filter_ops {
	const char *name;
	bool is_tls;
	/* Up to n bytes into p. */
	enum io (*read)(struct filter *f, void *p, size_t n, size_t *got_out);
	/* Take up to n bytes from p; they may stay inside until flush. */
	enum io (*write)(struct filter *f, const void *p, size_t n, size_t *put_out);
	/* Push down all that write left inside; IO_OK when nothing is left. */
	enum io (*flush)(struct filter *f);
	/* After the last flush: say goodbye to the peer (close_notify, FIN). */
	enum io (*finish)(struct filter *f);
	/* Its handshake is not done, so nothing can be said through it yet; NULL: it has none. */
	bool (*is_opening)(const struct filter *f);
	void (*free)(struct filter *f);
};

struct filter {
	const struct filter_ops *ops;
	struct filter *below; /* own, through the conn; NULL for the lowest */
	struct conn *conn;    /* borrow */
};

/*
 * Put a filter on top. Output appended so far leaves below it, unfiltered, first. Bytes that were
 * read already and not consumed are an error of the peer, and so is a second change of filters before
 * what was appended before the first one left: FAIL_PERM, and nothing is changed.
 */
MUST_CHECK enum fail conn_push(struct conn *c, struct filter *f);

/*
 * Take the top filter off. Output appended so far leaves through it first, then it is flushed once more and freed; until
 * then nothing is read. FAIL_PERM as of conn_push().
 */
MUST_CHECK enum fail conn_pop(struct conn *c);

/* The topmost filter with these ops, or NULL. */
struct filter *conn_filter(const struct conn *c, const struct filter_ops *ops);

/* A filter has something to send although nothing was appended (handshake): flush at turn's end. */
void conn_want_flush(struct conn *c);

/* A filter learnt something its owner waits for (handshake done). */
void conn_wake(struct conn *c);

#endif
