/* The walk over what was counted, when its time has come: states and diagram in inner.h. */
#include "reports/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define REST_MS      200 /* between two reports: 2000 of them take some minutes, and others their turn */
#define SLEEP_MAX_MS (3600 * 1000) /* the wall clock may be set meanwhile */
#define KEEP_PERIODS \
	3 /* so long a report is tried: what DNS or the queue does not let out goes then */
#define AGAIN_PART 24 /* of a period: between two walks */

const struct reports_kind *const reports_kinds[REPORTS_KINDS] = { &reports_dmarc, &reports_tls };

static int64_t
interval_s(const struct reports *r)
{
	return r->house.settings->interval_ms / 1000;
}

/* When r->subject is to go. */
static int64_t
due_s(const struct reports *r)
{
	if (!reports_kinds[r->kind_at]->is_on(r))
		return 0;
	return period_due_s(r->subject.end_s, r->house.settings->interval_ms, r->house.hostname);
}

/* --- finding ------------------------------------------------------------------------------------ */

/* r->subject becomes the first behind r->place, which becomes its place. */
static enum fail
find(struct txn *t, void *arg)
{
	struct reports *r = arg;

	return tally_next(t, reports_kinds[r->kind_at]->kind, &r->place, &r->subject, &r->copy);
}

static void
sleep_until(struct reports *r, int64_t when_s)
{
	int64_t wait_ms = (when_s - clock_wall_s()) * 1000;

	if (wait_ms < 0)
		wait_ms = 0;
	if (wait_ms > SLEEP_MAX_MS)
		wait_ms = SLEEP_MAX_MS;
	timer_start(r->house.loop, &r->timer, &r->task, clock_mono_ms() + wait_ms);
}

/* Sleep until the oldest is due, but not before another walk makes sense; for ever when there is none. */
void
reports_plan(struct reports *r)
{
	int64_t again_s = r->passed_s > 0 ? r->passed_s + interval_s(r) / AGAIN_PART + 1 : 0;
	int64_t first_s = INT64_MAX;

	if (r->house.loop == NULL || r->state != REPORTS_IDLE)
		return;
	for (r->kind_at = 0; r->kind_at < REPORTS_KINDS; r->kind_at++) {
		enum fail fail;
		int64_t when_s;

		buf_clear(&r->place);
		fail = store_read(r->house.store, find, r);
		when_s = fail == FAIL_NONE ? due_s(r) : again_s;
		if (fail != FAIL_MISSING && when_s < first_s)
			first_s = when_s;
	}
	if (first_s == INT64_MAX)
		timer_stop(r->house.loop, &r->timer);
	else
		sleep_until(r, first_s > again_s ? first_s : again_s);
}

/* Of this kind nothing more is due. */
static void
end_walk(struct reports *r)
{
	buf_clear(&r->place);
	if (++r->kind_at < REPORTS_KINDS)
		return;
	r->state = REPORTS_IDLE;
	r->passed_s = clock_wall_s();
	reports_plan(r);
}

/* --- working ------------------------------------------------------------------------------------ */

/* It went, or is left for the next walk. */
static void
rest(struct reports *r)
{
	reports_kinds[r->kind_at]->end(r);
	r->message = (struct report_message){ .to_count = 0 };
	r->state = REPORTS_REST;
	timer_start(r->house.loop, &r->timer, &r->task, clock_mono_ms() + REST_MS);
}

static void
note_failure(struct reports *r, const char *event, enum fail fail)
{
	log_warn(&r->log, event, LOG_TEXT("domain", r->subject.domain),
	    LOG_NUM("begin", r->subject.begin_s), LOG_TEXT("fail", str_c(fail_names[fail])));
}

static void
give_up(struct reports *r)
{
	enum fail fail = reports_give_up(r);

	if (fail == FAIL_NONE)
		r->counts.failed++;
	else
		note_failure(r, "reports.not-dropped", fail);
}

/* It reached who wants it by itself. */
static void
take_back(struct reports *r)
{
	enum fail fail = reports_give_up(r);

	if (fail == FAIL_NONE)
		r->counts.sent++;
	else
		note_failure(r, "reports.not-dropped", fail);
}

