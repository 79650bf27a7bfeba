/* Verify that records, indexes, counters and files of an account agree (mail.h, rule D4). */
/* base */
#include "base/mem.h"

/* rooms */
#include "mail/check.h"

#define CHECK_LINE_MAX 512 /* bytes of one finding */

/* --- findings ------------------------------------------------------------------------------------------ */

void
check_find(struct account_check *in, const char *what, uint64_t id, uint64_t number)
{
	struct buf line;

	in->check->findings++;
	in->findings++;
	buf_init(&line, CHECK_LINE_MAX);
	buf_add(&line, in->account->name);
	buf_add_c(&line, ": ");
	buf_add_c(&line, what);
	buf_add_c(&line, " (");
	buf_add_u64(&line, id);
	buf_add_c(&line, ", ");
	buf_add_u64(&line, number);
	buf_add_c(&line, ")");
	if (in->check->report)
		in->check->report(in->check, buf_str(&line));
	buf_release(&line);
}

enum fail
check_key(struct account_check *in, const struct key *k, const char *what, uint64_t id,
    uint64_t number, struct str *value)
{
	enum fail fail = txn_get(in->txn, key_str(k), value);

	if (fail == FAIL_MISSING)
		check_find(in, what, id, number);
	return fail;
}

enum fail
check_told(enum fail fail)
{
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* --- one Email --------------------------------------------------------------------------------------------- */

static void
part_note(struct account_check *in, uint64_t thread, uint32_t mailbox, bool is_unread)
{
	if (in->part_count == in->part_cap) {
		in->part_cap = in->part_cap ? in->part_cap * 2 : 1024;
		in->parts = mem_resize(in->parts, in->part_cap, sizeof(*in->parts));
	}
	in->parts[in->part_count++] = (struct check_part){ thread, mailbox, is_unread };
}

struct mailbox *
check_mailbox_seen(struct account_check *in, uint32_t id)
{
	for (size_t i = 0; i < in->mailbox_count; i++)
		if (in->mailboxes[i].id == id)
			return in->mailboxes + i;
	return NULL;
}

/* A membership: its mailbox counts it and the view has its entry. */
static enum fail
check_membership(struct account_check *in, uint64_t id, const struct email_record *r,
    const struct membership *member)
{
	struct mailbox *m = check_mailbox_seen(in, member->mailbox);
	struct key k = key_view(in->account->id, member->mailbox, member->uid);
	const struct mailbox *real = mailbox_any(account_inner(in->account), member->mailbox);
	uint64_t flags = r->keywords | (member->is_deleted ? FLAG_DELETED : 0);
	struct view_entry entry;
	struct str value;
	enum fail fail;

	if (!m || !real) {
		check_find(in, "message in a mailbox that does not exist", id, member->mailbox);
		return FAIL_NONE;
	}
	m->messages++;
	m->size += r->size;
	m->unseen += !(r->keywords & FLAG_SEEN);
	m->deleted += member->is_deleted;
	m->deleted_size += member->is_deleted ? r->size : 0;
	if (member->uid >= real->uid_next)
		check_find(in, "UID at or above UIDNEXT", id, member->uid);
	if (member->modseq > real->highest_modseq)
		check_find(in, "modseq above HIGHESTMODSEQ", id, member->uid);
	fail = check_key(in, &k, "message without view entry", id, member->uid, &value);
	if (fail)
		return check_told(fail);
	if (view_record_read(value, &entry) || entry.email_id != id || entry.flags != flags ||
	    entry.modseq != member->modseq || entry.size != r->size ||
	    entry.thread_id != r->thread_id || entry.received_s != r->received_s)
		check_find(in, "view entry differs", id, member->uid);
	return FAIL_NONE;
}

static enum fail
check_visible(struct account_check *in, uint64_t id, const struct email_record *r)
{
	uint64_t account = in->account->id;
	uint32_t mailboxes[EMAIL_MEMBERSHIPS_MAX];
	size_t count = email_visible_in(r->members, r->member_count, mailboxes);
	bool is_unread = !(r->keywords & (FLAG_SEEN | FLAG_DRAFT));
	struct key k = key_received(account, r->received_s, id);
	struct str value;
	enum fail fail;

	if (count == 0)
		return FAIL_NONE;
	in->visible++;
	for (size_t i = 0; i < count; i++) {
		struct mailbox *m = check_mailbox_seen(in, mailboxes[i]);

		part_note(in, r->thread_id, mailboxes[i], i == 0 && is_unread);
		if (m)
			m->total_emails++;
		if (m && is_unread)
			m->unread_emails++;
	}
	fail = check_key(in, &k, "message not in the index by date", id, 0, &value);
	k = key_part(account, r->thread_id, r->received_s, id);
	if (check_told(fail) == FAIL_NONE)
		fail = check_key(in, &k, "message not in its thread", id, r->thread_id, &value);
	k = key_change(SPACE_LOG, account, CHANGE_EMAIL, r->modseq, id);
	if (check_told(fail) == FAIL_NONE)
		fail = check_key(in, &k, "message not in the log", id, r->modseq, &value);
	return check_told(fail);
}

/* Not lost while its file is elsewhere: it may come later than the store was restored, or the engine was changed. */
static enum fail
check_file(struct account_check *in, uint64_t id, struct str name, bool *is_lost)
{
	struct blob_store *blobs = in->account->mail->blobs;
	enum fail fail = blob_exists(blobs, in->account->name, name);
	const char *where;
	struct buf line;

	if (fail != FAIL_MISSING)
		return fail;
	fail = blob_is_elsewhere(blobs, in->account->name, name, &where);
	*is_lost = fail == FAIL_MISSING;
	buf_init(&line, CHECK_LINE_MAX);
	buf_add_c(&line, "message file is ");
	buf_add_c(&line, *is_lost ? "lost" : where);
	if (fail == FAIL_NONE || *is_lost)
		check_find(in, buf_c(&line), id, 0);
	buf_release(&line);
	return check_told(fail);
}

/* What never changes: the file is there and named once. */
static enum fail
check_static(struct account_check *in, uint64_t id, bool *is_lost)
{
	uint64_t account = in->account->id;
	struct key k = key_id(SPACE_STATIC, account, id);
	struct static_record s;
	struct str value;
	char name[BLOB_NAME_MAX];
	size_t name_size;
	enum fail fail = txn_get(in->txn, key_str(&k), &value);

	*is_lost = fail == FAIL_MISSING;
	if (fail && fail != FAIL_MISSING)
		return fail;
	if (*is_lost || static_record_read(value, &s) || s.blob.n > sizeof(name)) {
		check_find(in, "message without its file name", id, 0);
		*is_lost = true;
		return FAIL_NONE;
	}
	name_size = s.blob.n;
	memcpy(name, s.blob.p, name_size);
	in->hashes += s.id_count;
	for (size_t i = 0; i < s.id_count; i++) {
		k = key_hash(account, s.ids[i].hash, id);
		fail = check_key(in, &k, "message id not in the index", id, i, &value);
		if (check_told(fail))
			return fail;
	}
	k = key_blob(account, str_of(name, name_size));
	fail = check_key(in, &k, "file without owner", id, 0, &value);
	if (check_told(fail))
		return fail;
	return check_file(in, id, str_of(name, name_size), is_lost);
}

static enum fail
check_email(struct account_check *in, uint64_t id, const struct email_record *r)
{
	bool is_lost = false;
	enum fail fail = check_static(in, id, &is_lost);

	in->check->emails++;
	in->emails++;
	in->bytes += r->size;
	in->memberships += r->member_count;
	if (r->member_count == 0)
		check_find(in, "message in no mailbox", id, 0);
	if (id >= account_inner(in->account)->counters.next_email)
		check_find(in, "message id above the next one", id, 0);
	if (r->modseq > in->account->modseq)
		check_find(in, "modseq above the account's", id, r->modseq);
	if (is_lost || r->member_count == 0)
		check_lose(in, id);
	for (size_t i = 0; fail == FAIL_NONE && i < r->member_count; i++)
		fail = check_membership(in, id, r, r->members + i);
	return fail ? fail : check_visible(in, id, r);
}

static enum fail
check_emails(struct account_check *in)
{
	struct key from = key_account(SPACE_EMAIL, in->account->id), to = key_after(from);
	struct membership room[EMAIL_MEMBERSHIPS_MAX];
	struct str key, value;
	struct key_reader r;
	struct cursor c;
	enum fail fail = FAIL_NONE, end;

	txn_scan(in->txn, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && cursor_next(&c, &key, &value)) {
		struct email_record email;
		uint64_t id;

		key_read(&r, str_from(key, from.n));
		id = key_read_u64(&r);
		if (email_record_read(value, room, EMAIL_MEMBERSHIPS_MAX, &email)) {
			check_find(in, "message record is damaged", id, 0);
			check_lose(in, id);
		} else {
			fail = check_email(in, id, &email);
		}
	}
	end = cursor_end(&c);
	return end ? end : fail;
}

/* --- indexes have no more than they should ---------------------------------------------------------------------- */

static enum fail
check_count(struct account_check *in, struct key from, uint64_t want, const char *what)
{
	struct key to = key_after(from);
	struct str key, value;
	struct cursor c;
	uint64_t count = 0;
	enum fail fail;

	txn_scan(in->txn, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value))
		count++;
	fail = cursor_end(&c);
	if (fail == FAIL_NONE && count != want)
		check_find(in, what, count, want);
	return fail;
}

