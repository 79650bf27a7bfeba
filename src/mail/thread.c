#include "mail/thread.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "mail/inner.h"
#include "message/header.h"
#include "message/message.h"
#include "message/subject.h"

#define THREAD_LOOK_MAX 64 /* Emails looked at per message id */

/* --- hashes --------------------------------------------------------------------------------------------- */

/* FNV-1a, 64 bits: it is kept on disk, so it is not keyed; who makes two ids collide on purpose gets
 * no more than by sending the same id. */
static uint64_t
fnv(uint64_t h, char c)
{
	return (h ^ (unsigned char)c) * 0x100000001b3u;
}
#define FNV_START 0xcbf29ce484222325u

uint64_t
thread_hash(struct str message_id)
{
	uint64_t h = FNV_START;

	for (size_t i = 0; i < message_id.n; i++)
		h = fnv(h, message_id.p[i]);
	return h;
}

/* Of the base subject without white space (RFC 8621 section 3) and case. */
static uint32_t
subject_hash(struct str base)
{
	uint64_t h = FNV_START;

	for (size_t i = 0; i < base.n; i++)
		if (!char_is_space(base.p[i]) && base.p[i] != '\r' && base.p[i] != '\n')
			h = fnv(h, char_lower(base.p[i]));
	return (uint32_t)(h ^ (h >> 32));
}

static size_t
ids_add(struct record_id *out, size_t count, size_t max, uint64_t hash, uint32_t subject,
    bool is_own)
{
	for (size_t i = 0; i < count; i++)
		if (out[i].hash == hash)
			return count;
	if (count < max)
		out[count++] =
		    (struct record_id){ .hash = hash, .subject = subject, .is_own = is_own };
	return count;
}

size_t
thread_hashes(const struct message *m, struct arena *arena, struct record_id *out, size_t max)
{
	uint32_t subject =
	    subject_hash(subject_base(message_field(&m->root, FIELD_SUBJECT), arena, NULL));
	struct str cur = message_field(&m->root, FIELD_MESSAGE_ID), id;
	uint64_t ring[THREAD_IDS_MAX];
	size_t count = 0, refs = 0, room;

	if (message_id_next(&cur, &id))
		count = ids_add(out, count, max, thread_hash(id), subject, true);
	cur = message_field(&m->root, FIELD_IN_REPLY_TO);
	for (size_t i = 0; i < 2 && message_id_next(&cur, &id); i++)
		count = ids_add(out, count, max, thread_hash(id), subject, false);
	cur = message_field(&m->root, FIELD_REFERENCES);
	if (message_id_next(&cur, &id))
		count = ids_add(out, count, max, thread_hash(id), subject, false);
	room = max - count;
	while (message_id_next(&cur, &id))
		ring[refs++ % ARRAY_LEN(ring)] = thread_hash(id);
	for (size_t i = 0; i < size_min(room, refs) && i < ARRAY_LEN(ring); i++)
		count = ids_add(out, count, max, ring[(refs - 1 - i) % ARRAY_LEN(ring)], subject,
		    false);
	return count;
}

/* --- finding ---------------------------------------------------------------------------------------------- */

/* The thread of the oldest Email with this message id and subject; *email is lowered to it. */
static enum fail
thread_look(struct edit *e, const struct record_id *id, uint64_t *email, uint64_t *thread)
{
	struct key from = key_id(SPACE_HASH, e->account->id, id->hash);
	struct key to = key_after(from);
	struct hash_record h;
	struct key_reader r;
	struct cursor c;
	struct str key, value;

	txn_scan(e->txn, &c, key_str(&from), key_str(&to), false);
	for (size_t i = 0; i < THREAD_LOOK_MAX && cursor_next(&c, &key, &value); i++) {
		uint64_t found;

		key_read(&r, str_from(key, from.n));
		found = key_read_u64(&r);
		if (found >= *email)
			break;
		if (hash_record_read(value, &h) == FAIL_NONE && h.subject == id->subject) {
			*email = found;
			*thread = h.thread_id;
			break;
		}
	}
	return cursor_end(&c);
}

