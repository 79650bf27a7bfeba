#include "imap/command.h"

/* system */
#include <assert.h>

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "policy/policy.h"
#include "tls/tls.h"

#define IMAP_CLOSING_MS 10000 /* for the last output to leave */

static const char *const state_names[] = {
	[IMAP_READ] = "READ",
	[IMAP_APPEND] = "APPEND",
	[IMAP_WORK] = "WORK",
	[IMAP_REPLY] = "REPLY",
	[IMAP_AUTH_READ] = "AUTH_READ",
	[IMAP_AUTH_WAIT] = "AUTH_WAIT",
	[IMAP_AUTH_DELAY] = "AUTH_DELAY",
	[IMAP_IDLING] = "IDLING",
	[IMAP_CLOSING] = "CLOSING",
};

static_assert(ARRAY_LEN(state_names) == IMAP_STATE_COUNT, "every state has its name");

/* --- facts ----------------------------------------------------------------------------------- */

bool
imap_is_selected(const struct imap_session *s)
{
	return s->view.view != NULL;
}

struct account *
imap_box(const struct imap_session *s)
{
	return imap_is_selected(s) ? s->view.view->account : s->account;
}

bool
imap_box_has_id(const struct imap_session *s, const struct account *a, uint32_t id)
{
	return imap_is_selected(s) && imap_box(s) == a && s->view.view->mailbox == id;
}

bool
imap_box_is(const struct imap_session *s, const struct mailbox *m)
{
	return imap_box_has_id(s, m->account, m->id);
}

bool
imap_is_rev2(const struct imap_session *s)
{
	return (s->have & HAVE_REV2) != 0;
}

bool
imap_is_utf8(const struct imap_session *s)
{
	return (s->have & (HAVE_REV2 | HAVE_UTF8)) != 0;
}

bool
imap_can_login(const struct imap_session *s)
{
	return (s->have & HAVE_TLS) ||
	    (s->listener && s->listener->has_plaintext_login && conn_is_loopback(s->conn));
}

bool
imap_can_start_tls(const struct imap_session *s)
{
	const struct listener *l = conn_listener(s->conn);

	return !(s->have & (HAVE_TLS | HAVE_AUTH)) && l && l->tls;
}

/* The facts above the struct, in session.h. */
static void
imap_session_check(const struct imap_session *s)
{
#ifdef DEV
	bool is_login =
	    s->state == IMAP_AUTH_READ || s->state == IMAP_AUTH_WAIT || s->state == IMAP_AUTH_DELAY;

	invariant(((s->have & HAVE_AUTH) != 0) == (s->account != NULL));
	invariant(!imap_is_selected(s) || s->account);
	invariant((s->sasl != NULL) == is_login);
	invariant((s->append != NULL) == (s->state == IMAP_APPEND));
	invariant(s->state != IMAP_WORK || s->run.work);
	invariant(
	    s->state != IMAP_READ || s->reader.is_refused || (s->run.reply.n == 0 && !s->run.data));
#else
	(void)s;
#endif
}

/* --- moving ---------------------------------------------------------------------------------- */

static int64_t
command_ms(const struct imap_session *s)
{
	const struct imap_settings *settings = s->service->settings;

	return s->have & HAVE_AUTH ? settings->idle_ms : settings->login_ms;
}

void
imap_enter(struct imap_session *s, enum imap_state state)
{
	if (state != s->state)
		log_debug(&s->log, "imap.state", LOG_TEXT("from", str_c(state_names[s->state])),
		    LOG_TEXT("to", str_c(state_names[state])));
	s->state = state;
	conn_hold(s->conn, state == IMAP_AUTH_WAIT || state == IMAP_AUTH_DELAY);
	switch (state) {
	case IMAP_APPEND: break; /* by the rate of its bytes */
	case IMAP_READ:
	case IMAP_WORK:
	case IMAP_REPLY:
	case IMAP_AUTH_READ:
	case IMAP_IDLING: conn_deadline(s->conn, command_ms(s)); break;
	case IMAP_AUTH_WAIT:
	case IMAP_AUTH_DELAY: conn_deadline(s->conn, -1); break; /* the op has its own time-out */
	case IMAP_CLOSING:
		conn_deadline(s->conn, IMAP_CLOSING_MS);
		conn_finish(s->conn);
		break;
	case IMAP_STATE_COUNT: invariant(state != IMAP_STATE_COUNT);
	}
}

enum imap_state
imap_bye(struct imap_session *s, const char *text)
{
	struct buf *out = conn_out(s->conn);

	if (!s->is_told) {
		buf_add_c(out, "* BYE ");
		buf_add_c(out, text);
		buf_add_c(out, "\r\n");
	}
	s->is_told = true;
	(void)imap_command_end(s);
	return IMAP_CLOSING;
}

bool
imap_is_waiting(const struct imap_session *s)
{
	return s->waits && op_pending(s->waits);
}

bool
imap_wait(struct imap_session *s, const struct blob_wait *w)
{
	if (!op_pending(&w->op))
		return false;
	s->waits = &w->op;
	return true;
}

