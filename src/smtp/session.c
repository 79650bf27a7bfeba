#include "smtp/session.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"
#include "net/networks.h"
#include "tls/tls.h"

#define DATA_STEP \
	65536 /* bytes of content that are worth a new deadline: 100 a second by default */
#define TXN_ARENA_MAX (1024 * 1024) /* bytes: SMTP_RCPT_MAX recipients with lists behind them */

static const char *const state_names[] = {
	[SMTP_GREET] = "GREET",
	[SMTP_READ_COMMAND] = "READ_COMMAND",
	[SMTP_AUTH_READ] = "AUTH_READ",
	[SMTP_AUTH_WAIT] = "AUTH_WAIT",
	[SMTP_AUTH_DELAY] = "AUTH_DELAY",
	[SMTP_MAIL_CHECK] = "MAIL_CHECK",
	[SMTP_RCPT_RESOLVE] = "RCPT_RESOLVE",
	[SMTP_RCPT_CHECK] = "RCPT_CHECK",
	[SMTP_VERIFY] = "VERIFY",
	[SMTP_READ_DATA] = "READ_DATA",
	[SMTP_READ_CHUNK] = "READ_CHUNK",
	[SMTP_JUDGE] = "JUDGE",
	[SMTP_SLOW] = "SLOW",
	[SMTP_STORE] = "STORE",
	[SMTP_CLOSING] = "CLOSING",
};

static_assert(ARRAY_LEN(state_names) == SMTP_STATE_COUNT, "every state has its name");

/* --- transactions ---------------------------------------------------------------------------- */

void
smtp_txn_begin(struct smtp_session *s, struct str sender)
{
	struct smtp_txn *t = mem_new(1, sizeof *t);
	struct buf id;

	invariant(s->txn == NULL);
	arena_init(&t->arena, TXN_ARENA_MAX);
	t->envelope.sender = arena_str(&t->arena, sender);
	delivery_targets_init(&t->targets, &t->arena);
	buf_init(&id, sizeof t->id);
	random_text(&id, sizeof t->id);
	for (size_t i = 0; i < sizeof t->id; i++)
		t->id[i] = buf_str(&id).p[i];
	buf_release(&id);
	s->txn = t;
	s->have |= HAVE_MAIL;
}

void
smtp_txn_end(struct smtp_session *s)
{
	struct smtp_txn *t = s->txn;

	s->have &= ~(unsigned)(HAVE_MAIL | HAVE_RCPT | HAVE_CHUNK);
	if (t == NULL)
		return;
	delivery_resolve_release(&t->resolve);
	policy_domain_release(&t->domain);
	deposit_release(&t->deposit);
	intake_cancel(&t->intake);
	origin_free(&t->origin);
	arena_release(&t->arena);
	mem_free(t);
	s->txn = NULL;
}

/* --- facts ----------------------------------------------------------------------------------- */

bool
smtp_may_relay(const struct smtp_session *s)
{
	return (s->have & HAVE_AUTH) != 0 ||
	    net_networks_have(s->service->settings->relay_networks, conn_peer_address(s->conn));
}

bool
smtp_can_start_tls(const struct smtp_session *s)
{
	const struct listener *l = conn_listener(s->conn);

	return !(s->have & HAVE_TLS) && l != NULL && l->tls != NULL;
}

static bool
is_waiting_for_op(enum smtp_state state)
{
	return state == SMTP_AUTH_WAIT || state == SMTP_MAIL_CHECK || state == SMTP_RCPT_RESOLVE ||
	    state == SMTP_RCPT_CHECK || state == SMTP_VERIFY || state == SMTP_JUDGE ||
	    state == SMTP_STORE;
}

static bool
is_delay(enum smtp_state state)
{
	return state == SMTP_AUTH_DELAY || state == SMTP_SLOW;
}

/* The facts above the enum, in session.h. */
static void
smtp_session_check(const struct smtp_session *s)
{
	bool has_mail = (s->have & HAVE_MAIL) != 0;

	invariant(has_mail == (s->txn != NULL));
	switch (s->state) {
	case SMTP_READ_COMMAND: invariant(s->sasl == NULL || (s->have & HAVE_AUTH)); break;
	case SMTP_AUTH_READ:
	case SMTP_AUTH_WAIT:
	case SMTP_AUTH_DELAY:
		invariant(s->sasl != NULL && !(s->have & HAVE_AUTH) && !has_mail);
		break;
	case SMTP_MAIL_CHECK:
	case SMTP_RCPT_RESOLVE:
	case SMTP_RCPT_CHECK:
	case SMTP_SLOW:
	case SMTP_STORE:
	case SMTP_READ_DATA: invariant(has_mail); break;
	case SMTP_JUDGE: invariant(has_mail && s->txn->origin != NULL); break;
	case SMTP_GREET: invariant(s->have == 0); break;
	case SMTP_VERIFY:
	case SMTP_READ_CHUNK:
	case SMTP_CLOSING: break;
	case SMTP_STATE_COUNT: invariant(s->state != SMTP_STATE_COUNT);
	}
}

