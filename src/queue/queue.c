/* Opening, closing, the end of the turn (queue.h). */
#include "queue/inner.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "crypto/random.h"

#define ID_BITS 9 /* messages that come in a second, lasting (store_epoch_above()) */

/* --- what is in the store ------------------------------------------------------------------------------- */

/* Is this file named? What the blob room asks about new files and in its check. */
static enum fail
named_run(struct txn *t, void *arg)
{
	struct key k = queue_key_blob(*(const struct str *)arg);
	struct str value;

	return txn_get(t, key_str(&k), &value);
}

static enum fail
queue_names(void *arg, struct str account, struct str name)
{
	struct queue *q = arg;

	if (!str_eq(account, STR(QUEUE_FOLDER)))
		return FAIL_MISSING;
	return store_read(q->house.store, named_run, &name);
}

static enum fail
count_run(struct txn *t, void *arg)
{
	struct queue *q = arg;
	struct key k = queue_key(QUEUE_COUNT);
	int64_t count;
	enum fail fail = txn_count(t, key_str(&k), &count);

	if (fail == FAIL_NONE)
		q->count = count > 0 ? (uint64_t)count : 0;
	return fail;
}

/* The store is a copy of a lost one: ids that were told are not given again (D5). */
static enum fail
epoch_run(struct txn *t, void *arg)
{
	struct store *s = arg;
	struct key next = queue_key(QUEUE_NEXT);
	int64_t id;
	enum fail fail = txn_count(t, key_str(&next), &id);

	if (fail == FAIL_NONE)
		fail = txn_add(t, key_str(&next),
		    (int64_t)store_epoch_above(s, (uint64_t)id, ID_BITS) - id, &id);
	return fail;
}

/* Before ids are given out. */
static enum fail
take_up_epoch(struct store *s)
{
	struct key known = queue_key(QUEUE_EPOCH);

	return store_run_in_epoch(s, key_str(&known), epoch_run, s);
}

/* The key of rewritten senders, made by the first one who needs it. */
static enum fail
secret_run(struct txn *t, void *arg)
{
	struct queue *q = arg;
	struct key k = queue_key(QUEUE_SECRET);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_MISSING) {
		random_bytes(q->secret, sizeof q->secret);
		return txn_put(t, key_str(&k), str_of(q->secret, sizeof q->secret));
	}
	if (fail == FAIL_NONE && value.n != sizeof q->secret)
		return FAIL_PERM;
	if (fail == FAIL_NONE)
		memcpy(q->secret, value.p, sizeof q->secret);
	return fail;
}

enum fail
queue_secret(struct queue *q, struct str *out)
{
	enum fail fail = FAIL_NONE;

	if (!q->has_secret)
		fail = store_run(q->house.store, secret_run, q);
	q->has_secret = fail == FAIL_NONE;
	*out = str_of(q->secret, sizeof q->secret);
	return fail;
}

/* --- the end of the turn ---------------------------------------------------------------------------------- */

/* What was picked in this turn may have been added in it, too, and be gone now. */
static void
stop_agents(struct queue *q, uint64_t turn)
{
	struct map_node *next_site;

	for (struct map_node *m = map_first(&q->sites); m; m = next_site) {
		struct queue_site *s = container_of(m, struct queue_site, by_name);
		struct list_node *next;

		next_site = map_next(&q->sites, m);
		for (struct list_node *n = list_first(&s->agents); n; n = next) {
			struct queue_agent *a = container_of(n, struct queue_agent, node);

			next = list_next(&s->agents, n);
			if (a->job && a->job->turn == turn)
				a->stop(a);
		}
	}
}

/* Half of something was written and could not be taken back: none of the turn is, then. */
static enum fail
turn_sync(struct turn_hook *hook, enum fail so_far)
{
	struct queue *q = container_of(hook, struct queue, sync);

	if (!q->is_turn_lost)
		return so_far;
	q->is_turn_lost = false;
	log_error(&q->log, "queue.turn.lost");
	return FAIL_TEMP;
}

static enum fail
turn_committed(struct turn_hook *hook, enum fail so_far)
{
	struct queue *q = container_of(hook, struct queue, committed);

	jobs_committed(q, so_far);
	if (so_far == FAIL_NONE)
		return so_far;
	q->has_secret = false;
	stop_agents(q, q->house.loop->turns);
	if (store_read(q->house.store, count_run, q) != FAIL_NONE)
		log_warn(&q->log, "queue.count.unknown");
	task_wake(&q->task);
	return so_far;
}

/* --- life --------------------------------------------------------------------------------------------------- */

enum fail
queue_open(struct queue **out, const struct queue_house *house)
{
	struct queue *q = mem_new(1, sizeof *q);
	enum fail fail;

	q->house = *house;
	q->log.room = "queue";
	buf_init(&q->ahead_at, STORE_KEY_MAX + 1);
	fail = take_up_epoch(house->store);
	if (fail == FAIL_NONE)
		fail = store_read(house->store, count_run, q);
	if (fail != FAIL_NONE) {
		buf_release(&q->ahead_at);
		mem_free(q);
		return FAIL_TEMP;
	}
	if (house->loop) {
		loop_task(house->loop, &q->task, queue_step, NULL);
		q->sync.run = turn_sync;
		loop_hook(house->loop, TURN_SYNC, &q->sync);
		q->committed.run = turn_committed;
		loop_hook(house->loop, TURN_COMMITTED, &q->committed);
	}
	blob_add_namer(house->blobs, &q->namer, queue_names, q);
	*out = q;
	return FAIL_NONE;
}

void
queue_start(struct queue *q)
{
	q->is_started = true;
	q->clock_offset_s = clock_wall_s() - clock_mono_ms() / 1000;
	ahead_begin(q);
	task_wake(&q->task);
}

void
queue_stop(struct queue *q)
{
	q->is_stopping = true;
	sites_wake(q);
}

/* Nobody comes to reap them any more. */
static void
end_agents(struct queue_site *s)
{
	struct list_node *node;

	while ((node = list_first(&s->agents)) != NULL) {
		struct queue_agent *a = container_of(node, struct queue_agent, node);

		a->stop(a);
		task_cancel(&a->task);
		a->task.reap(&a->task);
	}
}

static void
free_jobs(struct list *list)
{
	struct list_node *node;

	while ((node = list_pop(list)) != NULL) {
		struct queue_job *j = container_of(node, struct queue_job, node);

		job_free(&j);
	}
}

void
queue_close(struct queue **queue)
{
	struct queue *q = *queue;
	struct map_node *node;

	*queue = NULL;
	if (q == NULL)
		return;
	q->is_stopping = true;
	for (node = map_first(&q->sites); node; node = map_next(&q->sites, node))
		end_agents(container_of(node, struct queue_site, by_name));
	free_jobs(&q->settling);
	free_jobs(&q->unsettled);
	while ((node = map_first(&q->sites)) != NULL)
		site_free(container_of(node, struct queue_site, by_name));
	map_release(&q->sites);
	blob_remove_namer(&q->namer);
	if (q->house.loop) {
		loop_unhook(&q->sync);
		loop_unhook(&q->committed);
		timer_stop(q->house.loop, &q->timer);
		task_cancel(&q->task);
	}
	buf_release(&q->ahead_at);
	mem_wipe(q->secret, sizeof q->secret);
	mem_free(q->health);
	mem_free(q->pick);
	mem_free(q);
}

struct queue_counts
queue_counts(const struct queue *q)
{
	struct queue_counts counts = q->counts;

	counts.messages = q->count;
	counts.connections = q->agent_count;
	counts.sites = q->sites.count;
	return counts;
}
