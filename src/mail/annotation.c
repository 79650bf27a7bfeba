/* base */
#include "base/mem.h"

/* rooms */
#include "mail/annotation.h"
#include "mail/inner.h"

/* --- names ------------------------------------------------------------------------------------- */

bool
annotation_name_is_allowed(struct str name)
{
	char before = '\0';

	if (name.n > ANNOTATION_NAME_MAX || str_ends(name, STR("/")))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c < ' ' || c > '~' || c == '*' || c == '%' || (c == '/' && before == '/'))
			return false;
		before = name.p[i];
	}
	return str_starts_nocase(name, STR("/private/")) ||
	    str_starts_nocase(name, STR("/shared/"));
}

static struct key
key_annotation(uint64_t account, uint32_t mailbox, struct str name)
{
	struct key k = key_account(SPACE_ANNOTATION, account);
	char lower[ANNOTATION_NAME_MAX];

	key_u32(&k, mailbox);
	for (size_t i = 0; i < name.n && i < sizeof(lower); i++)
		lower[i] = char_lower(name.p[i]);
	key_rest(&k, str_of(lower, name.n));
	return k;
}

/* --- setting ------------------------------------------------------------------------------------ */

struct setting_run {
	uint32_t mailbox;
	const struct annotation *list;
	size_t count;
	bool *has_changed; /* own; by place in the list */
};

/* How many a mailbox has. */
static enum fail
count_all(struct edit *e, uint32_t mailbox, size_t *count_out)
{
	struct key from = key_annotation(e->account->id, mailbox, STR("")), to = key_after(from);
	struct str key, value;
	struct cursor c;

	*count_out = 0;
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value))
		++*count_out;
	return cursor_end(&c);
}

/* A damaged counter is repaired by `staunch check`; it never wraps here. */
static void
bytes_less(struct edit *e, uint64_t bytes)
{
	uint64_t *used = &e->counters.annotation_bytes;

	*used = *used > bytes ? *used - bytes : 0;
}

/* The value of a record is this; a damaged one is none. */
static bool
is_value(struct str record, struct str value)
{
	struct str text;

	return value.p && annotation_record_read(record, &text) == FAIL_NONE && str_eq(text, value);
}

/* One name; *count follows, and the bytes of the account. */
static enum fail
set_one(struct edit *e, uint32_t mailbox, const struct annotation *new, size_t *count,
    bool *changed_out)
{
	struct key k = key_annotation(e->account->id, mailbox, new->name);
	struct str old;
	enum fail fail = txn_get(e->txn, key_str(&k), &old);

	*changed_out = fail == FAIL_NONE ? !is_value(old, new->value) : new->value.p != NULL;
	if (fail == FAIL_NONE) {
		bytes_less(e, new->name.n + annotation_record_size(old));
		--*count;
	} else if (fail != FAIL_MISSING) {
		return fail;
	}
	if (!new->value.p)
		return txn_delete(e->txn, key_str(&k));
	e->counters.annotation_bytes += new->name.n + new->value.n;
	++*count;
	buf_clear(&e->value);
	annotation_record_write(&e->value, new->value);
	return edit_put(e, &k);
}

static enum fail
set_run(struct edit *e, void *arg)
{
	const struct setting_run *run = arg;
	size_t had = 0, has;
	enum fail fail = count_all(e, run->mailbox, &had);

	has = had;
	for (size_t i = 0; fail == FAIL_NONE && i < run->count; i++)
		fail = set_one(e, run->mailbox, run->list + i, &has, run->has_changed + i);
	for (size_t i = 0; fail == FAIL_NONE && i < run->count; i++)
		e->bits |= run->has_changed[i] ? MAIL_CHANGED_ANNOTATIONS : 0;
	if (fail == FAIL_NONE &&
	    ((has > ANNOTATIONS_MAX && has > had) ||
		(e->counters.annotation_bytes > ANNOTATION_ACCOUNT_BYTES &&
		    e->counters.annotation_bytes > e->p->counters.annotation_bytes)))
		fail = FAIL_LIMIT;
	return fail;
}

