/* Settling: outcomes become records, in one transaction with the reports that they cause (inner.h). */
#include "queue/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

static const char *const outcome_names[] = {
	[JOB_PENDING] = "pending",
	[JOB_DELIVERED] = "delivered",
	[JOB_RELAYED] = "relayed",
	[JOB_STORED] = "stored",
	[JOB_EXPANDED] = "expanded",
	[JOB_FORWARDED] = "forwarded",
	[JOB_DISCARDED] = "discarded",
	[JOB_DEFERRED] = "deferred",
	[JOB_POSTPONED] = "postponed",
	[JOB_MOVED] = "moved",
	[JOB_FAILED] = "failed",
};

_Static_assert(ARRAY_LEN(outcome_names) == JOB_OUTCOME_COUNT, "every outcome has its name");

/* The recipient leaves the queue. */
static bool
is_final(enum job_outcome outcome)
{
	switch (outcome) {
	case JOB_DELIVERED:
	case JOB_RELAYED:
	case JOB_STORED:
	case JOB_EXPANDED:
	case JOB_FORWARDED:
	case JOB_DISCARDED:
	case JOB_FAILED: return true;
	case JOB_PENDING:
	case JOB_DEFERRED:
	case JOB_POSTPONED:
	case JOB_MOVED:
	case JOB_OUTCOME_COUNT: break;
	}
	return false;
}

/* --- the transaction ---------------------------------------------------------------------------------------- */

struct settling {
	struct queue_job *job;
	struct queue_report report;
	struct addition added; /* the report */
	int64_t now_s;
	/* set by each run: */
	struct queue_message stored; /* the message as it is in the store now */
	struct buf copy;             /* of its record */
	size_t gone;                 /* recipients that left */
	bool is_message_gone;        /* nothing is left of it, or it was cancelled meanwhile */
};

static struct queue_place
place_of(const struct settling *g, const struct queue_rcpt *row)
{
	return (struct queue_place){ .site = row->site,
		.priority = g->stored.envelope.priority,
		.due_s = row->due_s,
		.message = row->message,
		.n = row->n };
}

/*
 * The recipient leaves the place where it waits: that of its row in the store, which a command may have moved
 * since the job was picked. FAIL_MISSING: it was cancelled meanwhile.
 */
static enum fail
leave_place(struct txn *t, const struct settling *g, const struct queue_rcpt *row)
{
	struct key k = queue_key_rcpt(row->message, row->n);
	struct queue_rcpt stored = { .n = 0 };
	struct queue_place place;
	struct buf copy;
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail != FAIL_NONE)
		return fail;
	buf_init(&copy, STORE_VALUE_MAX);
	buf_add(&copy, value);
	fail = queue_rcpt_read(buf_str(&copy), &stored);
	stored.message = row->message;
	stored.n = row->n;
	place = place_of(g, &stored);
	k = queue_key_place(&place);
	if (fail == FAIL_NONE)
		fail = txn_delete(t, key_str(&k));
	buf_release(&copy);
	return fail;
}

static enum fail
put_row(struct txn *t, const struct settling *g, const struct queue_rcpt *row)
{
	struct queue_place place = place_of(g, row);
	struct key k = queue_key_place(&place);
	enum fail fail = queue_rcpt_put(t, row);

	if (fail == FAIL_NONE && !g->stored.is_held)
		fail = txn_put(t, key_str(&k), STR(""));
	return fail;
}

/* How the row looks after this try. */
static struct queue_rcpt
next_row(const struct settling *g, const struct job_rcpt *r)
{
	struct queue_rcpt row = r->row;

	row.is_told |= r->is_told_now;
	if (r->outcome == JOB_DEFERRED || r->outcome == JOB_POSTPONED) {
		row.attempts++;
		row.last = r->last;
	}
	if (r->outcome == JOB_DEFERRED)
		row.due_s = g->now_s + queue_wait_s(g->job->queue, row.attempts);
	if (r->outcome == JOB_MOVED) {
		row.site = r->moved_to;
		row.due_s = g->now_s;
	}
	return row;
}

