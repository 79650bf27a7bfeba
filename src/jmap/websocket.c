/*
 * JMAP over WebSocket (RFC 8887): requests one after the other, and StateChanges between them.
 *
 *     LOGIN --account open, 101--> OPEN --message--> READ --Request--> RUN --every call answered, Response--> OPEN
 *                                   |                  +--PushEnable, PushDisable, an error--> OPEN
 *                                   |  --a change--> OPEN
 *                                   +--closed by either side, login over, store lost, stop--> done
 *
 * Facts: an account is open from OPEN on. In READ and RUN the message's text stands in the socket's reader, which
 * reads nothing more but Pings until the Response was given to it; so a client that sends faster than it takes waits,
 * and the changes of that time are told in one, with the newest states. A request counts as one under way
 * (maxConcurrentRequests) in RUN only.
 */
#include "jmap/private.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json.h"
#include "http/websocket.h"
#include "jmap/args.h"
#include "jmap/run.h"
#include "jmap/state_change.h"

#define SOCKET_REPLY_MAX 8192 /* bytes of a RequestError or a StateChange */
#define SOCKET_TYPES_MAX 100  /* names in dataTypes */

enum socket_state { SOCKET_LOGIN, SOCKET_OPEN, SOCKET_READ, SOCKET_RUN };

struct socket_request {
	struct http_handler handler;
	struct jmap *jmap; /* borrow */
	struct jmap_login login;
	struct websocket ws;
	enum socket_state state;
	struct jmap_large large;  /* in READ and RUN */
	size_t bytes;             /* of the message */
	struct arena arena;       /* the envelope */
	struct json_maker *maker; /* own; in READ */
	struct jmap_request request;
	struct jmap_run run;
	struct jmap_guard guard;
	struct state_listener listener; /* while it wants to be told .. */
	struct state_debt debt;         /* .. and what it was not told yet */
	unsigned types;                 /* told of */
};

/* --- what we say ------------------------------------------------------------------------------- */

static void
send_change(struct socket_request *r, struct http_exchange *x)
{
	struct json_writer w;
	struct buf text;

	buf_init(&text, SOCKET_REPLY_MAX);
	w = (struct json_writer){ .out = &text };
	(void)state_change_write(&w, r->listener.user, &r->debt, r->types, true);
	websocket_send(&r->ws, x, &text);
}

/* 4.3.4; the id is null when the message was not read as far as that. */
static void
write_error(const struct socket_request *r, unsigned status, const struct jmap_problem *p,
    struct buf *text)
{
	struct json_writer w = { .out = text };

	buf_init(text, SOCKET_REPLY_MAX);
	json_object_begin(&w);
	json_name_string(&w, STR("@type"), STR("RequestError"));
	if (r->request.typed_id.p)
		json_name_string(&w, STR("requestId"), r->request.typed_id);
	else
		json_name_null(&w, STR("requestId"));
	jmap_problem_write(&w, status, p);
	json_object_end(&w);
}

static void
send_error(struct socket_request *r, struct http_exchange *x, unsigned status,
    const struct jmap_problem *p)
{
	struct buf text;

	write_error(r, status, p, &text);
	websocket_send(&r->ws, x, &text);
}

static void
send_refusal(struct socket_request *r, struct http_exchange *x, enum jmap_refusal refusal)
{
	struct jmap_problem p = jmap_problem_of(refusal);

	send_error(r, x, 400, &p);
}

/* 4.3.1: an error also where a message is so large that what follows it is not read any more. */
static void
close_too_big(struct socket_request *r, struct http_exchange *x)
{
	struct jmap_problem p = jmap_problem_of(JMAP_LIMIT_SIZE);
	struct buf text;

	write_error(r, 400, &p, &text);
	websocket_close_with(&r->ws, x, &text, WEBSOCKET_TOO_BIG);
}

/* --- what we are told -------------------------------------------------------------------------- */

/* dataTypes: String[]|null; null is all, unknown ones are passed over. */
static bool
take_types(const struct json *v, unsigned *out)
{
	struct str name;

	*out = STATE_TYPES_ALL;
	if (!v || json_is(v, JSON_NULL))
		return true;
	if (!json_is(v, JSON_ARRAY) || v->count > SOCKET_TYPES_MAX)
		return false;
	*out = 0;
	for (uint32_t i = 0; i < v->count; i++) {
		if (!json_get_text(&v->items[i], &name))
			return false;
		*out |= state_type(name);
	}
	return true;
}

