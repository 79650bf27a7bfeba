/* The agent that talks to other hosts: its states (agent.h). */
#include "queue/agent.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define TLS_TEXT_MAX 100 /* bytes of a version and a cipher's name */

static const char *const state_names[] = {
	[REMOTE_ROUTE] = "ROUTE",
	[REMOTE_LOOKUP] = "LOOKUP",
	[REMOTE_DEMANDS] = "DEMANDS",
	[REMOTE_PARTING] = "PARTING",
	[REMOTE_OPEN] = "OPEN",
	[REMOTE_READY] = "READY",
	[REMOTE_SIGN] = "SIGN",
	[REMOTE_SEND] = "SEND",
	[REMOTE_LINGER] = "LINGER",
	[REMOTE_CLOSING] = "CLOSING",
};

_Static_assert(ARRAY_LEN(state_names) == REMOTE_STATE_COUNT, "every state has its name");

static void
remote_check(const struct remote_agent *a)
{
	switch (a->state) {
	case REMOTE_ROUTE:
	case REMOTE_DEMANDS:
	case REMOTE_LOOKUP: invariant(a->agent.job != NULL && !a->smtpc.is_open); break;
	case REMOTE_OPEN:
	case REMOTE_SIGN:
	case REMOTE_SEND:
	case REMOTE_READY: invariant(a->agent.job != NULL); break;
	case REMOTE_PARTING: invariant(a->agent.job != NULL && !a->smtpc.is_open); break;
	case REMOTE_LINGER: invariant(a->agent.job == NULL); break;
	case REMOTE_CLOSING: break;
	case REMOTE_STATE_COUNT: invariant(a->state != REMOTE_STATE_COUNT);
	}
}

/* --- the conversation ------------------------------------------------------------------------------------ */

void
remote_hang_up(struct remote_agent *a)
{
	if (a->is_busy)
		a->agent.site->busy_count--;
	a->is_busy = false;
	a->sent = 0;
	smtpc_close(&a->smtpc);
}

static enum remote_state
open_hop(struct remote_agent *a)
{
	const struct queue_house *house = &a->agent.site->queue->house;
	struct smtpc_order order;

	remote_order(a, &order);
	smtpc_open_start(&a->smtpc, house->loop, house->net,
	    house->get_trust ? house->get_trust(house->arg) : NULL, house->outbound, &a->agent.task,
	    &order);
	return REMOTE_OPEN;
}

/* How the conversation is protected; empty while that is not decided. */
static struct str
describe_tls(const struct remote_agent *a, struct arena *arena, enum smtpc_stage stage)
{
	struct buf text;
	struct str kept;

	if (!a->smtpc.is_tls)
		return stage > SMTPC_AT_TLS ? STR("no") : STR("");
	buf_init(&text, TLS_TEXT_MAX);
	buf_add_c(&text, a->smtpc.tls.version);
	buf_add_char(&text, ' ');
	buf_add_c(&text, a->smtpc.tls.cipher);
	kept = arena_str(arena, buf_str(&text));
	buf_release(&text);
	return kept;
}

/* What the host said, or what happened, as the queue keeps it. */
void
remote_last(struct remote_agent *a, const struct smtpc_answer *answer, struct queue_last *out)
{
	struct arena *arena = &a->agent.job->arena;

	*out = (struct queue_last){ .time_s = clock_wall_s(),
		.code = answer->code,
		.status = answer->status,
		.text = arena_str(arena, answer->text),
		.remote = arena_str(arena, str_c(a->remote)),
		.stage = answer->stage,
		.tls = describe_tls(a, arena, answer->stage),
		.is_verified = a->smtpc.is_tls && a->smtpc.is_authentic };
}

/* --- hosts that do not open -------------------------------------------------------------------------------- */

