/*
 * Thousands of random changes, compared with a naive model that counts everything anew, and with
 * mail_check(); then the same over a new start (D5). The seed is fixed: a failure repeats.
 */
#include "fixture.h"

#define STEPS    4000
#define EMAILS   4000
#define BOXES    5
#define COPIES   12
#define SUBJECTS 4

struct copy {
	unsigned box; /* index into boxes[] */
	uint32_t uid;
	bool is_deleted;
};

struct model_email {
	uint64_t id, thread, flags;
	struct copy copies[COPIES];
	size_t count;
};

static struct fixture f;
static uint32_t boxes[BOXES];
static struct model_email emails[EMAILS];
static size_t email_count;
static uint32_t last_uid[BOXES];
static uint64_t last_modseq;
static uint32_t seed = 4711;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* --- the model ------------------------------------------------------------------------------------- */

static void
copy_add(struct model_email *m, unsigned box, uint32_t uid, bool is_deleted)
{
	CHECK(uid > last_uid[box]);
	last_uid[box] = uid;
	m->copies[m->count++] = (struct copy){ box, uid, is_deleted };
}

static void
copy_remove(struct model_email *m, size_t at)
{
	m->copies[at] = m->copies[--m->count];
}

/* A random copy of a random Email; NULL when there is none. */
static struct model_email *
pick(size_t *at)
{
	for (unsigned i = 0; email_count && i < 50; i++) {
		struct model_email *m = emails + random_below((uint32_t)email_count);

		if (m->count) {
			*at = random_below((uint32_t)m->count);
			return m;
		}
	}
	return NULL;
}

static bool
sees(const struct model_email *m, unsigned box)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->copies[i].box == box && !m->copies[i].is_deleted)
			return true;
	return false;
}

static bool
is_visible(const struct model_email *m)
{
	for (unsigned b = 0; b < BOXES; b++)
		if (sees(m, b))
			return true;
	return false;
}

static bool
is_unread(const struct model_email *m)
{
	return !(m->flags & (FLAG_SEEN | FLAG_DRAFT));
}

/* --- steps ------------------------------------------------------------------------------------------- */

static void
step_add(void)
{
	static const char *const subjects[SUBJECTS] = { "One", "Two", "Re: One", "Three" };
	unsigned box = random_below(BOXES), id = (unsigned)email_count + 1;
	uint64_t flags = random_below(4) == 0 ? FLAG_SEEN : random_below(8) == 0 ? FLAG_DELETED : 0;
	struct model_email *m = emails + email_count;
	struct email_added added;

	if (email_count == EMAILS)
		return;
	CHECK_NUM(fixture_add(&f, boxes[box], flags, id, random_below(id),
		      subjects[random_below(4)], &added),
	    FAIL_NONE);
	email_count++;
	*m = (struct model_email){ .id = added.id,
		.thread = added.thread_id,
		.flags = flags & ~FLAG_DELETED };
	copy_add(m, box, added.uid[0], (flags & FLAG_DELETED) != 0);
}

static void
step_flags(void)
{
	static const uint64_t sets[] = { FLAG_SEEN, FLAG_FLAGGED, FLAG_DRAFT, FLAG_DELETED,
		FLAG_SEEN | FLAG_DELETED };
	size_t at = 0;
	struct model_email *m = pick(&at);
	struct flags_change change = { .how = (enum flags_how)random_below(3),
		.flags = sets[random_below(ARRAY_LEN(sets))] };
	enum flags_outcome outcome;
	uint64_t was, now;

	if (!m)
		return;
	CHECK_NUM(email_flags(f.account, boxes[m->copies[at].box], &m->copies[at].uid, 1, &change,
		      &outcome),
	    FAIL_NONE);
	was = m->flags | (m->copies[at].is_deleted ? FLAG_DELETED : 0);
	now = change.how == FLAGS_ADD    ? was | change.flags
	    : change.how == FLAGS_REMOVE ? was & ~change.flags
					 : change.flags;
	CHECK_NUM(outcome, was == now ? FLAGS_SAME : FLAGS_CHANGED);
	m->flags = now & ~FLAG_DELETED;
	m->copies[at].is_deleted = (now & FLAG_DELETED) != 0;
}