enum fail
annotation_set(struct account *a, uint32_t mailbox, const struct annotation *list, size_t count)
{
	struct setting_run run = { mailbox, list, count, NULL };
	enum fail fail;

	if (mailbox && !mailbox_get(a, mailbox))
		return FAIL_MISSING;
	for (size_t i = 0; i < count; i++) {
		if (!annotation_name_is_allowed(list[i].name))
			return FAIL_SYNTAX;
		if (list[i].value.n > ANNOTATION_VALUE_MAX)
			return FAIL_PERM;
	}
	run.has_changed = mem_new(count + 1, sizeof(*run.has_changed));
	fail = edit_run(a, NULL, set_run, &run);
	for (size_t i = 0; fail == FAIL_NONE && i < count; i++)
		if (run.has_changed[i])
			annotation_changed(account_inner(a), mailbox, list[i].name);
	mem_free(run.has_changed);
	return fail;
}

/* --- reading ------------------------------------------------------------------------------------ */

struct listing {
	struct account *account;
	uint32_t mailbox;
	struct arena *arena;
	struct annotation *out;
	size_t count;
};

static enum fail
list_read(struct txn *t, void *arg)
{
	struct listing *in = arg;
	struct key from = key_annotation(in->account->id, in->mailbox, STR("")),
		   to = key_after(from);
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	in->count = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && in->count < ANNOTATIONS_MAX && cursor_next(&c, &key, &value)) {
		struct annotation *a = in->out + in->count;

		fail = annotation_record_read(value, &a->value);
		if (fail)
			break;
		a->name = arena_str(in->arena, str_from(key, from.n));
		a->value = arena_str(in->arena, a->value);
		if (!a->name.p || !a->value.p)
			fail = FAIL_LIMIT;
		in->count++;
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

enum fail
annotation_list(struct account *a, uint32_t mailbox, struct arena *arena, struct annotation **out,
    size_t *count_out)
{
	struct listing in = { .account = a, .mailbox = mailbox, .arena = arena };
	enum fail fail = account_usable(a);

	*out = NULL;
	*count_out = 0;
	if (fail)
		return fail;
	in.out = arena_alloc(arena, ANNOTATIONS_MAX, sizeof(*in.out));
	if (!in.out)
		return FAIL_LIMIT;
	fail = store_read(a->mail->store, list_read, &in);
	*out = in.out;
	*count_out = in.count;
	return fail;
}

struct getting {
	struct account *account;
	uint32_t mailbox;
	struct str name;
	struct arena *arena;
	struct str value;
};

static enum fail
get_read(struct txn *t, void *arg)
{
	struct getting *in = arg;
	struct key k = key_annotation(in->account->id, in->mailbox, in->name);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	if (fail == FAIL_NONE)
		fail = annotation_record_read(value, &value);
	if (fail)
		return fail;
	in->value = arena_str(in->arena, value);
	return in->value.p ? FAIL_NONE : FAIL_LIMIT;
}

enum fail
annotation_get(struct account *a, uint32_t mailbox, struct str name, struct arena *arena,
    struct str *value_out)
{
	struct getting in = { a, mailbox, name, arena, { NULL, 0 } };
	enum fail fail = account_usable(a);

	*value_out = (struct str){ NULL, 0 };
	if (fail)
		return fail;
	if (!annotation_name_is_allowed(name))
		return FAIL_MISSING;
	fail = store_read(a->mail->store, get_read, &in);
	*value_out = in.value;
	return fail;
}

/* --- copying and dropping ------------------------------------------------------------------------- */

enum fail
annotation_copy(struct account *a, uint32_t from, uint32_t to)
{
	struct annotation *list;
	struct arena arena;
	size_t count;
	enum fail fail;

	arena_init(&arena, ANNOTATION_ACCOUNT_BYTES * 2);
	fail = annotation_list(a, from, &arena, &list, &count);
	if (fail == FAIL_NONE && count > 0)
		fail = annotation_set(a, to, list, count);
	arena_release(&arena);
	return fail;
}

enum fail
annotations_drop(struct edit *e, uint32_t mailbox)
{
	struct key from = key_annotation(e->account->id, mailbox, STR("")), to = key_after(from);
	struct str key, value;
	struct cursor c;
	enum fail fail;

	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value))
		bytes_less(e, key.n - from.n + annotation_record_size(value));
	fail = cursor_end(&c);
	return fail ? fail : txn_delete_range(e->txn, key_str(&from), key_str(&to));
}
