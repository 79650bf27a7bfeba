/* Verify small things and their logs (check.h, thing.h). */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/check.h"
#include "mail/thing.h"

static enum fail
prefix_count(struct txn *t, struct key from, uint64_t *out)
{
	struct key to = key_after(from);
	struct str key, value;
	struct cursor c;

	*out = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value))
		(*out)++;
	return cursor_end(&c);
}

static struct key
type_prefix(const struct account *a, char space, enum change_type type)
{
	struct key k = key_account(space, a->id);

	key_char(&k, (char)type);
	return k;
}

/* A record can be read, and stands in the log under its last change. */
static enum fail
check_thing(struct account_check *in, enum change_type type, uint64_t id, struct str value)
{
	struct thing_record r;
	struct str entry;
	struct key k;
	enum fail fail;

	if (thing_record_read(value, &r) != FAIL_NONE) {
		check_find(in, "small record is damaged", id, type);
		return FAIL_NONE;
	}
	k = key_change(SPACE_LOG, in->account->id, type, r.modseq, id);
	fail = txn_get(in->txn, key_str(&k), &entry);
	if (fail == FAIL_MISSING)
		check_find(in, "small record not in the log", id, r.modseq);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static enum fail
check_type(struct account_check *in, enum change_type type)
{
	const struct account_counters *counters = &account_inner(in->account)->counters;
	struct key from = type_prefix(in->account, SPACE_THING, type), to = key_after(from);
	uint64_t count = 0, logged = 0, tombs = 0;
	struct str key, value;
	struct key_reader r;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	txn_scan(in->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		key_read(&r, str_from(key, from.n));
		fail = check_thing(in, type, key_read_u64(&r), value);
		count++;
	}
	end = cursor_end(&c);
	if (fail == FAIL_NONE)
		fail = end;
	if (fail == FAIL_NONE)
		fail = prefix_count(in->txn, type_prefix(in->account, SPACE_LOG, type), &logged);
	if (fail == FAIL_NONE)
		fail = prefix_count(in->txn, type_prefix(in->account, SPACE_TOMB, type), &tombs);
	if (fail == FAIL_NONE && logged != count)
		check_find(in, "small records in the log", logged, count);
	if (fail == FAIL_NONE && tombs != counters->tombs[type])
		check_find(in, "destroyed small records", tombs, counters->tombs[type]);
	return fail;
}

enum fail
check_things(struct account_check *in)
{
	enum fail fail = FAIL_NONE;

	for (unsigned type = CHANGE_IDENTITY; fail == FAIL_NONE && type < CHANGE_TYPE_COUNT; type++)
		fail = check_type(in, (enum change_type)type);
	return fail;
}

/* The log is empty: each is put again, as if it were new; what cannot be read goes. */
static enum fail
type_rebuild(struct edit *e, enum change_type type)
{
	struct key from = type_prefix(e->account, SPACE_THING, type), to = key_after(from);
	struct str key, value;
	struct thing_record r;
	struct key_reader in;
	struct cursor c;
	struct buf copy;
	enum fail fail = FAIL_NONE, end;

	buf_init(&copy, STORE_VALUE_MAX);
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		uint64_t id;

		key_read(&in, str_from(key, from.n));
		id = key_read_u64(&in);
		if (thing_record_read(value, &r) != FAIL_NONE) {
			fail = txn_delete(e->txn, key);
			continue;
		}
		buf_clear(&copy);
		buf_add(&copy, r.body);
		fail = txn_delete(e->txn, key);
		if (fail == FAIL_NONE)
			fail = thing_put(e, type, id, buf_str(&copy));
	}
	end = cursor_end(&c);
	buf_release(&copy);
	return end ? end : fail;
}

enum fail
things_rebuild(struct edit *e)
{
	enum fail fail = FAIL_NONE;

	for (unsigned type = CHANGE_IDENTITY; fail == FAIL_NONE && type < CHANGE_TYPE_COUNT; type++)
		fail = type_rebuild(e, (enum change_type)type);
	return fail;
}
