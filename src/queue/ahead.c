/*
 * A wall clock that was set back: what waits for a time that lies too far ahead is due now (inner.h).
 *
 * A Pi without a clock of its own wakes up in another year, and its owner mends it. Due times and rests are times of
 * the wall clock, so they would lie ahead by as much as it was set back. None of ours is further ahead than the
 * longest wait between tries, but those of messages that must not leave sooner (FUTURERELEASE, RFC 4865 3). All
 * places are looked at after the start, and whenever the clock went back, a slice in each step of the scheduler.
 */
#include "queue/inner.h"

/* base */
#include "base/clock.h"

#define AHEAD_SLICE  200 /* places looked at in one step: a few milliseconds when all of them move */
#define CLOCK_BACK_S 60  /* smaller corrections delay nothing by much */

struct ahead {
	struct queue *queue;
	int64_t now_s, most_s; /* what is due later than that is not ours */
	struct buf at;         /* the last key that was looked at */
	size_t count;          /* keys looked at */
	size_t moved;
};

/* The longest wait between tries. */
static int64_t
longest_s(const struct queue *q)
{
	const struct setting_durations *retry = &q->house.settings->retry;
	int64_t ms = 0;

	for (size_t i = 0; i < retry->count; i++)
		ms = retry->ms[i] > ms ? retry->ms[i] : ms;
	return (ms + 999) / 1000;
}

bool
queue_is_ahead(const struct queue *q, int64_t time_s, int64_t now_s)
{
	return time_s > now_s && time_s - now_s > longest_s(q);
}

/*
 * The message must not leave sooner. One that came while the clock was ahead, to be tried again alone soon after,
 * may.
 */
static bool
is_held_back(const struct ahead *a, const struct queue_message *m, int64_t due_s)
{
	return due_s <= m->envelope.hold_s &&
	    (m->arrived_s <= a->now_s || m->envelope.hold_s - m->arrived_s > longest_s(a->queue));
}

static enum fail
move_row(struct txn *t, const struct ahead *a, struct queue_place place, struct queue_rcpt *row)
{
	struct key was = queue_key_place(&place), k = queue_key_rcpt(place.message, place.n);
	struct buf value;
	enum fail fail = txn_delete(t, key_str(&was));

	row->due_s = place.due_s = a->now_s;
	was = queue_key_place(&place);
	buf_init(&value, STORE_VALUE_MAX);
	queue_rcpt_write(&value, row);
	if (fail == FAIL_NONE)
		fail = txn_put(t, key_str(&k), buf_str(&value));
	if (fail == FAIL_NONE)
		fail = txn_put(t, key_str(&was), STR(""));
	buf_release(&value);
	return fail;
}

/* What is damaged is not for us: it is healed when it is picked. */
static enum fail
bring_back(struct txn *t, struct ahead *a, const struct queue_place *place)
{
	struct key k = queue_key_rcpt(place->message, place->n);
	struct queue_message m;
	struct queue_rcpt row;
	struct str value;
	struct buf message, copy;
	enum fail fail;

	buf_init(&message, STORE_VALUE_MAX);
	buf_init(&copy, STORE_VALUE_MAX);
	fail = queue_message_get(t, place->message, &m, &message);
	if (fail == FAIL_NONE && !is_held_back(a, &m, place->due_s)) {
		fail = txn_get(t, key_str(&k), &value);
		if (fail == FAIL_NONE) {
			buf_add(&copy, value);
			fail = queue_rcpt_read(buf_str(&copy), &row);
		}
		if (fail == FAIL_NONE)
			fail = move_row(t, a, *place, &row);
		a->moved += fail == FAIL_NONE;
	}
	buf_release(&message);
	buf_release(&copy);
	return fail == FAIL_MISSING || fail == FAIL_PERM ? FAIL_NONE : fail;
}

/* The places of a slice; each site that was met gets its keys right. */
static enum fail
ahead_run(struct txn *t, void *arg)
{
	struct ahead *a = arg;
	struct key end = queue_key(QUEUE_SITE);
	struct site_change change = { .has_failed = false };
	struct buf site, before;
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, ended;

	a->count = a->moved = 0;
	key_end(&end);
	buf_init(&site, SITE_MAX);
	buf_init(&before, SITE_MAX);
	txn_scan(t, &c, buf_str(&a->at), key_str(&end), false);
	while (fail == FAIL_NONE && a->count < AHEAD_SLICE && cursor_next(&c, &key, &value)) {
		struct queue_place place = { .due_s = 0 };

		a->count++;
		buf_clear(&a->at);
		buf_add(&a->at, key);
		buf_clear(&site);
		if (!queue_place_read(key, &place) || !queue_place_site(key, &site))
			continue;
		change.site = buf_str(&before);
		if (before.n > 0 && !str_eq(buf_str(&before), buf_str(&site)))
			fail = site_update(a->queue, t, &change, a->now_s);
		buf_clear(&before);
		buf_add(&before, buf_str(&site));
		place.site = buf_str(&site);
		if (fail == FAIL_NONE && place.due_s > a->most_s)
			fail = bring_back(t, a, &place);
	}
	ended = cursor_end(&c);
	change.site = buf_str(&before);
	if (fail == FAIL_NONE && ended == FAIL_NONE && before.n > 0)
		fail = site_update(a->queue, t, &change, a->now_s);
	buf_release(&site);
	buf_release(&before);
	return fail == FAIL_NONE ? ended : fail;
}

void
ahead_begin(struct queue *q)
{
	struct key from = queue_key(QUEUE_SITE);

	buf_clear(&q->ahead_at);
	buf_add(&q->ahead_at, key_str(&from));
}

/* Did the clock go back since the last step? */
static void
watch_clock(struct queue *q, int64_t now_s)
{
	int64_t offset_s = now_s - clock_mono_ms() / 1000;

	if (offset_s < q->clock_offset_s - CLOCK_BACK_S) {
		log_warn(&q->log, "queue.clock.back",
		    LOG_NUM("seconds", (uint64_t)(q->clock_offset_s - offset_s)));
		ahead_begin(q);
	}
	q->clock_offset_s = offset_s;
}

bool
ahead_step(struct queue *q, int64_t now_s)
{
	struct ahead a = { .queue = q, .now_s = now_s, .most_s = now_s + longest_s(q) };
	bool is_done;

	watch_clock(q, now_s);
	if (q->ahead_at.n == 0)
		return false;
	buf_init(&a.at, STORE_KEY_MAX);
	buf_add(&a.at, buf_str(&q->ahead_at));
	is_done = store_run(q->house.store, ahead_run, &a) != FAIL_NONE || a.count < AHEAD_SLICE;
	buf_clear(&q->ahead_at);
	if (!is_done) { /* on, behind the last one */
		buf_add(&q->ahead_at, buf_str(&a.at));
		buf_add_char(&q->ahead_at, '\0');
	}
	if (a.moved > 0)
		log_info(&q->log, "queue.clock.due", LOG_NUM("recipients", a.moved));
	buf_release(&a.at);
	return !is_done;
}
