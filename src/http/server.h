/*
 * server.h - HTTP/1.1 server: rooms offer routes, each request runs a handler (RFC 9110, RFC 9112).
 *
 * A room registers an array of struct http_route. For each request that matches one, `open` makes a
 * handler, whose `step` runs inside the session's task until it answers HTTP_DONE: it reads the body
 * piece by piece as it comes (http_body_next), starts ops with http_task() as their owner, and writes
 * the reply as output drains (http_reply_*). One request at a time; pipelined ones wait in the
 * socket. HEAD runs the GET handler without its body; OPTIONS and unknown paths are answered here.
 *
 * Limits: request head of HTTP_HEADER_MAX bytes and HTTP_HEADERS_MAX lines; the body's size is the
 * handler's business. A request's head must come within HTTP_HEAD_MS, then every HTTP_RATE_BYTES of
 * body or of reply within HTTP_RATE_MS, as long as it is the peer that is waited for, not the handler; an idle
 * connection is kept for the setting `idle`.
 * A request may become a WebSocket (websocket.h). Not done: compression, ranges, HTTP/2. An unread body is read and dropped up to HTTP_DRAIN_MAX
 * bytes, past that the connection closes behind the reply.
 *
 * Ownership: the service and its routes live as long as the server; the session owns connection,
 * exchange and handler. Strs from http_body_next() live until the next call.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

/* base */
#include "base/buf.h"
#include "base/log.h"
#include "base/task.h"

/* rooms */
#include "http/request.h"
#include "http/settings.h"
#include "loop/loop.h"
#include "net/address.h"
#include "net/net.h"

#define HTTP_HEAD_MS    (30 * 1000)  /* from the first byte of a request to the end of its head */
#define HTTP_RATE_MS    (60 * 1000)  /* for each HTTP_RATE_BYTES of body or reply */
#define HTTP_RATE_BYTES (64 * 1024)  /* together about 1 KB/s: slower than any modem */
#define HTTP_DRAIN_MAX  (256 * 1024) /* bytes of body nobody wanted that are read for keep-alive */
#define HTTP_ROUTES_MAX 16           /* arrays of routes in one service */

struct http_exchange;
struct http_handler;

enum http_step {
	HTTP_WAIT,  /* for an op, for body, or for output to drain */
	HTTP_YIELD, /* more to do, after the others */
	HTTP_DONE,  /* the reply is complete */
};

/* What runs one request; embedded first in the room's own struct. */
struct http_handler {
	enum http_step (*step)(struct http_handler *h, struct http_exchange *x);
	void (*release)(struct http_handler *h); /* cancels ops, frees; also in the middle of it */
};

#define HTTP_BIT(method) (1u << (method))

struct http_route {
	unsigned methods; /* HTTP_BIT(HTTP_GET) | ..; HEAD comes with GET */
	struct str path;  /* "/jmap/api", or with a '/' at its end: everything below it */
	struct http_handler *(*open)(void *room, struct http_exchange *x); /* never NULL */
};

struct http_routes { /* one room's */
	const struct http_route *rows;
	size_t count;
	void *room;           /* borrow: handed to open */
	bool is_cross_origin; /* http_service_cross_origin() */
};

/* What a listener's settings point to; NULL is all zero. */
struct http_listener {
	bool has_plaintext_login; /* from loopback, without TLS */
};

struct http_service {           /* fields: read only */
	struct service service; /* what listeners are given */
	struct loop *loop;      /* borrow: the server's */
	struct http_settings settings;
	struct http_routes routes[HTTP_ROUTES_MAX];
	size_t route_count;
	struct list sessions;
	bool is_stopping;
};

/* What a handler sees of one request and its reply. */
enum http_reply { HTTP_REPLY_NONE, HTTP_REPLY_HEAD, HTTP_REPLY_BODY, HTTP_REPLY_ENDED };
enum http_framing { HTTP_FRAME_LENGTH, HTTP_FRAME_CHUNKED, HTTP_FRAME_CLOSE };

enum http_body_state {
	HTTP_BODY_BYTES,      /* body_left bytes of a body with Content-Length */
	HTTP_BODY_CHUNK_LINE, /* the line with the size of the next chunk */
	HTTP_BODY_CHUNK,      /* body_left bytes of a chunk */
	HTTP_BODY_CHUNK_END,  /* the CRLF behind a chunk */
	HTTP_BODY_TRAILER,    /* lines behind the last chunk, ignored */
	HTTP_BODY_DONE,
	HTTP_BODY_BAD, /* broken framing or the peer is gone */
};

