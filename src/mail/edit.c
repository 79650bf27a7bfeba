/* One change of an account: a transaction on copies, then memory follows (inner.h). */
/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/inner.h"

#define EDIT_ARENA_BYTES (4 * 1024 * 1024) /* thread records and names of one change */
#define EDIT_AHEAD_BYTES (1024 * 1024)     /* Emails' records; of a full batch 2 KB each */
#define TOMBS_PRUNED     100               /* at least this many at a time */

struct run {
	struct edit *e;
	edit_fn *fn;
	void *arg;
};

/* --- copies ---------------------------------------------------------------------------------------- */

static struct mailbox_edit *
mailbox_slot(struct edit *e)
{
	if (e->mailbox_count == e->mailbox_cap) {
		e->mailbox_cap = e->mailbox_cap ? e->mailbox_cap * 2 : 4;
		e->mailboxes = mem_resize(e->mailboxes, e->mailbox_cap, sizeof(*e->mailboxes));
	}
	e->mailboxes[e->mailbox_count] = (struct mailbox_edit){ .bits = 0 };
	return e->mailboxes + e->mailbox_count++;
}

struct mailbox_edit *
edit_mailbox(struct edit *e, uint32_t id)
{
	struct mailbox_edit *copy;
	struct mailbox *original;

	for (size_t i = 0; i < e->mailbox_count; i++)
		if (e->mailboxes[i].now.id == id)
			return e->mailboxes[i].is_deleted ? NULL : e->mailboxes + i;
	original = mailbox_any(e->p, id);
	if (!original)
		return NULL;
	copy = mailbox_slot(e);
	copy->now = *original;
	return copy;
}

struct mailbox_edit *
edit_mailbox_new(struct edit *e)
{
	struct mailbox_edit *copy = mailbox_slot(e);
	uint64_t modseq = edit_modseq(e);

	copy->is_new = copy->has_properties = true;
	copy->now.account = e->account;
	copy->now.id = e->counters.next_mailbox++;
	copy->now.uid_validity = e->counters.uid_validity = (uint32_t)size_max(
	    (size_t)e->counters.uid_validity + 1, (size_t)u32_clamp((uint64_t)clock_wall_s()));
	copy->now.uid_next = 1;
	copy->now.highest_modseq = copy->now.created_modseq = modseq;
	return copy;
}

uint64_t
edit_modseq(struct edit *e)
{
	return ++e->counters.modseq;
}

void
edit_delta(struct edit *e, enum delta_type type, uint32_t mailbox, const struct view_entry *entry)
{
	if (e->delta_count == e->delta_cap) {
		e->delta_cap = e->delta_cap ? e->delta_cap * 2 : 8;
		e->deltas = mem_resize(e->deltas, e->delta_cap, sizeof(*e->deltas));
	}
	e->deltas[e->delta_count++] = (struct delta){ .type = type,
		.is_asked = mailbox == e->asked_mailbox && entry->uid == e->asked_uid,
		.mailbox = mailbox,
		.entry = *entry };
}

enum fail
edit_put(struct edit *e, const struct key *key)
{
	if (!buf_ok(&e->value))
		return FAIL_LIMIT;
	return txn_put(e->txn, key_str(key), buf_str(&e->value));
}

/* --- destroyed things --------------------------------------------------------------------------------- */

static enum fail
tombs_prune(struct edit *e, enum change_type type, uint64_t count)
{
	struct account_counters *c = &e->counters;
	struct key from = key_account(SPACE_TOMB, e->account->id), to;
	struct key_reader r;
	struct cursor cur;
	struct str key, value;
	enum fail fail = FAIL_NONE, end;

	key_char(&from, (char)type);
	to = key_after(from);
	txn_scan(e->txn, &cur, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && count > 0 && cursor_next(&cur, &key, &value)) {
		key_read(&r, str_from(key, from.n));
		c->floor[type] = u64_max(c->floor[type], key_read_u64(&r));
		c->tombs[type]--;
		count--;
		fail = txn_delete(e->txn, key);
	}
	end = cursor_end(&cur);
	return end ? end : fail;
}

enum fail
edit_tombstone(struct edit *e, enum change_type type, uint64_t id, uint64_t modseq,
    uint64_t created_modseq)
{
	struct account_counters *c = &e->counters;
	struct key k = key_change(SPACE_TOMB, e->account->id, type, modseq, id);
	enum fail fail;

	buf_clear(&e->value);
	number_record_write(&e->value, created_modseq);
	fail = edit_put(e, &k);
	c->tombs[type]++;
	if (fail == FAIL_NONE && c->tombs[type] > CHANGES_TOMBSTONES_MAX)
		fail = tombs_prune(e, type, c->tombs[type] - CHANGES_TOMBSTONES_MAX + TOMBS_PRUNED);
	return fail;
}

/* --- the transaction ---------------------------------------------------------------------------------- */

static void
edit_reset(struct edit *e)
{
	e->counters = e->p->counters;
	e->mailbox_count = e->delta_count = 0;
	e->bits = 0;
	e->names = NULL;
	e->asked_mailbox = e->asked_uid = 0;
	e->gone = (struct view_gone){ .mailbox = 0 };
	e->ahead = NULL;
	arena_reset(&e->arena);
	arena_reset(&e->ahead_arena);
	buf_clear(&e->value);
}

