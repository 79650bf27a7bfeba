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

/* --- all but Mailboxes: log and tombstones, merged by modseq --------------------------------------- */

struct side { /* one of the two scans, with its next entry in hand */
	struct cursor cursor;
	char space;
	bool has_entry;
	uint64_t modseq, id, created_modseq;
};

struct changes_reading {
	struct account *account;
	enum change_type type;
	uint64_t since, base;
	struct changes *out;
	bool has_tombs; /* something is told as destroyed */
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

/*
 * What the log calls new may have been there at `since`, gone (a tombstone tells it as destroyed) and come back: to
 * whoever knew it that is an update, when both are in the same answer.
 */
static enum change_kind
log_kind(struct changes_reading *in, const struct side *log)
{
	struct changes *out = in->out;

	if (log->created_modseq <= in->base)
		return CHANGE_UPDATED;
	for (size_t i = 0; in->has_tombs && i < out->count; i++) {
		if (out->items[i].id != log->id || out->items[i].kind != CHANGE_DESTROYED)
			continue;
		out->count--;
		memmove(&out->items[i], &out->items[i + 1],
		    (out->count - i) * sizeof(out->items[0]));
		return CHANGE_UPDATED;
	}
	return CHANGE_CREATED;
}

static enum fail
changes_read(struct txn *t, void *arg)
{
	struct changes_reading *in = arg;
	struct changes *out = in->out;
	struct side log, tomb;
	enum fail fail, end;

	in->has_tombs = false;
	out->count = 0;
	out->has_more = false;
	side_start(&log, t, in, SPACE_LOG);
	side_start(&tomb, t, in, SPACE_TOMB);
	while (log.has_entry || tomb.has_entry) {
		bool is_tomb = !log.has_entry || (tomb.has_entry && tomb.modseq < log.modseq);
		struct side *s = is_tomb ? &tomb : &log;
		enum change_kind kind = CHANGE_DESTROYED;

		if (is_tomb && s->created_modseq > in->since) { /* came and went in between */
			side_next(s);
			continue;
		}
		if (out->count == out->max) {
			out->has_more = true;
			break;
		}
		if (!is_tomb)
			kind = log_kind(in, s);
		in->has_tombs |= is_tomb;
		out->items[out->count++] =
		    (struct change){ .id = s->id, .modseq = s->modseq, .kind = kind };
		side_next(s);
	}
	fail = cursor_end(&log.cursor);
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
				.kind = m->created_modseq > in->base ? CHANGE_CREATED
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
	struct changes_reading in = { .account = a,
		.type = type,
		.since = since,
		.base = out->has_base && out->base < since ? out->base : since,
		.out = out };
	const struct account_counters *c = &account_inner(a)->counters;
	enum fail fail = account_usable(a);

	out->count = 0;
	out->has_more = out->has_base = out->is_counts_only = false;
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
	if (out->has_more && out->count > 0) {
		out->state = out->items[out->count - 1].modseq;
		out->has_base = true;
		out->base = in.base;
	}
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

/* Is it known what left the mailbox after `since`? FAIL_MISSING, FAIL_PERM: no longer. *is_none_out: nothing did. */
static enum fail
gone_check(struct account *a, const struct mailbox *m, uint64_t since, bool *is_none_out)
{
	enum fail fail = account_usable(a);

	if (fail || !m)
		return fail ? fail : FAIL_MISSING;
	if (since < m->expunged_floor)
		return FAIL_PERM;
	*is_none_out = since >= m->highest_modseq || m->expunged_count == 0;
	return FAIL_NONE;
}

enum fail
expunged_since(struct account *a, uint32_t mailbox, uint64_t since, struct arena *arena,
    uint32_t **uids_out, size_t *count_out)
{
	struct expunged_reading in = { .account = a,
		.mailbox = mailbox_get(a, mailbox),
		.since = since };
	bool is_none = false;
	enum fail fail = gone_check(a, in.mailbox, since, &is_none);

	*uids_out = NULL;
	*count_out = 0;
	if (fail || is_none)
		return fail;
	in.max = in.mailbox->expunged_count;
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

/* --- Emails that left a mailbox --------------------------------------------------------------------------- */

struct departed_reading {
	struct account *account;
	uint32_t mailbox;
	uint64_t since;
	struct departed *out;
	size_t start, max, count;
};

static enum fail
departed_read(struct txn *t, void *arg)
{
	struct departed_reading *in = arg;
	struct key from = key_account(SPACE_EXPUNGED, in->account->id), to;
	struct expunged_record x;
	struct str key, value;
	struct cursor c;
	bool has_room = true;
	enum fail fail = FAIL_NONE, end;

	key_u32(&from, in->mailbox);
	to = key_after(from);
	key_u64(&from, in->since + 1);
	in->count = in->start;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (fail == FAIL_NONE && has_room && cursor_next(&c, &key, &value)) {
		fail = expunged_record_read(value, &x);
		has_room = in->count < in->max;
		if (fail == FAIL_NONE && has_room)
			in->out[in->count++] = (struct departed){ .email_id = x.email_id,
				.thread_id = x.thread_id,
				.was_there = x.seen_modseq <= in->since && !x.was_deleted,
				.was_seen = x.seen_modseq > in->since || !x.was_deleted };
	}
	end = cursor_end(&c);
	if (fail || end)
		return fail ? fail : end;
	return has_room ? FAIL_NONE : FAIL_LIMIT;
}

enum fail
departed_since(struct account *a, uint32_t mailbox, uint64_t since, struct departed *out,
    size_t max, size_t *count)
{
	struct departed_reading in = { a, mailbox, since, out, *count, max, *count };
	bool is_none = false;
	enum fail fail = gone_check(a, mailbox_get(a, mailbox), since, &is_none);

	if (fail || is_none)
		return fail;
	fail = store_read(a->mail->store, departed_read, &in);
	if (fail == FAIL_NONE)
		*count = in.count;
	return fail;
}