/* --- moving ---------------------------------------------------------------------------------- */

/* Content gets more time for each DATA_STEP of it: who sends single bytes loses in the end. */
static void
data_deadline(struct smtp_session *s, bool is_new)
{
	s->log.doing = "receiving a message";
	if (!is_new && s->data_since < DATA_STEP)
		return;
	s->data_since = 0;
	conn_deadline(s->conn, s->service->settings->data_ms);
}

void
smtp_enter(struct smtp_session *s, enum smtp_state state)
{
	bool is_new = state != s->state;

	if (is_new) {
		log_debug(&s->log, "smtp.state", LOG_TEXT("from", str_c(state_names[s->state])),
		    LOG_TEXT("to", str_c(state_names[state])));
	}
	s->state = state;
	conn_hold(s->conn, is_waiting_for_op(state) || is_delay(state));
	switch (state) {
	case SMTP_READ_COMMAND:
		s->log.doing = NULL;
		conn_deadline(s->conn, s->service->settings->command_ms);
		break;
	case SMTP_AUTH_READ: conn_deadline(s->conn, s->service->settings->command_ms); break;
	case SMTP_READ_DATA:
	case SMTP_READ_CHUNK: data_deadline(s, is_new); break;
	case SMTP_CLOSING:
		conn_deadline(s->conn, s->service->settings->command_ms);
		conn_finish(s->conn);
		break;
	case SMTP_AUTH_WAIT: s->log.doing = "checking a login"; /* fall through */
	case SMTP_AUTH_DELAY:
	case SMTP_MAIL_CHECK:
	case SMTP_RCPT_RESOLVE:
	case SMTP_RCPT_CHECK:
	case SMTP_VERIFY:
	case SMTP_JUDGE:
	case SMTP_SLOW:
	case SMTP_STORE:
	case SMTP_GREET: conn_deadline(s->conn, -1); break; /* the op has its own time-out */
	case SMTP_STATE_COUNT: invariant(s->state != SMTP_STATE_COUNT);
	}
}

enum smtp_state
smtp_say(struct smtp_session *s, enum smtp_reply reply)
{
	return smtp_say_with(s, reply, STR(""));
}

enum smtp_state
smtp_say_with(struct smtp_session *s, enum smtp_reply reply, struct str detail)
{
	smtp_reply_write_with(conn_out(s->conn), reply, detail);
	if (!smtp_reply_is_error(reply))
		return SMTP_READ_COMMAND;
	s->errors++;
	if (s->errors < s->service->settings->errors)
		return SMTP_READ_COMMAND;
	log_info(&s->log, "smtp.errors", LOG_NUM("errors", s->errors));
	smtp_reply_write(conn_out(s->conn), REPLY_TOO_MANY_ERRORS);
	return smtp_offend(s, OFFENCE_JUNK, SMTP_CLOSING);
}

/* --- one step -------------------------------------------------------------------------------- */

/* A line for READ_COMMAND or AUTH_READ; SMTP_STAY when there is none yet. */
static enum smtp_state
take_line(struct smtp_session *s)
{
	bool is_auth = s->state == SMTP_AUTH_READ;
	struct str line;

	switch (conn_line(s->conn, is_auth ? SMTP_AUTH_LINE_MAX : SMTP_LINE_MAX, &line)) {
	case LINE_NONE: return SMTP_STAY;
	case LINE_READY: return is_auth ? smtp_auth_line(s, line) : smtp_dispatch(s, line);
	case LINE_TOO_LONG:
		if (is_auth)
			smtp_auth_forget(s);
		return smtp_say(s, is_auth ? REPLY_AUTH_TOO_LONG : REPLY_LINE_TOO_LONG);
	case LINE_BARE:
		smtp_reply_write(conn_out(s->conn), REPLY_BARE_LINE_END);
		return SMTP_CLOSING; /* who hides commands behind a bare LF gets no second chance */
	}
	return SMTP_CLOSING;
}