/* 4.3.5.2: from now on, and at once what moved since the push state that it was told last. */
static enum jmap_refusal
push_enable(struct socket_request *r, struct http_exchange *x, const struct json *object)
{
	const struct json *state = json_find(object, STR("pushState"));
	struct str text = { 0 };
	unsigned types;

	if (!take_types(json_find(object, STR("dataTypes")), &types))
		return JMAP_NOT_REQUEST;
	if (!json_get_text(state, &text) && state && !json_is(state, JSON_NULL))
		return JMAP_NOT_REQUEST;
	jmap_login_listen(&r->login, &r->listener, x->task);
	r->types = types;
	state_debt_since(&r->debt, r->listener.user, text);
	return JMAP_TAKEN;
}

/* 4.3.5.3 */
static enum jmap_refusal
push_disable(struct socket_request *r)
{
	state_listen_stop(&r->listener);
	return JMAP_TAKEN;
}

/* 4.3.2 */
static enum jmap_refusal
request_begin(struct socket_request *r, struct http_exchange *x, const struct json *object)
{
	static const struct jmap_problem busy = { "limit", "maxConcurrentRequests",
		"Too many of these are under way." };
	enum jmap_refusal refusal;
	struct str id = r->request.typed_id;
	const struct json *v = json_find(object, STR("id"));

	if (v && !json_is(v, JSON_NULL) && !json_is(v, JSON_STRING))
		return JMAP_NOT_REQUEST;
	refusal = jmap_request_read(object, &r->arena, &r->request);
	r->request.is_typed = true;
	r->request.typed_id = id;
	if (refusal != JMAP_TAKEN)
		return refusal;
	if (!jmap_login_take(&r->login, false)) {
		send_error(r, x, 400, &busy);
		return JMAP_TAKEN;
	}
	jmap_login_run(&r->login, &r->run, &r->request, x->task);
	r->state = SOCKET_RUN;
	return JMAP_TAKEN;
}

/* The request was answered. */
static void
forget(struct socket_request *r)
{
	r->request = (struct jmap_request){ 0 };
	arena_release(&r->arena);
	jmap_large_leave(&r->large);
}

/* 4.3: the type of an object says what it is. */
static void
take_object(struct socket_request *r, struct http_exchange *x, enum jmap_refusal refusal,
    const struct json *object)
{
	struct str type = { 0 };

	json_maker_free(&r->maker);
	r->state = SOCKET_OPEN;
	if (refusal == JMAP_TAKEN)
		(void)!json_get_text(json_find(object, STR("id")), &r->request.typed_id);
	if (refusal == JMAP_TAKEN && !json_get_text(json_find(object, STR("@type")), &type))
		refusal = JMAP_NOT_REQUEST;
	else if (str_eq(type, STR("Request")))
		refusal = request_begin(r, x, object);
	else if (str_eq(type, STR("WebSocketPushEnable")))
		refusal = push_enable(r, x, object);
	else if (str_eq(type, STR("WebSocketPushDisable")))
		refusal = push_disable(r);
	else if (refusal == JMAP_TAKEN)
		refusal = JMAP_NOT_REQUEST;
	if (refusal != JMAP_TAKEN)
		send_refusal(r, x, refusal);
	if (r->state != SOCKET_RUN)
		forget(r);
}

/* --- steps ------------------------------------------------------------------------------------- */

static void
run_end(struct socket_request *r)
{
	jmap_run_release(&r->run);
	forget(r);
	jmap_login_give(&r->login);
	r->state = SOCKET_OPEN;
}

static enum http_step
socket_run(struct socket_request *r, struct http_exchange *x)
{
	static const struct jmap_problem too_large = { "limit", "maxSizeResponse",
		"The response would be too large." };

	if (jmap_run_is_lost(&r->run)) { /* another's account (D1) */
		websocket_close(&r->ws, x, WEBSOCKET_INTERNAL);
		return HTTP_DONE;
	}
	switch (jmap_run_step(&r->run)) {
	case JMAP_YIELD: return HTTP_YIELD;
	case JMAP_WAIT: return HTTP_WAIT;
	case JMAP_DONE: break;
	}
	if (buf_ok(&r->run.out))
		websocket_send(&r->ws, x, &r->run.out);
	else
		send_error(r, x, 500, &too_large);
	run_end(r);
	return HTTP_YIELD;
}

