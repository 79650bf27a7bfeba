/* One job over an open conversation (agent.h). */
#include "queue/agent.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define MINUTE_MS 60000

/* --- before it is said --------------------------------------------------------------------------------------- */

/* The mailbox is on this very machine: nothing goes over a network (RFC 8689 4.4). */
static bool
is_delivered_here(const struct remote_agent *a)
{
	const struct net_address *to = &a->hops[a->hop_at].address;

	return a->route && a->route->settings->way == ROUTE_LMTP &&
	    (to->family == NET_ADDRESS_NONE || net_address_is_loopback(to));
}

/* Why a message that must travel encrypted cannot do so over this conversation (RFC 8689 2, 4.2.1); NULL: it can. */
static const char *
why_unsafe(const struct remote_agent *a, struct status *status_out)
{
	*status_out = STATUS(5, 7, 10);
	if (!a->smtpc.is_tls)
		return "the host offers no encryption, which the message demands";
	if (!(a->smtpc.has & SMTPC_HAS_REQUIRETLS)) {
		*status_out = STATUS(5, 7, 30);
		return "the host does not promise to keep the message encrypted, as it demands";
	}
	if (!a->smtpc.is_authentic)
		return "the host does not prove who it is, as the message demands";
	if (!remote_is_name_proved(a))
		return "neither DNSSEC nor MTA-STS proves that it is the domain's host, as the message "
		       "demands";
	return NULL;
}

/*
 * The envelope for this host. REQUIRETLS is said only where it holds (2); reports go without where it does not (5).
 * Otherwise why the host may not have the message.
 */
static const char *
write_envelope(struct remote_agent *a, struct status *status_out)
{
	const char *why = NULL;

	a->envelope = a->agent.job->message.envelope;
	if (!a->envelope.is_tls_must)
		return NULL;
	if (is_delivered_here(a)) {
		a->envelope.is_tls_must = (a->smtpc.has & SMTPC_HAS_REQUIRETLS) != 0;
		return NULL;
	}
	why = why_unsafe(a, status_out);
	if (why && str_empty(a->envelope.sender)) {
		a->envelope.is_tls_must = false;
		return NULL;
	}
	return why;
}

/* On to the first address of the next host; false: there is none, and the first one is at hand again. */
static bool
skip_host(struct remote_agent *a)
{
	struct str host = a->hops[a->hop_at].host;

	while (a->hop_at < a->hop_count && str_eq(a->hops[a->hop_at].host, host))
		a->hop_at++;
	if (a->hop_at < a->hop_count)
		return true;
	a->hop_at = 0;
	return false;
}

/* This host may not have the message: another one may, or it comes back. */
static enum remote_state
pass_over(struct remote_agent *a, struct status status, const char *why)
{
	struct queue_job *j = a->agent.job;
	const struct smtpc_answer answer = { .stage = SMTPC_AT_MAIL,
		.status = status,
		.text = str_c(why) };
	struct queue_last last;
	size_t hop = a->hop_at;

	remote_last(a, &answer, &last);
	if (skip_host(a)) {
		for (size_t i = 0; i < j->rcpt_count; i++)
			if (j->rcpts[i].outcome == JOB_PENDING)
				j->rcpts[i].last = last;
		return remote_reopen(a);
	}
	if (hop != a->hop_at)
		remote_hang_up(a); /* the next job begins with the best host again */
	remote_conclude(a, JOB_FAILED, &last);
	return remote_next(a);
}

/* The site's rate: when the next message may go, monotonic; 0: now. */
static int64_t
pause_ms(struct remote_agent *a)
{
	struct queue_site *s = a->agent.site;
	int64_t rate = a->route && a->route->settings->rate > 0
	    ? a->route->settings->rate
	    : s->queue->house.settings->site_rate;
	int64_t now_ms = clock_mono_ms();

	if (rate == 0)
		return 0;
	if (s->next_ms > now_ms)
		return s->next_ms;
	s->next_ms = now_ms + MINUTE_MS / rate;
	return 0;
}

/* Recipients without an outcome, as many as the host takes at once. */
static size_t
fill_batch(struct remote_agent *a)
{
	struct queue_job *j = a->agent.job;
	size_t most = size_min(j->rcpt_count, a->smtpc.rcpt_max);

	a->batch_count = 0;
	a->batch = arena_alloc(&j->arena, most, sizeof *a->batch);
	a->batch_of = arena_alloc(&j->arena, most, sizeof(struct job_rcpt *));
	if (a->batch == NULL || a->batch_of == NULL)
		return 0;
	for (size_t i = 0; i < j->rcpt_count && a->batch_count < most; i++) {
		if (j->rcpts[i].outcome != JOB_PENDING)
			continue;
		a->batch_of[a->batch_count] = &j->rcpts[i];
		a->batch[a->batch_count++].rcpt = &j->rcpts[i].row.envelope;
	}
	return a->batch_count;
}

/* It has its signatures, or needs none: what stays with us, in mailboxes behind LMTP, proves nothing to anybody. */
static enum job_signed
sign(struct remote_agent *a)
{
	struct str content;

	if (a->route && a->route->settings->way == ROUTE_LMTP)
		return JOB_SIGNED;
	if (job_map(a->agent.job, &content) != FAIL_NONE)
		return JOB_SIGNED; /* which is told when it is to be sent */
	return job_sign(a->agent.job, content, smtpc_takes(&a->smtpc), &a->agent.task);
}

