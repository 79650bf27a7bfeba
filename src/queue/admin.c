/* Looking into the queue and interfering (admin.h). */
#include "queue/admin.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "queue/inner.h"

/* --- messages --------------------------------------------------------------------------------------------- */

struct look {
	uint64_t id; /* the one wanted, or the one behind which the next is */
	bool is_next;
	struct arena *arena;
	struct queue_entry *out;
};

static enum fail
copy(struct arena *arena, struct str value, struct str *out)
{
	*out = arena_str(arena, value);
	return out->p ? FAIL_NONE : FAIL_LIMIT;
}

/* The id of the first message behind one. */
static enum fail
find_next(struct txn *t, uint64_t after_id, uint64_t *id_out)
{
	struct key from = queue_key_message(after_id + 1), end = queue_key(QUEUE_MESSAGE);
	struct key_reader r;
	struct str key, value;
	struct cursor c;
	bool has_one;
	enum fail fail;

	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	has_one = cursor_next(&c, &key, &value);
	if (has_one) {
		key_read(&r, key);
		(void)key_read_char(&r);
		(void)key_read_char(&r);
		*id_out = key_read_u64(&r);
	}
	fail = cursor_end(&c);
	return fail == FAIL_NONE && !has_one ? FAIL_MISSING : fail;
}

static enum fail
look_at_rcpts(struct txn *t, struct look *l)
{
	struct key from = queue_key_rcpts(l->id), end = from;
	struct queue_entry *e = l->out;
	struct str key, value, kept;
	struct cursor c;
	enum fail fail = FAIL_NONE, ended;

	e->rcpts = arena_alloc(l->arena, e->message.rcpt_left, sizeof *e->rcpts);
	if (e->rcpts == NULL)
		return FAIL_LIMIT;
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (fail == FAIL_NONE && e->rcpt_count < e->message.rcpt_left &&
	    cursor_next(&c, &key, &value)) {
		struct queue_rcpt *r = &e->rcpts[e->rcpt_count];
		uint64_t id;
		uint32_t n;

		if (!queue_rcpt_key_read(key, &id, &n))
			continue;
		fail = copy(l->arena, value, &kept);
		if (fail == FAIL_NONE)
			fail = queue_rcpt_read(kept, r);
		r->message = id;
		r->n = n;
		e->rcpt_count += fail == FAIL_NONE;
	}
	ended = cursor_end(&c);
	return fail == FAIL_NONE ? ended : fail;
}

static enum fail
look_run(struct txn *t, void *arg)
{
	struct look *l = arg;
	struct key k;
	struct str value;
	enum fail fail = l->is_next ? find_next(t, l->id, &l->id) : FAIL_NONE;

	*l->out = (struct queue_entry){ .rcpt_count = 0 };
	k = queue_key_message(l->id);
	if (fail == FAIL_NONE)
		fail = txn_get(t, key_str(&k), &value);
	if (fail == FAIL_NONE)
		fail = copy(l->arena, value, &value);
	if (fail == FAIL_NONE)
		fail = queue_message_read(value, &l->out->message);
	l->out->message.id = l->id;
	return fail == FAIL_NONE ? look_at_rcpts(t, l) : fail;
}

enum fail
queue_entry_read(struct txn *t, uint64_t after_id, struct arena *arena, struct queue_entry *out)
{
	struct look l = { .id = after_id, .is_next = true, .arena = arena, .out = out };

	return look_run(t, &l);
}

enum fail
queue_entry_next(struct queue *q, uint64_t after_id, struct arena *arena, struct queue_entry *out)
{
	struct look l = { .id = after_id, .is_next = true, .arena = arena, .out = out };

	return store_read(q->house.store, look_run, &l);
}

enum fail
queue_entry_get(struct queue *q, uint64_t id, struct arena *arena, struct queue_entry *out)
{
	struct look l = { .id = id, .arena = arena, .out = out };

	return store_read(q->house.store, look_run, &l);
}

int64_t
queue_next_try(struct queue *q, const struct queue_entry *e, const struct queue_rcpt *r)
{
	struct queue_host host = { .failures = 0 };
	struct buf kept;
	int64_t next_s = r->due_s;

	if (e->message.is_held)
		return 0;
	buf_init(&kept, STORE_VALUE_MAX);
	if (site_host(q, r->site, &host, &kept) == FAIL_NONE && host.retry_s > next_s)
		next_s = host.retry_s;
	buf_release(&kept);
	return next_s;
}

/* --- sites --------------------------------------------------------------------------------------------------- */

struct site_look {
	struct str after;
	struct arena *arena;
	struct queue_site_entry *out;
};

/* How many wait there. */
static enum fail
count_waiting(struct txn *t, struct queue_site_entry *e)
{
	struct key from = queue_key_site(e->site), end = from;
	struct str key, value;
	struct cursor c;

	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (e->waiting < ADMIN_COUNT_MAX && cursor_next(&c, &key, &value))
		e->waiting++;
	return cursor_end(&c);
}

