/*
 * Beside the lists it is kept which accounts have something for an identifier; and a number moves when others may see
 * other accounts.
 */
#include "mail/acl.h"

/* rooms */
#include "mail/inner.h"

/* --- what an account has for whom ---------------------------------------------------------------- */

/* Does a list of the account name the identifier? */
static enum fail
is_named(struct edit *e, struct str identifier, bool *named_out)
{
	struct key from = key_account(SPACE_ACL, e->account->id), to = key_after(from);
	struct acl_entry entries[ACL_ENTRIES_MAX];
	struct str key, value;
	struct cursor c;
	size_t count;

	*named_out = false;
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (!*named_out && cursor_next(&c, &key, &value)) {
		if (acl_record_read(value, entries, ACL_ENTRIES_MAX, &count) != FAIL_NONE)
			continue;
		for (size_t i = 0; i < count; i++)
			*named_out |= str_eq(entries[i].identifier, identifier);
	}
	return cursor_end(&c);
}

enum fail
acl_grant_follow(struct edit *e, struct str identifier)
{
	struct key k = key_grant(identifier, e->account->id);
	bool is_there;
	enum fail fail = is_named(e, identifier, &is_there);

	if (fail || !is_there)
		return fail ? fail : txn_delete(e->txn, key_str(&k));
	buf_clear(&e->value);
	number_record_write(&e->value, 1);
	return edit_put(e, &k);
}

/* --- who shares something with a user ------------------------------------------------------------- */

struct grant_search {
	const struct acl_user *who;
	uint64_t *out;
	size_t max, count;
};

static void
account_found(struct grant_search *in, uint64_t id)
{
	size_t i = 0;

	while (i < in->count && in->out[i] != id)
		i++;
	if (i == in->count && in->count < in->max)
		in->out[in->count++] = id;
}

static enum fail
grants_read(struct txn *t, struct grant_search *in, struct str identifier)
{
	struct key from, to;
	struct str key, value;
	struct key_reader r;
	struct cursor c;

	if (!acl_identifier_is_allowed(identifier))
		return FAIL_NONE;
	key_init(&from, SPACE_GRANT);
	key_bytes(&from, identifier);
	to = key_after(from);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (in->count < in->max && cursor_next(&c, &key, &value)) {
		key_read(&r, str_from(key, from.n));
		account_found(in, key_read_u64(&r));
	}
	return cursor_end(&c);
}

/* The accounts of groups themselves. */
static enum fail
groups_read(struct txn *t, struct grant_search *in)
{
	struct str groups = in->who->groups, group, value;
	enum fail fail = FAIL_NONE;

	while (fail == FAIL_NONE && str_next_part(&groups, ' ', &group)) {
		struct key k;
		uint64_t id;

		if (group.n == 0 || group.n > ACCOUNT_NAME_MAX)
			continue;
		k = key_name(group);
		fail = txn_get(t, key_str(&k), &value);
		if (fail == FAIL_NONE)
			fail = number_record_read(value, &id);
		if (fail == FAIL_NONE)
			account_found(in, id);
		else if (fail == FAIL_MISSING)
			fail = FAIL_NONE;
	}
	return fail;
}

static enum fail
accounts_read(struct txn *t, void *arg)
{
	struct grant_search *in = arg;
	struct str groups = in->who->groups, group;
	struct buf identifier;
	enum fail fail;

	in->count = 0;
	fail = grants_read(t, in, STR("anyone"));
	if (fail == FAIL_NONE)
		fail = grants_read(t, in, in->who->name);
	buf_init(&identifier, ACL_NAME_MAX * 2);
	while (fail == FAIL_NONE && str_next_part(&groups, ' ', &group)) {
		buf_clear(&identifier);
		buf_add_char(&identifier, '$');
		buf_add(&identifier, group);
		fail = grants_read(t, in, buf_str(&identifier));
	}
	buf_release(&identifier);
	return fail ? fail : groups_read(t, in);
}

enum fail
acl_accounts(struct mail *m, const struct acl_user *who, uint64_t *out, size_t max,
    size_t *count_out)
{
	struct grant_search in = { who, out, max, 0 };
	enum fail fail = store_read(m->store, accounts_read, &in);

	*count_out = in.count;
	return fail;
}

/* --- whether others may see other accounts -------------------------------------------------------- */

enum fail
sharing_changed(struct mail *m, struct txn *t)
{
	struct key k;
	int64_t n = 0;
	enum fail fail;

	key_init(&k, SPACE_SHARING);
	fail = txn_add(t, key_str(&k), 1, &n);
	m->sharing = (uint64_t)n;
	return fail;
}

uint64_t
acl_sharing(const struct mail *m)
{
	return m->sharing;
}