static enum fail
settle_rcpt(struct txn *t, struct settling *g, const struct job_rcpt *r)
{
	struct key k = queue_key_rcpt(r->row.message, r->row.n);
	struct site_change moved = { .site = r->moved_to };
	struct queue_rcpt row = next_row(g, r);
	enum fail fail = leave_place(t, g, &r->row);

	if (fail == FAIL_MISSING)
		return FAIL_NONE;
	if (fail == FAIL_NONE && is_final(r->outcome)) {
		g->gone++;
		return txn_delete(t, key_str(&k));
	}
	if (fail == FAIL_NONE)
		fail = put_row(t, g, &row);
	if (fail == FAIL_NONE && r->outcome == JOB_MOVED)
		fail = site_update(g->job->queue, t, &moved, g->now_s);
	return fail;
}

static enum fail
settle_message(struct txn *t, struct settling *g)
{
	struct queue_message *m = &g->stored;
	bool has_time = g->job->site == NULL;
	enum fail fail = FAIL_NONE;

	invariant(g->gone <= m->rcpt_left);
	m->rcpt_left -= (uint32_t)g->gone;
	if (m->rcpt_left == 0) {
		g->is_message_gone = true;
		return queue_message_delete(g->job->queue, t, m);
	}
	if (has_time)
		fail = queue_message_retime(t, m, g->job->message.time_s);
	return fail == FAIL_NONE && (g->gone > 0 || has_time) ? queue_message_put(t, m) : fail;
}

/* Messages that come of it: forwards, and the report. */
static enum fail
settle_children(struct txn *t, struct settling *g)
{
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; fail == FAIL_NONE && i < g->job->child_count; i++)
		fail = addition_run(t, &g->job->children[i]);
	if (fail == FAIL_NONE && g->report.is_there)
		fail = addition_run(t, &g->added);
	return fail;
}

static enum fail
settle_run(struct txn *t, void *arg)
{
	struct settling *g = arg;
	struct queue_job *j = g->job;
	enum fail fail = queue_message_get(t, j->message.id, &g->stored, &g->copy);

	g->gone = 0;
	g->is_message_gone = fail == FAIL_MISSING;
	if (fail == FAIL_MISSING) /* cancelled meanwhile: nobody is told anything */
		return FAIL_NONE;
	for (size_t i = 0; fail == FAIL_NONE && i < j->rcpt_count; i++)
		fail = settle_rcpt(t, g, &j->rcpts[i]);
	if (fail == FAIL_NONE)
		fail = settle_message(t, g);
	if (fail == FAIL_NONE)
		fail = settle_children(t, g);
	if (fail == FAIL_NONE && j->site)
		fail = site_update(j->queue, t, &j->change, g->now_s);
	for (size_t i = 0; fail == FAIL_NONE && !j->site && i < j->rcpt_count; i++) {
		struct site_change change = { .site = j->rcpts[i].row.site };

		if (i == 0 || !str_eq(change.site, j->rcpts[i - 1].row.site))
			fail = site_update(j->queue, t, &change, g->now_s);
	}
	return fail;
}

/* --- around it -------------------------------------------------------------------------------------------------- */

static void
note_rcpt(struct queue_job *j, const struct job_rcpt *r)
{
	struct queue_counts *counts = &j->queue->counts;
	struct buf status;

	counts->failed += r->outcome == JOB_FAILED;
	counts->deferred += r->outcome == JOB_DEFERRED || r->outcome == JOB_POSTPONED;
	counts->delivered += is_final(r->outcome) && r->outcome != JOB_FAILED;
	if (r->outcome == JOB_PENDING)
		return;
	buf_init(&status, 16);
	status_write(&status, r->last.status);
	log_info(&j->queue->log, "queue.rcpt", LOG_NUM("message", j->message.id),
	    LOG_TEXT("id", j->message.log_id), LOG_TEXT("rcpt", r->row.envelope.address),
	    LOG_TEXT("outcome", str_c(outcome_names[r->outcome])), LOG_TEXT("site", r->row.site),
	    LOG_TEXT("host", r->last.remote), LOG_NUM("code", r->last.code),
	    LOG_TEXT("status", buf_str(&status)), LOG_TEXT("said", r->last.text),
	    LOG_TEXT("tls", r->last.tls), LOG_NUM("verified", r->last.is_verified),
	    LOG_NUM("tries", r->row.attempts + 1));
	buf_release(&status);
}