void
imap_wait_end(struct imap_session *s, struct blob_wait *w)
{
	if (s->waits == &w->op)
		s->waits = NULL;
	blob_wait_release(w);
}

enum imap_state
imap_command_end(struct imap_session *s)
{
	if (s->run.release)
		s->run.release(s);
	imap_append_release(s);
	imap_auth_release(s);
	timer_stop(s->service->loop, &s->delay);
	arena_release(&s->run.arena);
	buf_release(&s->run.before);
	buf_release(&s->run.reply);
	imap_held_release(s);
	s->run = (struct imap_run){ .arena = s->run.arena,
		.before = s->run.before,
		.reply = s->run.reply };
	if (s->reader.text.p && !(s->have & HAVE_AUTH))
		mem_wipe(s->reader.text.p, s->reader.text.cap); /* passwords */
	buf_release(&s->reader.text);
	s->reader = (struct imap_reader){ .text = s->reader.text };
	return IMAP_READ;
}

/* --- stepping -------------------------------------------------------------------------------- */

/* What ends a session whatever it is doing; NULL when nothing does. */
static const char *
reason_to_end(const struct imap_session *s)
{
	if (s->service->is_stopping)
		return "Server is shutting down";
	if (conn_expired(s->conn))
		return "Autologout";
	if (conn_skipped(s->conn) > IMAP_FLOOD_MAX)
		return "[TOOBIG] That line has no end";
	if (s->account && (s->account->is_lost || imap_box(s)->is_lost || imap_notify_is_lost(s)))
		return "[UNAVAILABLE] The server could not store something, please log in again";
	if (imap_notify_is_broken(s))
		return "[SERVERBUG] A message is damaged";
	if (imap_is_selected(s) && s->view.is_gone)
		return "[NONEXISTENT] The selected mailbox was deleted";
	if (imap_is_selected(s) && !(s->box_rights & ACL_READ))
		return "[NONEXISTENT] The selected mailbox is no longer shared with you";
	return NULL;
}

static enum imap_state
step_read(struct imap_session *s, bool *stop_out)
{
	enum imap_state next = IMAP_READ;

	if (s->notify && s->reader.text.n == 0 && s->reader.literal == 0 &&
	    !imap_notify_tell(s, false)) {
		*stop_out = true;
		return IMAP_READ;
	}
	switch (imap_read(s, &next)) {
	case READ_WAIT: *stop_out = true; return IMAP_READ;
	case READ_COMMAND: return imap_dispatch(s);
	case READ_ENTERED: return next;
	}
	return next;
}

static enum imap_state
step_auth(struct imap_session *s, bool *stop_out)
{
	struct str line;

	if (s->state == IMAP_AUTH_WAIT) {
		if (!op_pending(&s->sasl->query.op))
			return imap_auth_answer(s);
	} else if (s->state == IMAP_AUTH_DELAY) {
		if (s->delay.has_fired)
			return imap_auth_delayed(s);
	} else {
		switch (conn_line(s->conn, SASL_MESSAGE_MAX * 2, &line)) {
		case LINE_READY: return imap_auth_line(s, line);
		case LINE_TOO_LONG:
		case LINE_BARE: imap_auth_release(s); return imap_bad(s, "Not a SASL response");
		case LINE_NONE: break;
		}
	}
	*stop_out = true;
	return s->state;
}

/* One step of what the state says; *stop_out: nothing more can be done now. */
static enum imap_state
step_state(struct imap_session *s, bool *stop_out)
{
	enum imap_state next = s->state;

	switch (s->state) {
	case IMAP_READ: return step_read(s, stop_out);
	case IMAP_APPEND: return imap_append_step(s, stop_out);
	case IMAP_IDLING: return imap_idle_step(s, stop_out);
	case IMAP_AUTH_READ:
	case IMAP_AUTH_WAIT:
	case IMAP_AUTH_DELAY: return step_auth(s, stop_out);
	case IMAP_WORK: next = s->run.work(s); break;
	case IMAP_REPLY: next = imap_reply_step(s); break;
	case IMAP_CLOSING:
	case IMAP_STATE_COUNT: break;
	}
	return next;
}

/* In WORK and REPLY: is there time for more in this turn? */
static bool
is_slice_used(const struct imap_session *s, enum imap_state next)
{
	return next == s->state && (next == IMAP_WORK || next == IMAP_REPLY);
}

