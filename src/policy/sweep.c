/*
 * What is too old goes away: a walk over all records, in slices, when the earliest of them has ended.
 *
 *     ASLEEP (no timer) --a record is written--> PLANNED --timer--> WALKING --end, records stay--> PLANNED
 *                                                                      |----end, none are left---> ASLEEP
 *                                                                      `----the store failed-----> PLANNED
 *
 * The timer runs only while there are records, for the earliest end of one of them, but at most once an
 * hour; so an idle server wakes for this only when there is something to delete.
 */
#include "policy/private.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* --- planning ----------------------------------------------------------------------------------------- */

static void
plan_at(struct policy *p, int64_t deadline_ms)
{
	struct sweep *s = &p->sweep;

	if (s->due_ms != 0 && s->due_ms <= deadline_ms)
		return;
	s->due_ms = deadline_ms;
	timer_start(p->loop, &s->timer, &s->task, deadline_ms);
}

void
sweep_plan(struct policy *p, int64_t lifetime_ms)
{
	int64_t end_s = clock_wall_s() + lifetime_ms / 1000;

	if (p->sweep.is_walking) /* it may have been written behind the walk */
		p->sweep.next_s = i64_min(p->sweep.next_s, end_s);
	else
		plan_at(p,
		    clock_mono_ms() + i64_min(SWEEP_MOST_MS, i64_max(SWEEP_LEAST_MS, lifetime_ms)));
}

/* The walk is over; the records that stay end at next_s. */
static void
plan_next(struct policy *p)
{
	struct sweep *s = &p->sweep;
	int64_t now_s = clock_wall_s(), wait_ms = SWEEP_MOST_MS;

	s->is_walking = false;
	if (s->next_s == INT64_MAX)
		return;
	if (s->next_s < now_s + SWEEP_MOST_MS / 1000)
		wait_ms = i64_max(SWEEP_LEAST_MS, (s->next_s - now_s) * 1000);
	plan_at(p, clock_mono_ms() + wait_ms);
}

/* --- one slice ---------------------------------------------------------------------------------------- */

struct slice {
	struct policy *policy;
	enum keep_kind kind;
	struct keep_name after; /* the last one looked at */
	int64_t next_s;
	int64_t dropped;
	bool is_end; /* of the kind */
};

/* Keep it and note when it ends, or delete it. */
static enum fail
look_at(struct txn *t, struct slice *s, struct str value)
{
	struct keep_record r;
	struct key k;
	int64_t life_ms = keep_lifetime_ms(s->policy, s->kind);

	if (keep_read(value, &r) == FAIL_NONE && keep_age_ms(&r) <= life_ms) {
		s->next_s = i64_min(s->next_s, r.time_s + life_ms / 1000 + 1);
		return FAIL_NONE;
	}
	keep_key(&k, s->kind);
	key_rest(&k, str_of(s->after.bytes, s->after.n));
	s->dropped++;
	return txn_delete(t, key_str(&k));
}

static enum fail
walk_slice(struct txn *t, void *arg)
{
	struct slice *s = arg;
	struct key from, to;
	struct cursor c;
	struct str key, value;
	int64_t left;
	enum fail fail = FAIL_NONE, end;
	size_t seen = 0, head;

	keep_key(&from, s->kind);
	to = from;
	head = from.n;
	key_end(&to);
	key_rest(&from, str_of(s->after.bytes, s->after.n));
	if (s->after.n > 0)
		key_char(&from, '\0'); /* the first key behind it */
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && seen < SWEEP_SLICE && cursor_next(&c, &key, &value)) {
		s->after.n = size_min(key.n - head, KEEP_NAME_MAX);
		memcpy(s->after.bytes, key.p + head, s->after.n);
		fail = look_at(t, s, value);
		seen++;
	}
	s->is_end = seen < SWEEP_SLICE;
	end = cursor_end(&c);
	if (fail == FAIL_NONE)
		fail = end;
	return fail == FAIL_NONE && s->dropped > 0 ? keep_count(t, s->kind, -s->dropped, &left)
						   : fail;
}

/* False: the walk is over, or cannot go on. */
static bool
walk_on(struct policy *p)
{
	struct sweep *s = &p->sweep;
	struct slice slice = { .policy = p,
		.kind = s->kind,
		.after = s->after,
		.next_s = s->next_s };

	if (keep_run(p, walk_slice, &slice) != FAIL_NONE) {
		s->next_s = clock_wall_s();
		return false;
	}
	s->next_s = slice.next_s;
	s->after = slice.after;
	if (slice.is_end) {
		s->kind++;
		s->after.n = 0;
	}
	return s->kind < KEEP_COUNT;
}

static enum step
step(struct task *t)
{
	struct policy *p = container_of(t, struct policy, sweep.task);
	struct sweep *s = &p->sweep;

	if (!s->is_walking) {
		if (s->due_ms == 0 || clock_mono_ms() < s->due_ms)
			return STEP_WAIT;
		s->due_ms = 0;
		s->is_walking = true;
		s->kind = 0;
		s->after.n = 0;
		s->next_s = INT64_MAX;
	}
	if (walk_on(p))
		return STEP_YIELD;
	plan_next(p);
	return STEP_WAIT;
}

/* --- open and close ------------------------------------------------------------------------------------ */

static enum fail
count_all(struct txn *t, void *arg)
{
	int64_t *sum = arg, count;
	enum fail fail = FAIL_NONE;

	*sum = 0;
	for (enum keep_kind kind = 0; fail == FAIL_NONE && kind < KEEP_COUNT; kind++) {
		fail = keep_count(t, kind, 0, &count);
		*sum += count;
	}
	return fail;
}

void
sweep_open(struct policy *p)
{
	int64_t sum;

	loop_task(p->loop, &p->sweep.task, step, NULL);
	if (store_read(p->store, count_all, &sum) != FAIL_NONE || sum > 0)
		plan_at(p, clock_mono_ms() + SWEEP_FIRST_MS);
}

void
sweep_close(struct policy *p)
{
	timer_stop(p->loop, &p->sweep.timer);
	task_cancel(&p->sweep.task);
}