/* What this state comes to now; SMTP_STAY when it has to wait. */
static enum smtp_state
advance(struct smtp_session *s)
{
	switch (s->state) {
	case SMTP_GREET: return smtp_door_wait(s);
	case SMTP_READ_COMMAND:
	case SMTP_AUTH_READ: smtp_origin_go_on(s); return take_line(s);
	case SMTP_AUTH_WAIT:
		return op_pending(&s->sasl->query.op) ? SMTP_STAY : smtp_auth_answer(s);
	case SMTP_AUTH_DELAY: return timer_running(&s->delay) ? SMTP_STAY : smtp_auth_delayed(s);
	case SMTP_RCPT_RESOLVE:
		return op_pending(&s->txn->resolve.op) ? SMTP_STAY : smtp_rcpt_resolved(s);
	case SMTP_MAIL_CHECK: return smtp_check_pending(s) ? SMTP_STAY : smtp_sender_checked(s);
	case SMTP_RCPT_CHECK:
		return op_pending(&s->txn->domain.op) ? SMTP_STAY : smtp_rcpt_checked(s);
	case SMTP_VERIFY: return op_pending(&s->verify.op) ? SMTP_STAY : smtp_verified(s);
	case SMTP_JUDGE: return smtp_finish_judged(s);
	case SMTP_SLOW: return timer_running(&s->delay) ? SMTP_STAY : smtp_finish_slowed(s);
	case SMTP_STORE: return smtp_finish_stored(s);
	case SMTP_READ_DATA: return smtp_read_data(s);
	case SMTP_READ_CHUNK: return smtp_read_chunk(s);
	case SMTP_CLOSING:
	case SMTP_STATE_COUNT: break;
	}
	return SMTP_STAY;
}

/* Why the conversation must end now, whatever it is at; REPLY_COUNT when it need not. */
static enum smtp_reply
reason_to_end(const struct smtp_session *s)
{
	if (s->service->is_stopping)
		return REPLY_SHUTDOWN;
	return conn_expired(s->conn) ? REPLY_TIMEOUT : REPLY_COUNT;
}

static bool
is_over(struct smtp_session *s)
{
	if (s->state == SMTP_CLOSING)
		return conn_drained(s->conn) || conn_expired(s->conn);
	return conn_broken(s->conn) || (conn_closed(s->conn) && !is_waiting_for_op(s->state));
}

static enum step
smtp_step(struct task *task)
{
	struct smtp_session *s = container_of(task, struct smtp_session, task);

	for (unsigned turn = 0; turn < TASK_TURNS_MAX; turn++) {
		enum smtp_reply end = reason_to_end(s);
		enum smtp_state next;

		smtp_session_check(s);
		if (s->state != SMTP_CLOSING && end != REPLY_COUNT) {
			smtp_reply_write(conn_out(s->conn), end);
			smtp_enter(s, SMTP_CLOSING);
		}
		if (s->state != SMTP_CLOSING && conn_is_high(s->conn))
			return STEP_WAIT; /* it does not read what we say: it may wait too */
		next = advance(s);
		if (next == SMTP_STAY)
			return is_over(s) ? STEP_CLOSE : STEP_WAIT;
		smtp_enter(s, next);
	}
	return STEP_YIELD;
}

/* --- birth and death --------------------------------------------------------------------------- */

static void
smtp_session_release(struct task *task)
{
	struct smtp_session *s = container_of(task, struct smtp_session, task);

	log_debug(&s->log, "smtp.end");
	smtp_txn_end(s);
	smtp_auth_forget(s);
	smtp_door_close(s);
	directory_query_release(&s->verify);
	timer_stop(s->service->loop, &s->delay);
	list_remove(&s->node);
	s->service->session_count--;
	conn_free(&s->conn);
	buf_release(&s->helo);
	mem_free(s);
}

static void
smtp_accept(struct service *service, struct listener *l, struct conn *c)
{
	struct smtp_service *service_ = container_of(service, struct smtp_service, service);
	struct smtp_session *s = mem_new(1, sizeof *s);

	s->service = service_;
	s->listener = l->settings;
	s->conn = c;
	s->proxy = *conn_peer_address(c);
	s->log = (struct log){ .room = "smtp", .session = conn_id(c), .peer = conn_peer(c) };
	buf_init(&s->helo, SMTP_PATH_MAX);
	loop_task(service_->loop, &s->task, smtp_step, smtp_session_release);
	list_append(&service_->sessions, &s->node);
	service_->session_count++;
	conn_attach(c, &s->task);
	log_debug(&s->log, "smtp.begin");
	if (l->is_tls && tls_accept(c, l->tls) == FAIL_NONE)
		s->have |= HAVE_TLS;
	if (l->is_tls && !(s->have & HAVE_TLS)) {
		smtp_enter(s, SMTP_CLOSING);
		return;
	}
	smtp_enter(s, smtp_door_open(s));
}

void
smtp_service_init(struct smtp_service *s)
{
	s->service = (struct service){ .name = "smtp",
		.accept = smtp_accept,
		.refusal = "421 4.7.0 Too many connections, try later\r\n" };
	list_init(&s->sessions);
}

void
smtp_service_stop(struct smtp_service *s)
{
	s->is_stopping = true;
	for (struct list_node *n = list_first(&s->sessions); n; n = list_next(&s->sessions, n))
		task_wake(&container_of(n, struct smtp_session, node)->task);
}

void
smtp_service_release(struct smtp_service *s)
{
	struct list_node *node;

	while ((node = list_first(&s->sessions)) != NULL) {
		struct smtp_session *session = container_of(node, struct smtp_session, node);

		task_cancel(&session->task);
		smtp_session_release(&session->task);
	}
}
