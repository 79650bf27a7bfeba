/* Jobs: what one agent works on at a time (inner.h). */
#include "queue/inner.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* --- making and freeing --------------------------------------------------------------------------------- */

static struct queue_job *
job_new(struct queue *q, struct queue_site *s)
{
	struct queue_job *j = mem_new(1, sizeof *j);

	j->queue = q;
	j->site = s;
	j->turn = q->house.loop ? q->house.loop->turns : 0;
	arena_init(&j->arena, JOB_ARENA_MAX);
	arena_init(&j->child_arena, JOB_ARENA_MAX);
	return j;
}

void
job_free(struct queue_job **job)
{
	struct queue_job *j = *job;

	*job = NULL;
	if (j == NULL)
		return;
	list_remove(&j->node);
	if (j->site)
		map_remove(&j->site->jobs, &j->by_message);
	if (j->site && j->queue->house.loop)
		task_wake(&j->queue->task); /* the site may be done */
	blob_unmap(&j->map);
	arena_release(&j->arena);
	arena_release(&j->child_arena);
	mem_free(j);
}

void
job_rcpt_set(struct job_rcpt *r, enum job_outcome outcome, struct status status, const char *text)
{
	r->outcome = outcome;
	r->last =
	    (struct queue_last){ .time_s = clock_wall_s(), .status = status, .text = str_c(text) };
}

/* --- reading records into a job ----------------------------------------------------------------------------- */

/* A value that lives as long as the job. */
static enum fail
get(struct txn *t, struct key k, struct arena *arena, struct str *value_out)
{
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail != FAIL_NONE)
		return fail;
	*value_out = arena_str(arena, value);
	return value_out->p ? FAIL_NONE : FAIL_LIMIT;
}

static enum fail
load_message(struct txn *t, struct queue_job *j, uint64_t id)
{
	struct str value;
	enum fail fail = get(t, queue_key_message(id), &j->arena, &value);

	if (fail == FAIL_NONE)
		fail = queue_message_read(value, &j->message);
	j->message.id = id;
	return fail;
}

/* One more recipient at the end of the list, which has room. */
static enum fail
load_rcpt(struct txn *t, struct queue_job *j, uint32_t n)
{
	struct job_rcpt *r = &j->rcpts[j->rcpt_count];
	struct str value;
	enum fail fail = get(t, queue_key_rcpt(j->message.id, n), &j->arena, &value);

	if (fail == FAIL_NONE)
		fail = queue_rcpt_read(value, &r->row);
	if (fail != FAIL_NONE)
		return fail;
	r->row.message = j->message.id;
	r->row.n = n;
	j->rcpt_count++;
	return FAIL_NONE;
}

/* --- the next one of a site ----------------------------------------------------------------------------------- */

struct pick {
	struct queue_site *site;
	struct queue_job *job; /* being filled in */
	int64_t now_s;
	uint32_t numbers[JOB_RCPTS_MAX];
	size_t count;
	uint64_t message;
	int64_t next_s; /* when the first one is due that is not yet; 0: none seen */
	bool is_stale;  /* a place whose row is gone */
};

static bool
is_under_way(const struct queue_site *s, uint64_t id)
{
	return map_find(&s->jobs, str_of(&id, sizeof id)) != NULL;
}

/* The first due message of this priority that nobody works on, and its recipients beside each other. */
static enum fail
find_places(struct txn *t, struct pick *p, const struct key *from, const struct key *end,
    int8_t *priority_out)
{
	struct queue_place place;
	struct str key, value;
	struct cursor c;

	txn_scan(t, &c, key_str(from), key_str(end), false);
	while (p->count < JOB_RCPTS_MAX && cursor_next(&c, &key, &value)) {
		if (!queue_place_read(key, &place))
			continue;
		*priority_out = place.priority;
		if (place.due_s > p->now_s && (p->next_s == 0 || place.due_s < p->next_s))
			p->next_s = place.due_s;
		if (place.due_s > p->now_s || (p->count > 0 && place.message != p->message))
			break;
		if (p->count == 0 && is_under_way(p->site, place.message))
			continue;
		p->message = place.message;
		p->numbers[p->count++] = place.n;
	}
	return cursor_end(&c);
}

static enum fail
load_picked(struct txn *t, struct pick *p)
{
	struct queue_job *j = p->job;
	enum fail fail = load_message(t, j, p->message);

	j->rcpts = arena_alloc(&j->arena, p->count, sizeof *j->rcpts);
	if (fail == FAIL_NONE && j->rcpts == NULL)
		fail = FAIL_LIMIT;
	for (size_t i = 0; fail == FAIL_NONE && i < p->count; i++) {
		fail = load_rcpt(t, j, p->numbers[i]);
		if (fail == FAIL_LIMIT && j->rcpt_count > 0) {
			fail = FAIL_NONE; /* the rest goes with the next job */
			break;
		}
	}
	if (fail == FAIL_MISSING) {
		p->is_stale = true;
		return FAIL_NONE;
	}
	return fail;
}

