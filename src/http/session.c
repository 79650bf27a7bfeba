#include "http/session.h"

/* system */
#include <assert.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "tls/tls.h"

const char *const http_state_names[] = { "IDLE", "READ_HEAD", "HANDLE", "SEND", "DRAIN", "SOCKET",
	"FINISH" };
static_assert(ARRAY_LEN(http_state_names) == HTTP_STATE_COUNT, "a name per state");

/* The facts that session.h states. */
static void
session_check(const struct http_session *s)
{
#ifdef DEV
	bool has_head = (s->have & HTTP_HAVE_HEAD) != 0;

	invariant(s->state < HTTP_STATE_COUNT);
	invariant((s->handler != NULL) == (s->state == HTTP_HANDLE || s->state == HTTP_SOCKET));
	invariant(s->exchange.is_switched == (s->state == HTTP_SOCKET) || s->state == HTTP_FINISH);
	invariant(s->state != HTTP_IDLE || s->exchange.request.head_bytes == 0);
	invariant(s->state != HTTP_HANDLE || has_head);
	invariant(s->state != HTTP_DRAIN || s->exchange.reply == HTTP_REPLY_ENDED);
	invariant(s->state > HTTP_READ_HEAD || !has_head);
#else
	(void)s;
#endif
}

static void
session_enter(struct http_session *s, enum http_state state)
{
	if (s->state != state)
		log_debug(&s->log, "http.state",
		    LOG_TEXT("from", str_c(http_state_names[s->state])),
		    LOG_TEXT("to", str_c(http_state_names[state])));
	s->state = state;
}

/* Slow peers lose: progress below the rate lets the deadline pass. */
static void
session_pay(struct http_session *s)
{
	uint64_t bytes = s->exchange.body_bytes + s->exchange.reply_bytes;

	if (s->exchange.is_endless || bytes - s->paid < HTTP_RATE_BYTES)
		return;
	s->paid = bytes;
	conn_deadline(s->conn, HTTP_RATE_MS);
}

/* It has not sent all of its body, or does not take what is written; while neither is so, the time is ours. */
static bool
is_peer_due(const struct http_session *s)
{
	return (s->exchange.body < HTTP_BODY_DONE && str_empty(conn_peek(s->conn))) ||
	    conn_is_high(s->conn);
}

static void
handler_release(struct http_session *s)
{
	struct http_handler *h = s->handler;

	s->handler = NULL;
	if (h)
		h->release(h);
}

/* Nothing of the last request is kept; an idle connection holds no memory. */
static enum http_state
session_next_request(struct http_session *s)
{
	struct http_exchange *x = &s->exchange;

	buf_release(&x->rest);
	s->log.user = (struct str){ 0 }; /* it may stand in the request's arena */
	http_request_release(&x->request);
	*x = (struct http_exchange){
		.request = x->request,
		.conn = x->conn,
		.task = x->task,
		.service = x->service,
		.log = x->log,
		.rest = x->rest,
	};
	s->have = 0;
	s->paid = 0;
	conn_deadline(s->conn,
	    conn_is_high(s->conn) ? HTTP_RATE_MS : s->exchange.service->settings.idle_ms);
	return HTTP_IDLE;
}

/* Before the first byte of a request; a client that does not take its replies is not served more. */
static enum http_state
session_idle(struct http_session *s, enum step *stop_out)
{
	bool is_behind = conn_is_high(s->conn);

	if (!is_behind && !str_empty(conn_peek(s->conn))) {
		conn_deadline(s->conn, HTTP_HEAD_MS);
		return HTTP_READ_HEAD;
	}
	if (is_behind ? conn_broken(s->conn) : conn_closed(s->conn))
		return HTTP_FINISH;
	if (conn_expired(s->conn) || s->exchange.service->is_stopping)
		return HTTP_FINISH;
	*stop_out = STEP_WAIT;
	return HTTP_IDLE;
}

/* Refuse a request whose end cannot be known any more. */
static enum http_state
session_refuse(struct http_session *s, unsigned status)
{
	s->exchange.closes = true;
	conn_deadline(s->conn, HTTP_HEAD_MS); /* to take the answer */
	log_info(&s->log, "http.refused", LOG_NUM("status", status));
	http_reply_problem(&s->exchange, status, NULL, "The request cannot be read.");
	http_reply_end(&s->exchange);
	return HTTP_FINISH;
}

