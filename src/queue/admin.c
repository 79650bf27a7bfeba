/* Looking into the queue (admin.h). */
#include "queue/admin.h"

/* rooms */
#include "queue/inner.h"

/* --- messages --------------------------------------------------------------------------------------------- */

struct look {
	uint64_t id; /* the one wanted, or the one behind which the next is */
	bool is_next;
	bool is_held; /* the next one that is held */
	struct arena *arena;
	struct queue_entry *out;
};

static enum fail
copy(struct arena *arena, struct str value, struct str *out)
{
	*out = arena_str(arena, value);
	return out->p ? FAIL_NONE : FAIL_LIMIT;
}

/* The id of the first message behind one, by these keys: QUEUE_MESSAGE, QUEUE_HELD. */
static enum fail
find_next(struct txn *t, enum queue_kind kind, uint64_t after_id, uint64_t *id_out)
{
	struct key from = queue_key(kind), end = from;
	struct key_reader r;
	struct str key, value;
	struct cursor c;
	bool has_one;
	enum fail fail;

	key_u64(&from, after_id + 1);
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
count_rcpts(struct txn *t, const struct key *from, const struct key *end, size_t *count_out)
{
	struct str key, value;
	struct cursor c;

	*count_out = 0;
	txn_scan(t, &c, key_str(from), key_str(end), false);
	while (cursor_next(&c, &key, &value))
		++*count_out;
	return cursor_end(&c);
}

/* Rows that are damaged are counted, and no reason not to tell of the others. */
static enum fail
look_at_rcpts(struct txn *t, struct look *l)
{
	struct key from = queue_key_rcpts(l->id), end = from;
	struct queue_entry *e = l->out;
	struct str key, value, kept;
	struct cursor c;
	size_t count;
	enum fail fail, ended;

	key_end(&end);
	fail = count_rcpts(t, &from, &end, &count);
	e->rcpts = arena_alloc(l->arena, count, sizeof *e->rcpts);
	if (fail == FAIL_NONE && e->rcpts == NULL)
		fail = FAIL_LIMIT;
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (fail == FAIL_NONE && e->rcpt_count < count && cursor_next(&c, &key, &value)) {
		struct queue_rcpt *r = &e->rcpts[e->rcpt_count];
		uint64_t id;
		uint32_t n;

		if (!queue_rcpt_key_read(key, &id, &n))
			continue;
		fail = copy(l->arena, value, &kept);
		if (fail != FAIL_NONE)
			break;
		if (queue_rcpt_read(kept, r) != FAIL_NONE) {
			e->damaged++;
			continue;
		}
		r->message = id;
		r->n = n;
		e->rcpt_count++;
	}
	ended = cursor_end(&c);
	return fail == FAIL_NONE ? ended : fail;
}

static enum fail
look_run(struct txn *t, void *arg)
{
	struct look *l = arg;
	struct key k;
	struct str value = STR("");
	enum fail fail = FAIL_NONE;

	if (l->is_next)
		fail = find_next(t, l->is_held ? QUEUE_HELD : QUEUE_MESSAGE, l->id, &l->id);
	*l->out = (struct queue_entry){ .rcpt_count = 0 };
	k = queue_key_message(l->id);
	if (fail == FAIL_NONE)
		fail = txn_get(t, key_str(&k), &value);
	if (fail == FAIL_NONE)
		fail = copy(l->arena, value, &value);
	if (fail == FAIL_NONE && queue_message_read(value, &l->out->message) != FAIL_NONE) {
		l->out->message = (struct queue_message){ .id = 0 };
		l->out->is_damaged = true;
	}
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
queue_entry_load(struct txn *t, uint64_t id, struct arena *arena, struct queue_entry *out)
{
	struct look l = { .id = id, .arena = arena, .out = out };

	return look_run(t, &l);
}

enum fail
queue_entry_next(struct queue *q, uint64_t after_id, struct arena *arena, struct queue_entry *out)
{
	struct look l = { .id = after_id, .is_next = true, .arena = arena, .out = out };

	return store_read(q->house.store, look_run, &l);
}

enum fail
queue_held_next(struct queue *q, uint64_t after_id, struct arena *arena, struct queue_entry *out)
{
	struct look l = { .id = after_id,
		.is_next = true,
		.is_held = true,
		.arena = arena,
		.out = out };

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

/* Keys that begin so, up to ADMIN_COUNT_MAX. */
static enum fail
count_keys(struct txn *t, struct key from, uint64_t *out)
{
	struct key end = from;
	struct str key, value;
	struct cursor c;

	*out = 0;
	key_end(&end);
	txn_scan(t, &c, key_str(&from), key_str(&end), false);
	while (*out < ADMIN_COUNT_MAX && cursor_next(&c, &key, &value))
		(*out)++;
	return cursor_end(&c);
}

static enum fail
count_held_run(struct txn *t, void *out)
{
	return count_keys(t, queue_key(QUEUE_HELD), out);
}

enum fail
queue_count_held(struct queue *q, uint64_t *out)
{
	return store_read(q->house.store, count_held_run, out);
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
	return fail == FAIL_NONE ? count_keys(t, queue_key_site(l->out->site), &l->out->waiting)
				 : fail;
}

enum fail
queue_site_next(struct queue *q, struct str after, struct arena *arena,
    struct queue_site_entry *out)
{
	struct site_look l = { .after = after, .arena = arena, .out = out };

	return store_read(q->house.store, site_look_run, &l);
}