static enum fail
thread_load(struct edit *e, uint64_t thread_id, struct thread_record *out)
{
	struct key k = key_id(SPACE_THREAD, e->account->id, thread_id);
	struct str value;
	enum fail fail = txn_get(e->txn, key_str(&k), &value);

	*out = (struct thread_record){ .total = 0 };
	return fail ? fail : thread_record_read(value, &e->arena, out);
}

enum fail
thread_find(struct edit *e, const struct record_id *ids, size_t count, uint64_t *thread_out)
{
	uint64_t email = UINT64_MAX;
	struct thread_record t;
	enum fail fail = FAIL_NONE;

	*thread_out = 0;
	for (size_t i = 0; fail == FAIL_NONE && i < count; i++)
		fail = thread_look(e, ids + i, &email, thread_out);
	if (fail || *thread_out == 0)
		return fail;
	fail = thread_load(e, *thread_out, &t);
	if (fail == FAIL_NONE && t.total >= THREAD_EMAILS_MAX)
		*thread_out = 0;
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* --- following an Email ------------------------------------------------------------------------------------- */

static uint32_t
mailbox_count_in(const struct thread_record *t, uint32_t mailbox)
{
	for (size_t i = 0; i < t->mailbox_count; i++)
		if (t->mailboxes[i].mailbox == mailbox)
			return t->mailboxes[i].count;
	return 0;
}

/* `old` with one Email's presence taken out and put in. */
static enum fail
thread_change(struct edit *e, const struct thread_record *old, const struct presence *was,
    const struct presence *now, struct thread_record *out)
{
	size_t max = old->mailbox_count + now->count, n = old->mailbox_count;

	*out = *old;
	out->mailboxes = arena_alloc(&e->arena, max ? max : 1, sizeof(*out->mailboxes));
	if (!out->mailboxes)
		return FAIL_LIMIT;
	if (n)
		memcpy(out->mailboxes, old->mailboxes, n * sizeof(*out->mailboxes));
	for (size_t i = 0; i < was->count; i++)
		for (size_t k = 0; k < n; k++)
			if (out->mailboxes[k].mailbox == was->mailboxes[i] &&
			    out->mailboxes[k].count > 0)
				out->mailboxes[k].count--;
	for (size_t i = 0; i < now->count; i++) {
		size_t k = 0;

		while (k < n && out->mailboxes[k].mailbox != now->mailboxes[i])
			k++;
		if (k == n)
			out->mailboxes[n++] = (struct thread_mailbox){ now->mailboxes[i], 0 };
		out->mailboxes[k].count++;
	}
	out->mailbox_count = n;
	out->total -= was->count > 0 && out->total > 0;
	out->total += now->count > 0;
	out->unread -= was->count > 0 && was->is_unread && out->unread > 0;
	out->unread += now->count > 0 && now->is_unread;
	return FAIL_NONE;
}

static void
threads_count(uint32_t *counter, bool was, bool now)
{
	if (now && !was)
		++*counter;
	else if (was && !now && *counter > 0)
		--*counter;
}

/* Count the thread in and out of its mailboxes; entries that became empty are dropped. */
static enum fail
thread_count(struct edit *e, const struct thread_record *old, struct thread_record *t)
{
	size_t kept = 0;

	for (size_t i = 0; i < t->mailbox_count; i++) {
		struct thread_mailbox in = t->mailboxes[i];
		bool was = mailbox_count_in(old, in.mailbox) > 0, now = in.count > 0;
		bool was_unread = was && old->unread > 0, now_unread = now && t->unread > 0;

		if (was != now || was_unread != now_unread) {
			struct mailbox_edit *m = edit_mailbox(e, in.mailbox);

			if (!m)
				return FAIL_PERM;
			threads_count(&m->now.total_threads, was, now);
			threads_count(&m->now.unread_threads, was_unread, now_unread);
			m->has_counts = true;
		}
		if (now)
			t->mailboxes[kept++] = in;
	}
	t->mailbox_count = kept;
	return FAIL_NONE;
}

/* The list of a thread's Emails, and its place in the log, when an Email came or went. */
static enum fail
thread_log(struct edit *e, uint64_t modseq, struct thread_record *t, bool was_there, bool is_there)
{
	struct email_edit *w = &e->email;
	uint64_t id = e->account->id;
	struct key k = key_part(id, w->thread_id, w->received_s, w->id);
	enum fail fail;

	buf_clear(&e->value);
	number_record_write(&e->value, w->id);
	fail = is_there ? edit_put(e, &k) : txn_delete(e->txn, key_str(&k));
	if (was_there && fail == FAIL_NONE) {
		k = key_change(SPACE_LOG, id, CHANGE_THREAD, t->modseq, w->thread_id);
		fail = txn_delete(e->txn, key_str(&k));
	}
	if (!was_there)
		t->created_modseq = modseq;
	t->modseq = modseq;
	e->counters.state[CHANGE_THREAD] = modseq;
	e->bits |= MAIL_CHANGED_THREADS;
	if (fail)
		return fail;
	if (t->total == 0)
		return edit_tombstone(e, CHANGE_THREAD, w->thread_id, modseq, t->created_modseq);
	k = key_change(SPACE_LOG, id, CHANGE_THREAD, modseq, w->thread_id);
	buf_clear(&e->value);
	number_record_write(&e->value, t->created_modseq);
	return edit_put(e, &k);
}

/* It moved between mailboxes, which not everybody may read: to some the thread has other Emails now. */
static bool
is_out_of_sight(const struct edit *e, const struct presence *was, const struct presence *now)
{
	return e->counters.acl_bytes > 0 &&
	    (was->count != now->count ||
		memcmp(was->mailboxes, now->mailboxes, was->count * sizeof(*was->mailboxes)) != 0);
}

enum fail
thread_follow(struct edit *e, uint64_t modseq, const struct presence *was,
    const struct presence *now)
{
	uint64_t thread_id = e->email.thread_id;
	struct key k = key_id(SPACE_THREAD, e->account->id, thread_id);
	struct thread_record old, t;
	enum fail fail = thread_load(e, thread_id, &old);
	bool was_there = fail == FAIL_NONE;

	if (fail == FAIL_MISSING)
		fail = FAIL_NONE;
	if (fail == FAIL_NONE)
		fail = thread_change(e, &old, was, now, &t);
	if (fail == FAIL_NONE)
		fail = thread_count(e, &old, &t);
	if (fail == FAIL_NONE &&
	    ((was->count > 0) != (now->count > 0) || is_out_of_sight(e, was, now)))
		fail = thread_log(e, modseq, &t, was_there, now->count > 0);
	if (fail)
		return fail;
	if (t.total == 0)
		return txn_delete(e->txn, key_str(&k));
	buf_clear(&e->value);
	thread_record_write(&e->value, &t);
	return edit_put(e, &k);
}

/* --- reading ------------------------------------------------------------------------------------------------ */

struct thread_reading {
	struct account *account;
	uint64_t thread_id;
	struct arena *arena;
	uint64_t *ids;
	size_t count;
};

static enum fail
thread_emails_read(struct txn *t, void *arg)
{
	struct thread_reading *in = arg;
	struct key k = key_id(SPACE_THREAD, in->account->id, in->thread_id);
	struct key from = key_id(SPACE_PART, in->account->id, in->thread_id);
	struct key to = key_after(from);
	struct str key, value;
	struct thread_record thread;
	struct key_reader r;
	struct cursor c;
	enum fail fail = txn_get(t, key_str(&k), &value);

	in->count = 0;
	if (fail == FAIL_NONE)
		fail = thread_record_read(value, in->arena, &thread);
	if (fail)
		return fail;
	in->ids = arena_alloc(in->arena, (size_t)thread.total + 1, sizeof(*in->ids));
	if (!in->ids)
		return FAIL_LIMIT;
	txn_scan(t, &c, key_str(&from), key_str(&to), false);
	while (in->count < thread.total && cursor_next(&c, &key, &value)) {
		key_read(&r, str_from(key, from.n));
		(void)key_read_i64(&r);
		in->ids[in->count++] = key_read_u64(&r);
	}
	return cursor_end(&c);
}

enum fail
thread_emails(struct account *a, uint64_t thread_id, struct arena *arena, uint64_t **ids_out,
    size_t *count_out)
{
	struct thread_reading in = { .account = a, .thread_id = thread_id, .arena = arena };
	enum fail fail = account_read(a, thread_emails_read, &in);

	*ids_out = in.ids;
	*count_out = fail ? 0 : in.count;
	return fail;
}
