/*
 * The scheduler: opens sites that have something to do, has messages looked at whose time came, sleeps until the
 * next. It reads what is due and nothing else, so a queue of a hundred thousand costs it no memory.
 */
#include "queue/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define SLEEP_MAX_S \
	600 /* the wall clock may be set meanwhile: look again after this, while there is mail */

/* The first of two times; 0: never. */
static int64_t
first_of(int64_t one, int64_t other)
{
	return one == 0 || (other != 0 && other < one) ? other : one;
}

/* A time of the wall clock as one of the other; 0 stays. */
static int64_t
mono_of(int64_t wall_s, int64_t now_s)
{
	int64_t wait_s = wall_s > now_s + SLEEP_MAX_S ? SLEEP_MAX_S : wall_s - now_s;

	return wall_s == 0 ? 0 : clock_mono_ms() + wait_s * 1000;
}

/* --- sites that are due --------------------------------------------------------------------------------- */

struct due {
	struct queue *queue;
	int64_t now_s;
	int64_t next_s; /* when the next one is due; 0: none is waiting */
	struct buf names[SITES_SLICE];
	int64_t wakes_s[SITES_SLICE];
	size_t count, wanted;
	bool has_more;  /* more are due than were taken */
	bool is_unread; /* the store failed */
};

static enum fail
find_due(struct txn *t, void *arg)
{
	struct due *d = arg;
	struct key from = queue_key(QUEUE_WAKE), end = from;
	struct str key, value;
	struct cursor c;
	int64_t wake_s;

	d->next_s = 0;
	d->count = 0;
	d->has_more = false;
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (cursor_next(&c, &key, &value)) {
		struct buf *name = &d->names[d->count];

		buf_clear(name);
		if (!queue_wake_read(key, &wake_s, name) || site_find(d->queue, buf_str(name)))
			continue;
		if (wake_s > d->now_s) {
			d->next_s = wake_s;
			break;
		}
		d->has_more = d->count == d->wanted;
		if (d->has_more)
			break;
		d->wakes_s[d->count++] = wake_s;
	}
	return cursor_end(&c);
}

/* @local never waits for a connection: it is looked up by itself. */
static void
open_local(struct queue *q, int64_t now_s)
{
	struct queue_host host = { .failures = 0 };
	struct buf copy;

	if (site_find(q, STR(SITE_LOCAL)))
		return;
	buf_init(&copy, STORE_VALUE_MAX);
	if (site_host(q, STR(SITE_LOCAL), &host, &copy) == FAIL_NONE && host.wake_s <= now_s)
		(void)site_run(site_open(q, STR(SITE_LOCAL))); /* open_due() mends it */
	buf_release(&copy);
}

/* Open what is due while there are connections for it; when the next one will be. */
static void
open_due(struct queue *q, struct due *d)
{
	size_t places = (size_t)q->house.settings->connections;

	d->wanted = places > q->agent_count ? places - q->agent_count : 0;
	if (d->wanted > SITES_SLICE - 1)
		d->wanted = SITES_SLICE - 1; /* one name is read further than that */
	d->is_unread = store_read(q->house.store, find_due, d) != FAIL_NONE;
	if (d->is_unread)
		return;
	q->has_starved = d->has_more;
	for (size_t i = 0; i < d->count; i++) {
		struct str name = buf_str(&d->names[i]);

		if (site_find(q, name) == NULL && site_run(site_open(q, name)))
			site_mend(q, name, d->wakes_s[i]);
	}
}

/* Sites that are open may start more agents, or close. */
static void
run_sites(struct queue *q)
{
	struct map_node *next;

	for (struct map_node *n = map_first(&q->sites); n; n = next) {
		next = map_next(&q->sites, n);
		(void)site_run(
		    container_of(n, struct queue_site, by_name)); /* it had something to do */
	}
}

/*
 * When there is something to do for an open site, monotonic; 0: unknown. find_due() tells nothing of those,
 * and an agent that is busy with a slow host must not keep others from what is due meanwhile.
 */
static int64_t
next_of_open(const struct queue *q, int64_t now_s)
{
	int64_t next_ms = 0;

	for (struct map_node *n = map_first(&q->sites); n; n = map_next(&q->sites, n)) {
		const struct queue_site *s = container_of(n, struct queue_site, by_name);

		if (s->agent_count == 0 && site_must_stay(s))
			next_ms = first_of(next_ms, s->next_ms);
		if (s->next_due_s > now_s)
			next_ms = first_of(next_ms, mono_of(s->next_due_s, now_s));
	}
	return next_ms;
}

/* --- the step --------------------------------------------------------------------------------------------- */

/* Until the next news, or soon where something could not be read or written. */
static void
sleep_until(struct queue *q, const struct due *due, const struct queue_times *times)
{
	int64_t at_ms = first_of(next_of_open(q, due->now_s),
	    mono_of(first_of(due->next_s, times->next_s), due->now_s));

	if (!list_empty(&q->unsettled) || due->is_unread || times->is_unread || !times_can_look(q))
		at_ms = first_of(at_ms, clock_mono_ms() + SETTLE_AGAIN_MS);
	if (at_ms == 0)
		timer_stop(q->house.loop, &q->timer);
	else
		timer_start(q->house.loop, &q->timer, &q->task, at_ms);
}

enum step
queue_step(struct task *task)
{
	struct queue *q = container_of(task, struct queue, task);
	struct due due = { .queue = q, .now_s = clock_wall_s() };
	struct queue_times times = { .now_s = due.now_s };
	bool had_starved = q->has_starved, has_ahead;

	if (!q->is_started || q->is_stopping)
		return STEP_WAIT;
	if (!store_is_well(q->house.store)) {
		timer_start(q->house.loop, &q->timer, &q->task, clock_mono_ms() + SETTLE_AGAIN_MS);
		return STEP_WAIT;
	}
	for (size_t i = 0; i < SITES_SLICE; i++)
		buf_init(&due.names[i], SITE_MAX);
	jobs_resettle(q);
	has_ahead = ahead_step(q, due.now_s);
	run_sites(q);
	open_local(q, due.now_s);
	open_due(q, &due);
	if (q->has_starved && !had_starved)
		sites_wake(q); /* who only waits for another message leaves */
	times_look(q, &times);
	sleep_until(q, &due, &times);
	for (size_t i = 0; i < SITES_SLICE; i++)
		buf_release(&due.names[i]);
	return has_ahead || times.has_more || (due.has_more && due.count > 0) ? STEP_YIELD
									      : STEP_WAIT;
}
