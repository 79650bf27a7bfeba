#include "jmap/sight.h"

/* system */
#include <stdlib.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/acl_log.h"
#include "mail/thread.h"

#define LEFT_MAX         5000 /* Emails that left mailboxes, looked at for one answer */
#define THREAD_LOOKS_MAX 100  /* Emails of one thread that are asked whether the user knew them */
#define LOOK_BYTES       (64 * 1024 * 1024) /* the largest thread, and one Email after the other of it */

enum { WAS_THERE = 1, WAS_SEEN = 2 }; /* as in struct knowledge */

struct sight {
	struct jmap_call *call;
	enum change_type type;
	uint64_t since;
	uint64_t base; /* the state that the client began with .. */
	bool is_first; /* .. in this answer; later it may have been told of what left since */
	struct acl_pasts past;
	unsigned char *was;    /* own: WAS_ bits of mailboxes, by place */
	bool has_lost;         /* a mailbox that was shown is no more */
	bool is_sure;          /* `left` has all Emails that left */
	bool has_hidden;       /* some may be hidden by \Deleted only */
	struct departed *left; /* own: by Email, or by Thread */
	size_t left_count;
};

struct knowledge { /* of one thing: what the user saw then, and sees now */
	bool is_shown;
	bool was_there; /* certainly */
	bool was_seen;  /* perhaps, also in between */
};

/* --- what was there then ------------------------------------------------------------------------- */

static bool
is_readable(unsigned rights)
{
	return (rights & MAY_READ_ITEMS) == MAY_READ_ITEMS;
}

static bool
is_shown(unsigned rights)
{
	return rights & (ACL_LOOKUP | ACL_READ);
}

static void
mark(struct sight *s, uint32_t mailbox, unsigned bits)
{
	size_t at = mailbox_place(s->call->account, mailbox);

	if (at < s->call->account->mailbox_count && s->call->account->mailboxes[at]->id == mailbox)
		s->was[at] = (unsigned char)(s->was[at] | bits);
}

static void
mark_with_above(struct sight *s, const struct mailbox *m)
{
	for (unsigned depth = 0; m && depth <= MAILBOX_DEPTH_MAX; depth++) {
		mark(s, m->id, WAS_THERE);
		m = m->parent ? mailbox_get(s->call->account, m->parent) : NULL;
	}
}

/* Which mailboxes were shown: those with rights then, and those above them then. */
static enum fail
look_at_mailboxes(struct sight *s)
{
	const struct account *a = s->call->account;

	if (s->past.is_moved)
		return FAIL_PERM;
	s->was = mem_new(a->mailbox_count + 1, sizeof(*s->was));
	for (size_t i = 0; i < a->mailbox_count; i++)
		if (!acl_past_find(&s->past, a->mailboxes[i]->id) &&
		    is_shown(jmap_access_rights(s->call->access, a->mailboxes[i]->id)))
			mark_with_above(s, a->mailboxes[i]);
	for (size_t i = 0; i < s->past.count; i++) {
		const struct acl_past *past = &s->past.items[i];
		unsigned bits;

		s->has_lost |= is_shown(past->ever) && !mailbox_get(a, past->mailbox);
		bits = s->is_first && is_shown(past->rights) ? WAS_THERE : 0;
		bits |= is_shown(past->ever) ? WAS_SEEN : 0;
		mark(s, past->mailbox, bits);
		for (size_t k = 0; k < past->above_count; k++)
			mark(s, past->above[k], bits);
	}
	return FAIL_NONE;
}

static uint64_t
key_of(const struct sight *s, const struct departed *d)
{
	return s->type == CHANGE_THREAD ? d->thread_id : d->email_id;
}

static int
by_email(const void *a, const void *b)
{
	const struct departed *x = a, *y = b;

	return (x->email_id > y->email_id) - (x->email_id < y->email_id);
}

