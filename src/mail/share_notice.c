#include "mail/share_notice.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "mail/share_tell.h"
#include "mail/thing.h"

enum { RECORD_VERSION = 1 };

#define NOTICE_BYTES 2048 /* of a record: two names */

/* --- the record ---------------------------------------------------------------------------------- */

static void
record_write(struct buf *out, const struct share_notice *n)
{
	record_begin(out, RECORD_VERSION);
	record_add_i64(out, n->created_s);
	record_add_bytes(out, n->by);
	record_add_u64(out, n->account);
	record_add_u64(out, n->mailbox);
	record_add_bytes(out, n->name);
	record_add_bool(out, n->is_inbox);
	record_add_u64(out, n->was);
	record_add_u64(out, n->now);
}

static enum fail
record_to(struct str value, struct share_notice *out)
{
	struct record r;

	record_read(&r, value);
	*out = (struct share_notice){ .created_s = record_i64(&r) };
	out->by = record_bytes(&r);
	out->account = record_u64(&r);
	out->mailbox = record_u32(&r);
	out->name = record_bytes(&r);
	out->is_inbox = record_bool(&r);
	out->was = record_u32(&r) & ACL_ALL;
	out->now = record_u32(&r) & ACL_ALL;
	return record_end(&r);
}

/* --- in an edit ---------------------------------------------------------------------------------- */

struct found {         /* looking through the notices */
	uint64_t same; /* id of the one about this mailbox, or 0 */
	unsigned same_was;
	uint64_t oldest;
	size_t count;
};

static enum fail
look(struct edit *e, const struct share_notice *new, struct found *f)
{
	struct share_notice n;
	struct thing thing;
	struct cursor c;

	*f = (struct found){ .oldest = 0 };
	things_scan(e->txn, &c, e->account, CHANGE_SHARE_NOTICE, false);
	while (things_next(&c, &thing)) {
		if (f->count++ == 0)
			f->oldest = thing.id;
		if (record_to(thing.body, &n) == FAIL_NONE &&
		    n.account == new->account &&n.mailbox == new->mailbox) {
			f->same = thing.id;
			f->same_was = n.was;
		}
	}
	return cursor_end(&c);
}

static enum fail
put(struct edit *e, const struct share_notice *n)
{
	struct buf body;
	enum fail fail = FAIL_LIMIT;

	buf_init(&body, NOTICE_BYTES);
	record_write(&body, n);
	if (buf_ok(&body))
		fail = thing_put(e, CHANGE_SHARE_NOTICE, thing_id(e), buf_str(&body));
	buf_release(&body);
	return fail;
}

static enum fail
add_run(struct edit *e, void *arg)
{
	struct share_notice new = *(const struct share_notice *)arg;
	struct found f;
	enum fail fail = look(e, &new, &f);

	if (fail == FAIL_NONE && f.same) {
		new.was = f.same_was;
		fail = thing_drop(e, CHANGE_SHARE_NOTICE, f.same);
	} else if (fail == FAIL_NONE && f.count >= SHARE_NOTICES_MAX) {
		fail = thing_drop(e, CHANGE_SHARE_NOTICE, f.oldest);
	}
	return fail || new.was == new.now ? fail : put(e, &new);
}

static enum fail
remove_run(struct edit *e, void *arg)
{
	const uint64_t *id = arg;

	return thing_drop(e, CHANGE_SHARE_NOTICE, *id);
}

/* --- rights that change -------------------------------------------------------------------------- */

enum fail
share_notice_leave(struct mail *m, struct str name, struct share_notice *notice)
{
	struct account *to;
	enum fail fail = account_find(m, name, &to);

	if (fail)
		return fail == FAIL_MISSING || fail == FAIL_SYNTAX ? FAIL_NONE : fail;
	fail = edit_run(to, NULL, add_run, notice);
	account_close(&to);
	return fail;
}

/* Whom the identifier is about: several, whom only the directory knows. */
static bool
is_many(struct str identifier)
{
	(void)!str_skip_char(&identifier, '-');
	return str_starts(identifier, STR("$")) || str_eq_nocase(identifier, STR("anyone"));
}

/* .. or one user by name; false: it is the one who does it. */
static bool
take_name(struct str identifier, struct str by, char lower[ACL_NAME_MAX], struct str *out)
{
	struct str name = identifier;

	(void)!str_skip_char(&name, '-');
	if (name.n > ACL_NAME_MAX || str_eq_nocase(name, by))
		return false;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = char_lower(name.p[i]);
	*out = str_of(lower, name.n);
	return true;
}

static struct share_notice
notice_of(struct account *a, uint32_t mailbox, struct str by)
{
	const struct mailbox *m = mailbox_get(a, mailbox);

	return (struct share_notice){ .created_s = clock_wall_s(),
		.by = by,
		.account = a->id,
		.mailbox = mailbox,
		.name = m ? m->name : (struct str){ 0 },
		.is_inbox = m && m->role == MAILBOX_ROLE_INBOX };
}

static enum fail
set_for_many(struct account *a, uint32_t mailbox, struct str identifier, unsigned rights,
    struct str by)
{
	struct share_notice notice;
	struct buf was;
	enum fail fail;

