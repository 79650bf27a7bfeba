/* Summaries: one, or those of many messages by one walk over the store (email.h). */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"
#include "message/message.h"
#include "message/summary.h"

#define GAP_MAX \
	4 /* records that are passed over before the walk begins anew: a search costs as much */

/* --- from a record -------------------------------------------------------------------------------------- */

enum fail
summary_take(struct str record, struct arena *arena, struct message **out)
{
	struct message *m = arena_alloc(arena, 1, sizeof(*m));
	struct static_record s;
	enum fail fail = static_record_read(record, &s);

	*out = NULL;
	if (fail || !m)
		return fail ? fail : FAIL_LIMIT;
	fail = message_summary_read(s.summary, arena, m);
	if (fail == FAIL_NONE)
		*out = m;
	return fail;
}

/* --- one ------------------------------------------------------------------------------------------------ */

struct summary_reading {
	struct account *account;
	uint64_t id;
	struct arena *arena;
	struct message *message;
};

static enum fail
summary_load(struct txn *t, void *arg)
{
	struct summary_reading *in = arg;
	struct key k = key_id(SPACE_STATIC, in->account->id, in->id);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	return fail ? fail : summary_take(value, in->arena, &in->message);
}

enum fail
email_summary(struct account *a, uint64_t id, struct arena *arena, struct message **out)
{
	struct summary_reading in = { .account = a, .id = id, .arena = arena };
	enum fail fail = account_usable(a);

	*out = NULL;
	if (fail == FAIL_NONE)
		fail = store_read(a->mail->store, summary_load, &in);
	if (fail == FAIL_NONE)
		*out = in.message;
	return fail;
}

/* --- many ----------------------------------------------------------------------------------------------- */

struct summaries_reading {
	struct account *account;
	const uint64_t *ids;
	size_t count;
	struct arena *arena;
	struct message **out;
};

struct static_walk {
	struct txn *txn;
	uint64_t account;
	struct cursor cursor;
	bool is_open, has_record;
	uint64_t id; /* of the record */
	struct str value;
};

static void
walk_begin(struct static_walk *w, uint64_t id)
{
	struct key from = key_id(SPACE_STATIC, w->account, id);
	struct key to = key_after(key_account(SPACE_STATIC, w->account));

	if (w->is_open)
		(void)cursor_end(&w->cursor); /* a failure sticks to the transaction */
	txn_scan(w->txn, &w->cursor, key_str(&from), key_str(&to), false);
	w->is_open = w->has_record = true;
	w->id = 0;
}

/* Stand on the record of `id`; false: there is none. */
static bool
walk_to(struct static_walk *w, uint64_t id)
{
	size_t prefix = key_account(SPACE_STATIC, w->account).n;
	struct key_reader r;
	struct str key;

	if (!w->is_open || id < w->id || id - w->id > GAP_MAX)
		walk_begin(w, id);
	while (w->has_record && w->id < id) {
		w->has_record = cursor_next(&w->cursor, &key, &w->value);
		if (!w->has_record)
			break;
		key_read(&r, str_from(key, prefix));
		w->id = key_read_u64(&r);
	}
	return w->has_record && w->id == id;
}

static enum fail
summaries_load(struct txn *t, void *arg)
{
	struct summaries_reading *in = arg;
	struct static_walk w = { .txn = t, .account = in->account->id };

	for (size_t i = 0; i < in->count; i++) {
		in->out[i] = NULL;
		if (walk_to(&w, in->ids[i]))
			(void)summary_take(w.value, in->arena, in->out + i);
	}
	return w.is_open ? cursor_end(&w.cursor) : FAIL_NONE;
}

enum fail
email_summaries(struct account *a, const uint64_t *ids, size_t count, struct arena *arena,
    struct message **out)
{
	struct summaries_reading in = { .account = a,
		.ids = ids,
		.count = count,
		.arena = arena,
		.out = out };
	enum fail fail = account_usable(a);

	return fail ? fail : store_read(a->mail->store, summaries_load, &in);
}
