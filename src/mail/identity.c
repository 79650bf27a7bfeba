#include "mail/identity.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/identity_record.h"
#include "mail/thing.h"

#define READ_ARENA_BYTES (64 * 1024) /* lists of addresses of one identity */

/* --- writing ------------------------------------------------------------------------------------- */

static bool
is_list_too_long(const struct identity_list *list)
{
	bool is_long = list->count > IDENTITY_ADDRESSES_MAX;

	for (size_t i = 0; i < list->count; i++)
		is_long |= list->items[i].name.n > IDENTITY_NAME_MAX ||
		    list->items[i].email.n > IDENTITY_ADDRESS_MAX;
	return is_long;
}

const char *
identity_too_long(const struct identity *i)
{
	const struct {
		const char *property;
		bool is_too_long;
	} rows[] = {
		{ "name", i->name.n > IDENTITY_NAME_MAX },
		{ "email", i->email.n > IDENTITY_ADDRESS_MAX },
		{ "replyTo", is_list_too_long(&i->reply_to) },
		{ "bcc", is_list_too_long(&i->bcc) },
		{ "textSignature", i->text_signature.n > IDENTITY_SIGNATURE_MAX },
		{ "htmlSignature", i->html_signature.n > IDENTITY_SIGNATURE_MAX },
	};

	for (size_t k = 0; k < ARRAY_LEN(rows); k++)
		if (rows[k].is_too_long)
			return rows[k].property;
	return NULL;
}

static enum fail
put(struct edit *e, const struct identity *i)
{
	struct buf body;
	enum fail fail = FAIL_LIMIT;

	buf_init(&body, THINGS_PUT_MAX);
	identity_record_write(&body, i);
	if (buf_ok(&body))
		fail = thing_put(e, CHANGE_IDENTITY, i->id, buf_str(&body));
	buf_release(&body);
	return fail;
}

static enum fail
add_run(struct edit *e, void *arg)
{
	struct identity *i = arg;
	size_t count;
	enum fail fail = things_count(e->txn, e->account, CHANGE_IDENTITY, &count);

	if (fail == FAIL_NONE && count >= IDENTITIES_MAX)
		fail = FAIL_LIMIT;
	i->id = thing_id(e);
	return fail ? fail : put(e, i);
}

enum fail
identity_add(struct account *a, const struct identity *new, uint64_t *id_out)
{
	struct identity i = *new;
	enum fail fail = identity_too_long(new) ? FAIL_LIMIT : FAIL_NONE;

	i.is_own = false;
	if (fail == FAIL_NONE)
		fail = edit_run(a, NULL, add_run, &i);
	*id_out = fail ? 0 : i.id;
	return fail;
}

/* The identity as it is, in the edit's arena. */
static enum fail
load(struct edit *e, uint64_t id, struct identity *out)
{
	struct thing thing;
	enum fail fail = thing_get(e->txn, e->account, CHANGE_IDENTITY, id, &thing);
	struct str body = fail ? (struct str){ 0 } : arena_str(&e->arena, thing.body);

	if (fail == FAIL_NONE && !body.p)
		fail = FAIL_LIMIT;
	return fail ? fail : identity_record_read(body, &e->arena, out);
}

static enum fail
update_run(struct edit *e, void *arg)
{
	const struct identity *wanted = arg;
	struct identity was, to = *wanted;
	enum fail fail = load(e, to.id, &was);

	if (fail)
		return fail;
	to.email = was.email;
	to.is_own = was.is_own;
	return put(e, &to);
}

enum fail
identity_update(struct account *a, const struct identity *to)
{
	struct identity copy = *to;

	return identity_too_long(to) ? FAIL_LIMIT : edit_run(a, NULL, update_run, &copy);
}

static enum fail
remove_run(struct edit *e, void *arg)
{
	const uint64_t *id = arg;
	struct identity was;
	enum fail fail = load(e, *id, &was);

	if (fail == FAIL_NONE && was.is_own)
		fail = FAIL_DENIED;
	return fail == FAIL_NONE || fail == FAIL_PERM ? thing_drop(e, CHANGE_IDENTITY, *id) : fail;
}

enum fail
identity_remove(struct account *a, uint64_t id)
{
	return edit_run(a, NULL, remove_run, &id);
}

/* --- those of the account's addresses --------------------------------------------------------------- */

/* RFC 8621 6: "*@example.org" is any address of the domain; the directory says "@example.org". */
static bool
is_email_of(struct str email, struct str address)
{
	return str_eq_nocase(email, address) ||
	    (str_starts(address, STR("@")) && str_starts(email, STR("*@")) &&
		str_eq_nocase(str_from(email, 1), address));
}

struct following {
	struct account *account;
	const struct str *addresses;
	size_t count;
	struct str display_name;
	bool *has;      /* own; per address: it has one */
	uint64_t *gone; /* own; those whose address is no more */
	size_t gone_count;
	bool is_missing; /* an address has none */
};