/* A slice of the message becomes a tree. What needs one slice only never counts beside that of others. */
static enum http_step
socket_read(struct socket_request *r, struct http_exchange *x)
{
	const struct json *object;
	enum jmap_refusal refusal;

	if (!jmap_large_enter(&r->large, &r->jmap->large, x->task, r->bytes))
		return HTTP_WAIT;
	refusal = jmap_request_json(r->maker, &object);
	if (refusal == JMAP_TAKEN && !object)
		return HTTP_YIELD;
	take_object(r, x, refusal, object);
	return r->state == SOCKET_RUN ? socket_run(r, x) : HTTP_YIELD;
}

/* READ or RUN, and Pings that come meanwhile. */
static enum http_step
socket_work(struct socket_request *r, struct http_exchange *x)
{
	enum websocket_said heard = websocket_meanwhile(&r->ws, x);
	enum http_step step;

	if (heard == WEBSOCKET_SAID_OVER)
		return HTTP_DONE;
	step = r->state == SOCKET_READ ? socket_read(r, x) : socket_run(r, x);
	return step == HTTP_WAIT && heard == WEBSOCKET_SAID_YIELD ? HTTP_YIELD : step;
}

/* Something moved that it wants to hear, and there is room for it. */
static bool
may_tell(const struct socket_request *r)
{
	return r->listener.user && !websocket_is_sending(&r->ws) &&
	    state_debt_types(&r->debt, r->listener.user, r->types);
}

static enum http_step
socket_open(struct socket_request *r, struct http_exchange *x)
{
	struct str text;

	switch (jmap_guard_step(&r->guard)) {
	case GUARD_HOLDS: break;
	case GUARD_RENEWED: jmap_login_renew(&r->login, &r->guard.query); break;
	case GUARD_OVER: websocket_close(&r->ws, x, WEBSOCKET_POLICY); return HTTP_DONE;
	}
	if (may_tell(r))
		send_change(r, x);
	switch (websocket_next(&r->ws, x, &text)) {
	case WEBSOCKET_SAID_WAIT: return may_tell(r) ? HTTP_YIELD : HTTP_WAIT;
	case WEBSOCKET_SAID_YIELD: return HTTP_YIELD;
	case WEBSOCKET_SAID_TOO_BIG: close_too_big(r, x); return HTTP_DONE;
	case WEBSOCKET_SAID_OVER: return HTTP_DONE;
	case WEBSOCKET_SAID_TEXT: break;
	}
	r->maker = json_maker_new(text, &r->arena);
	r->bytes = text.n;
	r->state = SOCKET_READ;
	return socket_work(r, x);
}

static enum http_step
socket_step(struct http_handler *h, struct http_exchange *x)
{
	struct socket_request *r = container_of(h, struct socket_request, handler);

	switch (jmap_login_step(&r->login, r->jmap, x)) {
	case LOGIN_START:
	case LOGIN_WAIT:
	case LOGIN_DELAY: return HTTP_WAIT;
	case LOGIN_REPLIED: /* refused; or the store was lost, and with it what a run may report (D1) */
		websocket_close(&r->ws, x, WEBSOCKET_INTERNAL);
		return HTTP_DONE;
	case LOGIN_DONE: break;
	}
	if (r->state == SOCKET_LOGIN) {
		if (!websocket_accept(&r->ws, x, STR("jmap"), JMAP_REQUEST_MAX))
			return HTTP_DONE;
		jmap_login_guard(&r->login, &r->guard, x);
		r->state = SOCKET_OPEN;
	}
	switch (r->state) {
	case SOCKET_LOGIN:
	case SOCKET_OPEN: break;
	case SOCKET_READ:
	case SOCKET_RUN: return socket_work(r, x);
	}
	return socket_open(r, x);
}

static void
socket_release(struct http_handler *h)
{
	struct socket_request *r = container_of(h, struct socket_request, handler);

	if (r->state == SOCKET_RUN)
		run_end(r);
	json_maker_free(&r->maker);
	arena_release(&r->arena);
	jmap_large_leave(&r->large);
	state_listen_stop(&r->listener);
	jmap_guard_stop(&r->guard);
	websocket_release(&r->ws);
	jmap_login_release(&r->login);
	mem_free(r);
}

struct http_handler *
jmap_websocket_open(void *room, struct http_exchange *x)
{
	struct socket_request *r = mem_new(1, sizeof(*r));

	(void)x;
	r->handler = (struct http_handler){ socket_step, socket_release };
	r->jmap = room;
	r->login.takes_ticket = true;
	arena_init(&r->arena, JMAP_TREE_MAX);
	return &r->handler;
}
