#include "mail/acl.h"

/* rooms */
#include "mail/inner.h"

/* --- identifiers --------------------------------------------------------------------------------- */

bool
acl_identifier_is_allowed(struct str identifier)
{
	struct str rest = identifier;

	(void)!str_skip_char(&rest, '-');
	(void)!str_skip_char(&rest, '$');
	if (rest.n == 0 || identifier.n > ACL_NAME_MAX)
		return false;
	for (size_t i = 0; i < rest.n; i++)
		if ((unsigned char)rest.p[i] <= ' ' || rest.p[i] == 0x7f)
			return false;
	return true;
}

static bool
has_group(const struct acl_user *who, struct str name)
{
	struct str groups = who->groups, group;

	while (str_next_part(&groups, ' ', &group))
		if (group.n > 0 && str_eq_nocase(group, name))
			return true;
	return false;
}

/* Is the identifier, without its "-", this user? */
static bool
means(struct str identifier, const struct acl_user *who)
{
	if (str_skip_char(&identifier, '$'))
		return has_group(who, identifier);
	return str_eq_nocase(identifier, STR("anyone")) || str_eq_nocase(identifier, who->name);
}

bool
acl_owns(const struct account *a, const struct acl_user *who)
{
	return str_eq(a->name, who->name) || has_group(who, a->name);
}

/* --- changing ------------------------------------------------------------------------------------ */

/* The list of a mailbox into the edit's arena; one more place is free behind it. */
static enum fail
list_load(struct edit *e, uint32_t mailbox, struct acl_entry **out, size_t *count_out)
{
	struct key k = key_acl(e->account->id, mailbox);
	struct str value;
	enum fail fail = txn_get(e->txn, key_str(&k), &value);

	*count_out = 0;
	*out = arena_alloc(&e->arena, ACL_ENTRIES_MAX + 1, sizeof(**out));
	if (fail == FAIL_MISSING)
		return *out ? FAIL_NONE : FAIL_LIMIT;
	if (fail == FAIL_NONE)
		value = arena_str(&e->arena, value);
	if (fail == FAIL_NONE && (!*out || !value.p))
		fail = FAIL_LIMIT;
	return fail ? fail : acl_record_read(value, *out, ACL_ENTRIES_MAX, count_out);
}

static void
bytes_follow(struct edit *e, uint64_t less, uint64_t more)
{
	uint64_t *used = &e->counters.acl_bytes;

	*used = (*used > less ? *used - less : 0) + more;
}

static enum fail
list_store(struct edit *e, uint32_t mailbox, const struct acl_entry *entries, size_t count)
{
	struct key k = key_acl(e->account->id, mailbox);
	uint64_t had = e->counters.acl_bytes;
	struct str value;
	enum fail fail = acl_log(e, mailbox);

	if (fail == FAIL_NONE)
		fail = txn_get(e->txn, key_str(&k), &value);
	if (fail && fail != FAIL_MISSING)
		return fail;
	buf_clear(&e->value);
	acl_record_write(&e->value, entries, count);
	bytes_follow(e, fail ? 0 : value.n, count ? e->value.n : 0);
	if (e->counters.acl_bytes > ACL_ACCOUNT_BYTES && e->counters.acl_bytes > had)
		return FAIL_LIMIT;
	return count ? edit_put(e, &k) : txn_delete(e->txn, key_str(&k));
}

struct acl_change {
	uint32_t mailbox, from; /* from: what is inherited, or 0 */
	struct str identifier;  /* lower case */
	unsigned rights;
};

static enum fail
set_run(struct edit *e, void *arg)
{
	const struct acl_change *change = arg;
	struct acl_entry *entries;
	size_t count, at = 0;
	enum fail fail = list_load(e, change->mailbox, &entries, &count);

	if (fail)
		return fail;
	while (at < count && !str_eq(entries[at].identifier, change->identifier))
		at++;
	if (at == count && change->rights == 0)
		return FAIL_NONE;
	entries[at] = (struct acl_entry){ change->identifier, change->rights };
	if (at == count && ++count > ACL_ENTRIES_MAX)
		return FAIL_LIMIT;
	if (change->rights == 0)
		entries[at] = entries[--count];
	fail = list_store(e, change->mailbox, entries, count);
	if (fail == FAIL_NONE)
		fail = acl_grant_follow(e, change->identifier);
	return fail;
}

enum fail
acl_set(struct account *a, uint32_t mailbox, struct str identifier, unsigned rights)
{
	struct acl_change change = { .mailbox = mailbox, .rights = rights & ACL_ALL };
	char lower[ACL_NAME_MAX];

	if (!acl_identifier_is_allowed(identifier))
		return FAIL_SYNTAX;
	if (!mailbox_get(a, mailbox))
		return FAIL_MISSING;
	for (size_t i = 0; i < identifier.n; i++)
		lower[i] = char_lower(identifier.p[i]);
	change.identifier = str_of(lower, identifier.n);
	return edit_run(a, NULL, set_run, &change);
}

/* All identifiers of the list are known for the account already: it has them elsewhere. */
static enum fail
inherit_run(struct edit *e, void *arg)
{
	const struct acl_change *change = arg;
	struct acl_entry *entries;
	size_t count;
	enum fail fail = list_load(e, change->from, &entries, &count);

	if (fail || count == 0)
		return fail;
	return list_store(e, change->mailbox, entries, count);
}

