#include "mail/thing.h"

/* base */
#include "base/mem.h"

static const unsigned change_bits[CHANGE_TYPE_COUNT] = {
	[CHANGE_IDENTITY] = MAIL_CHANGED_IDENTITIES,
	[CHANGE_SUBMISSION] = MAIL_CHANGED_SUBMISSIONS,
	[CHANGE_VACATION] = MAIL_CHANGED_VACATION,
	[CHANGE_SHARE_NOTICE] = MAIL_CHANGED_SHARE_NOTICES,
};

/* --- changing ------------------------------------------------------------------------------------ */

uint64_t
thing_id(struct edit *e)
{
	return e->counters.next_thing++;
}

/* The state moves; what the log had of it goes. Sets the modseqs of *r: the old ones, or none. */
static enum fail
move_on(struct edit *e, enum change_type type, uint64_t id, struct thing_record *r)
{
	struct key k = key_thing(e->account->id, type, id);
	struct str value;
	enum fail fail = txn_get(e->txn, key_str(&k), &value);

	*r = (struct thing_record){ .modseq = 0 };
	if (fail == FAIL_NONE && thing_record_read(value, r) == FAIL_NONE) {
		k = key_change(SPACE_LOG, e->account->id, type, r->modseq, id);
		fail = txn_delete(e->txn, key_str(&k));
	}
	if (fail == FAIL_NONE || fail == FAIL_MISSING) {
		e->counters.state[type] = edit_modseq(e);
		e->bits |= change_bits[type];
	}
	return fail;
}

enum fail
thing_put(struct edit *e, enum change_type type, uint64_t id, struct str body)
{
	struct thing_record r;
	struct key k;
	enum fail fail;

	if (body.n > THINGS_PUT_MAX)
		return FAIL_LIMIT;
	fail = move_on(e, type, id, &r);
	if (fail && fail != FAIL_MISSING)
		return fail;
	r.modseq = e->counters.state[type];
	if (r.created_modseq == 0)
		r.created_modseq = r.modseq;
	r.body = body;
	buf_clear(&e->value);
	thing_record_write(&e->value, &r);
	k = key_thing(e->account->id, type, id);
	fail = edit_put(e, &k);
	buf_clear(&e->value);
	number_record_write(&e->value, r.created_modseq);
	k = key_change(SPACE_LOG, e->account->id, type, r.modseq, id);
	return fail ? fail : edit_put(e, &k);
}

enum fail
thing_drop(struct edit *e, enum change_type type, uint64_t id)
{
	struct key k = key_thing(e->account->id, type, id);
	struct thing_record r;
	struct str value;
	enum fail fail = txn_get(e->txn, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = move_on(e, type, id, &r);
	if (fail == FAIL_NONE)
		fail = txn_delete(e->txn, key_str(&k));
	return fail ? fail : edit_tombstone(e, type, id, e->counters.state[type], r.created_modseq);
}

/* --- reading ------------------------------------------------------------------------------------- */

enum fail
thing_get(struct txn *t, const struct account *a, enum change_type type, uint64_t id,
    struct thing *out)
{
	struct key k = key_thing(a->id, type, id);
	struct thing_record r = { .modseq = 0 };
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = thing_record_read(value, &r);
	*out = (struct thing){ .id = id, .body = r.body };
	return fail;
}

enum fail
thing_copy(struct txn *t, const struct thing_reading *in, enum change_type type,
    struct str *body_out)
{
	struct thing thing;
	enum fail fail = thing_get(t, in->account, type, in->id, &thing);

	*body_out = fail ? (struct str){ 0 } : arena_str(in->arena, thing.body);
	return fail == FAIL_NONE && !body_out->p ? FAIL_LIMIT : fail;
}

void
things_scan(struct txn *t, struct cursor *c, const struct account *a, enum change_type type,
    bool is_backward)
{
	struct key from = key_account(SPACE_THING, a->id), to;

	key_char(&from, (char)type);
	to = key_after(from);
	txn_scan(t, c, key_str(&from), key_str(&to), is_backward);
}

bool
things_next(struct cursor *c, struct thing *out)
{
	struct str key, value;
	struct thing_record r;
	struct key_reader in;

	if (!cursor_next(c, &key, &value))
		return false;
	key_read(&in, key);
	(void)key_read_char(&in);
	(void)key_read_u64(&in);
	(void)key_read_char(&in);
	*out = (struct thing){ .id = key_read_u64(&in) };
	if (thing_record_read(value, &r) == FAIL_NONE)
		out->body = r.body;
	return true;
}

enum fail
things_count(struct txn *t, const struct account *a, enum change_type type, size_t *out)
{
	struct thing thing;
	struct cursor c;

	*out = 0;
	things_scan(t, &c, a, type, false);
	while (things_next(&c, &thing))
		(*out)++;
	return cursor_end(&c);
}