static struct key
log_prefix(uint64_t account, char space, enum change_type type)
{
	struct key k = key_account(space, account);

	key_char(&k, (char)type);
	return k;
}

static enum fail
check_indexes(struct account_check *in)
{
	uint64_t id = in->account->id;
	const struct account_counters *c = &account_inner(in->account)->counters;
	const struct {
		struct key from;
		uint64_t want;
		const char *what;
	} rows[] = {
		{ key_account(SPACE_VIEW, id), in->memberships, "view entries" },
		{ key_account(SPACE_RECEIVED, id), in->visible, "entries of the index by date" },
		{ key_account(SPACE_PART, id), in->visible, "entries of threads" },
		{ key_account(SPACE_HASH, id), in->hashes, "entries of message ids" },
		{ key_account(SPACE_STATIC, id), in->emails, "fixed records" },
		{ key_account(SPACE_THREAD, id), in->threads, "threads" },
		{ key_account(SPACE_BLOB, id), in->emails + in->uploads, "named files" },
		{ log_prefix(id, SPACE_LOG, CHANGE_EMAIL), in->visible, "messages in the log" },
		{ log_prefix(id, SPACE_LOG, CHANGE_THREAD), in->threads, "threads in the log" },
		{ log_prefix(id, SPACE_TOMB, CHANGE_EMAIL), c->tombs[CHANGE_EMAIL],
		    "destroyed messages" },
		{ log_prefix(id, SPACE_TOMB, CHANGE_MAILBOX), c->tombs[CHANGE_MAILBOX],
		    "destroyed mailboxes" },
		{ log_prefix(id, SPACE_TOMB, CHANGE_THREAD), c->tombs[CHANGE_THREAD],
		    "destroyed threads" },
	};
	enum fail fail = FAIL_NONE;

	for (size_t i = 0; fail == FAIL_NONE && i < ARRAY_LEN(rows); i++)
		fail = check_count(in, rows[i].from, rows[i].want, rows[i].what);
	return fail;
}