static void
step_carry(bool keeps)
{
	unsigned to = random_below(BOXES);
	size_t at = 0, count;
	struct model_email *m = pick(&at);
	struct email_copied copied;
	uint32_t from;

	if (!m || m->count == COPIES)
		return;
	from = boxes[m->copies[at].box];
	if (keeps) {
		CHECK_NUM(
		    email_copy(f.account, from, &m->copies[at].uid, 1, boxes[to], &copied, &count),
		    FAIL_NONE);
	} else {
		CHECK_NUM(
		    email_move(f.account, from, &m->copies[at].uid, 1, boxes[to], &copied, &count),
		    FAIL_NONE);
		copy_remove(m, at);
	}
	CHECK_NUM(count, 1);
	copy_add(m, to, copied.to_uid, false);
}

static void
step_expunge(void)
{
	size_t at = 0, count;
	struct model_email *m = pick(&at);
	bool only_deleted = random_below(2);

	if (!m)
		return;
	CHECK_NUM(email_expunge(f.account, boxes[m->copies[at].box], &m->copies[at].uid, 1,
		      only_deleted, &count),
	    FAIL_NONE);
	CHECK_NUM(count, !only_deleted || m->copies[at].is_deleted);
	if (count)
		copy_remove(m, at);
}

/* JMAP: be in exactly one mailbox; \Deleted copies stay behind. */
static void
step_update(void)
{
	unsigned to = random_below(BOXES);
	size_t at = 0;
	struct model_email *m = pick(&at);
	struct email_update u = { .keywords_add = FLAG_ANSWERED,
		.keywords_remove = random_below(2) ? FLAG_SEEN : 0,
		.replace_mailboxes = true,
		.mailboxes_add = boxes + to,
		.mailboxes_add_count = 1 };
	bool was_visible, was_there;
	uint32_t uid_next;

	if (!m || m->count == COPIES)
		return;
	was_visible = is_visible(m);
	was_there = sees(m, to);
	uid_next = mailbox_get(f.account, boxes[to])->uid_next;
	CHECK_NUM(email_update(f.account, m->id, &u), was_visible ? FAIL_NONE : FAIL_MISSING);
	if (!was_visible)
		return;
	m->flags = (m->flags & ~u.keywords_remove) | FLAG_ANSWERED;
	for (size_t i = m->count; i-- > 0;)
		if (!m->copies[i].is_deleted && m->copies[i].box != to)
			copy_remove(m, i);
	if (!was_there)
		copy_add(m, to, uid_next, false);
}

static void
step_destroy(void)
{
	size_t at = 0;
	struct model_email *m = pick(&at);

	if (!m || random_below(4))
		return;
	CHECK_NUM(email_destroy(f.account, m->id), is_visible(m) ? FAIL_NONE : FAIL_MISSING);
	if (is_visible(m))
		m->count = 0;
}

static void
step(void)
{
	switch (random_below(12)) {
	case 0:
	case 1:
	case 2: step_add(); break;
	case 3:
	case 4:
	case 5: step_flags(); break;
	case 6: step_carry(true); break;
	case 7:
	case 8: step_carry(false); break;
	case 9: step_expunge(); break;
	case 10: step_update(); break;
	case 11: step_destroy(); break;
	}
	CHECK(f.account->modseq >= last_modseq);
	last_modseq = f.account->modseq;
}

/* --- comparing --------------------------------------------------------------------------------------- */

static bool
thread_is_in(uint64_t thread, unsigned box)
{
	for (size_t i = 0; i < email_count; i++)
		if (emails[i].thread == thread && sees(emails + i, box))
			return true;
	return false;
}

static bool
thread_is_unread(uint64_t thread)
{
	for (size_t i = 0; i < email_count; i++)
		if (emails[i].thread == thread && is_visible(emails + i) && is_unread(emails + i))
			return true;
	return false;
}

