/* Interfering with one message: hold, release, cancel, retry (admin.h). */
#include "queue/admin.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "queue/inner.h"

enum change_how { CHANGE_HOLD, CHANGE_RELEASE, CHANGE_CANCEL, CHANGE_RETRY };

struct change {
	struct queue *queue;
	uint64_t id;
	enum change_how how;
	int64_t now_s;
	struct queue_found found;
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
change_rcpt(struct txn *t, const struct change *c, struct queue_rcpt *r)
{
	const struct site_change site = { .site = r->site,
		.is_well = c->how == CHANGE_RETRY || c->how == CHANGE_RELEASE };
	struct key k = queue_key_rcpt(r->message, r->n);
	enum fail fail = change_place(t, c, r, false);

	if (fail == FAIL_NONE && c->how == CHANGE_CANCEL)
		fail = txn_delete(t, key_str(&k));
	if (fail == FAIL_NONE && (c->how == CHANGE_RETRY || c->how == CHANGE_RELEASE)) {
		r->due_s = c->now_s;
		fail = queue_rcpt_put(t, r);
		if (fail == FAIL_NONE)
			fail = change_place(t, c, r, true);
	}
	return fail == FAIL_NONE ? site_update(c->queue, t, &site, c->now_s) : fail;
}

/* Of a damaged message only its record and rows are known; the rest is `staunch check`'s. */
static enum fail
drop_damaged(struct txn *t, const struct change *c)
{
	struct key k = queue_key_message(c->id), count = queue_key(QUEUE_COUNT);
	int64_t left;
	enum fail fail = txn_delete(t, key_str(&k));

	return fail == FAIL_NONE ? txn_add(t, key_str(&count), -1, &left) : fail;
}

/* Rows that cannot be read have no place any more. */
static enum fail
drop_rows(struct txn *t, uint64_t id)
{
	struct key from = queue_key_rcpts(id), end = from;

	key_end(&end);
	return txn_delete_range(t, key_str(&from), key_str(&end));
}

/* The record, behind its recipients. */
static enum fail
change_message(struct txn *t, struct change *c)
{
	struct queue_message *m = &c->entry.message;
	struct key held = queue_key_held(m->id);
	enum fail fail = FAIL_NONE;

	switch (c->how) {
	case CHANGE_CANCEL:
		fail = drop_rows(t, c->id);
		if (fail != FAIL_NONE)
			return fail;
		return c->entry.is_damaged ? drop_damaged(t, c)
					   : queue_message_delete(c->queue, t, m);
	case CHANGE_HOLD:
		m->is_held = true;
		fail = queue_message_retime(t, m, 0);
		if (fail == FAIL_NONE)
			fail = txn_put(t, key_str(&held), STR(""));
		break;
	case CHANGE_RELEASE:
		m->is_held = false;
		if (c->found.until_s != 0)
			m->envelope.hold_s = c->now_s; /* the owner's word replaces the sender's */
		fail = txn_delete(t, key_str(&held));
		if (fail == FAIL_NONE)
			fail = queue_message_retime(t, m, queue_next_time(c->queue, m, c->now_s));
		break;
	case CHANGE_RETRY: return FAIL_NONE;
	}
	return fail == FAIL_NONE ? queue_message_put(t, m) : fail;
}

static enum fail
change_run(struct txn *t, void *arg)
{
	struct change *c = arg;
	const struct queue_message *m = &c->entry.message;
	enum fail fail;

	arena_reset(&c->arena);
	fail = queue_entry_load(t, c->id, &c->arena, &c->entry);
	if (fail != FAIL_NONE)
		return fail;
	c->found = (struct queue_found){ .is_held = m->is_held,
		.until_s = m->envelope.hold_s > c->now_s ? m->envelope.hold_s : 0 };
	if (c->how == CHANGE_RETRY && (c->found.is_held || c->found.until_s != 0))
		return FAIL_NONE;
	if (c->how != CHANGE_CANCEL && c->entry.is_damaged)
		return FAIL_PERM;
	for (size_t i = 0; fail == FAIL_NONE && i < c->entry.rcpt_count; i++)
		fail = change_rcpt(t, c, &c->entry.rcpts[i]);
	return fail == FAIL_NONE ? change_message(t, c) : fail;
}

static enum fail
change_one(struct queue *q, uint64_t id, enum change_how how, struct queue_found *found_out)
{
	struct change c = { .queue = q, .id = id, .how = how, .now_s = clock_wall_s() };
	enum fail fail;

	arena_init(&c.arena, JOB_ARENA_MAX);
	fail = store_run(q->house.store, change_run, &c);
	arena_release(&c.arena);
	if (found_out)
		*found_out = c.found;
	if (fail == FAIL_NONE && how == CHANGE_CANCEL)
		q->count -= q->count > 0;
	if (fail == FAIL_NONE && q->house.loop)
		queue_look_again(q);
	return fail == FAIL_NONE || fail == FAIL_MISSING ? fail : FAIL_TEMP;
}

enum fail
queue_hold(struct queue *q, uint64_t id)
{
	return change_one(q, id, CHANGE_HOLD, NULL);
}

enum fail
queue_release(struct queue *q, uint64_t id, struct queue_found *found_out)
{
	return change_one(q, id, CHANGE_RELEASE, found_out);
}

enum fail
queue_cancel(struct queue *q, uint64_t id)
{
	struct queue_entry entry = { .rcpt_count = 0 };
	struct arena arena;
	enum fail fail;

	arena_init(&arena, JOB_ARENA_MAX);
	if (queue_entry_get(q, id, &arena, &entry) != FAIL_NONE)
		entry.rcpt_count = 0;
	fail = change_one(q, id, CHANGE_CANCEL, NULL);
	if (fail == FAIL_NONE && entry.rcpt_count > 0)
		queue_tell_cancelled(q, &entry);
	arena_release(&arena);
	return fail;
}

enum fail
queue_retry(struct queue *q, uint64_t id, struct queue_found *found_out)
{
	return change_one(q, id, CHANGE_RETRY, found_out);
}

void
queue_drop(struct queue *q, uint64_t id)
{
	if (change_one(q, id, CHANGE_CANCEL, NULL) != FAIL_NONE)
		log_warn(&q->log, "queue.drop.failed", LOG_NUM("message", id));
}

/* --- by its sender ---------------------------------------------------------------------------------------- */

struct withdrawal {
	struct queue *queue;
	uint64_t id;
};

static enum fail
withdrawable_read(struct txn *t, void *arg)
{
	const struct withdrawal *w = arg;
	struct queue_entry entry;
	struct arena arena;
	enum fail fail;

	arena_init(&arena, JOB_ARENA_MAX);
	fail = queue_entry_load(t, w->id, &arena, &entry);
	if (fail == FAIL_NONE && (entry.is_damaged || entry.rcpt_count < entry.message.rcpt_next))
		fail = FAIL_DENIED;
	for (size_t i = 0; fail == FAIL_NONE && i < entry.rcpt_count; i++)
		if (entry.rcpts[i].expanded > 0 || job_is_busy(w->queue, &entry.rcpts[i]))
			fail = FAIL_DENIED;
	arena_release(&arena);
	return fail;
}

enum fail
queue_withdraw(struct queue *q, const uint64_t *ids, size_t count)
{
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; fail == FAIL_NONE && i < count; i++) {
		struct withdrawal w = { q, ids[i] };

		fail = store_read(q->house.store, withdrawable_read, &w);
	}
	for (size_t i = 0; fail == FAIL_NONE && i < count; i++)
		fail = change_one(q, ids[i], CHANGE_CANCEL, NULL);
	return fail;
}