static void
send_it(struct reports *r)
{
	enum fail fail = reports_send(r);

	if (fail == FAIL_NONE) {
		r->counts.sent++;
		log_info(&r->log, "reports.sent", LOG_TEXT("domain", r->subject.domain),
		    LOG_NUM("begin", r->subject.begin_s), LOG_TEXT("to", r->message.to[0]),
		    LOG_NUM("rcpts", r->message.to_count), LOG_NUM("bytes", r->message.file.n));
		return;
	}
	note_failure(r, "reports.not-sent", fail);
	if (fail == FAIL_SYNTAX || r->is_last_try)
		give_up(r);
}

/* DNS of strangers that does not answer is nothing that the owner could mend. */
static void
wait_or_give_up(struct reports *r)
{
	log_info(&r->log, r->is_last_try ? "reports.given-up" : "reports.later",
	    LOG_TEXT("domain", r->subject.domain), LOG_NUM("begin", r->subject.begin_s));
	if (r->is_last_try)
		give_up(r);
}

static enum step
work(struct reports *r)
{
	switch (reports_kinds[r->kind_at]->step(r)) {
	case WORK_MORE: return STEP_YIELD;
	case WORK_WAIT: return STEP_WAIT;
	case WORK_READY:
		if (!r->is_stale) /* else there is more now; it is left for the next walk */
			send_it(r);
		break;
	case WORK_DONE: take_back(r); break;
	case WORK_LATER: wait_or_give_up(r); break;
	case WORK_NEVER: give_up(r); break;
	}
	rest(r);
	return STEP_WAIT;
}

/* Begin with what was found. What the owner does not want to be sent goes without much ado. */
static void
begin(struct reports *r)
{
	const struct reports_kind *kind = reports_kinds[r->kind_at];

	r->is_last_try = clock_wall_s() >= r->subject.end_s + KEEP_PERIODS * interval_s(r);
	r->is_stale = false;
	if (!kind->is_on(r)) {
		give_up(r);
		return;
	}
	r->state = REPORTS_WORK;
	kind->begin(r);
}

/* Older periods come first, so that the first which is not due ends it. */
static void
find_next(struct reports *r)
{
	bool is_found = store_is_well(r->house.store) &&
	    store_read(r->house.store, find, r) == FAIL_NONE && clock_wall_s() >= due_s(r);

	if (is_found)
		begin(r);
	else
		end_walk(r);
}

static enum step
step(struct task *t)
{
	struct reports *r = container_of(t, struct reports, task);

	switch (r->state) {
	case REPORTS_IDLE:
	case REPORTS_REST:
		if (timer_running(&r->timer))
			return STEP_WAIT;
		if (r->state == REPORTS_IDLE) {
			buf_clear(&r->place);
			r->kind_at = 0;
		}
		r->state = REPORTS_FIND;
		return STEP_YIELD;
	case REPORTS_FIND: find_next(r); return r->state == REPORTS_IDLE ? STEP_WAIT : STEP_YIELD;
	case REPORTS_WORK: return work(r);
	}
	return STEP_WAIT;
}

/* --- life --------------------------------------------------------------------------------------- */

void
reports_counted(struct reports *r, const struct tally_subject *s)
{
	if (r->state == REPORTS_WORK && r->subject.kind == s->kind &&
	    r->subject.begin_s == s->begin_s && str_eq(r->subject.domain, s->domain))
		r->is_stale = true;
}

void
reports_daily_open(struct reports *r)
{
	buf_init(&r->place, STORE_KEY_MAX);
	buf_init(&r->copy, TALLY_COPY_MAX);
	if (r->house.loop)
		loop_task(r->house.loop, &r->task, step, NULL);
}

void
reports_daily_close(struct reports *r)
{
	for (size_t i = 0; i < REPORTS_KINDS; i++)
		reports_kinds[i]->end(r);
	if (r->house.loop) {
		timer_stop(r->house.loop, &r->timer);
		task_cancel(&r->task);
	}
	buf_release(&r->place);
	buf_release(&r->copy);
}