static enum fail
site_look_run(struct txn *t, void *arg)
{
	struct site_look *l = arg;
	struct key from = queue_key_host(l->after), end = queue_key(QUEUE_HOST);
	struct str key, value;
	struct cursor c;
	bool has_one = false;
	enum fail fail;

	*l->out = (struct queue_site_entry){ .waiting = 0 };
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (cursor_next(&c, &key, &value)) {
		struct str site = str_from(key, 2); /* QUEUE_SPACE, QUEUE_HOST */

		if (!str_empty(l->after) && str_eq(site, l->after))
			continue;
		l->out->site = arena_str(l->arena, site);
		value = arena_str(l->arena, value);
		has_one = true;
		break;
	}
	fail = cursor_end(&c);
	if (fail == FAIL_NONE && !has_one)
		return FAIL_MISSING;
	if (fail == FAIL_NONE && (l->out->site.p == NULL || value.p == NULL))
		return FAIL_LIMIT;
	if (fail == FAIL_NONE)
		fail = queue_host_read(value, &l->out->host);
	return fail == FAIL_NONE ? count_waiting(t, l->out) : fail;
}

enum fail
queue_site_next(struct queue *q, struct str after, struct arena *arena,
    struct queue_site_entry *out)
{
	struct site_look l = { .after = after, .arena = arena, .out = out };

	return store_read(q->house.store, site_look_run, &l);
}

/* --- changing one message -------------------------------------------------------------------------------------- */

enum change_how { CHANGE_HOLD, CHANGE_RELEASE, CHANGE_CANCEL, CHANGE_RETRY };

struct change {
	struct queue *queue;
	uint64_t id;
	enum change_how how;
	struct arena arena;
	struct queue_entry entry;
};

static enum fail
change_place(struct txn *t, const struct change *c, struct queue_rcpt *r, bool is_there)
{
	const struct queue_place place = { .site = r->site,
		.priority = c->entry.message.envelope.priority,
		.due_s = r->due_s,
		.message = r->message,
		.n = r->n };
	struct key k = queue_key_place(&place);

	return is_there ? txn_put(t, key_str(&k), STR("")) : txn_delete(t, key_str(&k));
}

static enum fail
put_rcpt(struct txn *t, const struct queue_rcpt *r)
{
	struct key k = queue_key_rcpt(r->message, r->n);
	struct buf value;
	enum fail fail;

	buf_init(&value, STORE_VALUE_MAX);
	queue_rcpt_write(&value, r);
	fail = txn_put(t, key_str(&k), buf_str(&value));
	buf_release(&value);
	return fail;
}

static enum fail
change_rcpt(struct txn *t, const struct change *c, struct queue_rcpt *r)
{
	const struct site_change site = { .site = r->site,
		.is_well = c->how == CHANGE_RETRY || c->how == CHANGE_RELEASE };
	struct key k = queue_key_rcpt(r->message, r->n);
	enum fail fail = change_place(t, c, r, false);

	if (fail == FAIL_NONE && c->how == CHANGE_CANCEL)
		fail = txn_delete(t, key_str(&k));
	if (fail == FAIL_NONE && (c->how == CHANGE_RETRY || c->how == CHANGE_RELEASE)) {
		r->due_s = clock_wall_s();
		fail = put_rcpt(t, r);
		if (fail == FAIL_NONE)
			fail = change_place(t, c, r, true);
	}
	return fail == FAIL_NONE ? site_update(c->queue, t, &site, clock_wall_s()) : fail;
}

/* The record, behind its recipients. */
static enum fail
change_message(struct txn *t, struct change *c)
{
	struct queue_message *m = &c->entry.message;
	enum fail fail = FAIL_NONE;

	switch (c->how) {
	case CHANGE_CANCEL: return queue_message_delete(c->queue, t, m);
	case CHANGE_HOLD:
		m->is_held = true;
		fail = queue_message_retime(t, m, 0);
		break;
	case CHANGE_RELEASE:
		m->is_held = false;
		fail = queue_message_retime(t, m, queue_next_time(c->queue, m, clock_wall_s()));
		break;
	case CHANGE_RETRY: return FAIL_NONE;
	}
	return fail == FAIL_NONE ? queue_message_put(t, m) : fail;
}

static enum fail
change_run(struct txn *t, void *arg)
{
	struct change *c = arg;
	struct look l = { .id = c->id, .arena = &c->arena, .out = &c->entry };
	enum fail fail;

	arena_reset(&c->arena);
	fail = look_run(t, &l);
	if (fail == FAIL_NONE && c->how == CHANGE_RETRY && c->entry.message.is_held)
		return FAIL_NONE; /* held is held */
	for (size_t i = 0; fail == FAIL_NONE && i < c->entry.rcpt_count; i++)
		fail = change_rcpt(t, c, &c->entry.rcpts[i]);
	return fail == FAIL_NONE ? change_message(t, c) : fail;
}