/* A complete head: find who answers. */
static enum http_state
session_open(struct http_session *s)
{
	struct http_exchange *x = &s->exchange;

	s->have |= HTTP_HAVE_HEAD;
	x->is_head = x->request.method == HTTP_HEAD;
	x->closes = x->request.is_last || x->service->is_stopping;
	http_body_begin(x);
	conn_deadline(s->conn, HTTP_RATE_MS);
	s->handler = http_route_open(x->service, x);
	if (s->handler)
		return HTTP_HANDLE;
	http_reply_end(x);
	return HTTP_SEND;
}

static enum http_state
session_head(struct http_session *s, enum step *stop_out)
{
	struct str line;

	switch (conn_line(s->conn, HTTP_LINE_MAX, &line)) {
	case LINE_NONE:
		if (conn_closed(s->conn))
			return HTTP_FINISH;
		if (conn_expired(s->conn))
			return session_refuse(s, 408);
		*stop_out = STEP_WAIT;
		return HTTP_READ_HEAD;
	case LINE_TOO_LONG: return session_refuse(s, s->exchange.request.has_line ? 431 : 414);
	case LINE_BARE: return session_refuse(s, 400);
	case LINE_READY: break;
	}
	switch (http_request_line(&s->exchange.request, line)) {
	case HTTP_HEAD_MORE: break;
	case HTTP_HEAD_BAD: return session_refuse(s, s->exchange.request.status);
	case HTTP_HEAD_DONE: return session_open(s);
	}
	return HTTP_READ_HEAD;
}

/* The handler ended: complete what it left, with an error of ours if it left nothing. */
static enum http_state
session_handled(struct http_session *s)
{
	struct http_exchange *x = &s->exchange;

	handler_release(s);
	if (x->is_endless)
		conn_deadline(s->conn, HTTP_RATE_MS); /* to take the rest */
	if (x->body == HTTP_BODY_BAD)
		x->closes = true;
	if (x->reply == HTTP_REPLY_NONE) {
		if (x->body == HTTP_BODY_BAD)
			http_reply_problem(x, 400, NULL, "The request body cannot be read.");
		else
			http_reply_problem(x, 500, NULL, "The request had no answer.");
	}
	if (!x->is_continued)
		x->closes = true; /* whether the body still comes is unknowable (RFC 9110 10.1.1) */
	return HTTP_SEND;
}

/* The WebSocket is over; what it still has to say leaves. */
static enum http_state
session_socket_over(struct http_session *s)
{
	struct http_exchange *x = &s->exchange;

	log_info(&s->log, "http.websocket", LOG_TEXT("path", x->request.path),
	    LOG_NUM("bytes", x->reply_bytes));
	handler_release(s);
	conn_deadline(s->conn, HTTP_HEAD_MS);
	return HTTP_FINISH;
}

/* Deadlines are the WebSocket's own (websocket.h). */
static enum http_state
session_socket(struct http_session *s, enum step *stop_out)
{
	enum http_step said = s->handler->step(s->handler, &s->exchange);

	if (said == HTTP_DONE || conn_broken(s->conn))
		return session_socket_over(s);
	*stop_out = said == HTTP_WAIT ? STEP_WAIT : STEP_YIELD;
	return HTTP_SOCKET;
}

static enum http_state
session_handle(struct http_session *s, enum step *stop_out)
{
	enum http_step said = s->handler->step(s->handler, &s->exchange);

	if (s->exchange.is_switched && said != HTTP_DONE) {
		*stop_out = STEP_YIELD;
		return HTTP_SOCKET;
	}
	if (s->exchange.is_switched)
		return session_socket_over(s);
	session_pay(s);
	if (said == HTTP_DONE)
		return session_handled(s);
	if (conn_expired(s->conn) && !is_peer_due(s))
		conn_deadline(s->conn, HTTP_RATE_MS);
	if (conn_expired(s->conn) || conn_broken(s->conn)) {
		handler_release(s);
		return HTTP_FINISH;
	}
	*stop_out = said == HTTP_WAIT ? STEP_WAIT : STEP_YIELD;
	return HTTP_HANDLE;
}

