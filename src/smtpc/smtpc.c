#include "smtpc/smtpc.h"

/* system */
#include <assert.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "smtpc/smtpc_private.h"

const char *const smtpc_stage_names[] = {
	[SMTPC_AT_CONNECT] = "connecting",
	[SMTPC_AT_GREETING] = "greeting",
	[SMTPC_AT_HELLO] = "EHLO",
	[SMTPC_AT_TLS] = "STARTTLS",
	[SMTPC_AT_AUTH] = "AUTH",
	[SMTPC_AT_MAIL] = "MAIL FROM",
	[SMTPC_AT_RCPT] = "RCPT TO",
	[SMTPC_AT_DATA] = "DATA",
	[SMTPC_AT_CONTENT] = "end of data",
};

static_assert(ARRAY_LEN(smtpc_stage_names) == SMTPC_STAGE_COUNT, "every stage has its name");

static const struct {
	const char *name, *doing;
	enum smtpc_stage stage;
} states[] = {
	[SMTPC_OFF] = { "OFF", NULL, SMTPC_AT_CONNECT },
	[SMTPC_CONNECT] = { "CONNECT", "connecting", SMTPC_AT_CONNECT },
	[SMTPC_HANDSHAKE] = { "HANDSHAKE", "starting TLS", SMTPC_AT_TLS },
	[SMTPC_GREETING] = { "GREETING", "waiting to be greeted", SMTPC_AT_GREETING },
	[SMTPC_EHLO] = { "EHLO", "saying hello", SMTPC_AT_HELLO },
	[SMTPC_HELO] = { "HELO", "saying hello", SMTPC_AT_HELLO },
	[SMTPC_STARTTLS] = { "STARTTLS", "asking for TLS", SMTPC_AT_TLS },
	[SMTPC_AUTH] = { "AUTH", "logging in", SMTPC_AT_AUTH },
	[SMTPC_AUTH_WORK] = { "AUTH_WORK", "logging in", SMTPC_AT_AUTH },
	[SMTPC_IDLE] = { "IDLE", NULL, SMTPC_AT_MAIL },
	[SMTPC_LOOK] = { "LOOK", "looking through a message", SMTPC_AT_MAIL },
	[SMTPC_ENVELOPE] = { "ENVELOPE", "naming sender and recipients", SMTPC_AT_MAIL },
	[SMTPC_CONTENT] = { "CONTENT", "sending a message", SMTPC_AT_CONTENT },
	[SMTPC_END] = { "END", "waiting for a message to be taken", SMTPC_AT_CONTENT },
	[SMTPC_RSET] = { "RSET", "resetting", SMTPC_AT_MAIL },
};

static_assert(ARRAY_LEN(states) == SMTPC_STATE_COUNT, "every state has its row");

/* --- answers -------------------------------------------------------------------------------- */

static enum smtpc_stage
stage_of(const struct smtpc_inner *c)
{
	return c->state == SMTPC_ENVELOPE ? txn_stage(c) : states[c->state].stage;
}

struct smtpc_answer
smtpc_answer_ours(const struct smtpc_inner *c, struct status status, const char *text)
{
	return (struct smtpc_answer){ .stage = stage_of(c), .status = status, .text = str_c(text) };
}

struct smtpc_answer
smtpc_answer_heard(struct smtpc_inner *c, enum smtpc_stage stage, struct status status)
{
	struct str text = arena_str(&c->arena, buf_str(&c->reply.text));

	return (struct smtpc_answer){ .stage = stage,
		.code = c->reply.code,
		.status = status,
		.text = text.p ? text : STR("") };
}

struct sorted
smtpc_sorted(const struct smtpc_inner *c, enum smtpc_stage stage)
{
	return smtpc_sort(stage, &c->reply, c->txn.taken > 0);
}

/* --- the end of a conversation -------------------------------------------------------------- */

static void
say_quit(struct smtpc_inner *c)
{
	buf_add(conn_out(c->conn), STR("QUIT\r\n"));
	conn_finish(c->conn);
}

/* What only a running conversation needs; answers stay. */
static void
let_go(struct smtpc_inner *c)
{
	txn_release(c);
	scram_login_release(&c->scram);
	reply_clear(&c->reply);
	conn_dial_cancel(&c->dial);
	conn_free(&c->conn);
	c->s->is_open = false;
	c->log.peer = STR("");
}

