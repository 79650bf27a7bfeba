/* Sites: their keys in the store, and those that are open (inner.h). */
#include "queue/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define LOCAL_AGENTS_MAX \
	4 /* for @local: they wait for the directory only, and not behind remote ones */
#define WINDOW_FIRST 2 /* agents of a site that did not fail before its first success */

/* --- the keys ------------------------------------------------------------------------------------------- */

enum fail
site_first_due(struct txn *t, struct str site, int64_t *due_out)
{
	struct key from = queue_key_site(site), end = from;
	struct str key, value;
	enum fail fail = FAIL_MISSING;

	key_end(&end);
	for (;;) {
		struct queue_place place;
		struct cursor c;
		bool has_one;

		txn_scan(t, &c, key_str(&from), key_str(&end), false);
		has_one = cursor_next(&c, &key, &value);
		if (has_one && !queue_place_read(key, &place))
			has_one = false;
		if (cursor_end(&c) != FAIL_NONE)
			return FAIL_TEMP;
		if (!has_one)
			return fail;
		if (fail != FAIL_NONE || place.due_s < *due_out)
			*due_out = place.due_s;
		fail = FAIL_NONE;
		from = queue_key_priority(site, place.priority); /* on to those less urgent */
		key_end(&from);
	}
}

enum fail
site_host_get(struct txn *t, struct str site, struct queue_host *out, struct buf *copy)
{
	struct key k = queue_key_host(site);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	*out = (struct queue_host){ 0 };
	if (fail == FAIL_NONE) {
		buf_add(copy, value);
		fail = queue_host_read(buf_str(copy), out);
	}
	if (fail == FAIL_PERM) { /* a damaged one tells as much as none */
		*out = (struct queue_host){ 0 };
		fail = FAIL_MISSING;
	}
	return fail;
}

static enum fail
host_put(struct txn *t, struct str site, const struct queue_host *h)
{
	struct key k = queue_key_host(site), wake = queue_key_wake(h->wake_s, site);
	struct buf value;
	enum fail fail;

	buf_init(&value, STORE_VALUE_MAX);
	queue_host_write(&value, h);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail == FAIL_NONE ? txn_put(t, key_str(&wake), STR("")) : fail;
}

static enum fail
host_delete(struct txn *t, struct str site, const struct queue_host *h)
{
	struct key k = queue_key_host(site), wake = queue_key_wake(h->wake_s, site);
	enum fail fail = txn_delete(t, key_str(&k));

	return fail == FAIL_NONE ? txn_delete(t, key_str(&wake)) : fail;
}

int64_t
queue_wait_s(const struct queue *q, uint32_t failures)
{
	const struct setting_durations *retry = &q->house.settings->retry;
	size_t at = failures > 0 ? failures - 1 : 0;
	int64_t ms = retry->ms[at < retry->count ? at : retry->count - 1];

	return (ms + 999) / 1000;
}

/* What the change makes of the record; false when nothing. */
static bool
apply(const struct queue *q, const struct site_change *change, int64_t now_s, struct queue_host *h)
{
	if (change->has_failed) {
		h->failures = h->failures < UINT32_MAX ? h->failures + 1 : h->failures;
		h->retry_s = now_s + queue_wait_s(q, h->failures);
		h->last = change->last;
		return true;
	}
	if (change->is_well && h->failures > 0) {
		*h = (struct queue_host){ .wake_s = h->wake_s };
		return true;
	}
	if (queue_is_ahead(q, h->retry_s, now_s)) {
		h->retry_s = now_s;
		return true;
	}
	return false;
}

/*
 * When it has something to do. While it has, the key stays where it is: a busy site does not write it for
 * every message.
 */
static int64_t
wake_of(const struct queue_host *h, const struct site_change *change, int64_t due_s, int64_t now_s,
    bool is_new)
{
	int64_t wake_s = due_s > h->retry_s ? due_s : h->retry_s;

	if (change->is_yielding && wake_s <= now_s)
		return now_s;
	if (!is_new && wake_s <= now_s && h->wake_s <= now_s)
		return h->wake_s;
	return wake_s;
}

enum fail
site_update(struct queue *q, struct txn *t, const struct site_change *change, int64_t now_s)
{
	struct queue_host h, was;
	struct buf copy;
	int64_t due_s = 0;
	bool is_new, is_changed;
	enum fail fail = site_first_due(t, change->site, &due_s), got;

	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		return fail;
	buf_init(&copy, STORE_VALUE_MAX);
	got = site_host_get(t, change->site, &h, &copy);
	is_new = got == FAIL_MISSING;
	was = h;
	if (got != FAIL_NONE && !is_new) {
		fail = got;
	} else if (fail == FAIL_MISSING) {
		fail = is_new ? FAIL_NONE : host_delete(t, change->site, &was);
	} else {
		is_changed = apply(q, change, now_s, &h);
		h.wake_s = wake_of(&h, change, due_s, now_s, is_new);
		if (!is_new && (is_changed || h.wake_s != was.wake_s))
			fail = host_delete(t, change->site, &was);
		if (fail == FAIL_NONE && (is_new || is_changed || h.wake_s != was.wake_s))
			fail = host_put(t, change->site, &h);
	}
	buf_release(&copy);
	return fail;
}

/* --- reading it ------------------------------------------------------------------------------------------- */

struct host_question {
	struct str site;
	struct queue_host *out;
	struct buf *copy;
};

