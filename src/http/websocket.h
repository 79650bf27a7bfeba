/*
 * websocket.h - a WebSocket at our end: messages in, messages out (RFC 6455), compressed when the client
 * wants (RFC 7692).
 *
 * A handler whose request may become a WebSocket embeds one. Once it knows that it wants to (the login is
 * good ..) it calls websocket_accept() in its step; from then on the session is in its state SOCKET, and
 * the handler's step pulls messages with websocket_next() and gives answers to websocket_send() until one
 * of them is over. Pings, Close, half-open peers and slow ones are seen to in here. While a message is on
 * its way out only control frames are read, and only Pings while the handler works on what it got
 * (websocket_meanwhile()): that is how a client is held back.
 *
 * Deadlines: a peer that is silent for WEBSOCKET_PING_MS is sent a Ping, and is gone when nothing comes
 * within WEBSOCKET_PONG_MS; one that stops inside of a message, or does not take ours, has HTTP_RATE_MS
 * for each HTTP_RATE_BYTES.
 *
 * Ownership: the handler's, zeroed at first, until websocket_release(); a socket that rests holds no
 * buffers. Texts are valid until the next call.
 */
#ifndef HTTP_WEBSOCKET_H
#define HTTP_WEBSOCKET_H

/* rooms */
#include "http/server.h"
#include "http/websocket_reader.h"

#define WEBSOCKET_PING_MS     (5 * 60 * 1000) /* under what most routers remember a connection */
#define WEBSOCKET_PONG_MS     (60 * 1000)
#define WEBSOCKET_FRAME_BYTES (32 * 1024) /* payload of one frame of ours: half of CONN_OUT_HIGH */
#define WEBSOCKET_DEFLATE_MIN 256         /* bytes of a message that are worth compressing */

enum websocket_said {
	WEBSOCKET_SAID_WAIT,    /* nothing now: answer HTTP_WAIT, the session wakes you */
	WEBSOCKET_SAID_YIELD,   /* more to do: answer HTTP_YIELD */
	WEBSOCKET_SAID_TEXT,    /* a text message */
	WEBSOCKET_SAID_TOO_BIG, /* one is larger than it may be: close with that, answer HTTP_DONE */
	WEBSOCKET_SAID_OVER,    /* closed by either side: answer HTTP_DONE */
};

struct websocket { /* zeroed at first; fields: read only */
	bool is_open, is_over;
	bool may_deflate;
	bool is_pinged; /* since the peer was last heard */
	bool is_busy;   /* the deadline is that of a message under way */
	struct websocket_reader reader;
	struct buf rest;               /* own: of the message under way to the peer */
	struct deflate_stream deflate; /* own: of it, when it is compressed */
	struct buf packed;             /* own: deflated, not framed yet */
	bool is_sending, is_first, is_packing;
	uint64_t moved, paid; /* bytes both ways; at the last renewal of the deadline */
};

/*
 * Answer 101 to this request, with the subprotocol `protocol`, which the client must offer; messages from
 * it have at most `message_max` bytes. False: the exchange has its refusal, answer HTTP_DONE:
 *   400  the headers are wrong, or the subprotocol is not offered
 *   403  a page of another site asks (RFC 6455 10.2)
 *   426  the request is not for a WebSocket of version 13
 */
MUST_CHECK bool websocket_accept(struct websocket *ws, struct http_exchange *x, struct str protocol,
    size_t message_max);

/* Go on: move output, read; the next message when there is one. */
enum websocket_said websocket_next(struct websocket *ws, struct http_exchange *x,
    struct str *text_out);

/*
 * While the handler works on a text, in each step: Pings that stand in front of the next message are answered (RFC 6455
 * 5.5.2, "as soon as is practical"). A Close waits for the end of the work, which it does not undo. WAIT: nothing now ·
 * YIELD: more to do, answer HTTP_YIELD even if the work has to wait · OVER: answer HTTP_DONE. The text stays valid.
 */
enum websocket_said websocket_meanwhile(struct websocket *ws, struct http_exchange *x);

/* Send a text, whose memory moves into the socket. Not while websocket_is_sending(). */
void websocket_send(struct websocket *ws, struct http_exchange *x, struct buf *text);

/* A message of ours is still under way. */
static inline bool
websocket_is_sending(const struct websocket *ws)
{
	return ws->is_sending;
}

/* Say why, and be over. */
void websocket_close(struct websocket *ws, struct http_exchange *x, unsigned code);

/* The same behind a short last text, whose memory moves into the socket. Not while websocket_is_sending(). */
void websocket_close_with(struct websocket *ws, struct http_exchange *x, struct buf *text,
    unsigned code);

/* Safe on a zeroed one. */
void websocket_release(struct websocket *ws);

#endif