/* What http_reply_buf() kept leaves as the socket takes it. */
static enum http_state
session_send(struct http_session *s, enum step *stop_out)
{
	struct http_exchange *x = &s->exchange;
	bool is_out = x->reply == HTTP_REPLY_ENDED || http_reply_flush(x);

	session_pay(s);
	if (!is_out) {
		if (conn_expired(s->conn) || conn_broken(s->conn))
			return HTTP_FINISH;
		*stop_out = STEP_WAIT;
		return HTTP_SEND;
	}
	if (x->reply != HTTP_REPLY_ENDED)
		http_reply_end(x);
	log_info(&s->log, "http.request",
	    LOG_TEXT("method", str_c(http_method_names[x->request.method])),
	    LOG_TEXT("path", x->request.path), LOG_NUM("status", x->status),
	    LOG_NUM("bytes", x->reply_bytes));
	return x->closes ? HTTP_FINISH : HTTP_DRAIN;
}

/* The rest of a body that the handler did not want. */
static enum http_state
session_drain(struct http_session *s, enum step *stop_out)
{
	struct http_exchange *x = &s->exchange;
	struct str piece;

	if (x->body != HTTP_BODY_DONE && !x->is_continued)
		return HTTP_FINISH;
	switch (http_body_next(x, &piece)) {
	case HTTP_BODY_END: return session_next_request(s);
	case HTTP_BODY_BROKEN: return HTTP_FINISH;
	case HTTP_BODY_PIECE: return x->body_bytes > HTTP_DRAIN_MAX ? HTTP_FINISH : HTTP_DRAIN;
	case HTTP_BODY_WAIT: break;
	}
	if (conn_expired(s->conn))
		return HTTP_FINISH;
	*stop_out = STEP_WAIT;
	return HTTP_DRAIN;
}

/* Close once the output left, or the peer does not take it. */
static enum http_state
session_finish(struct http_session *s, enum step *stop_out)
{
	conn_finish(s->conn);
	*stop_out = conn_drained(s->conn) || conn_expired(s->conn) ? STEP_CLOSE : STEP_WAIT;
	return HTTP_FINISH;
}

static enum step
session_step(struct task *t)
{
	struct http_session *s = container_of(t, struct http_session, task);
	enum step stop = STEP_YIELD;
	bool must_stop = false;
	int64_t end_us = clock_precise_us() + LOOP_SLICE_US;

	for (unsigned turn = 0; turn < TASK_TURNS_MAX && !must_stop; turn++) {
		enum http_state next = HTTP_FINISH;
		enum step said = (enum step) - 1;

		session_check(s);
		switch (s->state) {
		case HTTP_IDLE: next = session_idle(s, &said); break;
		case HTTP_READ_HEAD: next = session_head(s, &said); break;
		case HTTP_HANDLE: next = session_handle(s, &said); break;
		case HTTP_SEND: next = session_send(s, &said); break;
		case HTTP_DRAIN: next = session_drain(s, &said); break;
		case HTTP_SOCKET: next = session_socket(s, &said); break;
		case HTTP_FINISH: next = session_finish(s, &said); break;
		case HTTP_STATE_COUNT: break;
		}
		session_enter(s, next);
		if (said != (enum step) - 1) {
			stop = said;
			must_stop = true;
		} else if (next == HTTP_IDLE) {
			must_stop =
			    clock_precise_us() >= end_us; /* the next request waits for others */
		}
	}
	return stop;
}

static void
session_reap(struct task *t)
{
	struct http_session *s = container_of(t, struct http_session, task);

	handler_release(s);
	list_remove(&s->node);
	buf_release(&s->exchange.rest);
	http_request_release(&s->exchange.request);
	conn_free(&s->conn);
	mem_free(s);
}

void
http_session_end(struct http_session *s)
{
	task_cancel(&s->task);
	session_reap(&s->task);
}

void
http_session_new(struct http_service *service, struct listener *l, struct conn *c)
{
	struct http_session *s = mem_new(1, sizeof(*s));

	s->conn = c;
	s->log = (struct log){
		.room = "http",
		.session = conn_id(c),
		.peer = conn_peer(c),
	};
	s->exchange = (struct http_exchange){
		.conn = c,
		.task = &s->task,
		.service = service,
		.log = &s->log,
	};
	http_request_init(&s->exchange.request);
	buf_init(&s->exchange.rest, 0);
	list_append(&service->sessions, &s->node);
	loop_task(service->loop, &s->task, session_step, session_reap);
	conn_attach(c, &s->task);
	conn_deadline(c, service->settings.idle_ms);
	if (l && l->is_tls && tls_accept(c, l->tls) != FAIL_NONE)
		s->state = HTTP_FINISH;
	task_wake(&s->task);
}