static enum fail
host_read_run(struct txn *t, void *arg)
{
	struct host_question *question = arg;

	return site_host_get(t, question->site, question->out, question->copy);
}

enum fail
site_host(struct queue *q, struct str site, struct queue_host *out, struct buf *copy)
{
	struct host_question question = { site, out, copy };

	return store_read(q->house.store, host_read_run, &question);
}

/* --- an alarm for nothing ------------------------------------------------------------------------------------- */

struct false_alarm {
	struct queue *queue;
	struct str site;
	int64_t wake_s;
};

static enum fail
mend_run(struct txn *t, void *arg)
{
	const struct false_alarm *f = arg;
	struct site_change change = { .site = f->site };
	struct key wake = queue_key_wake(f->wake_s, f->site);
	struct queue_host host;
	struct buf copy;
	enum fail fail;

	buf_init(&copy, STORE_VALUE_MAX);
	fail = site_host_get(t, f->site, &host, &copy);
	buf_release(&copy);
	if (fail == FAIL_MISSING || (fail == FAIL_NONE && host.wake_s != f->wake_s))
		fail = txn_delete(t, key_str(&wake));
	return fail == FAIL_NONE ? site_update(f->queue, t, &change, clock_wall_s()) : fail;
}

void
site_mend(struct queue *q, struct str site, int64_t wake_s)
{
	struct false_alarm f = { q, site, wake_s };

	if (store_run(q->house.store, mend_run, &f) != FAIL_NONE)
		log_warn(&q->log, "queue.site.unmended", LOG_TEXT("site", site));
}

/* --- open sites --------------------------------------------------------------------------------------------- */

struct queue_site *
site_find(const struct queue *q, struct str name)
{
	struct map_node *node = map_find(&q->sites, name);

	return node ? container_of(node, struct queue_site, by_name) : NULL;
}

struct queue_site *
site_open(struct queue *q, struct str name)
{
	struct queue_site *s = mem_new(1, sizeof *s);
	struct queue_host host = { .failures = 0 };
	struct buf copy;

	s->queue = q;
	buf_init(&s->name, SITE_MAX);
	buf_add(&s->name, name);
	map_insert(&q->sites, &s->by_name, buf_str(&s->name));
	s->window = WINDOW_FIRST;
	buf_init(&copy, STORE_VALUE_MAX);
	if (site_host(q, name, &host, &copy) == FAIL_NONE) {
		s->failures = host.failures;
		s->window = host.failures > 0 ? 1 : WINDOW_FIRST; /* a probe */
	}
	buf_release(&copy);
	return s;
}

void
site_free(struct queue_site *s)
{
	invariant(list_empty(&s->agents) && s->jobs.count == 0);
	map_remove(&s->queue->sites, &s->by_name);
	map_release(&s->jobs);
	buf_release(&s->name);
	mem_free(s);
}

size_t
site_window_max(const struct queue_site *s)
{
	const struct queue_house *house = &s->queue->house;
	const struct queue_route *route = queue_site_route(house->routes, buf_str(&s->name));

	if (queue_site_is_local(buf_str(&s->name)))
		return LOCAL_AGENTS_MAX;
	if (route && route->settings->connections > 0)
		return (size_t)route->settings->connections;
	return (size_t)house->settings->site_connections;
}

bool
site_may_try(const struct queue_site *s)
{
	const struct queue *q = s->queue;

	if (s->is_resting || s->is_yielding || q->is_stopping || !store_is_well(q->house.store))
		return false;
	/* What is stored here would only be taken back. */
	if (queue_site_is_local(buf_str(&s->name)) && !blob_is_well(q->house.blobs))
		return false;
	return q->unsettled_count < UNSETTLED_MAX;
}

static bool
may_start(struct queue_site *s)
{
	struct queue *q = s->queue;
	bool is_local = queue_site_is_local(buf_str(&s->name));

	if (!site_may_try(s))
		return false;
	if (s->agent_count >=
	    (is_local ? LOCAL_AGENTS_MAX : size_min(s->window, site_window_max(s))))
		return false;
	if (!is_local && q->agent_count >= (size_t)q->house.settings->connections) {
		q->has_starved |= s->agent_count == 0;
		return false;
	}
	return true;
}

/* Its rate is known as long as it is open. */
bool
site_must_stay(const struct queue_site *s)
{
	return s->next_ms > clock_mono_ms() && !s->is_resting && !s->is_yielding;
}

bool
site_run(struct queue_site *s)
{
	bool has_none = false;

	while (!has_none && may_start(s)) {
		struct queue_job *job = job_pick(s);

		has_none = job == NULL;
		if (job)
			agent_start(s, job);
	}
	if (s->agent_count > 0 || s->jobs.count > 0 || site_must_stay(s))
		return false;
	site_free(s);
	return has_none;
}

void
site_wake(struct queue_site *s)
{
	for (struct list_node *n = list_first(&s->agents); n; n = list_next(&s->agents, n))
		task_wake(&container_of(n, struct queue_agent, node)->task);
}

void
sites_wake(struct queue *q)
{
	for (struct map_node *n = map_first(&q->sites); n; n = map_next(&q->sites, n))
		site_wake(container_of(n, struct queue_site, by_name));
}

void
queue_look_again(struct queue *q)
{
	sites_wake(q);
	task_wake(&q->task);
}