void
remote_site_failed(struct remote_agent *a, const struct queue_last *last)
{
	struct queue_site *s = a->agent.site;

	if (s->is_resting)
		return;
	s->is_resting = true;
	a->agent.job->change.has_failed = true;
	a->agent.job->change.last = *last;
	log_info(&a->log, "queue.site.failed", LOG_TEXT("site", buf_str(&s->name)),
	    LOG_TEXT("host", last->remote), LOG_TEXT("said", last->text));
}

/* The route of the site while it is the one taken, and not its fallback; or NULL. */
static const struct queue_route *
own_route(const struct remote_agent *a)
{
	const struct queue_site *s = a->agent.site;
	const struct queue_route *own = queue_site_route(s->queue->house.routes, buf_str(&s->name));

	return own == a->route ? own : NULL;
}

/* Somebody answered: a greeting, or more. */
static bool
is_greeted(const struct remote_agent *a)
{
	const struct smtpc_answer *answer = &a->smtpc.answer;

	return a->smtpc.op.fail == FAIL_NONE || answer->code != 0 ||
	    answer->stage > SMTPC_AT_GREETING;
}

/*
 * No host took the conversation. One refusal for good by all of them returns the message, when nobody but
 * they decide it; what an owner set up wrongly (a relay, a password, a certificate) waits until it is
 * mended.
 */
static enum remote_state
give_up(struct remote_agent *a)
{
	struct queue_site *s = a->agent.site;
	bool is_final = a->worst_open == FAIL_PERM && a->route == NULL &&
	    a->last.stage != SMTPC_AT_TLS && a->last.stage != SMTPC_AT_AUTH;

	if (is_final) {
		remote_conclude(a, JOB_FAILED, &a->last);
		return REMOTE_CLOSING;
	}
	if (!a->has_greeted && route_failed(s->queue, own_route(a))) {
		a->is_diverted = true;
		return REMOTE_ROUTE;
	}
	if (s->busy_count > 0) { /* others of us are being served: it only wants fewer of them */
		s->window = s->busy_count;
		job_free(&a->agent.job);
		return REMOTE_CLOSING;
	}
	remote_site_failed(a, &a->last);
	remote_conclude(a, JOB_POSTPONED, &a->last);
	return REMOTE_CLOSING;
}

/* Did a host say something of a recipient already? Then this is another host, for the rest. */
static bool
is_second_try(const struct remote_agent *a)
{
	for (size_t i = 0; i < a->agent.job->rcpt_count; i++)
		if (a->agent.job->rcpts[i].last.time_s != 0)
			return true;
	return false;
}

/* How TLS went with the hop at hand, if it came to that. */
static void
count_opened(struct remote_agent *a)
{
	enum smtpc_stage stage = a->smtpc.answer.stage;

	if (a->has_mx_hops && !a->is_in_clear && (a->smtpc.is_open || stage >= SMTPC_AT_TLS))
		remote_count_opened(a);
}

static enum remote_state
opened(struct remote_agent *a)
{
	struct queue_site *s = a->agent.site;
	enum fail fail = a->smtpc.op.fail;

	count_opened(a);
	if (!a->has_greeted && is_greeted(a)) {
		a->has_greeted = true;
		route_works(s->queue, own_route(a));
	}
	if (fail == FAIL_NONE && !a->smtpc.is_open)
		fail = FAIL_TEMP; /* it left right behind its welcome */
	if (fail == FAIL_NONE) {
		a->is_busy = true;
		s->busy_count++;
		return remote_send(a);
	}
	remote_last(a, &a->smtpc.answer, &a->last);
	if (a->smtpc.is_tls_failed && !a->is_in_clear && !a->is_demanding &&
	    (a->route == NULL || a->route->settings->tls == ROUTE_TLS_MAY)) {
		a->is_in_clear = true;
		return open_hop(a);
	}
	a->is_in_clear = false;
	if (fail != FAIL_PERM)
		a->worst_open = FAIL_TEMP;
	if (++a->hop_at < a->hop_count && !a->is_hurried)
		return open_hop(a);
	a->hop_at = 0;
	if (is_second_try(a)) {
		remote_conclude(a, JOB_DEFERRED, &a->last);
		return remote_next(a);
	}
	return give_up(a);
}