static int
by_thread(const void *a, const void *b)
{
	const struct departed *x = a, *y = b;

	return (x->thread_id > y->thread_id) - (x->thread_id < y->thread_id);
}

/* All that is in this mailbox came since the client asked last: it is in the log. */
static bool
is_new(const struct sight *s, const struct mailbox *m)
{
	return m->created_modseq > s->since;
}

/*
 * The user may read it as it could at `since`; and all the time from then on, when this is not the first answer:
 * nobody knows when the one before was given, but the changes up to `since` were made then.
 */
static bool
is_as_it_was(const struct sight *s, const struct acl_past *past)
{
	bool now = is_readable(jmap_access_rights(s->call->access, past->mailbox));

	if (s->is_first)
		return is_readable(past->rights) == now;
	return is_readable(past->ever) == now && is_readable(past->always) == now;
}

/* What went with its mailbox is in no list of what left. */
static enum fail
look_at_rights(struct sight *s)
{
	struct acl_user who = jmap_access_user(s->call->access);
	struct acl_pasts own = { .items = NULL };
	const struct acl_pasts *lately = s->is_first ? &s->past : &own;
	enum fail fail = FAIL_NONE;

	if (!s->is_first)
		fail = acl_pasts(s->call->account, &who, s->since, &own);
	for (size_t i = 0; i < s->past.count; i++)
		if (!mailbox_get(s->call->account, s->past.items[i].mailbox))
			s->is_sure &= !is_readable(s->past.items[i].ever);
	for (size_t i = 0; i < lately->count && fail == FAIL_NONE; i++) {
		const struct acl_past *past = &lately->items[i];
		const struct mailbox *m = mailbox_get(s->call->account, past->mailbox);

		if (m && !is_new(s, m) && !is_as_it_was(s, past))
			fail = FAIL_PERM;
	}
	acl_pasts_release(&own);
	return fail;
}

static enum fail
look_at_emails(struct sight *s)
{
	struct account *a = s->call->account;
	enum fail fail = look_at_rights(s);

	s->left = mem_new(LEFT_MAX, sizeof(*s->left));
	for (size_t i = 0; i < a->mailbox_count && fail == FAIL_NONE; i++) {
		const struct mailbox *m = a->mailboxes[i];

		if (!is_readable(jmap_access_rights(s->call->access, m->id)))
			continue;
		s->has_hidden |= m->deleted > 0;
		fail = departed_since(a, m->id, s->base, s->left, LEFT_MAX, &s->left_count);
		if (fail == FAIL_PERM || fail == FAIL_LIMIT) {
			s->is_sure = false;
			fail = FAIL_NONE;
		}
	}
	qsort(s->left, s->left_count, sizeof(*s->left),
	    s->type == CHANGE_THREAD ? by_thread : by_email);
	return fail;
}

static enum fail
sight_open(struct sight *s, struct jmap_call *c, enum change_type type, uint64_t since,
    uint64_t base)
{
	struct acl_user who = jmap_access_user(c->access);
	enum fail fail;

	*s = (struct sight){ .since = since,
		.call = c,
		.type = type,
		.base = base,
		.is_first = since == base,
		.is_sure = true };
	fail = acl_pasts(c->account, &who, base, &s->past);
	if (fail)
		return fail;
	return type == CHANGE_MAILBOX ? look_at_mailboxes(s) : look_at_emails(s);
}

static void
sight_close(struct sight *s)
{
	acl_pasts_release(&s->past);
	mem_free(s->was);
	mem_free(s->left);
}

/* --- one thing ----------------------------------------------------------------------------------- */

/* It left a mailbox, or an Email of the thread did. */
static void
know_left(const struct sight *s, uint64_t id, struct knowledge *k)
{
	size_t low = 0, high = s->left_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (key_of(s, &s->left[middle]) < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < s->left_count && key_of(s, &s->left[low]) == id; low++) {
		k->was_there |= s->is_first && s->left[low].was_there;
		k->was_seen |= s->left[low].was_seen;
	}
}