/* A message was under way: those without a last word may try again. */
static enum fail
end_message(struct smtpc_inner *c, struct smtpc_answer answer)
{
	struct smtpc *s = c->s;

	/* RSET, or the end of something that nobody wanted: all know already what became of it. */
	if (c->state == SMTPC_RSET || c->txn.is_abandoned)
		return FAIL_NONE;
	s->answer = answer;
	s->is_in_doubt = c->txn.is_all_said && answer.code == 0;
	txn_settle_all(c, FAIL_TEMP, answer);
	return FAIL_TEMP;
}

enum smtpc_state
smtpc_end(struct smtpc_inner *c, enum fail fail, struct smtpc_answer answer, bool is_polite)
{
	struct smtpc *s = c->s;

	if (c->txn.message)
		fail = end_message(c, answer);
	else
		s->answer = answer;
	log_debug(&c->log, "smtpc.ended", LOG_TEXT("state", str_c(states[c->state].name)),
	    LOG_TEXT("outcome", str_c(fail_names[fail])), LOG_NUM("code", answer.code),
	    LOG_TEXT("text", answer.text));
	if (is_polite)
		say_quit(c);
	s->is_open = false;
	if (op_pending(&s->op))
		op_finish(&s->op, fail);
	return SMTPC_OFF;
}

enum smtpc_state
smtpc_garbage(struct smtpc_inner *c)
{
	return smtpc_end(c, FAIL_TEMP,
	    smtpc_answer_ours(c, STATUS(4, 5, 0), "what it said is not SMTP"), false);
}

/* --- hearing -------------------------------------------------------------------------------- */

/* Nothing (more) came of a reply. */
static enum smtpc_state
silence(struct smtpc_inner *c)
{
	if (conn_closed(c->conn))
		return smtpc_end(c, FAIL_TEMP,
		    smtpc_answer_ours(c, STATUS(4, 4, 2), "the connection was closed"), false);
	if (conn_expired(c->conn))
		return smtpc_end(c, FAIL_TEMP,
		    smtpc_answer_ours(c, STATUS(4, 4, 2), "no answer in time"), false);
	return SMTPC_STAY;
}

static enum smtpc_state
reset_reply(struct smtpc_inner *c)
{
	struct status status = c->reply.status;

	if (reply_is(&c->reply, 2))
		return txn_done(c);
	return smtpc_end(c, FAIL_TEMP, smtpc_answer_heard(c, SMTPC_AT_MAIL, status), true);
}

/* Where a whole reply leads. */
static enum smtpc_state
heard(struct smtpc_inner *c)
{
	/* RFC 5321 3.8: it closes, whatever we were at. */
	if (c->reply.code == 421)
		return smtpc_end(c, FAIL_TEMP, smtpc_answer_heard(c, stage_of(c), c->reply.status),
		    false);
	switch (c->state) {
	case SMTPC_GREETING: return hello_greeting(c);
	case SMTPC_EHLO:
	case SMTPC_HELO: return hello_reply(c);
	case SMTPC_STARTTLS: return hello_starttls(c);
	case SMTPC_AUTH: return auth_reply(c);
	case SMTPC_ENVELOPE: return txn_envelope_reply(c);
	case SMTPC_CONTENT:
	case SMTPC_END: return send_reply(c);
	case SMTPC_RSET: return reset_reply(c);
	case SMTPC_OFF: /* in these, nobody listens for a reply */
	case SMTPC_CONNECT:
	case SMTPC_HANDSHAKE:
	case SMTPC_AUTH_WORK:
	case SMTPC_IDLE:
	case SMTPC_LOOK:
	case SMTPC_STATE_COUNT:
	case SMTPC_MORE: break;
	}
	return smtpc_garbage(c);
}

enum smtpc_state
smtpc_hear(struct smtpc_inner *c)
{
	enum reply_step step = REPLY_MORE;
	enum smtpc_state next;
	struct str line;

	while (step == REPLY_MORE) {
		switch (conn_line(c->conn, SMTPC_REPLY_LINE_MAX, &line)) {
		case LINE_NONE: return silence(c);
		case LINE_READY: break;
		case LINE_TOO_LONG:
		case LINE_BARE: return smtpc_garbage(c);
		}
		step = reply_line(&c->reply, line);
		if (step == REPLY_GARBAGE)
			return smtpc_garbage(c);
		if (c->state == SMTPC_EHLO && c->reply.lines > 1)
			hello_take_line(c, c->reply.line);
	}
	next = heard(c);
	reply_clear(&c->reply);
	return next;
}

