/* rooms */
#include "mail/inner.h"
#include "mail/subscription.h"

static struct key
key_subscription(uint64_t account, struct str name)
{
	struct key k = key_account(SPACE_SUBSCRIPTION, account);

	key_rest(&k, name);
	return k;
}

/* --- changing ------------------------------------------------------------------------------------ */

static enum fail
add_run(struct edit *e, void *arg)
{
	const struct str *name = arg;
	struct key from = key_account(SPACE_SUBSCRIPTION, e->account->id), to = key_after(from);
	struct key k = key_subscription(e->account->id, *name);
	struct str key, value;
	struct cursor c;
	size_t count = 0;
	bool has_it = false;
	enum fail fail;

	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value)) {
		has_it |= str_eq(key, key_str(&k));
		count++;
	}
	fail = cursor_end(&c);
	if (fail || has_it)
		return fail;
	if (count >= SUBSCRIPTIONS_MAX)
		return FAIL_LIMIT;
	e->bits |= MAIL_CHANGED_SUBSCRIPTIONS;
	buf_clear(&e->value);
	number_record_write(&e->value, 1);
	return edit_put(e, &k);
}

enum fail
subscription_add(struct account *a, struct str name)
{
	if (name.n > SUBSCRIPTION_NAME_MAX)
		return FAIL_LIMIT;
	return edit_run(a, NULL, add_run, &name);
}

static enum fail
remove_run(struct edit *e, void *arg)
{
	const struct str *name = arg;
	struct key k = key_subscription(e->account->id, *name);
	struct str value;
	enum fail fail = txn_get(e->txn, key_str(&k), &value);

	e->bits |= MAIL_CHANGED_SUBSCRIPTIONS;
	return fail ? fail : txn_delete(e->txn, key_str(&k));
}

enum fail
subscription_remove(struct account *a, struct str name)
{
	if (name.n > SUBSCRIPTION_NAME_MAX)
		return FAIL_MISSING;
	return edit_run(a, NULL, remove_run, &name);
}

/* --- reading ------------------------------------------------------------------------------------- */

struct finding {
	struct account *account;
	struct str name;
};

static enum fail
find_read(struct txn *t, void *arg)
{
	const struct finding *in = arg;
	struct key k = key_subscription(in->account->id, in->name);
	struct str value;

	return txn_get(t, key_str(&k), &value);
}

enum fail
subscription_find(struct account *a, struct str name, bool *out)
{
	struct finding in = { a, name };
	enum fail fail = account_usable(a);

	*out = false;
	if (fail || name.n > SUBSCRIPTION_NAME_MAX)
		return fail;
	fail = store_read(a->mail->store, find_read, &in);
	*out = fail == FAIL_NONE;
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

struct listing {
	struct account *account;
	struct arena *arena;
	struct str *out;
	size_t count;
};

static enum fail
list_read(struct txn *t, void *arg)
{
	struct listing *in = arg;
	struct key from = key_account(SPACE_SUBSCRIPTION, in->account->id), to = key_after(from);
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	in->count = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (
	    fail == FAIL_NONE && in->count < SUBSCRIPTIONS_MAX && cursor_next(&c, &key, &value)) {
		in->out[in->count] = arena_str(in->arena, str_from(key, from.n));
		fail = in->out[in->count++].p ? FAIL_NONE : FAIL_LIMIT;
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

enum fail
subscription_list(struct account *a, struct arena *arena, struct str **out, size_t *count_out)
{
	struct listing in = { .account = a, .arena = arena };
	enum fail fail = account_usable(a);

	*out = NULL;
	*count_out = 0;
	if (fail)
		return fail;
	in.out = arena_alloc(arena, SUBSCRIPTIONS_MAX, sizeof(*in.out));
	if (!in.out)
		return FAIL_LIMIT;
	fail = store_read(a->mail->store, list_read, &in);
	*out = in.out;
	*count_out = in.count;
	return fail;
}

uint64_t
subscription_changes(const struct account *a)
{
	return account_inner(a)->subscription_changes;
}
