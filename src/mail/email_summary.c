/* Summaries: one, or those of many messages by one walk over the store (email.h). */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/id_walk.h"
#include "mail/inner.h"
#include "message/message.h"
#include "message/summary.h"

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
	enum fail fail = account_read(a, summary_load, &in);

	*out = fail ? NULL : in.message;
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

static enum fail
summaries_load(struct txn *t, void *arg)
{
	struct summaries_reading *in = arg;
	struct id_walk w;

	id_walk_init(&w, t, SPACE_STATIC, in->account->id);
	for (size_t i = 0; i < in->count; i++) {
		in->out[i] = NULL;
		if (id_walk_to(&w, in->ids[i]))
			(void)summary_take(w.value, in->arena, in->out + i);
	}
	return id_walk_end(&w);
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

	return account_read(a, summaries_load, &in);
}
