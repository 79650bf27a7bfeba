/*
 * Agents of "@local": ask the directory where an address leads, and settle it: into mailboxes here, as a
 * forward to elsewhere, or at the site of a domain that is not ours.
 *
 *     RESOLVE --another recipient--> RESOLVE
 *        \--the last one--> EXPAND --members elsewhere, more than a slice--> EXPAND, in the next turn
 *                              \--the rest--> REACH --files are where the accounts keep theirs-->
 *                                             store and settle, next job --> RESOLVE
 *                                                                  \--no job--> gone
 *
 * Recipients of a job are resolved one after the other into one set of targets, so that an account that
 * several of them lead to gets one copy; then the message is stored once for all. Everything that is written
 * belongs to the step that writes the rows: when they cannot be written, what was stored is taken back.
 */
#include "queue/agent.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "delivery/delivery.h"
#include "delivery/resolve.h"

#define TARGETS_ARENA_MAX (2 * 1024 * 1024) /* bytes: DELIVERY_TARGETS_MAX accounts */

struct local_agent {
	struct queue_agent agent;
	struct delivery_resolve resolve; /* own */
	struct arena arena;              /* targets */
	struct delivery_targets targets;
	struct forwards forwards; /* own */
	size_t at;                /* the recipient being resolved */
	bool is_asking;
	struct delivery_reach reach; /* own */
};

static struct local_agent *
local_of(struct queue_agent *a)
{
	return container_of(a, struct local_agent, agent);
}

/* --- outcomes ---------------------------------------------------------------------------------------------- */

/* A domain that is not ours: the recipient waits there. */
static void
move(struct queue_job *j, struct job_rcpt *r)
{
	struct buf site;

	buf_init(&site, SITE_MAX);
	if (queue_site_write(&site, j->queue->house.routes, r->row.envelope.address,
		(j->message.traits & QUEUE_TLS_OPTIONAL) != 0) == FAIL_NONE) {
		job_rcpt_set(r, JOB_MOVED, STATUS(2, 0, 0), "");
		r->moved_to = arena_str(&j->arena, buf_str(&site));
	} else {
		job_rcpt_set(r, JOB_FAILED, STATUS(5, 1, 2),
		    "the domain of the address is not valid");
	}
	buf_release(&site);
}

/* What the directory's answer means when the address does not lead anywhere now. */
static void
judge(struct queue_job *j, struct job_rcpt *r, const struct delivery_resolve *answer)
{
	switch (answer->op.fail) {
	case FAIL_NONE: break;
	case FAIL_DENIED: move(j, r); break;
	case FAIL_MISSING:
		if (answer->is_disabled)
			job_rcpt_set(r, JOB_FAILED, STATUS(5, 2, 1), "the mailbox is disabled");
		else
			job_rcpt_set(r, JOB_FAILED, STATUS(5, 1, 1), "there is no such user");
		break;
	case FAIL_SYNTAX:
		job_rcpt_set(r, JOB_FAILED, STATUS(5, 1, 3), "the address is not valid");
		break;
	case FAIL_PERM:
		job_rcpt_set(r, JOB_FAILED, STATUS(5, 4, 6), "the address leads back to itself");
		break;
	case FAIL_LIMIT:
		if (answer->is_full)
			job_rcpt_set(r, JOB_DEFERRED, STATUS(4, 2, 2), "the mailbox is full");
		else
			job_rcpt_set(r, JOB_FAILED, STATUS(5, 5, 3),
			    "the list has too many members");
		break;
	case FAIL_TEMP:
	case FAIL_COUNT:
		job_rcpt_set(r, JOB_DEFERRED, STATUS(4, 3, 0), "the directory does not answer");
		break;
	}
}

/* --- storing ---------------------------------------------------------------------------------------------------- */

/* Nobody has it: the recipient waits, or fails. */
static void
judge_unstored(struct job_rcpt *r, enum fail outcome)
{
	switch (outcome) {
	case FAIL_NONE:
	case FAIL_MISSING: break;
	case FAIL_LIMIT:
		job_rcpt_set(r, JOB_DEFERRED, STATUS(4, 2, 2), "the mailbox is full");
		break;
	case FAIL_PERM:
		job_rcpt_set(r, JOB_FAILED, STATUS(5, 4, 6), "the message goes round in a loop");
		break;
	case FAIL_SYNTAX:
	case FAIL_DENIED:
	case FAIL_TEMP:
	case FAIL_COUNT:
		job_rcpt_set(r, JOB_DEFERRED, STATUS(4, 3, 1), "the mailbox cannot be written now");
		break;
	}
}