enum fail
acl_inherit(struct account *a, uint32_t from, uint32_t to)
{
	struct acl_change change = { .mailbox = to, .from = from };

	if (!mailbox_get(a, from) || !mailbox_get(a, to))
		return FAIL_MISSING;
	return edit_run(a, NULL, inherit_run, &change);
}

enum fail
acl_drop(struct edit *e, uint32_t mailbox)
{
	struct acl_entry *entries;
	size_t count;
	enum fail fail = list_load(e, mailbox, &entries, &count);

	if (fail == FAIL_PERM) /* damaged: `staunch check` finds what is left of it */
		count = 0;
	else if (fail)
		return fail;
	if (count > 0 || fail == FAIL_PERM)
		fail = list_store(e, mailbox, NULL, 0);
	for (size_t i = 0; fail == FAIL_NONE && i < count; i++)
		fail = acl_grant_follow(e, entries[i].identifier);
	return fail;
}

enum fail
acl_log_dead(struct edit *e, uint32_t mailbox)
{
	struct key k = key_acl(e->account->id, mailbox);
	struct str value;
	enum fail fail = txn_get(e->txn, key_str(&k), &value);

	if (fail)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	return acl_log(e, mailbox);
}

/* --- reading ------------------------------------------------------------------------------------- */

struct acl_reading {
	struct account *account;
	uint32_t mailbox;
	const struct acl_user *who;
	unsigned *rights; /* of one, or of all by place */
	struct arena *arena;
	struct acl_entry *entries;
	size_t count;
};

static enum fail
list_read(struct txn *t, void *arg)
{
	struct acl_reading *in = arg;
	struct key k = key_acl(in->account->id, in->mailbox);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	in->count = 0;
	if (fail)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	value = arena_str(in->arena, value);
	in->entries = arena_alloc(in->arena, ACL_ENTRIES_MAX, sizeof(*in->entries));
	if (!value.p || !in->entries)
		return FAIL_LIMIT;
	return acl_record_read(value, in->entries, ACL_ENTRIES_MAX, &in->count);
}

enum fail
acl_list(struct account *a, uint32_t mailbox, struct arena *arena, struct acl_entry **out,
    size_t *count_out)
{
	struct acl_reading in = { .account = a, .mailbox = mailbox, .arena = arena };
	enum fail fail = account_read(a, list_read, &in);

	*out = in.entries;
	*count_out = fail ? 0 : in.count;
	return fail;
}

unsigned
acl_rights_of(struct str value, const struct acl_user *who)
{
	struct acl_entry entries[ACL_ENTRIES_MAX];
	unsigned given = 0, taken = 0;
	size_t count;

	if (acl_record_read(value, entries, ACL_ENTRIES_MAX, &count) != FAIL_NONE)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct str identifier = entries[i].identifier;
		unsigned *rights = str_skip_char(&identifier, '-') ? &taken : &given;

		if (means(identifier, who))
			*rights |= entries[i].rights;
	}
	return given & ~taken & ACL_ALL;
}

struct acl_copying {
	struct account *account;
	uint32_t mailbox;
	struct buf *out;
};

static enum fail
record_copy(struct txn *t, void *arg)
{
	struct acl_copying *in = arg;
	struct key k = key_acl(in->account->id, in->mailbox);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	buf_clear(in->out);
	if (fail == FAIL_NONE)
		buf_add(in->out, value);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

enum fail
acl_record(struct account *a, uint32_t mailbox, struct buf *out)
{
	struct acl_copying in = { a, mailbox, out };

	return account_read(a, record_copy, &in);
}

static enum fail
rights_read(struct txn *t, void *arg)
{
	struct acl_reading *in = arg;
	struct key k = key_acl(in->account->id, in->mailbox);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	*in->rights = fail ? 0 : acl_rights_of(value, in->who);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

enum fail
acl_rights(struct account *a, uint32_t mailbox, const struct acl_user *who, unsigned *rights_out)
{
	struct acl_reading in = { a, mailbox, who, rights_out, NULL, NULL, 0 };
	enum fail fail = account_usable(a);

	*rights_out = 0;
	if (fail || !mailbox_get(a, mailbox))
		return fail;
	if (acl_owns(a, who)) {
		*rights_out = ACL_ALL;
		return FAIL_NONE;
	}
	return store_read(a->mail->store, rights_read, &in);
}

static enum fail
rights_all_read(struct txn *t, void *arg)
{
	struct acl_reading *in = arg;
	struct key from = key_account(SPACE_ACL, in->account->id), to = key_after(from);
	struct str key, value;
	struct key_reader r;
	struct cursor c;
	size_t at = 0; /* both ascend by the mailbox's id */

	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value)) {
		uint32_t id;

		key_read(&r, str_from(key, from.n));
		id = key_read_u32(&r);
		while (at < in->account->mailbox_count && in->account->mailboxes[at]->id < id)
			at++;
		if (at < in->account->mailbox_count && in->account->mailboxes[at]->id == id)
			in->rights[at] = acl_rights_of(value, in->who);
	}
	return cursor_end(&c);
}

enum fail
acl_rights_all(struct account *a, const struct acl_user *who, unsigned *rights_out)
{
	struct acl_reading in = { a, 0, who, rights_out, NULL, NULL, 0 };
	bool is_owner = acl_owns(a, who);

	for (size_t i = 0; i < a->mailbox_count; i++)
		rights_out[i] = is_owner ? ACL_ALL : 0;
	return is_owner ? account_usable(a) : account_read(a, rights_all_read, &in);
}

uint64_t
acl_modseq(const struct account *a)
{
	return account_inner(a)->counters.acl_modseq;
}
