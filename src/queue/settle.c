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
	bool is_message_gone;        /* nothing is left of it */
	bool is_cancelled;           /* .. since somebody took it away meanwhile */
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
 * since the job was picked; or where it waited then, if the row was damaged meanwhile. FAIL_MISSING: it was
 * cancelled.
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
	if (queue_rcpt_read(buf_str(&copy), &stored) != FAIL_NONE)
		stored = *row;
	stored.message = row->message;
	stored.n = row->n;
	place = place_of(g, &stored);
	k = queue_key_place(&place);
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

/* The rows that are left: counted when the number in the record would say that there are none. */
static enum fail
count_left(struct txn *t, struct settling *g)
{
	struct queue_message *m = &g->stored;
	struct key from = queue_key_rcpts(m->id), end = from;
	struct str key, value;
	struct cursor c;

	m->rcpt_left = m->rcpt_left > g->gone ? m->rcpt_left - (uint32_t)g->gone : 0;
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	if (!cursor_next(&c, &key, &value))
		m->rcpt_left = 0;
	else if (m->rcpt_left == 0)
		do
			m->rcpt_left++;
		while (cursor_next(&c, &key, &value));
	return cursor_end(&c);
}

static enum fail
settle_message(struct txn *t, struct settling *g)
{
	struct queue_message *m = &g->stored;
	bool has_time = g->job->site == NULL;
	enum fail fail = count_left(t, g);

	if (fail == FAIL_NONE && m->rcpt_left == 0) {
		g->is_message_gone = true;
		return queue_message_delete(g->job->queue, t, m);
	}
	if (fail == FAIL_NONE && has_time)
		fail = queue_message_retime(t, m, g->job->message.time_s);
	return fail == FAIL_NONE && (g->gone > 0 || has_time) ? queue_message_put(t, m) : fail;
}

/* Messages that come of it: forwards, and the report. */
static enum fail
settle_children(struct txn *t, struct settling *g)
{
	enum fail fail = job_children_run(t, g->job);

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
	g->is_message_gone = g->is_cancelled = fail == FAIL_MISSING;
	if (fail == FAIL_MISSING) /* cancelled meanwhile: nobody is told anything */
		return FAIL_NONE;
	if (fail == FAIL_PERM) { /* damaged meanwhile: we know better */
		g->stored = j->message;
		fail = FAIL_NONE;
	}
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

/* --- what was settled or cancelled meanwhile ----------------------------------------------------------------------- */

static enum fail
mark_run(struct txn *t, void *arg)
{
	struct queue_job *j = arg;
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; i < j->rcpt_count && (fail == FAIL_NONE || fail == FAIL_MISSING); i++) {
		struct job_rcpt *r = &j->rcpts[i];
		struct key k = queue_key_rcpt(r->row.message, r->row.n);
		struct str value;

		fail = txn_get(t, key_str(&k), &value);
		r->is_gone = fail == FAIL_MISSING;
	}
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* Nobody hears of them again, and nothing comes of them. */
static enum fail
drop_gone(struct queue_job *j)
{
	struct job_child *next;
	size_t kept = 0;
	enum fail fail = store_read(j->queue->house.store, mark_run, j);

	if (fail != FAIL_NONE)
		return fail;
	for (struct job_child *c = job_child_first(j); c; c = next) {
		next = job_child_next(j, c);
		if (c->of->is_gone)
			list_remove(&c->node);
	}
	for (size_t i = 0; i < j->rcpt_count; i++)
		if (!j->rcpts[i].is_gone)
			j->rcpts[kept++] =
			    j->rcpts[i]; /* children do not ask whose they are any more */
	j->rcpt_count = kept;
	return FAIL_NONE;
}

/* --- settling ------------------------------------------------------------------------------------------------------ */

static enum fail
settle(struct queue_job *j, struct settling *g)
{
	struct queue *q = j->queue;
	enum fail fail = drop_gone(j);

	g->job = j;
	g->now_s = clock_wall_s();
	buf_init(&g->copy, STORE_VALUE_MAX);
	if (fail == FAIL_NONE)
		fail = job_link_children(j);
	if (fail == FAIL_NONE)
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

	q->count -= g->is_message_gone && !g->is_cancelled && q->count > 0;
	if (g->report.is_there && !g->is_cancelled) {
		q->counts.reports++;
		addition_announce(&g->added);
	}
	if (!g->is_cancelled) {
		job_announce_children(j);
		job_tell_submission(j);
	}
	for (size_t i = 0; i < j->rcpt_count; i++)
		if (j->rcpts[i].outcome == JOB_MOVED)
			task_wake(&q->task);
	j->turn = q->house.loop->turns;
	list_append(&q->settling, &j->node);
}

/* --- what could not be written --------------------------------------------------------------------------------- */

/* A time that came will come again, and so will a delivery here; what a host said it says only once. */
static bool
is_repeatable(const struct queue_job *j)
{
	return j->site == NULL || queue_site_is_local(buf_str(&j->site->name));
}

static void
wait_for_disk(struct queue_job *j)
{
	struct queue *q = j->queue;

	j->again_ms = clock_mono_ms() + SETTLE_AGAIN_MS;
	list_append(&q->unsettled, &j->node);
	q->unsettled_count++;
	timer_start(q->house.loop, &q->timer, &q->task, j->again_ms);
}

void
job_give_up(struct queue_job *j)
{
	struct queue *q = j->queue;

	j->is_given_up = true;
	if (j->site) { /* in its site's jobs, so that it is not picked at once */
		wait_for_disk(j);
		return;
	}
	q->times_ms = clock_mono_ms() + SETTLE_AGAIN_MS;
	timer_start(q->house.loop, &q->timer, &q->task, q->times_ms);
	job_free(&j);
}

static void
note_all(struct queue_job *j)
{
	for (size_t i = 0; i < j->rcpt_count; i++)
		note_rcpt(j, &j->rcpts[i]);
}

bool
job_settle(struct queue_job *j)
{
	struct settling g = { 0 };
	bool is_written;

	expire(j, clock_wall_s());
	if (!is_repeatable(j))
		note_all(j); /* it happened, written or not */
	is_written = settle(j, &g) == FAIL_NONE;
	if (is_written && is_repeatable(j))
		note_all(j);
	if (is_written)
		follow(j, &g);
	else if (is_repeatable(j))
		job_give_up(j);
	else
		wait_for_disk(j);
	return is_written;
}

static void
write_again(struct queue_job *j)
{
	struct settling g = { 0 };

	if (settle(j, &g) == FAIL_NONE)
		follow(j, &g);
	else
		wait_for_disk(j);
}

void
jobs_resettle(struct queue *q)
{
	struct list again = { 0 };
	struct list_node *node;

	if (!store_is_well(q->house.store) || !blob_is_well(q->house.blobs))
		return;
	while ((node = list_pop(&q->unsettled)) != NULL)
		list_append(&again, node);
	while ((node = list_pop(&again)) != NULL) {
		struct queue_job *j = container_of(node, struct queue_job, node);

		if (j->again_ms > clock_mono_ms()) {
			list_append(&q->unsettled, &j->node);
			continue;
		}
		q->unsettled_count--;
		if (j->is_given_up)
			job_free(&j);
		else
			write_again(j);
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
			wait_for_disk(j);
	}
}