/* No entry is older or newer than its span says. */
static void
compare_spans(const struct view *v)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct view_span *span = v->spans + i / VIEW_SPAN;

		CHECK(v->entries[i].received_s >= span->earliest_s);
		CHECK(v->entries[i].received_s <= span->latest_s);
	}
}

static void
compare_box(unsigned b)
{
	const struct mailbox *m = mailbox_get(f.account, boxes[b]);
	uint32_t messages = 0, unseen = 0, deleted = 0, total = 0, unread = 0, threads = 0,
		 unread_threads = 0;
	struct view *v;

	CHECK_NUM(view_open(f.account, boxes[b], &v), FAIL_NONE);
	for (size_t i = 0; i < email_count; i++) {
		const struct model_email *e = emails + i;

		for (size_t k = 0; k < e->count; k++) {
			const struct view_entry *entry;

			if (e->copies[k].box != b)
				continue;
			messages++;
			unseen += !(e->flags & FLAG_SEEN);
			deleted += e->copies[k].is_deleted;
			entry = view_find(v, e->copies[k].uid);
			CHECK(entry && entry->email_id == e->id && entry->thread_id == e->thread &&
			    entry->flags ==
				(e->flags | (e->copies[k].is_deleted ? FLAG_DELETED : 0)));
		}
		total += sees(e, b);
		unread += sees(e, b) && is_unread(e);
	}
	for (uint64_t t = 1; t <= email_count; t++) { /* a thread's id is an Email's */
		bool is_in = thread_is_in(t, b);

		threads += is_in;
		unread_threads += is_in && thread_is_unread(t);
	}
	CHECK_NUM(v->count, messages);
	compare_spans(v);
	view_close(&v);
	CHECK_NUM(m->messages, messages);
	CHECK_NUM(m->unseen, unseen);
	CHECK_NUM(m->deleted, deleted);
	CHECK_NUM(m->total_emails, total);
	CHECK_NUM(m->unread_emails, unread);
	CHECK_NUM(m->total_threads, threads);
	CHECK_NUM(m->unread_threads, unread_threads);
}

/* What a JMAP client that only reads changes knows is what is there. */
static struct {
	bool knows[EMAILS + 1];
	uint64_t state;
} client;

static void
compare_changes(void)
{
	struct change items[7] = { { .id = 0 } };
	struct changes changes = { .items = items, .max = ARRAY_LEN(items) };

	do {
		CHECK_NUM(changes_since(f.account, CHANGE_EMAIL, client.state, &changes),
		    FAIL_NONE);
		for (size_t i = 0; i < changes.count; i++)
			client.knows[items[i].id] = items[i].kind != CHANGE_DESTROYED;
		client.state = changes.state;
	} while (changes.has_more);
	CHECK_NUM(client.state, change_state(f.account, CHANGE_EMAIL));
	for (size_t i = 0; i < email_count; i++)
		CHECK_NUM(client.knows[emails[i].id], is_visible(emails + i));
}

static void
compare(void)
{
	for (unsigned b = 0; b < BOXES; b++)
		compare_box(b);
	compare_changes();
	fixture_check(&f);
}

int
main(void)
{
	static const char *const paths[BOXES] = { "INBOX", "Sent", "Archive", "Trash", "Junk" };

	fixture_open(&f, "model");
	for (unsigned b = 0; b < BOXES; b++)
		boxes[b] = fixture_box(&f, paths[b]);
	for (unsigned i = 1; i <= STEPS; i++) {
		step();
		if (i % 500 == 0) {
			TEST_ROW("compare");
			compare();
			CHECK_NUM(fixture_commit(&f), FAIL_NONE);
		}
		if (i % 1000 == 0) {
			TEST_ROW("new start");
			fixture_close(&f, true);
			CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
			CHECK_NUM(f.account->modseq, last_modseq);
			compare();
		}
	}
	fixture_close(&f, true);
	return test_end();
}