static enum fail
change_one(struct queue *q, uint64_t id, enum change_how how)
{
	struct change c = { .queue = q, .id = id, .how = how };
	enum fail fail;

	arena_init(&c.arena, JOB_ARENA_MAX);
	fail = store_run(q->house.store, change_run, &c);
	arena_release(&c.arena);
	if (fail == FAIL_NONE && how == CHANGE_CANCEL)
		q->count -= q->count > 0;
	if (fail == FAIL_NONE && q->house.loop)
		task_wake(&q->task);
	return fail == FAIL_NONE || fail == FAIL_MISSING ? fail : FAIL_TEMP;
}

enum fail
queue_hold(struct queue *q, uint64_t id)
{
	return change_one(q, id, CHANGE_HOLD);
}

enum fail
queue_release(struct queue *q, uint64_t id)
{
	return change_one(q, id, CHANGE_RELEASE);
}

enum fail
queue_cancel(struct queue *q, uint64_t id)
{
	return change_one(q, id, CHANGE_CANCEL);
}

enum fail
queue_retry(struct queue *q, uint64_t id)
{
	return change_one(q, id, CHANGE_RETRY);
}

void
queue_drop(struct queue *q, uint64_t id)
{
	if (change_one(q, id, CHANGE_CANCEL) != FAIL_NONE)
		log_warn(&q->log, "queue.drop.failed", LOG_NUM("message", id));
}

/* --- a site's recipients -------------------------------------------------------------------------------------------- */

struct retry {
	struct queue *queue;
	struct str site;
	int64_t now_s;
	struct queue_place places[ADMIN_SLICE]; /* those that are not due yet */
	size_t count;
};

/* Places of one priority that lie ahead. */
static enum fail
find_ahead_of(struct txn *t, struct retry *r, int8_t priority)
{
	const struct queue_place first = { .site = r->site,
		.priority = priority,
		.due_s = r->now_s + 1 };
	struct key from = queue_key_place(&first), end = queue_key_priority(r->site, priority);
	struct str key, value;
	struct cursor c;

	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (r->count < ADMIN_SLICE && cursor_next(&c, &key, &value)) {
		struct queue_place *place = &r->places[r->count];

		place->site = r->site;
		r->count += queue_place_read(key, place);
	}
	return cursor_end(&c);
}

static enum fail
find_ahead(struct txn *t, struct retry *r)
{
	struct key k = queue_key_host(r->site);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value); /* FAIL_MISSING: nothing waits there */

	r->count = 0;
	for (int p = ENVELOPE_PRIORITY_MAX; fail == FAIL_NONE && p >= -ENVELOPE_PRIORITY_MAX; p--)
		fail = find_ahead_of(t, r, (int8_t)p);
	return fail;
}

static enum fail
bring_forward(struct txn *t, struct retry *r, const struct queue_place *place)
{
	struct queue_place now = *place;
	struct key was = queue_key_place(place), k = queue_key_rcpt(place->message, place->n);
	struct queue_rcpt row;
	struct buf kept;
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail != FAIL_NONE)
		return fail == FAIL_MISSING ? FAIL_PERM : fail;
	buf_init(&kept, STORE_VALUE_MAX);
	buf_add(&kept, value);
	fail = queue_rcpt_read(buf_str(&kept), &row);
	row.message = place->message;
	row.n = place->n;
	row.due_s = now.due_s = r->now_s;
	if (fail == FAIL_NONE)
		fail = put_rcpt(t, &row);
	if (fail == FAIL_NONE)
		fail = txn_delete(t, key_str(&was));
	k = queue_key_place(&now);
	if (fail == FAIL_NONE)
		fail = txn_put(t, key_str(&k), STR(""));
	buf_release(&kept);
	return fail;
}

static enum fail
retry_run(struct txn *t, void *arg)
{
	struct retry *r = arg;
	const struct site_change change = { .site = r->site, .is_well = true };
	enum fail fail = find_ahead(t, r);

	for (size_t i = 0; fail == FAIL_NONE && i < r->count; i++)
		fail = bring_forward(t, r, &r->places[i]);
	return fail == FAIL_NONE ? site_update(r->queue, t, &change, r->now_s) : fail;
}

enum fail
queue_retry_site(struct queue *q, struct str site, bool *done_out)
{
	struct retry *r = mem_new(1, sizeof *r);
	enum fail fail;

	r->queue = q;
	r->site = site;
	r->now_s = clock_wall_s();
	fail = store_run(q->house.store, retry_run, r);
	*done_out = fail != FAIL_NONE || r->count < ADMIN_SLICE;
	mem_free(r);
	if (fail == FAIL_NONE && q->house.loop)
		task_wake(&q->task);
	return fail == FAIL_NONE || fail == FAIL_MISSING ? fail : FAIL_TEMP;
}