/* Where it is, and since when. */
static enum fail
know_members(const struct sight *s, uint64_t id, struct arena *arena, struct knowledge *k)
{
	struct email *e;
	enum fail fail = email_get(s->call->account, id, arena, &e);

	for (size_t i = 0; fail == FAIL_NONE && i < e->member_count; i++) {
		const struct membership *m = &e->members[i];
		bool is_old = m->seen_modseq <= s->base;

		if (!is_readable(jmap_access_rights(s->call->access, m->mailbox)))
			continue;
		k->is_shown |= !m->is_deleted;
		k->was_there |= !m->is_deleted && is_old;
		k->was_seen |= m->is_deleted && !is_old;
	}
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static enum fail
know_thread(const struct sight *s, uint64_t id, struct arena *arena, struct knowledge *k)
{
	uint64_t *ids;
	size_t count = 0;
	enum fail fail = thread_emails(s->call->account, id, arena, &ids, &count);

	k->was_seen |= s->has_hidden;
	if (fail == FAIL_MISSING)
		return FAIL_NONE;
	for (size_t i = 0; i < count && fail == FAIL_NONE; i++) {
		if (k->is_shown && (k->was_there || i >= THREAD_LOOKS_MAX))
			break;
		fail = know_members(s, ids[i], arena, k);
	}
	return fail;
}

static enum fail
know_mailbox(const struct sight *s, uint32_t id, struct knowledge *k)
{
	const struct account *a = s->call->account;
	size_t at = mailbox_place(a, id);
	bool is_there = at < a->mailbox_count && a->mailboxes[at]->id == id;

	k->is_shown = jmap_mailbox_is_shown(s->call->access, id);
	k->was_there = is_there && s->was[at] & WAS_THERE;
	k->was_seen = is_there ? (s->was[at] & WAS_SEEN) != 0 : s->has_lost;
	return FAIL_NONE;
}

static enum fail
know(const struct sight *s, uint64_t id, struct knowledge *k)
{
	struct arena arena;
	enum fail fail;

	*k = (struct knowledge){ .was_seen = s->type != CHANGE_MAILBOX && !s->is_sure };
	if (s->type == CHANGE_MAILBOX)
		return know_mailbox(s, (uint32_t)id, k);
	know_left(s, id, k);
	arena_init(&arena, LOOK_BYTES);
	if (s->type == CHANGE_THREAD)
		fail = know_thread(s, id, &arena, k);
	else
		fail = know_members(s, id, &arena, k);
	arena_release(&arena);
	return fail;
}

/* --- all of them --------------------------------------------------------------------------------- */

static enum fail
keep_seen(const struct sight *s, struct changes *changes)
{
	size_t kept = 0;

	for (size_t i = 0; i < changes->count; i++) {
		struct change change = changes->items[i];
		struct knowledge k;
		enum fail fail = know(s, change.id, &k);

		if (fail)
			return fail;
		if (!k.is_shown && !k.was_there && !k.was_seen)
			continue;
		if (!k.is_shown)
			change.kind = CHANGE_DESTROYED;
		else
			change.kind = k.was_there ? CHANGE_UPDATED : CHANGE_CREATED;
		changes->items[kept++] = change;
	}
	changes->count = kept;
	return FAIL_NONE;
}

enum fail
jmap_changes_seen(struct jmap_call *c, enum change_type type, uint64_t since,
    struct changes *changes)
{
	uint64_t base = changes->has_base && changes->base < since ? changes->base : since;
	struct sight s;
	enum fail fail;

	if (c->access->is_owner)
		return changes_since(c->account, type, since, changes);
	fail = sight_open(&s, c, type, since, base);
	if (fail == FAIL_NONE)
		fail = changes_since(c->account, type, since, changes);
	if (fail == FAIL_NONE)
		fail = keep_seen(&s, changes);
	sight_close(&s);
	return fail;
}