/* Recipients whose time is over are not tried again; what the last try said stays the reason. */
static void
expire(struct queue_job *j, int64_t now_s)
{
	for (size_t i = 0; i < j->rcpt_count; i++) {
		struct job_rcpt *r = &j->rcpts[i];

		if ((r->outcome == JOB_DEFERRED || r->outcome == JOB_POSTPONED) &&
		    now_s >= j->message.expires_s) {
			r->outcome = JOB_FAILED;
			r->is_expired = true;
		}
	}
}

static enum fail
settle(struct queue_job *j, struct settling *g)
{
	struct queue *q = j->queue;
	enum fail fail;

	g->job = j;
	g->now_s = clock_wall_s();
	buf_init(&g->copy, STORE_VALUE_MAX);
	fail = report_write(j, g->now_s, &g->report);
	g->added = (struct addition){ .queue = q,
		.new = &g->report.new,
		.blob = blob_name_str(&g->report.blob) };
	if (fail == FAIL_NONE)
		fail = store_run(q->house.store, settle_run, g);
	buf_release(&g->copy);
	return fail;
}

/* It was written: memory follows. */
static void
follow(struct queue_job *j, const struct settling *g)
{
	struct queue *q = j->queue;
	bool is_cancelled = g->is_message_gone && g->gone == 0;

	if (g->is_message_gone && !is_cancelled)
		q->count -= q->count > 0;
	if (g->report.is_there && !is_cancelled) {
		q->counts.reports++;
		addition_announce(&g->added);
	}
	for (size_t i = 0; !is_cancelled && i < j->child_count; i++)
		addition_announce(&j->children[i]);
	for (size_t i = 0; i < j->rcpt_count; i++)
		if (j->rcpts[i].outcome == JOB_MOVED)
			task_wake(&q->task);
}

/* A time that came will come again, and so will a delivery here; what a host said it says only once. */
static bool
is_repeatable(const struct queue_job *j)
{
	return j->site == NULL || queue_site_is_local(buf_str(&j->site->name));
}

void
job_settle(struct queue_job *j)
{
	struct queue *q = j->queue;
	struct settling g = { 0 };

	expire(j, clock_wall_s());
	for (size_t i = 0; i < j->rcpt_count; i++)
		note_rcpt(j, &j->rcpts[i]);
	if (settle(j, &g) == FAIL_NONE) {
		follow(j, &g);
		j->turn = q->house.loop->turns;
		list_append(&q->settling, &j->node);
	} else {
		list_append(&q->unsettled, &j->node);
		timer_start(q->house.loop, &q->timer, &q->task, clock_mono_ms() + SETTLE_AGAIN_MS);
	}
}

void
jobs_resettle(struct queue *q)
{
	struct list again = { 0 };
	struct list_node *node;

	if (!store_is_well(q->house.store))
		return;
	while ((node = list_pop(&q->unsettled)) != NULL)
		list_append(&again, node);
	while ((node = list_pop(&again)) != NULL) {
		struct queue_job *j = container_of(node, struct queue_job, node);
		struct settling g = { 0 };

		if (settle(j, &g) == FAIL_NONE) {
			follow(j, &g);
			list_append(&q->settling, &j->node);
		} else {
			list_append(&q->unsettled, &j->node);
		}
	}
}

void
jobs_committed(struct queue *q, enum fail outcome)
{
	struct list_node *node;

	while ((node = list_pop(&q->settling)) != NULL) {
		struct queue_job *j = container_of(node, struct queue_job, node);

		if (outcome == FAIL_NONE || is_repeatable(j))
			job_free(&j);
		else
			list_append(&q->unsettled, &j->node);
	}
}
