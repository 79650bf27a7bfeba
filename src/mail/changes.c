#include "mail/changes.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

uint64_t
change_state(const struct account *a, enum change_type type)
{
	return account_inner(a)->counters.state[type];
}

/* --- Emails and Threads: log and tombstones, merged by modseq --------------------------------------- */

struct side { /* one of the two scans, with its next entry in hand */
	struct cursor cursor;
	char space;
	bool has_entry;
	uint64_t modseq, id, created_modseq;
};

#define REVIVED_MAX 1000 /* remembered in one answer; past it they are told as created */

struct changes_reading {
	struct account *account;
	enum change_type type;
	uint64_t since;
	struct changes *out;
	uint64_t revived[REVIVED_MAX]; /* those that were there at `since`, went, and came back */
	size_t revived_count;
};

static void
side_next(struct side *s)
{
	struct str key, value;
	struct key_reader r;

	s->has_entry = cursor_next(&s->cursor, &key, &value);
	if (!s->has_entry)
		return;
	key_read(&r, key);
	(void)key_read_char(&r);
	(void)key_read_u64(&r);
	(void)key_read_char(&r);
	s->modseq = key_read_u64(&r);
	s->id = key_read_u64(&r);
	if (number_record_read(value, &s->created_modseq))
		s->created_modseq = 0;
}

static void
side_start(struct side *s, struct txn *t, const struct changes_reading *in, char space)
{
	struct key from = key_account(space, in->account->id), to;

	key_char(&from, (char)in->type);
	to = key_after(from);
	key_u64(&from, in->since + 1);
	s->space = space;
	txn_scan(t, &s->cursor, key_str(&from), key_str(&to), false);
	side_next(s);
}