static enum fail
check_uploads(struct account_check *in)
{
	struct key from = key_account(SPACE_UPLOAD, in->account->id), to = key_after(from);
	struct str key, value;
	struct cursor c;

	txn_scan(in->txn, &c, key_str(&from), key_str(&to), false);
	while (cursor_next(&c, &key, &value))
		in->uploads++;
	return cursor_end(&c);
}

/* --- counters ----------------------------------------------------------------------------------------------------- */

static void
check_mailbox(struct account_check *in, const struct mailbox *want)
{
	const struct mailbox *m = mailbox_any(account_inner(in->account), want->id);
	const struct {
		const char *what;
		uint64_t is, want;
	} rows[] = {
		{ "messages of a mailbox", m->messages, want->messages },
		{ "unseen of a mailbox", m->unseen, want->unseen },
		{ "deleted of a mailbox", m->deleted, want->deleted },
		{ "size of a mailbox", m->size, want->size },
		{ "deleted size of a mailbox", m->deleted_size, want->deleted_size },
		{ "Emails of a mailbox", m->total_emails, want->total_emails },
		{ "unread Emails of a mailbox", m->unread_emails, want->unread_emails },
		{ "Threads of a mailbox", m->total_threads, want->total_threads },
		{ "unread Threads of a mailbox", m->unread_threads, want->unread_threads },
	};

	in->check->mailboxes++;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].is != rows[i].want)
			check_find(in, rows[i].what, m->id, rows[i].want);
}

