/*
 * The scheduler: opens sites that have something to do, looks at messages whose time came, sleeps until the
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
		d->count++;
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
		site_run(site_open(q, STR(SITE_LOCAL)));
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
	for (size_t i = 0; i < d->count; i++)
		if (site_find(q, buf_str(&d->names[i])) == NULL)
			site_run(site_open(q, buf_str(&d->names[i])));
}

/* Sites that are open may start more agents, or close. */
static void
run_sites(struct queue *q)
{
	struct map_node *next;

	for (struct map_node *n = map_first(&q->sites); n; n = next) {
		next = map_next(&q->sites, n);
		site_run(container_of(n, struct queue_site, by_name));
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

/* --- messages whose time came --------------------------------------------------------------------------- */

struct times {
	int64_t now_s, next_s;
	uint64_t ids[SITES_SLICE];
	size_t count;
	bool has_more;
	bool is_unread; /* the store failed */
};

static enum fail
find_times(struct txn *t, void *arg)
{
	struct times *times = arg;
	struct key from = queue_key(QUEUE_TIME), end = from;
	struct str key, value;
	struct cursor c;
	int64_t time_s;

	times->count = 0;
	times->next_s = 0;
	times->has_more = false;
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (cursor_next(&c, &key, &value)) {
		uint64_t id;

		if (!queue_time_read(key, &time_s, &id))
			continue;
		if (time_s > times->now_s)
			times->next_s = time_s;
		times->has_more = time_s <= times->now_s && times->count == SITES_SLICE;
		if (times->next_s != 0 || times->has_more)
			break;
		times->ids[times->count++] = id;
	}
	return cursor_end(&c);
}

/* The reason that a report gives: the recipient's last try, else that of its site. */
static void
fill_last(struct queue_job *j, struct job_rcpt *r)
{
	struct queue_host host = { .failures = 0 };
	struct buf copy;

	r->last = r->row.last;
	if (r->last.time_s != 0)
		return;
	buf_init(&copy, STORE_VALUE_MAX);
	if (site_host(j->queue, r->row.site, &host, &copy) == FAIL_NONE && host.last.time_s != 0) {
		r->last = host.last;
		r->last.text = arena_str(&j->arena, host.last.text);
		r->last.remote = arena_str(&j->arena, host.last.remote);
		r->last.tls = arena_str(&j->arena, host.last.tls);
	}
	buf_release(&copy);
}

/* What its time means for a recipient that still waits. */
static void
judge_rcpt(const struct queue_job *j, struct job_rcpt *r, int64_t now_s)
{
	const struct queue_message *m = &j->message;
	bool is_late = m->envelope.by != BY_NONE && now_s >= m->envelope.by_s;

	if (now_s >= m->expires_s || (is_late && m->envelope.by == BY_RETURN)) {
		r->outcome = JOB_FAILED;
		r->is_expired = true;
	} else if (is_late && !r->row.is_late) {
		r->is_told_now = r->row.is_late = true;
	} else if (!r->row.is_told) {
		r->is_told_now = true;
	}
}

static void
look_at_time(struct queue *q, uint64_t id, int64_t now_s)
{
	size_t busy;
	struct queue_job *j = job_of_message(q, id, &busy);

	if (j == NULL) {
		log_error(&q->log, "queue.damaged", LOG_NUM("message", id));
		return;
	}
	for (size_t i = 0; i < j->rcpt_count; i++) {
		judge_rcpt(j, &j->rcpts[i], now_s);
		fill_last(j, &j->rcpts[i]);
	}
	j->message.time_s =
	    busy > 0 ? now_s + EXPIRY_BUSY_S : queue_next_time(q, &j->message, now_s);
	if (j->message.time_s <= now_s) /* only those of busy ones are left to come */
		j->message.time_s = now_s + EXPIRY_BUSY_S;
	(void)job_settle(j); /* what could not be written is due again */
}

/* Reports can be written, as far as we know. */
static bool
can_look(const struct queue *q)
{
	return blob_is_well(q->house.blobs) && clock_mono_ms() >= q->times_ms;
}

static void
look_at_times(struct queue *q, struct times *times)
{
	if (!can_look(q))
		return;
	times->is_unread = store_read(q->house.store, find_times, times) != FAIL_NONE;
	for (size_t i = 0; !times->is_unread && i < times->count; i++)
		look_at_time(q, times->ids[i], times->now_s);
}

/* --- the step --------------------------------------------------------------------------------------------- */

/* Until the next news, or soon where something could not be read or written. */
static void
sleep_until(struct queue *q, const struct due *due, const struct times *times)
{
	int64_t at_ms = first_of(next_of_open(q, due->now_s),
	    mono_of(first_of(due->next_s, times->next_s), due->now_s));

	if (!list_empty(&q->unsettled) || due->is_unread || times->is_unread || !can_look(q))
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
	struct times times = { .now_s = due.now_s };
	bool had_starved = q->has_starved;

	if (!q->is_started || q->is_stopping)
		return STEP_WAIT;
	if (!store_is_well(q->house.store)) {
		timer_start(q->house.loop, &q->timer, &q->task, clock_mono_ms() + SETTLE_AGAIN_MS);
		return STEP_WAIT;
	}
	for (size_t i = 0; i < SITES_SLICE; i++)
		buf_init(&due.names[i], SITE_MAX);
	jobs_resettle(q);
	run_sites(q);
	open_local(q, due.now_s);
	open_due(q, &due);
	if (q->has_starved && !had_starved)
		sites_wake(q); /* who only waits for another message leaves */
	look_at_times(q, &times);
	sleep_until(q, &due, &times);
	for (size_t i = 0; i < SITES_SLICE; i++)
		buf_release(&due.names[i]);
	return times.has_more || (due.has_more && due.count > 0) ? STEP_YIELD : STEP_WAIT;
}
