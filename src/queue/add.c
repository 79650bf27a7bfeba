/* Taking messages in (queue.h). */
#include "queue/inner.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define VALUE_MAX STORE_VALUE_MAX

/* --- in the transaction --------------------------------------------------------------------------------- */

/* Where a recipient waits first: what is no domain at all is settled where the directory is asked. */
static void
write_site(const struct addition *a, const struct envelope_rcpt *rcpt, struct buf *site)
{
	buf_clear(site);
	if (a->new->is_home &&
	    queue_site_meant(site, a->queue->house.routes, a->queue->house.home->name,
		SITE_OF_ROUTE))
		return;
	if (!a->new->is_remote ||
	    queue_site_write(site, a->queue->house.routes, rcpt->address,
		(a->new->traits &QUEUE_TLS_OPTIONAL) != 0) != FAIL_NONE) {
		buf_clear(site);
		buf_add(site, STR(SITE_LOCAL));
	}
}

static enum fail
put(struct txn *t, struct key k, struct buf *value)
{
	return buf_ok(value) ? txn_put(t, key_str(&k), buf_str(value)) : FAIL_LIMIT;
}

static int64_t
start_s(const struct queue_message *m)
{
	return m->envelope.hold_s > m->arrived_s ? m->envelope.hold_s : m->arrived_s;
}

static enum fail
add_rcpt(struct txn *t, const struct addition *a, uint32_t n, const struct queue_message *m,
    struct str site)
{
	const struct queue_rcpt row = { .envelope = a->new->rcpts[n],
		.site = site,
		.due_s = a->new->wait_s > start_s(m) ? a->new->wait_s : start_s(m) };
	const struct queue_place place = { .site = site,
		.priority = m->envelope.priority,
		.due_s = row.due_s,
		.message = a->id,
		.n = n };
	struct key k = queue_key_place(&place);
	struct buf value;
	enum fail fail;

	buf_init(&value, VALUE_MAX);
	queue_rcpt_write(&value, &row);
	fail = put(t, queue_key_rcpt(a->id, n), &value);
	buf_release(&value);
	return fail == FAIL_NONE ? txn_put(t, key_str(&k), STR("")) : fail;
}

/* Rows, and for each site that is not the one before, its keys. */
static enum fail
add_rcpts(struct txn *t, const struct addition *a, const struct queue_message *m)
{
	struct buf site, before;
	enum fail fail = FAIL_NONE;

	buf_init(&site, SITE_MAX);
	buf_init(&before, SITE_MAX);
	for (size_t i = 0; fail == FAIL_NONE && i < a->new->rcpt_count; i++) {
		struct site_change change = { .has_failed = false };

		write_site(a, &a->new->rcpts[i], &site);
		fail = add_rcpt(t, a, (uint32_t)i, m, buf_str(&site));
		change.site = buf_str(&site);
		if (fail == FAIL_NONE && !str_eq(buf_str(&site), buf_str(&before)))
			fail = site_update(a->queue, t, &change, m->arrived_s);
		buf_clear(&before);
		buf_add(&before, buf_str(&site));
	}
	buf_release(&site);
	buf_release(&before);
	return fail;
}

static enum fail
add_message(struct txn *t, const struct queue_message *m)
{
	struct key k = queue_key_time(m->time_s, m->id);
	struct buf value;
	enum fail fail;

	buf_init(&value, VALUE_MAX);
	queue_message_write(&value, m);
	fail = put(t, queue_key_message(m->id), &value);
	if (fail == FAIL_NONE)
		fail = txn_put(t, key_str(&k), STR(""));
	buf_release(&value);
	return fail == FAIL_NONE ? queue_blob_put(t, m) : fail;
}