static void
check_counters(struct account_check *in)
{
	for (size_t i = 0; i < in->mailbox_count; i++)
		check_mailbox(in, in->mailboxes + i);
	if (in->account->used_bytes != in->bytes)
		check_find(in, "quota bytes", in->account->used_bytes, in->bytes);
	if (in->account->used_messages != in->emails)
		check_find(in, "quota messages", in->account->used_messages, in->emails);
}

/* --- all ------------------------------------------------------------------------------------------------------------ */

static enum fail
check_read(struct txn *t, void *arg)
{
	struct account_check *in = arg;
	enum fail fail;

	in->txn = t;
	fail = check_emails(in);
	if (fail == FAIL_NONE)
		fail = check_uploads(in);
	if (fail == FAIL_NONE)
		fail = check_threads(in);
	if (fail == FAIL_NONE)
		fail = check_indexes(in);
	if (fail == FAIL_NONE)
		fail = check_boxes(in);
	if (fail == FAIL_NONE)
		fail = check_things(in);
	if (fail == FAIL_NONE)
		check_counters(in);
	return fail;
}

void
check_lose(struct account_check *in, uint64_t id)
{
	in->lost = mem_resize(in->lost, in->lost_count + 1, sizeof(*in->lost));
	in->lost[in->lost_count++] = id;
	in->check->lost++;
}

static void
check_start(struct account_check *in)
{
	const struct account_private *p = account_inner(in->account);
	size_t max = in->account->mailbox_count + p->dead_count;

	in->mailboxes = mem_new(max + 1, sizeof(*in->mailboxes));
	for (size_t i = 0; i < in->account->mailbox_count; i++)
		in->mailboxes[in->mailbox_count++].id = in->account->mailboxes[i]->id;
	for (size_t i = 0; i < p->dead_count; i++)
		in->mailboxes[in->mailbox_count++].id = p->dead[i]->id;
	arena_init(&in->arena, PARSE_ARENA_BYTES);
}

static enum fail
check_account(struct account *a, struct mail_check *check)
{
	struct account_check in = { .account = a, .check = check };
	enum fail fail;

	check_start(&in);
	check->accounts++;
	if (!mailbox_by_role(a, MAILBOX_ROLE_INBOX))
		check_find(&in, "account without Inbox", 0, 0);
	fail = store_read(a->mail->store, check_read, &in);
	if (fail == FAIL_NONE && check->repair && in.findings)
		fail = account_rebuild(&in);
	mem_free(in.mailboxes);
	mem_free(in.parts);
	mem_free(in.lost);
	arena_release(&in.arena);
	return fail;
}

enum fail
mail_check(struct mail *m, struct mail_check *check)
{
	struct account_name name = { .id = 0 };
	struct account *a;
	enum fail fail;

	check->accounts = check->mailboxes = check->emails = 0;
	check->findings = check->repaired = check->lost = 0;
	while ((fail = account_next(m, name.id, &name)) == FAIL_NONE) {
		fail = account_find(m, str_of(name.text, name.n), &a);
		if (fail)
			return fail == FAIL_MISSING ? FAIL_PERM : fail;
		fail = check_account(a, check);
		account_close(&a);
		if (fail)
			return fail;
	}
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}