enum remote_state
remote_send(struct remote_agent *a)
{
	struct queue_job *j = a->agent.job;
	struct queue_last lost = { .time_s = clock_wall_s(),
		.status = STATUS(4, 3, 0),
		.text = STR("the message cannot be read here now") };
	int64_t until_ms;
	struct status unsafe;
	const char *why = write_envelope(a, &unsafe);
	struct str content;

	if (!a->smtpc.is_open) /* it left while nothing was said */
		return remote_reopen(a);
	switch (sign(a)) {
	case JOB_SIGNED: break;
	case JOB_SIGN_MORE: return REMOTE_SIGN;
	case JOB_SIGN_WAIT: return a->state == REMOTE_SIGN ? REMOTE_STAY : REMOTE_SIGN;
	}
	until_ms = pause_ms(a);
	if (until_ms > 0) {
		timer_start(a->agent.site->queue->house.loop, &a->timer, &a->agent.task, until_ms);
		return REMOTE_READY;
	}
	if (why)
		return pass_over(a, unsafe, why);
	if (job_map(j, &content) != FAIL_NONE || fill_batch(a) == 0) {
		log_error(&a->log, "queue.file.unreadable", LOG_NUM("message", j->message.id));
		remote_conclude(a, JOB_DEFERRED, &lost);
		return remote_next(a);
	}
	a->message = (struct smtpc_message){ .envelope = &a->envelope,
		.rcpts = a->batch,
		.rcpt_count = a->batch_count,
		.fields = job_fields(j),
		.content = content,
		.now_s = clock_wall_s() };
	smtpc_send_start(&a->smtpc, &a->agent.task, &a->message);
	return REMOTE_SEND;
}

/* --- after it was answered -------------------------------------------------------------------------------------- */

static enum job_outcome
outcome_of(const struct remote_agent *a, const struct smtpc_rcpt *r)
{
	if (r->fail == FAIL_NONE) {
		if (a->route && a->route->settings->way == ROUTE_LMTP)
			return JOB_STORED; /* RFC 2033: it is in the mailbox */
		return a->smtpc.has & SMTPC_HAS_DSN ? JOB_DELIVERED : JOB_RELAYED;
	}
	return r->fail == FAIL_PERM ? JOB_FAILED : JOB_DEFERRED;
}

static void
take_outcomes(struct remote_agent *a)
{
	struct queue_site *s = a->agent.site;
	bool has_success = false;

	for (size_t i = 0; i < a->batch_count; i++) {
		struct job_rcpt *r = a->batch_of[i];

		r->outcome = outcome_of(a, &a->batch[i]);
		remote_last(a, &a->batch[i].answer, &r->last);
		has_success |= a->batch[i].fail == FAIL_NONE;
	}
	if (a->smtpc.op.fail != FAIL_NONE)
		return;
	s->broken = 0;
	if (has_success && s->window < site_window_max(s))
		s->window++;
	if (s->failures > 0) {
		s->failures = 0;
		a->agent.job->change.is_well = true;
	}
}

static bool
has_pending(const struct queue_job *j)
{
	for (size_t i = 0; i < j->rcpt_count; i++)
		if (j->rcpts[i].outcome == JOB_PENDING)
			return true;
	return false;
}

/* Recipients that this host did not take now are for the next host, if there is another (RFC 5321 5.1). */
static bool
go_to_next_host(struct remote_agent *a)
{
	struct queue_job *j = a->agent.job;
	bool has_some = false;

	if (!skip_host(a))
		return false;
	for (size_t i = 0; i < j->rcpt_count; i++) {
		if (j->rcpts[i].outcome != JOB_DEFERRED)
			continue;
		j->rcpts[i].outcome = JOB_PENDING;
		has_some = true;
	}
	if (!has_some)
		a->hop_at = 0;
	return has_some;
}

/* Conversations that break, one after the other, say something of the host and not of the messages. */
static void
note_broken(struct remote_agent *a)
{
	struct queue_site *s = a->agent.site;
	struct queue_last last;

	if (++s->broken >= SITE_BROKEN_MAX && s->busy_count <= 1) {
		remote_last(a, &a->smtpc.answer, &last);
		remote_site_failed(a, &last);
	}
}

/* Others wait for a connection, and this one had its share: the site goes behind them. */
static void
note_sent(struct remote_agent *a)
{
	struct queue_site *s = a->agent.site;
	const struct queue *q = s->queue;

	a->sent++;
	if (!q->has_starved || a->sent < (uint64_t)q->house.settings->connection_messages)
		return;
	s->is_yielding = true;
	a->agent.job->change.is_yielding = true;
}

static bool
has_deferred(const struct queue_job *j)
{
	for (size_t i = 0; i < j->rcpt_count; i++)
		if (j->rcpts[i].outcome == JOB_DEFERRED)
			return true;
	return false;
}

/*
 * A conversation that was used before ended when the next message began: its host had waited long enough, or
 * takes so many and no more. That says nothing of this message, which opens a new one.
 */
static bool
has_run_out(const struct remote_agent *a)
{
	return a->smtpc.op.fail != FAIL_NONE && a->sent > 0 &&
	    a->smtpc.answer.stage == SMTPC_AT_MAIL;
}

enum remote_state
remote_answered(struct remote_agent *a)
{
	struct queue_job *j = a->agent.job;
	struct queue_last none = { 0 };
	size_t hop = a->hop_at;

	if (has_run_out(a))
		return remote_reopen(a);
	take_outcomes(a);
	if (a->smtpc.op.fail == FAIL_NONE && has_pending(j))
		return remote_send(a);
	/* A host that did not answer the end of data may have the message: no other gets it now. */
	if (!a->smtpc.is_in_doubt && !a->is_hurried && has_deferred(j) && go_to_next_host(a))
		return remote_reopen(a);
	note_sent(a);
	if (a->smtpc.op.fail != FAIL_NONE)
		note_broken(a);
	if (hop != a->hop_at)
		remote_hang_up(a); /* the next job begins with the best host again */
	remote_conclude(a, JOB_DEFERRED, &none);
	return remote_next(a);
}