enum fail
addition_run(struct txn *t, void *arg)
{
	struct addition *a = arg;
	const struct queue_new *new = a->new;
	struct queue_message m = { .envelope = *new->envelope,
		.blob = a->blob,
		.skip = new->skip,
		.fields = new->fields,
		.helo = new->helo,
		.owner = new->owner,
		.submission = new->submission,
		.traits = new->traits,
		.log_id = new->log_id,
		.arrived_s = clock_wall_s(),
		.rcpt_next = (uint32_t) new->rcpt_count,
		.rcpt_left = (uint32_t) new->rcpt_count };
	struct key next = queue_key(QUEUE_NEXT), count = queue_key(QUEUE_COUNT);
	int64_t id, total;
	enum fail fail = txn_add(t, key_str(&next), 1, &id);

	if (fail == FAIL_NONE)
		fail = txn_add(t, key_str(&count), 1, &total);
	if (fail != FAIL_NONE)
		return fail;
	a->id = m.id = (uint64_t)id;
	m.expires_s = start_s(&m) + a->queue->house.settings->expire_ms / 1000;
	m.time_s = queue_next_time(a->queue, &m, 0);
	fail = add_message(t, &m);
	if (fail == FAIL_NONE)
		fail = add_rcpts(t, a, &m);
	return fail == FAIL_NONE && new->also ? new->also(t, new->also_arg) : fail;
}

/* --- outside ---------------------------------------------------------------------------------------------- */

int64_t
queue_next_time(const struct queue *q, const struct queue_message *m, int64_t after_s)
{
	int64_t notice_s = q->house.settings->notice_ms / 1000, times[3], best = m->expires_s;

	times[0] = notice_s > 0 ? start_s(m) + notice_s : m->expires_s;
	times[1] = m->envelope.by != BY_NONE ? m->envelope.by_s : m->expires_s;
	times[2] = m->expires_s;
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		if (times[i] > after_s && times[i] < best)
			best = times[i];
	return best;
}

void
addition_announce(const struct addition *a)
{
	struct queue *q = a->queue;
	struct buf site;

	q->count++;
	q->counts.taken++;
	buf_init(&site, SITE_MAX);
	for (size_t i = 0; i < a->new->rcpt_count; i++) {
		struct queue_site *s;

		write_site(a, &a->new->rcpts[i], &site);
		s = site_find(q, buf_str(&site));
		if (s)
			site_wake(s);
	}
	buf_release(&site);
	if (q->house.loop)
		task_wake(&q->task);
	log_info(&q->log, "queue.added", LOG_NUM("message", a->id), LOG_TEXT("id", a->new->log_id),
	    LOG_TEXT("from", a->new->envelope->sender), LOG_TEXT("rcpt", a->new->rcpts[0].address),
	    LOG_NUM("rcpts", a->new->rcpt_count));
}

enum queue_way
queue_way_of(const struct queue *q, struct str address)
{
	enum queue_way way = QUEUE_WAY_DNS;
	struct buf site;

	buf_init(&site, SITE_MAX);
	if (queue_site_write(&site, q->house.routes, address, false) == FAIL_NONE &&
	    queue_site_is_route(buf_str(&site)))
		way =
		    queue_site_route(q->house.routes, buf_str(&site))->settings->way == ROUTE_REFUSE
		    ? QUEUE_WAY_REFUSED
		    : QUEUE_WAY_ROUTE;
	buf_release(&site);
	return way;
}

bool
queue_hands_on(const struct queue *q)
{
	return q->house.home != NULL;
}

bool
queue_has_room(const struct queue *q)
{
	return q->count < (uint64_t)q->house.settings->messages;
}

enum fail
queue_add(struct queue *q, const struct queue_new *new, uint64_t *id_out)
{
	struct addition a = { .queue = q, .new = new, .blob = new->blob };
	struct blob_name name;
	enum fail fail = FAIL_NONE;

	invariant(new->rcpt_count > 0);
	if (!queue_has_room(q))
		return FAIL_LIMIT;
	if (!str_empty(new->account)) {
		fail = blob_link(q->house.blobs, new->account, new->blob, STR(QUEUE_FOLDER), &name);
		a.blob = blob_name_str(&name);
	}
	if (fail == FAIL_NONE)
		fail = store_run(q->house.store, addition_run, &a);
	if (fail != FAIL_NONE)
		return fail == FAIL_LIMIT ? FAIL_LIMIT : FAIL_TEMP;
	addition_announce(&a);
	if (id_out)
		*id_out = a.id;
	return FAIL_NONE;
}
