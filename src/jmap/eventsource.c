/*
 * EventSource (RFC 8620 7.3): a reply that never ends, with a StateChange for each turn's changes.
 *
 *     LOGIN --> OPEN --change or ping--> OPEN
 *                 +--closeafter=state and one was sent, peer left, login over, store lost, stop--> done
 *
 * Changes of all accounts that the user sees are noted by state_watch.h and told after their commit; a peer that
 * reads slowly gets fewer events, each with the newest states, and is dropped when a ping does not fit any more. A
 * client that comes back says by Last-Event-ID what it was told last; an event has an id when it says all there was.
 */
#include "jmap/private.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "jmap/state_change.h"

#define PING_MAX_S  900 /* longer ones are shortened, as RFC 8620 7.3 allows */
#define EVENT_BYTES 4096

struct event_request {
	struct http_handler handler;
	struct jmap *jmap; /* borrow */
	struct jmap_login login;
	struct jmap_guard guard;
	struct state_listener listener;
	struct state_debt debt; /* what it was not told yet */
	struct timer ping;
	int64_t ping_s; /* 0: none */
	unsigned types; /* asked for */
	bool is_open, closes_after_state;
};

/* types = "*" or names separated by commas; unknown ones are passed over. */
static unsigned
types_of(struct str list)
{
	unsigned bits = 0;
	struct str name;

	while (str_next_part(&list, ',', &name))
		bits |= str_eq(name, STR("*")) ? STATE_TYPES_ALL : state_type(name);
	return bits;
}

/* The three parameters; false when one is missing or wrong. */
static bool
take_query(struct event_request *r, struct http_exchange *x)
{
	struct arena *a = &x->request.arena;
	struct str types, close, ping;
	uint32_t seconds;

	if (!http_query_find(x->request.query, STR("types"), a, &types) ||
	    !http_query_find(x->request.query, STR("closeafter"), a, &close) ||
	    !http_query_find(x->request.query, STR("ping"), a, &ping) ||
	    !str_u32(&ping, UINT32_MAX, &seconds) || !str_empty(ping))
		return false;
	r->types = types_of(types);
	r->closes_after_state = str_eq(close, STR("state"));
	r->ping_s = seconds > PING_MAX_S ? PING_MAX_S : (int64_t)seconds;
	return r->closes_after_state || str_eq(close, STR("no"));
}

static void
start_ping(struct event_request *r, struct http_exchange *x)
{
	int64_t wait_s = r->ping_s > 0 ? r->ping_s : PING_MAX_S;

	timer_start(r->login.loop, &r->ping, x->task, clock_mono_ms() + 1000 * wait_s);
}

/* A client that was away says by Last-Event-ID what it knows. */
static void
start_listening(struct event_request *r, struct http_exchange *x)
{
	struct str last = http_request_header(&x->request, STR("last-event-id"));

	jmap_login_listen(&r->login, &r->listener, x->task);
	state_debt_since(&r->debt, r->listener.user, last);
}

static bool
open_stream(struct event_request *r, struct http_exchange *x)
{
	if (!take_query(r, x)) {
		http_reply_problem(x, 400, NULL, "types, closeafter and ping are needed.");
		return false;
	}
	start_listening(r, x); /* before the reply begins: the request is forgotten then */
	http_reply_start(x, 200, "text/event-stream");
	http_reply_header(x, "Cache-Control", STR("no-cache, no-store"));
	http_reply_header(x, "X-Accel-Buffering", STR("no"));
	http_reply_endless(x);
	http_reply_body(x, STR(": open\n\n")); /* a comment, so that the head leaves */
	if (x->is_head)
		return false;
	jmap_login_guard(&r->login, &r->guard, x);
	directory_query_release(&r->login.query);
	start_ping(r, x);
	r->is_open = true;
	return true;
}

static void
add_id(struct buf *event, const struct state_user *u)
{
	buf_add_c(event, "id: ");
	state_token_write(event, u);
	buf_add_char(event, '\n');
}

/*
 * event: state, data: StateChange (RFC 8620 7.1); the id is the push state, which it has when nothing is left. True
 * then.
 */
static bool
tell_state(struct event_request *r, struct http_exchange *x)
{
	struct json_writer w;
	struct buf event;
	bool is_all;

	buf_init(&event, EVENT_BYTES);
	buf_add_c(&event, "event: state\ndata: ");
	w = (struct json_writer){ .out = &event };
	is_all = state_change_write(&w, r->listener.user, &r->debt, r->types, false);
	buf_add_char(&event, '\n');
	if (is_all)
		add_id(&event, r->listener.user);
	buf_add_char(&event, '\n');
	http_reply_body(x, buf_str(&event));
	buf_release(&event);
	start_ping(r, x);
	return is_all;
}

/* A ping, or a comment for who wants none: without either a peer that vanished would stay for ever. */
static void
tell_ping(struct event_request *r, struct http_exchange *x)
{
	struct buf event;

	buf_init(&event, EVENT_BYTES);
	if (r->ping_s > 0) {
		buf_add_c(&event, "event: ping\ndata: {\"interval\":");
		buf_add_i64(&event, r->ping_s);
		buf_add_c(&event, "}\n\n");
	} else {
		buf_add_c(&event, ":\n\n");
	}
	http_reply_body(x, buf_str(&event));
	buf_release(&event);
	start_ping(r, x);
}

static enum http_step
stream_step(struct event_request *r, struct http_exchange *x)
{
	bool has_left = str_empty(conn_peek(x->conn)) && conn_closed(x->conn);

	if (r->listener.is_lost || has_left || x->service->is_stopping)
		return HTTP_DONE;
	switch (jmap_guard_step(&r->guard)) {
	case GUARD_HOLDS: break;
	case GUARD_RENEWED: directory_query_release(&r->guard.query); break;
	case GUARD_OVER: return HTTP_DONE;
	}
	if (http_reply_is_full(x))
		return r->ping.has_fired ? HTTP_DONE : HTTP_WAIT;
	if (state_debt_types(&r->debt, r->listener.user, r->types)) {
		if (!tell_state(r, x))
			return HTTP_YIELD;
		return r->closes_after_state ? HTTP_DONE : HTTP_WAIT;
	}
	if (r->ping.has_fired)
		tell_ping(r, x);
	return HTTP_WAIT;
}

static enum http_step
event_step(struct http_handler *h, struct http_exchange *x)
{
	struct event_request *r = container_of(h, struct event_request, handler);
	enum http_step step;

	if (!jmap_login_ready(&r->login, r->jmap, x, &step))
		return step;
	if (!r->is_open && !open_stream(r, x))
		return HTTP_DONE;
	return stream_step(r, x);
}

static void
event_release(struct http_handler *h)
{
	struct event_request *r = container_of(h, struct event_request, handler);

	state_listen_stop(&r->listener);
	jmap_guard_stop(&r->guard);
	if (r->login.loop)
		timer_stop(r->login.loop, &r->ping);
	jmap_login_release(&r->login);
	mem_free(r);
}

struct http_handler *
jmap_eventsource_open(void *room, struct http_exchange *x)
{
	struct event_request *r = mem_new(1, sizeof(*r));

	(void)x;
	r->handler = (struct http_handler){ event_step, event_release };
	r->jmap = room;
	r->login.takes_ticket = true;
	return &r->handler;
}