/* Priorities one after the other; within each, what is due comes first. */
static enum fail
pick_run(struct txn *t, void *arg)
{
	struct pick *p = arg;
	struct str site = buf_str(&p->site->name);

	for (int priority = ENVELOPE_PRIORITY_MAX; priority >= -ENVELOPE_PRIORITY_MAX;) {
		struct key from = queue_key_priority(site, (int8_t)priority);
		struct key end = queue_key_site(site);
		int8_t found = -ENVELOPE_PRIORITY_MAX - 1;
		enum fail fail;

		key_end(&end);
		fail = find_places(t, p, &from, &end, &found);
		if (fail != FAIL_NONE)
			return fail;
		if (p->count > 0)
			return load_picked(t, p);
		priority = found - 1;
	}
	return FAIL_MISSING;
}

/* Places of the message whose rows are gone: they would be found first for ever. */
static enum fail
heal_run(struct txn *t, void *arg)
{
	const struct pick *p = arg;
	struct key from = queue_key_site(buf_str(&p->site->name)), end = from;
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, ended;

	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		struct queue_place place;
		struct key row;

		if (!queue_place_read(key, &place) || place.message != p->message)
			continue;
		row = queue_key_rcpt(place.message, place.n);
		fail = txn_get(t, key_str(&row), &value);
		if (fail == FAIL_MISSING)
			fail = txn_delete(t, key);
	}
	ended = cursor_end(&c);
	return fail == FAIL_NONE ? ended : fail;
}

static void
note_damage(struct queue_site *s, struct pick *p)
{
	log_error(&s->queue->log, "queue.damaged", LOG_NUM("message", p->message),
	    LOG_TEXT("site", buf_str(&s->name)));
	if (p->is_stale && store_run(s->queue->house.store, heal_run, p) == FAIL_NONE)
		task_wake(&s->queue->task);
}

static void
join_site(struct queue_job *j)
{
	memcpy(j->id_key, &j->message.id, sizeof j->id_key);
	map_insert(&j->site->jobs, &j->by_message, str_of(j->id_key, sizeof j->id_key));
}

struct queue_job *
job_pick(struct queue_site *s)
{
	struct pick *p = mem_new(1, sizeof *p);
	struct queue_job *j = job_new(s->queue, NULL);
	enum fail fail;

	p->site = s;
	p->job = j;
	p->now_s = clock_wall_s();
	fail = store_read(s->queue->house.store, pick_run, p);
	if (fail == FAIL_NONE && !p->is_stale) {
		j->site = s;
		j->change.site = buf_str(&s->name);
		join_site(j);
	} else {
		if (p->is_stale || fail == FAIL_PERM)
			note_damage(s, p);
		job_free(&j);
	}
	s->next_due_s = j ? 0 : p->next_s;
	mem_free(p);
	return j;
}

/* --- a whole message ------------------------------------------------------------------------------------------- */

struct whole {
	struct queue *queue;
	struct queue_job *job;
	uint64_t id;
	size_t busy; /* recipients that an agent works on */
};

static bool
is_busy(const struct whole *w, const struct queue_rcpt *row)
{
	const struct queue_site *s = site_find(w->queue, row->site);

	return s != NULL && is_under_way(s, w->id);
}

static enum fail
whole_run(struct txn *t, void *arg)
{
	struct whole *w = arg;
	struct queue_job *j = w->job;
	struct key from = queue_key_rcpts(w->id), end = from;
	struct str key, value;
	struct cursor c;
	enum fail fail = load_message(t, j, w->id), ended;

	if (fail != FAIL_NONE)
		return fail;
	key_end(&end);
	j->rcpts = arena_alloc(&j->arena, JOB_RCPTS_MAX, sizeof *j->rcpts);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (
	    fail == FAIL_NONE && j->rcpt_count < JOB_RCPTS_MAX && cursor_next(&c, &key, &value)) {
		struct job_rcpt *r = &j->rcpts[j->rcpt_count];
		struct str copy = arena_str(&j->arena, value);

		if (copy.p == NULL || !queue_rcpt_key_read(key, &r->row.message, &r->row.n))
			break;
		uint32_t n = r->row.n;
		fail = queue_rcpt_read(copy, &r->row);
		r->row.message = w->id;
		r->row.n = n;
		if (is_busy(w, &r->row))
			w->busy++;
		else
			j->rcpt_count++;
	}
	ended = cursor_end(&c);
	return fail == FAIL_NONE ? ended : fail;
}

struct queue_job *
job_of_message(struct queue *q, uint64_t id, size_t *busy_out)
{
	struct queue_job *j = job_new(q, NULL);
	struct whole w = { .queue = q, .job = j, .id = id };
	enum fail fail = store_read(q->house.store, whole_run, &w);

	*busy_out = w.busy;
	if (fail != FAIL_NONE)
		job_free(&j);
	return j;
}

/* --- its bytes ------------------------------------------------------------------------------------------------- */

enum fail
job_map(struct queue_job *j, struct str *content_out)
{
	enum fail fail = FAIL_NONE;

	if (j->map.bytes.p == NULL)
		fail = blob_map(j->queue->house.blobs, STR(QUEUE_FOLDER), j->message.blob, &j->map);
	if (fail == FAIL_NONE)
		*content_out = str_from(j->map.bytes, (size_t)j->message.skip);
	return fail;
}