static void
note(struct following *f, const struct identity *i)
{
	bool is_known = false;

	if (!i->is_own)
		return;
	for (size_t k = 0; k < f->count; k++) {
		if (!is_email_of(i->email, f->addresses[k]))
			continue;
		is_known = true;
		f->has[k] = true;
	}
	if (!is_known && f->gone_count < IDENTITIES_MAX)
		f->gone[f->gone_count++] = i->id;
}

static enum fail
look(struct txn *t, void *arg)
{
	struct following *f = arg;
	struct identity i;
	struct thing thing;
	struct cursor c;
	struct arena arena;
	enum fail fail;

	f->gone_count = 0;
	f->is_missing = false;
	for (size_t k = 0; k < f->count; k++)
		f->has[k] = false;
	arena_init(&arena, READ_ARENA_BYTES);
	things_scan(t, &c, f->account, CHANGE_IDENTITY, false);
	while (things_next(&c, &thing)) {
		arena_reset(&arena);
		if (identity_record_read(thing.body, &arena, &i) == FAIL_NONE) {
			i.id = thing.id;
			note(f, &i);
		}
	}
	fail = cursor_end(&c);
	arena_release(&arena);
	for (size_t k = 0; k < f->count; k++)
		f->is_missing |= !f->has[k];
	return fail;
}

static enum fail
put_own(struct edit *e, const struct following *f, struct str address)
{
	struct identity new = { .id = thing_id(e),
		.name = str_head(f->display_name, IDENTITY_NAME_MAX),
		.email = address,
		.is_own = true };
	struct buf email;
	enum fail fail;

	buf_init(&email, IDENTITY_ADDRESS_MAX);
	if (str_starts(address, STR("@"))) {
		buf_add_char(&email, '*');
		buf_add(&email, address);
		new.email = buf_str(&email);
	}
	fail = put(e, &new);
	buf_release(&email);
	return fail;
}

static enum fail
follow_run(struct edit *e, void *arg)
{
	const struct following *f = arg;
	enum fail fail = FAIL_NONE;

	for (size_t k = 0; fail == FAIL_NONE && k < f->gone_count; k++)
		fail = thing_drop(e, CHANGE_IDENTITY, f->gone[k]);
	for (size_t k = 0; fail == FAIL_NONE && k < f->count; k++)
		if (!f->has[k])
			fail = put_own(e, f, f->addresses[k]);
	return fail;
}

enum fail
identities_follow(struct account *a, const struct str *addresses, size_t count,
    struct str display_name)
{
	struct following f = { .account = a,
		.addresses = addresses,
		.count = count < IDENTITIES_MAX ? count : IDENTITIES_MAX,
		.display_name = display_name };
	enum fail fail = account_usable(a);

	if (fail)
		return fail;
	f.has = mem_new(f.count + 1, sizeof(*f.has));
	f.gone = mem_new(IDENTITIES_MAX, sizeof(*f.gone));
	fail = store_read(a->mail->store, look, &f);
	if (fail == FAIL_NONE && (f.is_missing || f.gone_count > 0))
		fail = edit_run(a, NULL, follow_run, &f);
	mem_free(f.has);
	mem_free(f.gone);
	return fail;
}

/* --- reading ------------------------------------------------------------------------------------- */

struct listing {
	struct account *account;
	uint64_t *ids;
	size_t count, max;
};

static enum fail
ids_read(struct txn *t, void *arg)
{
	struct listing *in = arg;
	struct thing thing;
	struct cursor c;

	in->count = 0;
	things_scan(t, &c, in->account, CHANGE_IDENTITY, false);
	while (in->count < in->max && things_next(&c, &thing))
		in->ids[in->count++] = thing.id;
	return cursor_end(&c);
}

enum fail
identity_ids(struct account *a, struct arena *arena, uint64_t **ids_out, size_t *count_out)
{
	struct listing in = { .account = a, .max = 2 * IDENTITIES_MAX };
	enum fail fail = account_usable(a);

	*ids_out = in.ids = arena_alloc(arena, in.max, sizeof(*in.ids));
	if (fail == FAIL_NONE && !in.ids)
		fail = FAIL_LIMIT;
	if (fail == FAIL_NONE)
		fail = store_read(a->mail->store, ids_read, &in);
	*count_out = in.count;
	return fail;
}

static enum fail
get_read(struct txn *t, void *arg)
{
	struct thing_reading *in = arg;
	struct identity *i = arena_alloc(in->arena, 1, sizeof(*i));
	struct str body;
	enum fail fail = i ? thing_copy(t, in, CHANGE_IDENTITY, &body) : FAIL_LIMIT;

	if (fail == FAIL_NONE)
		fail = identity_record_read(body, in->arena, i);
	if (fail == FAIL_NONE)
		i->id = in->id;
	in->out = i;
	return fail;
}

enum fail
identity_get(struct account *a, uint64_t id, struct arena *arena, struct identity **out)
{
	struct thing_reading in = { .account = a, .id = id, .arena = arena };
	enum fail fail = account_read(a, get_read, &in);

	*out = fail ? NULL : in.out;
	return fail;
}
