/* Jobs: what one agent works on at a time (inner.h). */
#include "queue/inner.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* --- making and freeing --------------------------------------------------------------------------------- */

struct queue_job *
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
	job_sign_end(j);
	buf_release(&j->signed_fields);
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

enum fail
job_load_message(struct txn *t, struct queue_job *j, uint64_t id)
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

struct pick { /* one for all, for its size: job_pick() sets all but places anew */
	struct queue_site *site;
	struct queue_job *job; /* being filled in */
	int64_t now_s;
	struct queue_place places[JOB_RCPTS_MAX];
	size_t count;
	uint64_t message;
	int64_t next_s;  /* when the first one is due that is not yet; 0: none seen */
	bool is_damaged; /* a place whose row or message is gone, or cannot be read */
};

static bool
is_under_way(const struct queue_site *s, uint64_t id)
{
	return map_find(&s->jobs, str_of(&id, sizeof id)) != NULL;
}

bool
job_is_busy(const struct queue *q, const struct queue_rcpt *row)
{
	const struct queue_site *s = site_find(q, row->site);

	return s != NULL && is_under_way(s, row->message);
}

/* The first due message of this priority that nobody works on, and its recipients beside each other. */
static enum fail
find_places(struct txn *t, struct pick *p, const struct key *from, const struct key *end,
    int8_t *priority_out)
{
	struct queue_place place = { .site = buf_str(&p->site->name) };
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
		p->places[p->count++] = place;
	}
	return cursor_end(&c);
}

/* A record that is not there, or says nothing: whoever else waits is not to wait for it. */
static bool
is_damage(enum fail fail)
{
	return fail == FAIL_MISSING || fail == FAIL_PERM;
}

static enum fail
load_picked(struct txn *t, struct pick *p)
{
	struct queue_job *j = p->job;
	enum fail fail = job_load_message(t, j, p->message);

	p->is_damaged = is_damage(fail);
	if (fail != FAIL_NONE)
		return p->is_damaged ? FAIL_NONE : fail;
	j->rcpts = arena_alloc(&j->arena, p->count, sizeof *j->rcpts);
	if (j->rcpts == NULL)
		return FAIL_LIMIT;
	for (size_t i = 0; i < p->count; i++) {
		fail = load_rcpt(t, j, p->places[i].n);
		if (fail == FAIL_LIMIT && j->rcpt_count > 0)
			break; /* the rest goes with the next job */
		if (fail != FAIL_NONE && !is_damage(fail))
			return fail;
		p->is_damaged |= fail != FAIL_NONE;
	}
	return FAIL_NONE;
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

/* --- what cannot be read ---------------------------------------------------------------------------------------- */

/* Is there a record behind this key, and one that can be read? */
static enum fail
look_at_message(struct txn *t, uint64_t id)
{
	struct queue_message m;
	struct buf copy;
	enum fail fail;

	buf_init(&copy, STORE_VALUE_MAX);
	fail = queue_message_get(t, id, &m, &copy);
	buf_release(&copy);
	return fail;
}

static enum fail
look_at_row(struct txn *t, const struct key *row)
{
	struct queue_rcpt rcpt;
	struct str value;
	enum fail fail = txn_get(t, key_str(row), &value);

	return fail == FAIL_NONE ? queue_rcpt_read(value, &rcpt) : fail;
}

/*
 * The places that were picked would be found first for ever. A row that is no use (its message is gone) goes; what is
 * damaged stays for `staunch check`, and waits nowhere: it is held.
 */
static enum fail
heal_run(struct txn *t, void *arg)
{
	const struct pick *p = arg;
	struct site_change change = { .site = buf_str(&p->site->name) };
	enum fail message = look_at_message(t, p->message), fail = FAIL_NONE;

	if (message != FAIL_NONE && !is_damage(message))
		return message;
	for (size_t i = 0; fail == FAIL_NONE && i < p->count; i++) {
		struct key row = queue_key_rcpt(p->message, p->places[i].n);
		struct key place = queue_key_place(&p->places[i]);
		enum fail looked = message == FAIL_NONE ? look_at_row(t, &row) : message;

		if (looked != FAIL_NONE && !is_damage(looked))
			return looked;
		if (looked != FAIL_NONE)
			fail = txn_delete(t, key_str(&place));
		if (fail == FAIL_NONE && message == FAIL_MISSING)
			fail = txn_delete(t, key_str(&row));
	}
	return fail == FAIL_NONE ? site_update(p->site->queue, t, &change, p->now_s) : fail;
}

static void
heal(struct pick *p)
{
	struct queue *q = p->site->queue;

	log_error(&q->log, "queue.damaged", LOG_NUM("message", p->message),
	    LOG_TEXT("site", buf_str(&p->site->name)));
	if (store_run(q->house.store, heal_run, p) == FAIL_NONE)
		task_wake(&q->task); /* what waits behind it is next */
}

/* --- picking -------------------------------------------------------------------------------------------------- */

static void
join_site(struct queue_job *j)
{
	memcpy(j->id_key, &j->message.id, sizeof j->id_key);
	map_insert(&j->site->jobs, &j->by_message, str_of(j->id_key, sizeof j->id_key));
}

struct queue_job *
job_pick(struct queue_site *s)
{
	struct queue *q = s->queue;
	struct queue_job *j = job_new(q, NULL);
	struct pick *p;
	enum fail fail;

	if (q->pick == NULL)
		q->pick = mem_new(1, sizeof *p);
	p = q->pick;
	p->site = s;
	p->job = j;
	p->now_s = clock_wall_s();
	p->message = 0;
	p->next_s = 0;
	p->count = 0;
	p->is_damaged = false;
	fail = store_read(q->house.store, pick_run, p);
	if (fail == FAIL_NONE && p->is_damaged)
		heal(p);
	if (fail == FAIL_NONE && j->rcpt_count > 0) {
		j->site = s;
		j->change.site = buf_str(&s->name);
		join_site(j);
	} else {
		job_free(&j);
	}
	s->next_due_s = j ? 0 : p->next_s;
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