/* The accounts behind a recipient: those that have it are counted, the others listed. For mem_free(). */
static struct str *
others_of(const struct local_agent *l, const struct job_rcpt *r, size_t *stored, size_t *count_out)
{
	struct str *accounts = mem_new(l->targets.count + 1, sizeof *accounts);

	*count_out = 0;
	for (size_t i = 0; i < l->targets.count; i++) {
		const struct delivery_target *target = &l->targets.targets[i];

		if (!delivery_target_has(target, r->row.envelope.address))
			continue;
		if (target->outcome == FAIL_NONE)
			(*stored)++;
		else
			accounts[(*count_out)++] = target->account;
	}
	return accounts;
}

/*
 * Some have it, others could not take it: those get a message of their own, so that nobody gets it twice.
 * FAIL_MISSING: nobody has it. FAIL_LIMIT: there is no room to say so.
 */
static enum fail
split(struct local_agent *l, struct job_rcpt *r)
{
	size_t stored = r->outcome == JOB_PENDING ? 0 : 1, failed;
	struct str *accounts = others_of(l, r, &stored, &failed);
	enum fail fail =
	    stored > 0 ? job_add_later(l->agent.job, r, accounts, failed) : FAIL_MISSING;

	mem_free(accounts);
	return fail;
}

static void
judge_stored(struct local_agent *l, struct job_rcpt *r)
{
	enum fail outcome = delivery_outcome(&l->targets, r->row.envelope.address);

	if (outcome == FAIL_MISSING) /* it led to nobody here */
		return;
	if (outcome == FAIL_NONE) {
		if (r->outcome == JOB_PENDING)
			job_rcpt_set(r, JOB_STORED, STATUS(2, 1, 5), "");
	} else if (split(l, r) == FAIL_NONE) {
		job_rcpt_set(r, JOB_EXPANDED, STATUS(2, 0, 0), "");
	} else {
		judge_unstored(r, outcome);
	}
}

static struct delivery
delivery_of(const struct queue_job *j)
{
	return (struct delivery){ .account = STR(QUEUE_FOLDER),
		.blob = j->message.blob,
		.sender = j->message.envelope.sender,
		.is_tls_must = j->message.envelope.is_tls_must,
		.received_s = clock_wall_s(),
		.is_junk = (j->message.traits & QUEUE_JUNK) != 0 };
}

/* Mailboxes are elsewhere: a message of its own for the accounts behind each recipient. */
static void
hand_on_all(struct local_agent *l)
{
	struct queue_job *j = l->agent.job;

	for (size_t i = 0; i < j->rcpt_count; i++) {
		struct job_rcpt *r = &j->rcpts[i];
		size_t stored = 0, count;
		struct str *accounts = others_of(l, r, &stored, &count);

		if (count > 0 && job_add_home(j, r, accounts, count) == FAIL_NONE)
			job_rcpt_set(r, JOB_EXPANDED, STATUS(2, 0, 0), "");
		else if (count > 0)
			job_rcpt_set(r, JOB_DEFERRED, STATUS(4, 5, 3),
			    "too many recipients to be handed on at once");
		mem_free(accounts);
	}
}

/* The message into all mailboxes that were found; the queue's file is linked to each. Outcomes follow. */
static void
store_all(struct local_agent *l)
{
	struct queue_job *j = l->agent.job;
	struct delivery d = delivery_of(j);
	enum fail fail;

	if (l->targets.count == 0)
		return;
	fail = delivery_store(j->queue->house.mail, &d, &l->targets);
	if (fail != FAIL_NONE)
		log_debug(&j->queue->log, "queue.store", LOG_NUM("message", j->message.id),
		    LOG_TEXT("outcome", str_c(fail_names[fail])));
	for (size_t i = 0; i < j->rcpt_count; i++)
		judge_stored(l, &j->rcpts[i]);
}

/* --- the agent ---------------------------------------------------------------------------------------------------- */

static void
begin_job(struct local_agent *l, struct queue_job *j)
{
	l->agent.job = j;
	l->at = 0;
	arena_reset(&l->arena);
	delivery_reach_release(&l->reach);
	delivery_targets_init(&l->targets, &l->arena);
	forwards_reset(&l->forwards);
}

/* There is another one to work on. */
static bool
next_job(struct local_agent *l)
{
	struct queue_job *next = NULL;

	if (site_may_try(l->agent.site))
		next = job_pick(l->agent.site);
	if (next)
		begin_job(l, next);
	return next != NULL;
}