/* Between messages a host says nothing, or that it goes. */
static enum smtpc_state
idle(struct smtpc_inner *c)
{
	struct str line;

	if (conn_line(c->conn, SMTPC_REPLY_LINE_MAX, &line) == LINE_NONE && !conn_closed(c->conn))
		return SMTPC_STAY;
	return smtpc_end(c, FAIL_TEMP, smtpc_answer_ours(c, STATUS(4, 4, 2), "it has gone"), false);
}

/* --- moving --------------------------------------------------------------------------------- */

/* What a state has to say when it begins. */
static void
speak(struct smtpc_inner *c)
{
	switch (c->state) {
	case SMTPC_EHLO: hello_say(c, c->is_lmtp ? "LHLO " : "EHLO "); break;
	case SMTPC_HELO: hello_say(c, "HELO "); break;
	case SMTPC_STARTTLS: buf_add(conn_out(c->conn), STR("STARTTLS\r\n")); break;
	case SMTPC_RSET: buf_add(conn_out(c->conn), STR("RSET\r\n")); break;
	case SMTPC_OFF:
	case SMTPC_CONNECT:
	case SMTPC_HANDSHAKE:
	case SMTPC_GREETING:
	case SMTPC_AUTH:
	case SMTPC_AUTH_WORK:
	case SMTPC_IDLE:
	case SMTPC_LOOK:
	case SMTPC_ENVELOPE:
	case SMTPC_CONTENT:
	case SMTPC_END:
	case SMTPC_STATE_COUNT:
	case SMTPC_MORE: break;
	}
}

/* How long it may last; -1: as long as it likes, since nobody is waited for. */
static int64_t
limit_ms(const struct smtpc_inner *c)
{
	const struct smtpc_settings *settings = c->settings;

	switch (c->state) {
	case SMTPC_GREETING: return settings->greeting_ms;
	case SMTPC_HANDSHAKE:
	case SMTPC_EHLO:
	case SMTPC_HELO:
	case SMTPC_STARTTLS:
	case SMTPC_AUTH:
	case SMTPC_ENVELOPE:
	case SMTPC_RSET: return settings->command_ms;
	case SMTPC_CONTENT: return settings->content_ms;
	case SMTPC_END: return settings->end_ms;
	case SMTPC_OFF:
	case SMTPC_CONNECT: /* the dial has its own */
	case SMTPC_AUTH_WORK:
	case SMTPC_IDLE:
	case SMTPC_LOOK:
	case SMTPC_STATE_COUNT:
	case SMTPC_MORE: break;
	}
	return -1;
}

/* The only one to change the state. */
static void
smtpc_enter(struct smtpc_inner *c, enum smtpc_state state)
{
	invariant(state < SMTPC_STATE_COUNT);
	if (state != c->state)
		log_debug(&c->log, "smtpc.state", LOG_TEXT("from", str_c(states[c->state].name)),
		    LOG_TEXT("to", str_c(states[state].name)));
	c->state = state;
	c->log.doing = states[state].doing;
	if (state == SMTPC_OFF)
		let_go(c);
	if (c->conn == NULL)
		return;
	speak(c);
	conn_deadline(c->conn, limit_ms(c));
}

/* The facts below the diagram, in smtpc_private.h. */
static void
smtpc_check(const struct smtpc_inner *c)
{
	bool is_sending = c->state >= SMTPC_LOOK && c->state <= SMTPC_RSET;
	bool is_opening = c->state >= SMTPC_CONNECT && c->state <= SMTPC_AUTH_WORK;

	invariant(op_pending(&c->s->op) == (is_opening || is_sending));
	invariant((c->txn.message != NULL) == is_sending);
	invariant(c->s->is_open == (is_sending || c->state == SMTPC_IDLE));
	invariant((c->conn != NULL) == (c->state != SMTPC_OFF && c->state != SMTPC_CONNECT));
}

/* What this state comes to now; SMTPC_STAY when it has to wait. */
static enum smtpc_state
advance(struct smtpc_inner *c)
{
	switch (c->state) {
	case SMTPC_OFF: return SMTPC_STAY;
	case SMTPC_CONNECT: return op_pending(&c->dial.op) ? SMTPC_STAY : hello_connected(c);
	case SMTPC_HANDSHAKE: return hello_handshake(c);
	case SMTPC_GREETING:
	case SMTPC_EHLO:
	case SMTPC_HELO:
	case SMTPC_STARTTLS:
	case SMTPC_AUTH:
	case SMTPC_END:
	case SMTPC_RSET: return smtpc_hear(c);
	case SMTPC_AUTH_WORK: return auth_work(c);
	case SMTPC_IDLE: return idle(c);
	case SMTPC_LOOK: return txn_look(c);
	case SMTPC_ENVELOPE: return txn_envelope(c);
	case SMTPC_CONTENT: return send_content(c);
	case SMTPC_STATE_COUNT:
	case SMTPC_MORE: break;
	}
	return SMTPC_STAY;
}