static enum step
session_step(struct task *t)
{
	struct imap_session *s = container_of(t, struct imap_session, task);
	int64_t end_us = clock_precise_us() + LOOP_SLICE_US;
	unsigned turns = 0;

	do {
		enum imap_state next;
		const char *reason;
		bool stop = false;

		imap_box_look(s);
		reason = reason_to_end(s);
		imap_session_check(s);
		if (conn_broken(s->conn))
			return STEP_CLOSE;
		if (s->state == IMAP_CLOSING)
			return conn_drained(s->conn) || conn_expired(s->conn) ? STEP_CLOSE
									      : STEP_WAIT;
		if (reason) {
			imap_enter(s, imap_bye(s, reason));
			continue;
		}
		if (imap_is_waiting(s))
			return STEP_WAIT;
		next = step_state(s, &stop);
		if (stop && conn_closed(s->conn) && s->state != IMAP_AUTH_WAIT)
			return STEP_CLOSE;
		if (stop && next == s->state)
			return STEP_WAIT;
		if (is_slice_used(s, next)) {
			conn_deadline(s->conn, command_ms(s));
			return conn_is_high(s->conn) || imap_is_waiting(s) ? STEP_WAIT : STEP_YIELD;
		}
		if (next != s->state || next == IMAP_READ)
			imap_enter(s, next);
		/*
		 * One of them may be a whole command, or a part of CATENATE: many are a slice, too. What is done is
		 * answered at once.
		 */
	} while (
	    ++turns < TASK_TURNS_MAX && (s->state == IMAP_REPLY || clock_precise_us() < end_us));
	return STEP_YIELD;
}

/* --- beginning and end ----------------------------------------------------------------------- */

static void
session_reap(struct task *t)
{
	struct imap_session *s = container_of(t, struct imap_session, task);

	(void)imap_command_end(s);
	imap_unselect(s);
	imap_notify_release(s);
	account_close(&s->account);
	buf_release(&s->groups);
	imap_ranges_release(&s->saved);
	list_remove(&s->node);
	s->service->session_count--;
	task_cancel(&s->task);
	log_info(&s->log, "imap.end", LOG_NUM("login", (s->have & HAVE_AUTH) != 0));
	conn_free(&s->conn);
	mem_free(s);
}

static void
greet(struct imap_session *s)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, "* OK [");
	imap_capability_write(s, out);
	buf_add_c(out, "] Staunch is ready\r\n");
}

/* Its address guessed passwords. Nobody does the work of a handshake to say so. */
static void
turn_away(struct imap_session *s, bool is_tls)
{
	log_info(&s->log, "imap.banned");
	if (!is_tls)
		buf_add_c(conn_out(s->conn), "* BYE Not before a while has passed\r\n");
	imap_enter(s, IMAP_CLOSING);
}

static void
service_accept(struct service *self, struct listener *l, struct conn *c)
{
	struct imap_service *service = container_of(self, struct imap_service, service);
	struct imap_session *s = mem_new(1, sizeof(*s));

	s->service = service;
	s->listener = l ? l->settings : NULL;
	s->conn = c;
	s->log = (struct log){ .room = "imap", .session = conn_id(c), .peer = conn_peer(c) };
	imap_capabilities_choose(s);
	arena_init(&s->run.arena, IMAP_ARENA_MAX);
	buf_init(&s->run.before, IMAP_REPLY_MAX);
	buf_init(&s->run.reply, IMAP_REPLY_MAX);
	buf_init(&s->reader.text, IMAP_TEXT_MAX);
	buf_init(&s->groups, IMAP_GROUPS_MAX);
	list_append(&service->sessions, &s->node);
	service->session_count++;
	loop_task(service->loop, &s->task, session_step, session_reap);
	conn_attach(c, &s->task);
	log_info(&s->log, "imap.begin", LOG_NUM("tls", l && l->is_tls));
	if (policy_is_banned(service->policy, conn_peer_address(c))) {
		turn_away(s, l && l->is_tls);
		return;
	}
	if (l && l->is_tls) {
		s->have |= HAVE_TLS;
		if (tls_accept(c, l->tls) != FAIL_NONE) {
			imap_enter(s, IMAP_CLOSING);
			return;
		}
	}
	greet(s);
	imap_enter(s, IMAP_READ);
}

void
imap_service_init(struct imap_service *s)
{
	static const char *const alpn[] = { "imap", NULL };

	*s = (struct imap_service){
		.service = { .name = "imap",
		    .accept = service_accept,
		    .refusal = "* BYE [LIMIT] Too many connections\r\n",
		    .alpn = alpn },
	};
	list_init(&s->sessions);
}

void
imap_service_stop(struct imap_service *s)
{
	s->is_stopping = true;
	for (struct list_node *n = list_first(&s->sessions); n; n = list_next(&s->sessions, n))
		task_wake(&container_of(n, struct imap_session, node)->task);
}

void
imap_service_release(struct imap_service *s)
{
	struct list_node *node;

	while ((node = list_first(&s->sessions)) != NULL) {
		struct imap_session *session = container_of(node, struct imap_session, node);

		task_cancel(&session->task);
		session_reap(&session->task);
	}
}

/* --- slices ---------------------------------------------------------------------------------- */

struct imap_slice
imap_slice_begin(void)
{
	return (struct imap_slice){ .end_us = clock_precise_us() + LOOP_SLICE_US };
}

bool
imap_slice_over_now(struct imap_session *s, struct imap_slice *slice)
{
	return conn_is_high(s->conn) || clock_precise_us() >= slice->end_us;
}

bool
imap_slice_over(struct imap_session *s, struct imap_slice *slice)
{
	return ++slice->count % IMAP_SLICE_ITEMS == 0 && imap_slice_over_now(s, slice);
}
