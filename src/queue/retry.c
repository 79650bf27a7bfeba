/* What waits for a site is due now, a slice at a time (admin.h). */
#include "queue/admin.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "queue/inner.h"

struct retry {
	struct queue *queue;
	struct str site;
	struct str mark; /* places before it were looked at; empty: none was */
	int64_t now_s;
	/* set by each run: */
	struct queue_place places[ADMIN_SLICE]; /* those that are not due yet */
	size_t count;
	uint64_t future; /* .. of them, those that stay so */
	bool is_tried;
};

/* --- finding ---------------------------------------------------------------------------------------------- */

/* Places of one priority that lie ahead, from the mark on. */
static enum fail
find_ahead_of(struct txn *t, struct retry *r, int8_t priority)
{
	const struct queue_place first = { .site = r->site,
		.priority = priority,
		.due_s = r->now_s + 1 };
	struct key from = queue_key_place(&first), end = queue_key_priority(r->site, priority);
	bool is_marked = str_cmp(r->mark, key_str(&from)) > 0;
	struct str key, value;
	struct cursor c;

	key_end(&end);
	if (str_cmp(r->mark, key_str(&end)) >= 0)
		return FAIL_NONE;
	txn_scan(t, &c, is_marked ? r->mark : key_str(&from), key_str(&end), false);
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

	for (int p = ENVELOPE_PRIORITY_MAX; fail == FAIL_NONE && p >= -ENVELOPE_PRIORITY_MAX; p--)
		fail = find_ahead_of(t, r, (int8_t)p);
	return fail;
}

/* --- bringing forward --------------------------------------------------------------------------------------- */

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
		fail = queue_rcpt_put(t, &row);
	if (fail == FAIL_NONE)
		fail = txn_delete(t, key_str(&was));
	k = queue_key_place(&now);
	if (fail == FAIL_NONE)
		fail = txn_put(t, key_str(&k), STR(""));
	buf_release(&kept);
	return fail;
}

/* Until when its sender asked us to keep the message (RFC 4865); 0: not, or it is over. */
static enum fail
find_release(struct txn *t, const struct retry *r, uint64_t id, int64_t *until_out)
{
	struct key k = queue_key_message(id);
	struct queue_message m;
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = queue_message_read(value, &m);
	*until_out = fail == FAIL_NONE && m.envelope.hold_s > r->now_s ? m.envelope.hold_s : 0;
	return fail == FAIL_MISSING ? FAIL_PERM : fail;
}

static enum fail
bring_all(struct txn *t, struct retry *r)
{
	int64_t until_s = 0;
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; fail == FAIL_NONE && i < r->count; i++) {
		const struct queue_place *place = &r->places[i];

		if (i == 0 || place->message != r->places[i - 1].message)
			fail = find_release(t, r, place->message, &until_s);
		r->future += until_s != 0;
		if (fail == FAIL_NONE && until_s == 0)
			fail = bring_forward(t, r, place);
	}
	return fail;
}

static enum fail
retry_run(struct txn *t, void *arg)
{
	struct retry *r = arg;
	const struct site_change change = { .site = r->site, .is_well = true };
	int64_t due_s = 0;
	enum fail fail;

	r->count = 0;
	r->future = 0;
	fail = find_ahead(t, r);
	if (fail == FAIL_NONE)
		fail = bring_all(t, r);
	if (fail == FAIL_NONE)
		fail = site_first_due(t, r->site, &due_s);
	r->is_tried = fail == FAIL_NONE && due_s <= r->now_s;
	return fail == FAIL_NONE ? site_update(r->queue, t, &change, r->now_s) : fail;
}

/* Just behind the last place that was looked at. */
static void
move_mark(const struct retry *r, struct buf *mark)
{
	struct key k;

	buf_clear(mark);
	if (r->count < ADMIN_SLICE)
		return;
	k = queue_key_place(&r->places[r->count - 1]);
	buf_add(mark, key_str(&k));
	buf_add_char(mark, '\0');
}

enum fail
queue_retry_site(struct queue *q, struct str site, struct buf *mark, struct queue_retried *out)
{
	struct retry *r = mem_new(1, sizeof *r);
	enum fail fail;

	r->queue = q;
	r->site = site;
	r->mark = buf_str(mark);
	r->now_s = clock_wall_s();
	fail = store_run(q->house.store, retry_run, r);
	if (fail == FAIL_NONE) {
		move_mark(r, mark);
		out->future += r->future;
		out->is_tried |= r->is_tried;
	}
	mem_free(r);
	if (fail == FAIL_NONE && q->house.loop)
		queue_look_again(q);
	return fail == FAIL_NONE || fail == FAIL_MISSING ? fail : FAIL_TEMP;
}

bool
queue_find_site(const struct queue *q, struct buf *out, struct str word, enum site_meaning meaning)
{
	return queue_site_meant(out, q->house.routes, word, meaning);
}