static enum fail
mailbox_edit_write(struct edit *e, struct mailbox_edit *m)
{
	struct key k = key_mailbox(e->account->id, m->now.id);

	if (m->is_deleted)
		return txn_delete(e->txn, key_str(&k));
	if (!m->now.is_dead && (m->has_counts || m->has_properties || m->has_rights)) {
		m->now.modseq = e->counters.state[CHANGE_MAILBOX] = edit_modseq(e);
		if (m->has_properties || m->has_rights)
			m->now.properties_modseq = m->now.modseq;
		m->bits |= MAIL_CHANGED_MAILBOXES;
	}
	if (m->has_properties)
		m->bits |= MAIL_CHANGED_LIST;
	buf_clear(&e->value);
	mailbox_record_write(&e->value, &m->now);
	return edit_put(e, &k);
}

static enum fail
edit_write(struct edit *e)
{
	struct key k = key_account(SPACE_ACCOUNT, e->account->id);
	enum fail fail = email_edit_settle(e);

	for (size_t i = 0; fail == FAIL_NONE && i < e->mailbox_count; i++) {
		fail = mailbox_edit_write(e, e->mailboxes + i);
		e->bits |= e->mailboxes[i].bits;
	}
	if (fail || memcmp(&e->counters, &e->p->counters, sizeof(e->counters)) == 0)
		return fail;
	buf_clear(&e->value);
	counters_record_write(&e->value, &e->counters);
	return edit_put(e, &k);
}

static enum fail
edit_body(struct txn *t, void *arg)
{
	struct run *run = arg;
	enum fail fail;

	run->e->txn = t;
	edit_reset(run->e);
	fail = run->fn(run->e, run->arg);
	return fail ? fail : edit_write(run->e);
}

enum fail
edit_run(struct account *a, struct view_session *by, edit_fn *fn, void *arg)
{
	struct edit e = { .account = a, .p = account_inner(a), .by = by };
	struct run run = { .e = &e, .fn = fn, .arg = arg };
	enum fail fail = account_usable(a);

	if (fail)
		return fail;
	arena_init(&e.arena, EDIT_ARENA_BYTES);
	arena_init(&e.ahead_arena, EDIT_AHEAD_BYTES);
	buf_init(&e.value, STORE_VALUE_MAX);
	fail = store_run(a->mail->store, edit_body, &run);
	if (fail == FAIL_NONE)
		edit_apply(&e);
	mem_free(e.mailboxes);
	mem_free(e.deltas);
	arena_release(&e.arena);
	arena_release(&e.ahead_arena);
	buf_release(&e.value);
	return fail;
}

/* --- memory follows ------------------------------------------------------------------------------------ */

struct mailbox *
mailbox_any(const struct account_private *p, uint32_t id)
{
	struct mailbox *m = mailbox_get(&p->account, id);

	for (size_t i = 0; !m && i < p->dead_count; i++)
		if (p->dead[i]->id == id)
			m = p->dead[i];
	return m;
}

static void
list_take_out(struct mailbox **list, size_t *count, const struct mailbox *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++)
		if (list[i] != m)
			list[kept++] = list[i];
	*count = kept;
}

static void
name_set(struct mailbox *m, struct str name)
{
	char *copy;

	if (m->name.p && str_eq(m->name, name))
		return;
	copy = mem_new(name.n ? name.n : 1, 1);
	if (name.n)
		memcpy(copy, name.p, name.n);
	mem_free((void *)(uintptr_t)m->name.p);
	m->name = str_of(copy, name.n);
}

static void
mailbox_apply(struct account_private *p, const struct mailbox_edit *from)
{
	struct account *a = &p->account;
	struct mailbox *m = mailbox_any(p, from->now.id);
	struct str name;

	if (from->is_deleted) {
		if (!m)
			return;
		views_forget(p, m->id);
		list_take_out(a->mailboxes, &a->mailbox_count, m);
		list_take_out(p->dead, &p->dead_count, m);
		mem_free((void *)(uintptr_t)m->name.p);
		mem_free(m);
		return;
	}
	if (!m) {
		m = mem_new(1, sizeof(*m));
		a->mailboxes =
		    mem_resize(a->mailboxes, a->mailbox_count + 1, sizeof(*a->mailboxes));
		a->mailboxes[a->mailbox_count++] = m;
	} else if (from->now.is_dead && !m->is_dead) {
		views_forget(p, m->id);
		list_take_out(a->mailboxes, &a->mailbox_count, m);
		p->dead = mem_resize(p->dead, p->dead_count + 1, sizeof(*p->dead));
		p->dead[p->dead_count++] = m;
	}
	name_set(m, from->now.name);
	name = m->name;
	*m = from->now;
	m->name = name;
}

void
edit_apply(struct edit *e)
{
	struct account_private *p = e->p;
	struct account *a = e->account;

	p->counters = e->counters;
	a->used_bytes = e->counters.used_bytes;
	a->used_messages = e->counters.used_messages;
	a->modseq = e->counters.modseq;
	keywords_apply(e);
	for (size_t i = 0; i < e->mailbox_count; i++)
		mailbox_apply(p, e->mailboxes + i);
	if (e->delta_count)
		views_apply(p, e->deltas, e->delta_count, e->by);
	for (size_t i = 0; i < e->mailbox_count; i++)
		watches_mark(p, e->mailboxes[i].now.id, e->mailboxes[i].bits);
	watches_mark(p, 0, e->bits);
	p->subscription_changes += (e->bits & MAIL_CHANGED_SUBSCRIPTIONS) != 0;
	account_touch(p);
}