static enum step
smtpc_step(struct task *t)
{
	struct smtpc_inner *c = container_of(t, struct smtpc_inner, task);

	for (unsigned turn = 0; turn < TASK_TURNS_MAX; turn++) {
		enum smtpc_state next;

		smtpc_check(c);
		next = advance(c);
		if (next == SMTPC_STAY)
			return STEP_WAIT;
		if (next == SMTPC_MORE)
			return STEP_YIELD;
		smtpc_enter(c, next);
	}
	return STEP_YIELD;
}

/* --- from outside --------------------------------------------------------------------------- */

static struct smtpc_inner *
begin(struct smtpc *s, struct loop *loop, struct tls_trust *trust,
    const struct smtpc_settings *settings, struct task *owner, const struct smtpc_order *order)
{
	struct smtpc_inner *c = mem_new(1, sizeof *c);

	invariant(!op_pending(&s->op));
	smtpc_release(s);
	op_begin(&s->op, owner);
	s->inner = c;
	s->rcpt_max = (size_t)settings->rcpt_max;
	c->s = s;
	c->trust = tls_trust_hold(trust);
	c->settings = settings;
	c->order = *order;
	c->is_lmtp = order->is_lmtp;
	c->log = (struct log){ .room = "smtpc" };
	loop_task(loop, &c->task, smtpc_step, NULL);
	arena_init(&c->arena, SMTPC_ARENA_MAX);
	smtpc_enter(c, SMTPC_CONNECT);
	return c;
}

void
smtpc_open_start(struct smtpc *s, struct loop *loop, struct net *net, struct tls_trust *trust,
    const struct smtpc_settings *settings, struct task *owner, const struct smtpc_order *order)
{
	struct smtpc_inner *c = begin(s, loop, trust, settings, owner, order);

	if (str_empty(order->unix_path))
		conn_dial_from_start(&c->dial, net, &c->task, &order->to, &order->from,
		    settings->connect_ms);
	else
		conn_dial_unix_start(&c->dial, net, &c->task, order->unix_path,
		    settings->connect_ms);
}

void
smtpc_open_on_start(struct smtpc *s, struct loop *loop, struct tls_trust *trust,
    const struct smtpc_settings *settings, struct task *owner, const struct smtpc_order *order,
    struct conn *conn)
{
	struct smtpc_inner *c = begin(s, loop, trust, settings, owner, order);

	c->dial.conn = conn;
	task_wake(&c->task);
}

void
smtpc_send_start(struct smtpc *s, struct task *owner, struct smtpc_message *message)
{
	struct smtpc_inner *c = s->inner;

	invariant(s->is_open && !op_pending(&s->op));
	op_begin(&s->op, owner);
	s->answer = (struct smtpc_answer){ 0 };
	s->is_in_doubt = false;
	arena_reset(&c->arena);
	if (!txn_begin(c, message)) {
		op_finish(&s->op, FAIL_NONE);
		return;
	}
	smtpc_enter(c, SMTPC_LOOK);
	task_wake(&c->task);
}

void
smtpc_expire(struct smtpc *s, const char *why)
{
	struct smtpc_inner *c = s->inner;

	if (!op_pending(&s->op))
		return;
	smtpc_enter(c, smtpc_end(c, FAIL_TEMP, smtpc_answer_ours(c, STATUS(4, 4, 2), why), false));
}

void
smtpc_cancel(struct smtpc *s)
{
	struct smtpc_inner *c = s->inner;

	op_drop(&s->op);
	if (c == NULL)
		return;
	smtpc_enter(c, SMTPC_OFF);
	task_cancel(&c->task);
}

void
smtpc_close(struct smtpc *s)
{
	if (s->inner && s->inner->state == SMTPC_IDLE)
		say_quit(s->inner);
	smtpc_cancel(s);
}

void
smtpc_release(struct smtpc *s)
{
	smtpc_close(s);
	if (s->inner) {
		tls_trust_free(&s->inner->trust);
		arena_release(&s->inner->arena);
	}
	mem_free(s->inner);
	*s = (struct smtpc){ 0 };
}
