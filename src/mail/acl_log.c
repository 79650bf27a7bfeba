/*
 * The log has, for each change, the list of the mailbox before it and the mailboxes above it; mailbox 0: one went
 * below another one. Under modseq 0 stands the floor. A log that was never written begins with the last change that
 * the account knows of.
 */
#include "mail/acl_log.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

enum { RECORD_VERSION = 1 };

#define LOG_PRUNED 20 /* at least this many at a time */

static struct key
key_log(uint64_t account, uint64_t modseq, uint32_t mailbox)
{
	struct key k = key_account(SPACE_ACL_LOG, account);

	key_u64(&k, modseq);
	key_u32(&k, mailbox);
	return k;
}

/* --- writing ------------------------------------------------------------------------------------- */

static enum fail
floor_put(struct edit *e, uint64_t floor)
{
	struct key k = key_log(e->account->id, 0, 0);

	buf_clear(&e->value);
	number_record_write(&e->value, floor);
	return edit_put(e, &k);
}

/* The oldest go when there are too many; the first one of all sets the floor. */
static enum fail
prune(struct edit *e)
{
	struct key from = key_log(e->account->id, 0, 0);
	struct key prefix = key_account(SPACE_ACL_LOG, e->account->id), to = key_after(prefix);
	struct str key, value;
	struct cursor c;
	size_t count = 0, drop;
	uint64_t floor = 0;
	enum fail fail = txn_get(e->txn, key_str(&from), &value), scan;

	if (fail == FAIL_MISSING)
		return floor_put(e, e->counters.acl_modseq);
	from = key_log(e->account->id, 1, 0);
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value))
		count++;
	fail = cursor_end(&c);
	if (fail || count < ACL_LOG_MAX)
		return fail;
	drop = count - ACL_LOG_MAX + LOG_PRUNED;
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && drop-- > 0 && cursor_next(&c, &key, &value)) {
		struct key_reader r;

		key_read(&r, str_from(key, prefix.n));
		floor = key_read_u64(&r);
		fail = txn_delete(e->txn, key);
	}
	scan = cursor_end(&c);
	if (fail == FAIL_NONE)
		fail = scan;
	return fail ? fail : floor_put(e, floor);
}

/* The list of a mailbox as it is, with those above it, into e->value. */
static enum fail
record_write(struct edit *e, uint32_t mailbox)
{
	struct key k = key_acl(e->account->id, mailbox);
	uint32_t above[MAILBOX_DEPTH_MAX];
	struct mailbox_edit *m = edit_mailbox(e, mailbox);
	size_t count = 0;
	struct str list;
	enum fail fail = txn_get(e->txn, key_str(&k), &list);

	if (fail && fail != FAIL_MISSING)
		return fail;
	buf_clear(&e->value);
	record_begin(&e->value, RECORD_VERSION);
	record_add_bytes(&e->value, fail ? (struct str){ 0 } : list);
	for (; m && m->now.parent && count < MAILBOX_DEPTH_MAX; count++) {
		above[count] = m->now.parent;
		m = edit_mailbox(e, above[count]);
	}
	record_add_u64(&e->value, count);
	for (size_t i = 0; i < count; i++)
		record_add_u64(&e->value, above[i]);
	return FAIL_NONE;
}

/* What is shown only because something below it is may be shown no longer, or from now on. */
static void
above_changed(struct edit *e, uint32_t mailbox)
{
	struct mailbox_edit *m = edit_mailbox(e, mailbox);

	for (size_t depth = 0; m && depth <= MAILBOX_DEPTH_MAX; depth++) {
		uint32_t parent = m->now.parent;

		m->has_rights = true;
		m = parent ? edit_mailbox(e, parent) : NULL;
	}
}

enum fail
acl_log(struct edit *e, uint32_t mailbox)
{
	struct key k;
	enum fail fail = prune(e);
	uint64_t modseq = edit_modseq(e);

	above_changed(e, mailbox);
	e->counters.acl_modseq = modseq;
	e->counters.state[CHANGE_EMAIL] = modseq;
	e->counters.state[CHANGE_MAILBOX] = modseq;
	e->counters.state[CHANGE_THREAD] = modseq;
	e->bits |= MAIL_CHANGED_EMAILS | MAIL_CHANGED_MAILBOXES | MAIL_CHANGED_THREADS;
	if (fail == FAIL_NONE)
		fail = record_write(e, mailbox);
	k = key_log(e->account->id, modseq, mailbox);
	if (fail == FAIL_NONE)
		fail = edit_put(e, &k);
	return fail ? fail : sharing_changed(e->account->mail, e->txn);
}