enum remote_state
remote_reopen(struct remote_agent *a)
{
	bool is_parting = a->smtpc.is_open;

	remote_hang_up(a);
	a->worst_open = a->is_host_barred ? FAIL_TEMP : FAIL_PERM;
	a->is_in_clear = false;
	return is_parting ? REMOTE_PARTING : open_hop(a);
}

/* --- between jobs -------------------------------------------------------------------------------------------- */

void
remote_conclude(struct remote_agent *a, enum job_outcome outcome, const struct queue_last *last)
{
	struct queue_job *j = a->agent.job;

	for (size_t i = 0; i < j->rcpt_count; i++) {
		if (j->rcpts[i].outcome != JOB_PENDING)
			continue;
		j->rcpts[i].outcome = outcome;
		if (j->rcpts[i].last.time_s == 0)
			j->rcpts[i].last = *last;
	}
	a->agent.job = NULL;
	(void)job_settle(j); /* the queue keeps what could not be written */
}

/* It carried as many messages as we send over one conversation, or the host takes. */
static bool
is_used_up(const struct remote_agent *a)
{
	const struct queue *q = a->agent.site->queue;

	return a->smtpc.is_open &&
	    (a->sent >= (uint64_t)q->house.settings->connection_messages ||
		(a->smtpc.mail_max > 0 && a->smtpc.mail_count >= a->smtpc.mail_max));
}

enum remote_state
remote_next(struct remote_agent *a)
{
	struct queue_site *s = a->agent.site;
	struct queue *q = s->queue;

	if (!site_may_try(s) || s->agent_count > site_window_max(s))
		return REMOTE_CLOSING;
	a->agent.job = job_pick(s);
	if (a->agent.job) /* a state and no call: many jobs may have their outcome at once */
		return is_used_up(a)   ? remote_reopen(a)
		    : a->smtpc.is_open ? REMOTE_READY
		    : a->has_hops      ? remote_reopen(a)
				       : REMOTE_ROUTE;
	if (!a->smtpc.is_open || is_used_up(a) || q->house.settings->linger_ms == 0 ||
	    q->has_starved)
		return REMOTE_CLOSING;
	timer_start(q->house.loop, &a->timer, &a->agent.task,
	    clock_mono_ms() + q->house.settings->linger_ms);
	return REMOTE_LINGER;
}

/* Another message came, or nobody needs this conversation. */
static enum remote_state
linger(struct remote_agent *a)
{
	struct queue_site *s = a->agent.site;

	if (!site_may_try(s) || s->queue->has_starved || !a->smtpc.is_open ||
	    !timer_running(&a->timer))
		return REMOTE_CLOSING;
	a->agent.job = job_pick(s);
	if (a->agent.job == NULL)
		return REMOTE_STAY;
	timer_stop(s->queue->house.loop, &a->timer);
	return remote_send(a);
}

/* --- the step -------------------------------------------------------------------------------------------------- */

static void
be_patient(struct remote_agent *a, int64_t ms)
{
	a->is_hurried = false;
	a->patience_ms = clock_mono_ms() + ms;
	timer_start(a->agent.site->queue->house.loop, &a->timer, &a->agent.task, a->patience_ms);
}

/* In OPEN and SEND: is there something to wait for, and may we? */
static bool
may_wait(struct remote_agent *a)
{
	const struct queue *q = a->agent.site->queue;

	if (op_pending(&a->smtpc.op) && (!q->has_starved || clock_mono_ms() < a->patience_ms))
		return true;
	timer_stop(q->house.loop, &a->timer);
	if (op_pending(&a->smtpc.op)) {
		a->is_hurried = true;
		smtpc_expire(&a->smtpc, "it was too slow while other mail waited");
	}
	return false;
}