/* A slice of members elsewhere is on its way. False: it is not, and the job is over. */
static bool
end_slice(struct local_agent *l)
{
	struct queue_job *j = l->agent.job;
	enum fail fail = job_expand(j);

	if (fail == FAIL_NONE)
		return true;
	l->agent.job = NULL;
	if (fail == FAIL_MISSING) /* cancelled meanwhile */
		job_free(&j);
	else
		job_give_up(j);
	return false;
}

/* Everything is known: the job goes, the next one comes. False: there is none. */
static bool
end_job(struct local_agent *l)
{
	struct queue *q = l->agent.site->queue;
	struct queue_job *j = l->agent.job;
	struct delivery d = delivery_of(j);

	if (queue_hands_on(q))
		hand_on_all(l);
	else
		store_all(l);
	l->agent.job = NULL;
	if (job_settle(j)) /* the job goes at the end of the turn, and its texts with it */
		queue_follow(q, &d, &l->targets);
	else if (delivery_undo(q->house.mail, &l->targets) != FAIL_NONE)
		q->is_turn_lost = true;
	return next_job(l);
}

static void
ask(struct local_agent *l)
{
	const struct queue_house *house = &l->agent.site->queue->house;
	const struct job_rcpt *r = &l->agent.job->rcpts[l->at];

	l->is_asking = true;
	delivery_resolve_start(&l->resolve, house->loop, house->home ? NULL : house->mail,
	    house->directory, &l->agent.task, r->row.envelope.address, 0, &l->targets);
}

static void
take_answer(struct local_agent *l)
{
	struct job_rcpt *r = &l->agent.job->rcpts[l->at++];

	l->is_asking = false;
	judge(l->agent.job, r, &l->resolve);
	if (l->resolve.op.fail == FAIL_NONE && l->resolve.remote_count > 0 &&
	    forwards_add(&l->forwards, r, &l->resolve) != FAIL_NONE) {
		delivery_targets_drop(&l->targets, r->row.envelope.address);
		job_rcpt_set(r, JOB_DEFERRED, STATUS(4, 5, 3),
		    "too many recipients to be forwarded at once");
	}
	delivery_resolve_release(&l->resolve);
}

/* Is the file where those of the accounts are kept? False: not yet. */
static bool
reach(struct local_agent *l)
{
	const struct queue_house *house = &l->agent.site->queue->house;

	if (house->home != NULL)
		return true;
	if (!delivery_reach_is_started(&l->reach))
		delivery_reach_start(&l->reach, house->mail, STR(QUEUE_FOLDER),
		    l->agent.job->message.blob, &l->targets, &l->agent.task);
	return delivery_reach_is_done(&l->reach);
}

static enum step
local_step(struct task *task)
{
	struct local_agent *l = container_of(task, struct local_agent, agent.task);

	for (unsigned turn = 0; turn < TASK_TURNS_MAX; turn++) {
		if (l->agent.job == NULL)
			return STEP_CLOSE;
		if (l->is_asking && op_pending(&l->resolve.op))
			return STEP_WAIT;
		if (l->is_asking)
			take_answer(l);
		else if (l->at < l->agent.job->rcpt_count)
			ask(l);
		else if (forwards_next(&l->forwards, l->agent.job, &l->targets))
			return end_slice(l) || next_job(l) ? STEP_YIELD : STEP_CLOSE;
		else if (!reach(l))
			return STEP_WAIT;
		else if (!end_job(l))
			return STEP_CLOSE;
	}
	return STEP_YIELD;
}

static void
local_stop(struct queue_agent *a)
{
	struct local_agent *l = local_of(a);

	delivery_resolve_release(&l->resolve);
	delivery_reach_release(&l->reach);
	job_free(&a->job);
	task_wake(&a->task);
}

static void
local_reap(struct task *task)
{
	struct local_agent *l = container_of(task, struct local_agent, agent.task);

	delivery_resolve_release(&l->resolve);
	delivery_reach_release(&l->reach);
	agent_leave(&l->agent);
	forwards_release(&l->forwards);
	arena_release(&l->arena);
	mem_free(l);
}

void
local_agent_start(struct queue_site *s, struct queue_job *first)
{
	struct local_agent *l = mem_new(1, sizeof *l);

	l->agent.stop = local_stop;
	arena_init(&l->arena, TARGETS_ARENA_MAX);
	forwards_init(&l->forwards);
	loop_task(s->queue->house.loop, &l->agent.task, local_step, local_reap);
	agent_join(&l->agent, s, first);
	begin_job(l, first);
	task_wake(&l->agent.task);
}
