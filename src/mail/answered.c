/* Whom an account answered automatically (vacation.h): a bounded memory of senders. */
#include "mail/vacation.h"

/* rooms */
#include "mail/inner.h"

struct taking {
	uint64_t hash; /* of handle and sender */
	int64_t now_s, keep_s;
	bool is_new;
};

static struct key
key_answered(uint64_t account, uint64_t hash)
{
	return key_id(SPACE_ANSWERED, account, hash);
}

/* Those whose time is over go; when there are too many all the same, the one that ends first. */
static enum fail
forget(struct edit *e, int64_t now_s)
{
	struct key from = key_account(SPACE_ANSWERED, e->account->id), to = key_after(from), first;
	uint64_t ends_s, first_s = UINT64_MAX;
	size_t count = 0;
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	key_init(&first, SPACE_ANSWERED);
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		if (number_record_read(value, &ends_s) != FAIL_NONE || (int64_t)ends_s <= now_s) {
			fail = txn_delete(e->txn, key);
			continue;
		}
		count++;
		if (ends_s < first_s) {
			first_s = ends_s;
			key_cut(&first, 1);
			key_rest(&first, str_from(key, 1));
		}
	}
	end = cursor_end(&c);
	if (fail == FAIL_NONE)
		fail = end;
	return fail == FAIL_NONE && count >= ANSWERED_MAX ? txn_delete(e->txn, key_str(&first))
							  : fail;
}

static enum fail
take_run(struct edit *e, void *arg)
{
	struct taking *in = arg;
	struct key k = key_answered(e->account->id, in->hash);
	uint64_t ends_s = 0;
	struct str value;
	enum fail fail = txn_get(e->txn, key_str(&k), &value);

	in->is_new = true;
	if (fail == FAIL_NONE && number_record_read(value, &ends_s) == FAIL_NONE)
		in->is_new = (int64_t)ends_s <= in->now_s;
	if (fail && fail != FAIL_MISSING)
		return fail;
	if (!in->is_new)
		return FAIL_NONE;
	fail = forget(e, in->now_s);
	buf_clear(&e->value);
	number_record_write(&e->value, (uint64_t)(in->now_s + in->keep_s));
	return fail ? fail : edit_put(e, &k);
}

enum fail
answered_take(struct account *a, struct str handle, struct str sender, int64_t now_s,
    int64_t keep_s, bool *is_new_out)
{
	struct taking in = { .now_s = now_s, .keep_s = keep_s };
	struct buf text;
	enum fail fail;

	buf_init(&text, handle.n + sender.n + 1);
	buf_add(&text, handle);
	buf_add_char(&text, '\0');
	for (size_t i = 0; i < sender.n; i++) /* the same sender in any case */
		buf_add_char(&text, char_lower(sender.p[i]));
	in.hash = thread_hash(buf_str(&text));
	buf_release(&text);
	fail = edit_run(a, NULL, take_run, &in);
	*is_new_out = fail == FAIL_NONE && in.is_new;
	return fail;
}