enum fail
acl_log_move(struct edit *e)
{
	return e->counters.acl_bytes > 0 ? acl_log(e, 0) : FAIL_NONE;
}

/* --- reading ------------------------------------------------------------------------------------- */

struct log_reading {
	struct account *account;
	const struct acl_user *who;
	uint64_t since;
	struct acl_pasts *out;
};

static struct acl_past *
past_of(struct acl_pasts *p, uint32_t mailbox, bool *is_new)
{
	*is_new = false;
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].mailbox == mailbox)
			return &p->items[i];
	if (p->count == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 8;
		p->items = mem_resize(p->items, p->cap, sizeof(*p->items));
	}
	*is_new = true;
	p->items[p->count] = (struct acl_past){ .mailbox = mailbox };
	return &p->items[p->count++];
}

/* One change: the first one of a mailbox has what was so then. */
static enum fail
take_change(struct log_reading *in, uint32_t mailbox, struct str value)
{
	struct acl_past *past;
	struct record r;
	struct str list;
	unsigned rights;
	uint32_t count;
	bool is_new;

	if (mailbox == 0) {
		in->out->is_moved = true;
		return FAIL_NONE;
	}
	record_read(&r, value);
	list = record_bytes(&r);
	count = record_u32(&r);
	if (r.is_bad || count > MAILBOX_DEPTH_MAX)
		return FAIL_PERM;
	past = past_of(in->out, mailbox, &is_new);
	rights = list.n > 0 ? acl_rights_of(list, in->who) : 0;
	past->ever |= rights;
	past->always = is_new ? rights : past->always & rights;
	if (!is_new)
		return FAIL_NONE;
	past->rights = rights;
	past->above_count = count;
	for (uint32_t i = 0; i < count; i++)
		past->above[i] = record_u32(&r);
	return record_end(&r);
}

static enum fail
floor_read(struct txn *t, const struct log_reading *in, uint64_t *out)
{
	struct key k = key_log(in->account->id, 0, 0);
	struct str value;
	enum fail fail = txn_get(t, key_str(&k), &value);

	*out = acl_modseq(in->account);
	if (fail == FAIL_MISSING)
		return FAIL_NONE;
	return fail ? fail : number_record_read(value, out);
}

static enum fail
changes_scan(struct txn *t, struct log_reading *in)
{
	struct key from = key_log(in->account->id, in->since + 1, 0), to;
	struct key prefix = key_account(SPACE_ACL_LOG, in->account->id);
	struct str key, value;
	struct key_reader r;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	to = key_after(prefix);
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		key_read(&r, str_from(key, prefix.n));
		(void)key_read_u64(&r);
		fail = take_change(in, key_read_u32(&r), value);
	}
	end = cursor_end(&c);
	return fail ? fail : end;
}

/* Those whose mailbox is being emptied have their lists still. */
static enum fail
dead_scan(struct txn *t, struct log_reading *in)
{
	const struct account_private *p = account_inner(in->account);
	enum fail fail = FAIL_NONE;
	struct str value;
	bool is_new;

	for (size_t i = 0; i < p->dead_count && fail == FAIL_NONE; i++) {
		struct key k = key_acl(in->account->id, p->dead[i]->id);
		struct acl_past *past;

		fail = txn_get(t, key_str(&k), &value);
		if (fail == FAIL_NONE) {
			past = past_of(in->out, p->dead[i]->id, &is_new);
			past->rights |= acl_rights_of(value, in->who);
			past->ever |= past->rights;
		}
		if (fail == FAIL_MISSING)
			fail = FAIL_NONE;
	}
	return fail;
}

static enum fail
log_read(struct txn *t, void *arg)
{
	struct log_reading *in = arg;
	uint64_t floor;
	enum fail fail = floor_read(t, in, &floor);

	in->out->count = 0;
	in->out->is_moved = false;
	if (fail == FAIL_NONE && in->since < floor)
		fail = FAIL_PERM;
	if (fail == FAIL_NONE)
		fail = changes_scan(t, in);
	return fail ? fail : dead_scan(t, in);
}

enum fail
acl_pasts(struct account *a, const struct acl_user *who, uint64_t since, struct acl_pasts *out)
{
	struct log_reading in = { a, who, since, out };

	return account_read(a, log_read, &in);
}

void
acl_pasts_release(struct acl_pasts *p)
{
	mem_free(p->items);
	*p = (struct acl_pasts){ .items = NULL };
}

const struct acl_past *
acl_past_find(const struct acl_pasts *p, uint32_t mailbox)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].mailbox == mailbox)
			return &p->items[i];
	return NULL;
}
