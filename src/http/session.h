/*
 * session.h - one HTTP connection (private to the room).
 *
 *              first byte                  empty line
 *     IDLE ----------------> READ_HEAD --------------------> HANDLE --+ handler says WAIT, YIELD
 *      ^  session_idle()        | session_head()               |  ^---+ session_handle()
 *      |                        | bad head: problem            | handler says DONE
 *      |                        v                              v
 *      |                     FINISH <--- unread body --- SEND the kept rest of the reply
 *      |                        ^        is too long           | session_send()
 *      |                        | peer gone, closes,           v
 *      |  session_drain()       | deadline, stop            DRAIN the unread body
 *      +------------------------+------------------------------+
 *                               |
 *     HANDLE --handler switched--> SOCKET --+ handler says WAIT, YIELD
 *                               |  |   ^----+ session_socket()
 *                            FINISH <- over: either side closed, silence, stop
 *
 * Facts: in IDLE no request byte was seen, no handler lives and the arena is empty. In READ_HEAD no
 * handler lives. In HANDLE a handler lives and the head was read (HAVE_HEAD). In SEND and DRAIN the
 * reply is complete but for `rest`, and no handler lives. In SOCKET a handler lives, 101 was replied, and
 * bytes both ways are frames; no request follows. In FINISH nothing is read any more.
 */
#ifndef HTTP_SESSION_H
#define HTTP_SESSION_H

/* rooms */
#include "http/server.h"

enum http_state {
	HTTP_IDLE,
	HTTP_READ_HEAD,
	HTTP_HANDLE,
	HTTP_SEND,
	HTTP_DRAIN,
	HTTP_SOCKET,
	HTTP_FINISH,
	HTTP_STATE_COUNT
};
extern const char *const http_state_names[HTTP_STATE_COUNT];

enum { HTTP_HAVE_HEAD = 1 }; /* a whole head was read */

struct http_session {
	struct task task;
	struct list_node node; /* in service->sessions */
	struct conn *conn;     /* own */
	struct log log;
	enum http_state state;
	unsigned have;
	struct http_exchange exchange;
	struct http_handler *handler; /* own; NULL outside HANDLE and SOCKET */
	uint64_t paid;                /* body and reply bytes when the deadline was last renewed */
};

void http_session_new(struct http_service *s, struct listener *l, struct conn *c);

/* At once, whatever it is at. */
void http_session_end(struct http_session *s);

/* reply.c: what the session completes of a reply when the handler is done. */
void http_reply_end(struct http_exchange *x);

/*
 * The exchange will last: forget what the request said but its path, which is for the log, so that a
 * thousand that rest are small. Texts of the request that a handler has are gone.
 */
void http_exchange_settle(struct http_exchange *x);

/* End a head with 101: from here on the bytes are not HTTP's. */
void http_reply_switch(struct http_exchange *x);

/* Move more of `rest` out while there is room; true when all is on its way. */
bool http_reply_flush(struct http_exchange *x);

/* body.c: set up reading the body of a request whose head is complete. */
void http_body_begin(struct http_exchange *x);

/*
 * route.c: the handler for this request, or NULL when it was answered: 404, 405, OPTIONS.
 */
struct http_handler *http_route_open(struct http_service *s, struct http_exchange *x);

/*
 * origin.c: no page of another site asks: the Origin is ours, or there is none, as programs send none. And: it is one
 * that the settings name ("*" names none), and the route is for pages.
 */
bool http_origin_is_own(const struct http_exchange *x);
bool http_origin_is_named(const struct http_exchange *x);

/* What a browser must read to give the reply to the page; and the answer to its question before. */
void http_origin_write(struct http_exchange *x);
void http_origin_preflight(struct http_exchange *x, struct str methods);

#endif
