/*
 * conn.h - one connection: read lines, counted bytes, mail data; append output; deadlines.
 *
 * A connection is a stack of filters (filter.h: socket, TLS ..) with readers and a writer on top.
 * Reading is by pulling: the functions below read from the socket when they need more and it is
 * readable. They answer "nothing now" when input is dry; the owner's task is woken when there is
 * more. Output is appended to conn_out() and leaves at the end of the turn, after the commit; when
 * the commit failed, a connection that appended output in that turn is dropped without it (D1).
 * Partial writes go on by themselves.
 *
 * An idle connection holds no buffers. Input is capped at CONN_IN_MAX bytes of a line or a peek,
 * output at CONN_OUT_MAX.
 *
 * Ownership: the session owns the conn from the moment it gets it (service.accept, conn_dial) and
 * calls conn_free() when it is reaped. Texts returned live as long as the conn, unless noted.
 */
#ifndef NET_CONN_H
#define NET_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/task.h"
#include "net/address.h"

struct conn;
struct listener;
struct net;

/* From now on events, drained output and the deadline wake this task; it is woken once now. */
void conn_attach(struct conn *c, struct task *owner);

/*
 * Close and forget; *c may be NULL and becomes NULL. After conn_finish() what is still to be sent
 * goes out, and input is discarded for some seconds, so that the last reply is not lost by a reset;
 * else output not sent yet is lost.
 */
void conn_free(struct conn **c);

/* --- reading -------------------------------------------------------------------------------- */

enum line {
	LINE_NONE,  /* no whole line yet (or the peer closed: conn_closed()) */
	LINE_READY, /* a line that ended with CRLF */
	LINE_TOO_LONG, /* a line longer than `max` went by; said once at its end, with its first bytes */
	LINE_BARE, /* a line with a bare CR or LF in it or as its end; consumed */
};

/*
 * The next line without its CRLF, at most `max` (<= CONN_IN_MAX) bytes; valid until the next
 * reading call. Only CRLF ends a line. A bare LF is reported at once as LINE_BARE with what stood
 * before it, so that nobody waits for ever; all of it up to the next CRLF is LINE_BARE too, so that
 * nothing hidden behind a bare LF is ever taken for a command. Of a line that is too long the first CONN_LINE_HEAD bytes
 * are given, so that whoever sent it can be answered.
 */
#define CONN_LINE_HEAD 256 /* the longest tag of an IMAP client, and more */
enum line conn_line(struct conn *c, size_t max, struct str *line_out);

/* Bytes of a line longer than `max` that went by so far; 0 outside of one. Who sends without end can be told so. */
uint64_t conn_skipped(const struct conn *c);

/*
 * Counted reader (IMAP literals, BDAT, HTTP bodies): up to `most` bytes that are there, consumed;
 * empty when there is nothing now. Valid until the next reading call.
 */
struct str conn_take(struct conn *c, size_t most);

/* What is there, not consumed; reads when nothing is. Valid until the next reading call. */
struct str conn_peek(struct conn *c);

/* Read more behind what conn_peek() gave; false when nothing came or CONN_IN_MAX are there. */
bool conn_more(struct conn *c);

/* Consume `n` bytes, at most those that conn_peek() gave. */
void conn_skip(struct conn *c, size_t n);

enum dots {
	DOTS_NONE, /* nothing now (or the peer closed) */
	DOTS_TEXT, /* *out is a piece of the message */
	DOTS_END,  /* CRLF.CRLF came; what follows is the next command */
	DOTS_BARE, /* said once, without text: a bare CR or LF was seen; the text goes on */
};

struct dots_state {      /* zeroed when DATA begins; fields: read only */
	bool is_in_line; /* behind the first byte of a line */
	bool has_bare;   /* a bare CR or LF was seen in this message */
};

/*
 * The one reader of mail data (RFC 5321 4.5.2): un-stuffed pieces with their CRLFs; only CRLF.CRLF
 * (or .CRLF at the very start) ends it. Bare CR and LF never begin or end a line; they are passed
 * on as text, and has_bare tells the session to refuse the message at DOTS_END. May stop after any
 * byte.
 */
enum dots conn_dots(struct conn *c, struct dots_state *state, struct str *out);

/*
 * Waiting for more of a message: acknowledge what came of it now. A peer that writes it in pieces may hold the
 * rest back until then (Nagle), while the kernel waits 40 ms for output of ours to send along. Does nothing
 * when nothing came since the last output, or some is about to leave.
 */
void conn_hurry(struct conn *c);

/* While held, reading calls answer "nothing now" and the socket is not read. That the peer reset it is seen all the same. */
void conn_hold(struct conn *c, bool held);

/* The peer closed or the connection broke, and the readers gave all that was there. */
bool conn_closed(const struct conn *c);

/* The connection broke (reset, TLS alert, dropped after a failed commit): output goes nowhere. */
bool conn_broken(const struct conn *c);

/* --- writing -------------------------------------------------------------------------------- */

/* Append here; it leaves at the end of this turn. Ask anew in each step: the gate counts turns. */
struct buf *conn_out(struct conn *c);

/* More than CONN_OUT_HIGH unsent: pause; the owner is woken when it falls under half of it. */
bool conn_is_high(struct conn *c);

/* All output was given to the kernel, or the connection broke; if false the owner is woken then. */
bool conn_drained(struct conn *c);

/* No more output after what is there: it leaves, then close_notify and FIN. Reading stops. Twice
 * is once. */
void conn_finish(struct conn *c);

/* --- time ----------------------------------------------------------------------------------- */

/* Wake the owner in `in_ms` milliseconds and let conn_expired() be true then; -1: no deadline. */
void conn_deadline(struct conn *c, int64_t in_ms);
bool conn_expired(const struct conn *c);

/* --- facts ---------------------------------------------------------------------------------- */

struct str conn_peer(const struct conn *c); /* "192.0.2.1", "2001:db8::1", "local" (unix socket) */
struct str conn_local(struct conn *c);      /* our end, the same way */
uint16_t conn_peer_port(const struct conn *c);
uint16_t conn_local_port(struct conn *c);
const struct net_address *conn_peer_address(const struct conn *c);
/* A trusted peer says for whom it speaks: from here on that is the peer. Limits stay with who connected. */
void conn_speak_for(struct conn *c, const struct net_address *peer);

bool conn_is_loopback(const struct conn *c);
bool conn_is_tls(const struct conn *c);
const struct listener *conn_listener(const struct conn *c); /* NULL for outbound ones */
struct net *conn_net(const struct conn *c);
uint64_t conn_id(const struct conn *c); /* counts up from 1: the session's number in the log */

#endif
