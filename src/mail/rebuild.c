/* Repair of an account: what follows from its Emails is written anew (check.h). */
/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/check.h"

/* Derived from Email and fixed records; uploads and their files are kept. */
static const char derived_spaces[] = { SPACE_VIEW, SPACE_RECEIVED, SPACE_PART, SPACE_THREAD,
	SPACE_HASH };

static bool
is_lost(const struct account_check *in, uint64_t id)
{
	for (size_t i = 0; i < in->lost_count; i++)
		if (in->lost[i] == id)
			return true;
	return false;
}

static enum fail
space_empty(struct edit *e, struct key from)
{
	struct key to = key_after(from);

	return txn_delete_range(e->txn, key_str(&from), key_str(&to));
}

static enum fail
log_empty(struct edit *e, char space, enum change_type type)
{
	struct key from = key_account(space, e->account->id);

	key_char(&from, (char)type);
	return space_empty(e, from);
}

/* Files lose their Emails as owners; those of uploads stay. */
static enum fail
owners_clear(struct edit *e)
{
	struct key from = key_account(SPACE_BLOB, e->account->id), to = key_after(from);
	struct str key, value;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		enum blob_owner owner;
		uint64_t id;

		if (blob_record_read(value, &owner, &id) || owner == BLOB_OF_EMAIL)
			fail = txn_delete(e->txn, key);
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

/* Counters to zero, derived records away. */
static enum fail
rebuild_clear(struct edit *e, const struct account_check *in)
{
	enum fail fail = owners_clear(e);

	for (size_t i = 0; fail == FAIL_NONE && i < ARRAY_LEN(derived_spaces); i++)
		fail = space_empty(e, key_account(derived_spaces[i], e->account->id));
	for (unsigned type = 0; fail == FAIL_NONE && type < CHANGE_TYPE_COUNT; type++) {
		fail = log_empty(e, SPACE_LOG, (enum change_type)type);
		if (fail == FAIL_NONE)
			fail = log_empty(e, SPACE_TOMB, (enum change_type)type);
		/* clients learn all anew: no state before this can be told from */
		e->counters.tombs[type] = 0;
		e->counters.floor[type] = e->counters.state[type] = edit_modseq(e);
	}
	e->counters.used_bytes = e->counters.used_messages = 0;
	for (size_t i = 0; i < in->mailbox_count; i++) {
		struct mailbox_edit *m = edit_mailbox(e, in->mailboxes[i].id);

		if (!m)
			continue;
		m->has_counts = true;
		m->now.messages = m->now.unseen = m->now.deleted = 0;
		m->now.size = m->now.deleted_size = 0;
		m->now.total_emails = m->now.unread_emails = 0;
		m->now.total_threads = m->now.unread_threads = 0;
	}
	return fail;
}

/* Damaged beyond use: its records go, the file is swept by the blob room's check. */
static enum fail
email_drop(struct edit *e, uint64_t id)
{
	struct key k = key_id(SPACE_STATIC, e->account->id, id);
	struct static_record s;
	struct str value;
	enum fail fail = txn_get(e->txn, key_str(&k), &value);

	if (fail == FAIL_NONE && static_record_read(value, &s) == FAIL_NONE) {
		struct key blob = key_blob(e->account->id, s.blob);

		fail = txn_delete(e->txn, key_str(&blob));
	}
	if (fail && fail != FAIL_MISSING)
		return fail;
	fail = txn_delete(e->txn, key_str(&k));
	k = key_id(SPACE_EMAIL, e->account->id, id);
	return fail ? fail : txn_delete(e->txn, key_str(&k));
}

static enum fail
hashes_put(struct edit *e, const struct static_record *s)
{
	struct email_edit *w = &e->email;
	struct key k = key_blob(e->account->id, s->blob);
	enum fail fail;

	buf_clear(&e->value);
	blob_record_write(&e->value, BLOB_OF_EMAIL, w->id);
	fail = edit_put(e, &k);
	for (size_t i = 0; fail == FAIL_NONE && i < s->id_count; i++) {
		struct hash_record h = { w->thread_id, s->ids[i].subject, s->ids[i].is_own };

		k = key_hash(e->account->id, s->ids[i].hash, w->id);
		buf_clear(&e->value);
		hash_record_write(&e->value, &h);
		fail = edit_put(e, &k);
	}
	return fail;
}

/* As if the Email were added now, with the UIDs it has. */
static enum fail
email_rebuild(struct edit *e, uint64_t id)
{
	struct email_edit *w = &e->email;
	struct key k = key_id(SPACE_STATIC, e->account->id, id);
	struct static_record s;
	struct str value;
	enum fail fail = email_edit_load(e, id);

	if (fail == FAIL_NONE)
		fail = txn_get(e->txn, key_str(&k), &value);
	if (fail == FAIL_NONE)
		fail = static_record_read(value, &s);
	if (fail == FAIL_NONE)
		fail = hashes_put(e, &s);
	if (fail)
		return fail;
	for (size_t i = w->now_count; i-- > 0;)
		if (!edit_mailbox(e, w->now[i].mailbox))
			email_edit_leave(e, i);
	if (w->now_count == 0) {
		struct mailbox *inbox = mailbox_by_role(e->account, MAILBOX_ROLE_INBOX);

		fail = inbox ? email_edit_join(e, inbox->id, false) : FAIL_PERM;
	}
	for (size_t i = 0; i < w->now_count; i++) {
		struct mailbox_edit *m = edit_mailbox(e, w->now[i].mailbox);

		if (m && m->now.uid_next <= w->now[i].uid)
			m->now.uid_next = w->now[i].uid + 1;
	}
	e->counters.used_bytes += w->size;
	e->counters.used_messages++;
	e->counters.next_email = id >= e->counters.next_email ? id + 1 : e->counters.next_email;
	w->was_count = 0;
	w->modseq = 0;
	return fail ? fail : email_save(e);
}

static enum fail
rebuild_run(struct edit *e, void *arg)
{
	const struct account_check *in = arg;
	struct key from = key_account(SPACE_EMAIL, e->account->id), to = key_after(from);
	struct str key, value;
	struct key_reader r;
	struct cursor c;
	enum fail fail = rebuild_clear(e, in), end;

	if (fail == FAIL_NONE)
		fail = boxes_rebuild(e, in);
	if (fail == FAIL_NONE)
		fail = things_rebuild(e);
	if (fail)
		return fail;
	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		uint64_t id;

		key_read(&r, str_from(key, from.n));
		id = key_read_u64(&r);
		fail = is_lost(in, id) ? email_drop(e, id) : email_rebuild(e, id);
		arena_reset(&e->arena);
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

enum fail
account_rebuild(struct account_check *in)
{
	struct account *a = in->account;
	enum fail fail;

	views_forget(account_inner(a), 0);
	fail = edit_run(a, NULL, rebuild_run, in);
	if (fail == FAIL_NONE)
		in->check->repaired += in->findings;
	return fail;
}