struct http_exchange { /* fields: read only */
	struct http_request request;
	struct conn *conn;            /* borrow: the session's */
	struct task *task;            /* borrow: the session's: the owner of a handler's ops */
	struct http_service *service; /* borrow */
	struct log *log;              /* borrow: the session's */
	enum http_body_state body;
	uint64_t body_left;
	uint64_t body_bytes; /* taken so far */
	unsigned trailers;
	bool is_continued; /* 100 Continue was sent or is not wanted */
	enum http_reply reply;
	enum http_framing framing;
	unsigned status;
	uint64_t reply_left;  /* of the announced length */
	uint64_t reply_bytes; /* of body so far */
	struct buf rest;      /* a kept body that still has to go out, see http_reply_buf() */
	bool is_cross_origin; /* the route may be used by pages of other origins */
	bool is_head;         /* the request is HEAD: no body leaves */
	bool closes;          /* Connection: close */
	bool is_endless;      /* http_reply_endless() */
	bool is_switched;     /* 101 was replied: a WebSocket (websocket.h) */
};

void http_service_init(struct http_service *s, struct loop *loop,
    const struct http_settings *settings);

/* Add a room's routes; the first match in the order of adding wins. */
void http_service_routes(struct http_service *s, const struct http_route *rows, size_t count,
    void *room);

/*
 * A page of another site asks, which the settings do not name: browsers send its plain forms and texts without asking
 * first, with the password that they remember. Whoever changes something refuses.
 */
bool http_origin_is_foreign(const struct http_exchange *x);

/* Pages of the origins that the settings name may use these routes: those of the last http_service_routes(). */
void http_service_cross_origin(struct http_service *s);

/* Idle sessions close now, others after their reply. */
void http_service_stop(struct http_service *s);

/* End the sessions that are left, whatever they are at. */
void http_service_release(struct http_service *s);

/* --- for handlers: the request ------------------------------------------------------------- */

enum http_body { HTTP_BODY_WAIT, HTTP_BODY_PIECE, HTTP_BODY_END, HTTP_BODY_BROKEN };

/*
 * The next piece of the body. WAIT: answer HTTP_WAIT, the session wakes you. BROKEN: the framing was
 * wrong or the peer left; answer HTTP_DONE, whatever was replied.
 */
enum http_body http_body_next(struct http_exchange *x, struct str *piece_out);

/*
 * Append "https://host:port": how the client reached us, or the setting base_url. The scheme is https
 * under TLS, or as X-Forwarded-Proto says when the setting trust_forwarded is on.
 */
void http_base_url(const struct http_exchange *x, struct buf *out);

/* Who asks: the peer, or whom a proxy of this machine that the settings trust names (X-Forwarded-For). */
struct net_address http_client_address(const struct http_exchange *x);

/* May a password come this way: TLS, also a proxy's before us, or loopback where the listener allows. */
bool http_may_login(const struct http_exchange *x);

/* --- for handlers: the reply --------------------------------------------------------------- */

/* Begin: status line, Date, Content-Type (NULL for none). One start per exchange. */
void http_reply_start(struct http_exchange *x, unsigned status, const char *type);

/* A header; a value with CR, LF or NUL is left out whole. */
void http_reply_header(struct http_exchange *x, const char *name, struct str value);

/* The body will be exactly n bytes. Without it the body is chunked (or ends with the connection). */
void http_reply_length(struct http_exchange *x, uint64_t n);

/*
 * This reply lasts as long as both want (EventSource): no deadline; the handler watches the peer. What the
 * request said but its path is forgotten.
 */
void http_reply_endless(struct http_exchange *x);

/* Some body. Look at http_reply_is_full() between pieces, and answer HTTP_WAIT while it is. */
void http_reply_body(struct http_exchange *x, struct str piece);
bool http_reply_is_full(struct http_exchange *x);

/* A whole small reply. */
void http_reply_whole(struct http_exchange *x, unsigned status, const char *type, struct str body);

/* After http_reply_start() and headers: the whole body, whose memory moves into the exchange. */
void http_reply_buf(struct http_exchange *x, struct buf *body);

/* A whole reply as problem details (RFC 9457). `type` NULL is about:blank; texts are ours, plain. */
void http_reply_problem(struct http_exchange *x, unsigned status, const char *type,
    const char *detail);

/* The same in two steps, with headers of one's own between them. */
void http_reply_problem_start(struct http_exchange *x, unsigned status);
void http_reply_problem_body(struct http_exchange *x, const char *type, const char *detail);

#endif