/* A policy host that says nothing must not keep others from a connection. */
static enum remote_state
demands(struct remote_agent *a)
{
	const struct queue *q = a->agent.site->queue;

	if (q->has_starved && clock_mono_ms() >= a->patience_ms)
		remote_hurry_demands(a);
	if (!remote_knows_demands(a))
		return REMOTE_STAY;
	timer_stop(q->house.loop, &a->timer);
	return remote_demanded(a);
}

static void
enter(struct remote_agent *a, enum remote_state state)
{
	if (state == REMOTE_DEMANDS || (state == REMOTE_OPEN && a->state != REMOTE_OPEN))
		be_patient(a, OPEN_PATIENCE_MS);
	if (state == REMOTE_SEND)
		be_patient(a,
		    SEND_PATIENCE_MS +
			(int64_t)a->message.content.n / SEND_PATIENCE_BYTES_S * 1000);
	if (state != a->state)
		log_debug(&a->log, "queue.agent", LOG_TEXT("site", buf_str(&a->agent.site->name)),
		    LOG_TEXT("from", str_c(state_names[a->state])),
		    LOG_TEXT("to", str_c(state_names[state])));
	a->state = state;
	if (state == REMOTE_CLOSING)
		remote_hang_up(a); /* QUIT leaves with this turn, before our place is free */
}

static enum remote_state
advance(struct remote_agent *a)
{
	switch (a->state) {
	case REMOTE_ROUTE: return remote_route(a);
	case REMOTE_LOOKUP: return op_pending(&a->mx.op) ? REMOTE_STAY : remote_found(a);
	case REMOTE_DEMANDS: return demands(a);
	case REMOTE_PARTING: return open_hop(a);
	case REMOTE_OPEN: return may_wait(a) ? REMOTE_STAY : opened(a);
	case REMOTE_READY: return timer_running(&a->timer) ? REMOTE_STAY : remote_send(a);
	case REMOTE_SIGN: return remote_send(a);
	case REMOTE_SEND: return may_wait(a) ? REMOTE_STAY : remote_answered(a);
	case REMOTE_LINGER: return linger(a);
	case REMOTE_CLOSING:
	case REMOTE_STATE_COUNT: break;
	}
	return REMOTE_STAY;
}

static enum step
remote_step(struct task *task)
{
	struct remote_agent *a = container_of(task, struct remote_agent, agent.task);

	for (unsigned turn = 0; turn < TASK_TURNS_MAX; turn++) {
		enum remote_state next;

		remote_check(a);
		if (a->state == REMOTE_CLOSING)
			return STEP_CLOSE;
		next = advance(a);
		if (next == REMOTE_STAY)
			return STEP_WAIT;
		enter(a, next);
		if (a->state == REMOTE_PARTING)
			break; /* until the next turn */
	}
	return STEP_YIELD;
}

static void
remote_stop(struct queue_agent *agent)
{
	struct remote_agent *a = container_of(agent, struct remote_agent, agent);

	remote_forget_demands(a);
	mx_query_cancel(&a->mx);
	smtpc_cancel(&a->smtpc);
	job_free(&agent->job);
	enter(a, REMOTE_CLOSING);
	task_wake(&agent->task);
}

static void
remote_reap(struct task *task)
{
	struct remote_agent *a = container_of(task, struct remote_agent, agent.task);

	timer_stop(a->agent.site->queue->house.loop, &a->timer);
	remote_hang_up(a);
	smtpc_release(&a->smtpc);
	remote_forget_demands(a);
	mx_query_release(&a->mx);
	agent_leave(&a->agent);
	mem_free(a);
}

void
remote_agent_start(struct queue_site *s, struct queue_job *first)
{
	struct remote_agent *a = mem_new(1, sizeof *a);

	a->agent.stop = remote_stop;
	a->log.room = "queue";
	loop_task(s->queue->house.loop, &a->agent.task, remote_step, remote_reap);
	agent_join(&a->agent, s, first);
	task_wake(&a->agent.task);
}