/* Did the destroyed thing come back later? Then the log has it. Only Emails do, and their Threads. */
static enum fail
tomb_is_stale(struct txn *t, const struct changes_reading *in, const struct side *s, bool *out)
{
	bool is_email = in->type == CHANGE_EMAIL;
	struct key k = key_id(is_email ? SPACE_EMAIL : SPACE_THREAD, in->account->id, s->id);
	struct membership room[EMAIL_MEMBERSHIPS_MAX];
	struct email_record r;
	struct str value;
	enum fail fail;

	*out = false;
	if (!is_email && in->type != CHANGE_THREAD)
		return FAIL_NONE;
	fail = txn_get(t, key_str(&k), &value);
	*out = fail == FAIL_NONE;
	if (fail == FAIL_NONE && is_email) {
		fail = email_record_read(value, room, EMAIL_MEMBERSHIPS_MAX, &r);
		*out = fail == FAIL_NONE && r.modseq > s->modseq;
	}
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static void
revived_add(struct changes_reading *in, uint64_t id)
{
	if (in->revived_count < REVIVED_MAX)
		in->revived[in->revived_count++] = id;
}

/* What the log calls new may have been there before it went: then it is an update to whoever knew it. */
static enum change_kind
log_kind(const struct changes_reading *in, const struct side *log)
{
	if (log->created_modseq <= in->since)
		return CHANGE_UPDATED;
	for (size_t i = 0; i < in->revived_count; i++)
		if (in->revived[i] == log->id)
			return CHANGE_UPDATED;
	return CHANGE_CREATED;
}

static enum fail
changes_read(struct txn *t, void *arg)
{
	struct changes_reading *in = arg;
	struct changes *out = in->out;
	struct side log, tomb;
	enum fail fail = FAIL_NONE, end;

	in->revived_count = 0;
	out->count = 0;
	out->has_more = false;
	side_start(&log, t, in, SPACE_LOG);
	side_start(&tomb, t, in, SPACE_TOMB);
	while (fail == FAIL_NONE && (log.has_entry || tomb.has_entry)) {
		bool is_tomb = !log.has_entry || (tomb.has_entry && tomb.modseq < log.modseq);
		struct side *s = is_tomb ? &tomb : &log;
		bool is_new = s->created_modseq > in->since, is_stale = false;

		if (is_tomb && !is_new)
			fail = tomb_is_stale(t, in, s, &is_stale);
		if (is_stale)
			revived_add(in, s->id);
		if (!(is_tomb && (is_new || is_stale))) {
			if (out->count == out->max) {
				out->has_more = true;
				break;
			}
			out->items[out->count++] = (struct change){ .id = s->id,
				.modseq = s->modseq,
				.kind = is_tomb ? CHANGE_DESTROYED : log_kind(in, s) };
		}
		side_next(s);
	}
	end = cursor_end(&log.cursor);
	if (fail == FAIL_NONE)
		fail = end;
	end = cursor_end(&tomb.cursor);
	return fail ? fail : end;
}

/* --- Mailboxes: those that exist are in memory ------------------------------------------------------- */

static int
change_cmp(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return x->modseq < y->modseq ? -1 : x->modseq > y->modseq;
}

/* Collect all (there are not many), then hand out the first ones. */
static enum fail
mailbox_changes(const struct changes_reading *in)
{
	struct account *a = in->account;
	struct changes *out = in->out;
	size_t max = a->mailbox_count + CHANGES_TOMBSTONES_MAX + 1, count;
	struct change *all = mem_new(max, sizeof(*all));
	struct changes tombs = { .items = all, .max = max - a->mailbox_count };
	struct changes_reading in_tombs = *in;
	enum fail fail;

	in_tombs.out = &tombs;
	fail = store_read(a->mail->store, changes_read, &in_tombs);
	count = tombs.count;
	for (size_t i = 0; i < a->mailbox_count; i++) {
		const struct mailbox *m = a->mailboxes[i];

		if (m->modseq > in->since)
			all[count++] = (struct change){ .id = m->id,
				.modseq = m->modseq,
				.kind = m->created_modseq > in->since ? CHANGE_CREATED
								      : CHANGE_UPDATED };
	}
	qsort(all, count, sizeof(*all), change_cmp);
	out->has_more = count > out->max;
	out->count = count < out->max ? count : out->max;
	memcpy(out->items, all, out->count * sizeof(*all));
	out->is_counts_only = true;
	for (size_t i = 0; i < out->count; i++) {
		const struct mailbox *m = mailbox_get(a, (uint32_t)all[i].id);

		if (all[i].kind == CHANGE_UPDATED && m && m->properties_modseq > in->since)
			out->is_counts_only = false;
	}
	mem_free(all);
	return fail;
}

enum fail
changes_since(struct account *a, enum change_type type, uint64_t since, struct changes *out)
{
	struct changes_reading in = { .account = a, .type = type, .since = since, .out = out };
	const struct account_counters *c = &account_inner(a)->counters;
	enum fail fail = account_usable(a);

	out->count = 0;
	out->has_more = out->is_counts_only = false;
	out->state = c->state[type];
	if (fail)
		return fail;
	if (since > c->state[type] || since < c->floor[type])
		return FAIL_PERM;
	if (since == c->state[type])
		return FAIL_NONE;
	if (type == CHANGE_MAILBOX)
		fail = mailbox_changes(&in);
	else
		fail = store_read(a->mail->store, changes_read, &in);
	if (out->has_more && out->count > 0)
		out->state = out->items[out->count - 1].modseq;
	return fail;
}

/* --- expunged UIDs -------------------------------------------------------------------------------------- */

struct expunged_reading {
	struct account *account;
	const struct mailbox *mailbox;
	uint64_t since;
	uint32_t *uids;
	size_t count, max;
};

static enum fail
expunged_read(struct txn *t, void *arg)
{
	struct expunged_reading *in = arg;
	struct key from = key_account(SPACE_EXPUNGED, in->account->id), to;
	struct str key, value;
	struct key_reader r;
	struct cursor c;
	size_t prefix;

	key_u32(&from, in->mailbox->id);
	to = key_after(from);
	prefix = from.n;
	key_u64(&from, in->since + 1);
	in->count = 0;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (in->count < in->max && cursor_next(&c, &key, &value)) {
		key_read(&r, str_from(key, prefix));
		(void)key_read_u64(&r);
		in->uids[in->count++] = key_read_u32(&r);
	}
	return cursor_end(&c);
}

static int
uid_cmp(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

enum fail
expunged_since(struct account *a, uint32_t mailbox, uint64_t since, struct arena *arena,
    uint32_t **uids_out, size_t *count_out)
{
	struct expunged_reading in = { .account = a,
		.mailbox = mailbox_get(a, mailbox),
		.since = since };
	enum fail fail = account_usable(a);

	*uids_out = NULL;
	*count_out = 0;
	if (fail)
		return fail;
	if (!in.mailbox)
		return FAIL_MISSING;
	if (since < in.mailbox->expunged_floor)
		return FAIL_PERM;
	in.max = in.mailbox->expunged_count;
	if (since >= in.mailbox->highest_modseq || in.max == 0)
		return FAIL_NONE;
	in.uids = arena_alloc(arena, in.max, sizeof(*in.uids));
	if (!in.uids)
		return FAIL_LIMIT;
	fail = store_read(a->mail->store, expunged_read, &in);
	if (fail)
		return fail;
	qsort(in.uids, in.count, sizeof(*in.uids), uid_cmp);
	*uids_out = in.uids;
	*count_out = in.count;
	return FAIL_NONE;
}