	buf_init(&was, STORE_VALUE_MAX);
	fail = acl_record(a, mailbox, &was);
	if (fail == FAIL_NONE)
		fail = acl_set(a, mailbox, identifier, rights);
	notice = notice_of(a, mailbox, by);
	if (fail == FAIL_NONE)
		share_tell(a, &notice, buf_str(&was));
	buf_release(&was);
	return fail;
}

enum fail
acl_set_by(struct account *a, uint32_t mailbox, struct str identifier, unsigned rights,
    struct str by)
{
	char lower[ACL_NAME_MAX];
	struct acl_user who = { .name = { 0 } };
	bool is_told = take_name(identifier, by, lower, &who.name);
	struct share_notice notice;
	unsigned was = 0;
	enum fail fail;

	if (is_many(identifier))
		return set_for_many(a, mailbox, identifier, rights, by);
	fail = is_told ? acl_rights(a, mailbox, &who, &was) : FAIL_NONE;
	if (fail == FAIL_NONE)
		fail = acl_set(a, mailbox, identifier, rights);
	if (fail || !is_told)
		return fail;
	notice = notice_of(a, mailbox, by);
	notice.was = was;
	fail = acl_rights(a, mailbox, &who, &notice.now);
	if (fail == FAIL_NONE && notice.was != notice.now)
		fail = share_notice_leave(a->mail, who.name, &notice);
	if (fail)
		log_warn(&a->mail->log, "mail.share.untold", LOG_TEXT("account", who.name),
		    LOG_NUM("fail", fail));
	return FAIL_NONE;
}

/* --- age ----------------------------------------------------------------------------------------- */

struct expiry {
	const struct account *account;
	int64_t before_s; /* what was made then is too old */
	uint64_t old;     /* id of one that is; 0: none is */
};

/* The first one is the oldest, and a damaged one is older than all. */
static enum fail
old_read(struct txn *t, void *arg)
{
	struct expiry *x = arg;
	struct share_notice n;
	struct thing thing;
	struct cursor c;

	x->old = 0;
	things_scan(t, &c, x->account, CHANGE_SHARE_NOTICE, false);
	if (things_next(&c, &thing) &&
	    (record_to(thing.body, &n) != FAIL_NONE || n.created_s < x->before_s))
		x->old = thing.id;
	return cursor_end(&c);
}

static enum fail
expire_run(struct edit *e, void *arg)
{
	struct expiry *x = arg;
	enum fail fail = FAIL_NONE;

	while (fail == FAIL_NONE && x->old) {
		fail = thing_drop(e, CHANGE_SHARE_NOTICE, x->old);
		if (fail == FAIL_NONE)
			fail = old_read(e->txn, x);
	}
	return fail;
}

enum fail
share_notices_expire(struct account *a)
{
	struct expiry x = { .account = a, .before_s = clock_wall_s() - SHARE_NOTICE_AGE_S };
	enum fail fail = account_read(a, old_read, &x);

	return fail || !x.old ? fail : edit_run(a, NULL, expire_run, &x);
}

/* --- reading ------------------------------------------------------------------------------------- */

struct listing {
	struct account *account;
	struct arena *arena;
	struct share_notice *items;
	size_t count;
};

static enum fail
list_read(struct txn *t, void *arg)
{
	struct listing *in = arg;
	struct thing thing;
	struct cursor c;
	bool has_room = true;
	enum fail end;

	in->count = 0;
	things_scan(t, &c, in->account, CHANGE_SHARE_NOTICE, false);
	while (has_room && in->count < SHARE_NOTICES_MAX && things_next(&c, &thing)) {
		struct share_notice *n = &in->items[in->count];

		if (record_to(thing.body, n) != FAIL_NONE)
			continue;
		n->id = thing.id;
		n->by = arena_str(in->arena, n->by);
		n->name = arena_str(in->arena, n->name);
		has_room = n->by.p && n->name.p;
		in->count++;
	}
	end = cursor_end(&c);
	return has_room ? end : FAIL_LIMIT;
}

enum fail
share_notices(struct account *a, struct arena *arena, struct share_notice **out, size_t *count_out)
{
	struct listing in = { .account = a, .arena = arena };
	enum fail fail = account_usable(a);

	*out = in.items = arena_alloc(arena, SHARE_NOTICES_MAX, sizeof(*in.items));
	if (fail == FAIL_NONE && !in.items)
		fail = FAIL_LIMIT;
	if (fail == FAIL_NONE)
		fail = store_read(a->mail->store, list_read, &in);
	*count_out = fail ? 0 : in.count;
	return fail;
}

static enum fail
get_read(struct txn *t, void *arg)
{
	struct thing_reading *in = arg;
	struct share_notice *n = arena_alloc(in->arena, 1, sizeof(*n));
	struct str body;
	enum fail fail = n ? thing_copy(t, in, CHANGE_SHARE_NOTICE, &body) : FAIL_LIMIT;

	if (fail == FAIL_NONE)
		fail = record_to(body, n);
	if (fail == FAIL_NONE)
		n->id = in->id;
	in->out = n;
	return fail;
}

enum fail
share_notice_get(struct account *a, uint64_t id, struct arena *arena, struct share_notice **out)
{
	struct thing_reading in = { .account = a, .id = id, .arena = arena };
	enum fail fail = account_read(a, get_read, &in);

	*out = fail ? NULL : in.out;
	return fail;
}

enum fail
share_notice_remove(struct account *a, uint64_t id)
{
	return edit_run(a, NULL, remove_run, &id);
}
