/*
 * A batch does what its parts do one by one: two accounts with the same history, random batches in one of them, and
 * the same UIDs alone in the other. Emails that are in the mailbox several times, UIDs twice, downwards, and unknown
 * ones are among them. The seed is fixed. And in the largest thread that a batch can change, it can do so whether or
 * not its Emails are known beforehand.
 */
#include "fixture.h"

#define ROUNDS   300
#define ADDED    40
#define UIDS     60
#define VIEW_MAX 2000 /* memberships of a mailbox, for a round's copies */

static struct fixture whole, parts;
static uint32_t inbox, other; /* the same in both */
static uint32_t seed = 815;

static uint32_t
random_below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* --- the same in both -------------------------------------------------------------------------------- */

static void
views_equal(uint32_t mailbox)
{
	struct view *a = NULL, *b = NULL;

	CHECK_NUM(view_open(whole.account, mailbox, &a), FAIL_NONE);
	CHECK_NUM(view_open(parts.account, mailbox, &b), FAIL_NONE);
	CHECK_NUM(a->count, b->count);
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		CHECK_NUM(a->entries[i].uid, b->entries[i].uid);
		CHECK_NUM(a->entries[i].flags, b->entries[i].flags);
		CHECK_NUM(a->entries[i].email_id, b->entries[i].email_id);
	}
	view_close(&a);
	view_close(&b);
}

/* Behind it nothing is in memory, and views are what the store has. */
static void
start_again(struct fixture *f)
{
	fixture_close(f, true);
	CHECK_NUM(fixture_try_open(f), FAIL_NONE);
}

static void
all_equal(bool is_new_start)
{
	views_equal(inbox);
	views_equal(other);
	if (is_new_start) {
		start_again(&whole);
		start_again(&parts);
		views_equal(inbox);
		views_equal(other);
		start_again(&whole);
		start_again(&parts);
	}
	CHECK_NUM(whole.account->used_messages, parts.account->used_messages);
	fixture_check(&whole);
}

/* --- batches ------------------------------------------------------------------------------------------- */

/* Mostly a run of UIDs, with holes, then some of them again, and now and then any. */
static size_t
uids_choose(uint32_t mailbox, uint32_t *uids)
{
	uint32_t next = mailbox_get(whole.account, mailbox)->uid_next;
	uint32_t uid = 1 + random_below(next);
	bool is_down = random_below(4) == 0;
	size_t count = 1 + random_below(UIDS);

	for (size_t i = 0; i < count; i++) {
		uids[i] = uid;
		if (random_below(8) == 0)
			uid = 1 + random_below(next);
		else if (is_down)
			uid = uid > 1 ? uid - 1 : next;
		else
			uid += random_below(6) == 0 ? 2 : 1;
	}
	return count;
}

static void
step_flags(uint32_t mailbox)
{
	static const uint64_t sets[] = { FLAG_SEEN, FLAG_FLAGGED, FLAG_DELETED };
	struct flags_change change = { .how = (enum flags_how)random_below(3),
		.flags = sets[random_below(ARRAY_LEN(sets))] };
	enum flags_outcome all[UIDS], one;
	uint32_t uids[UIDS];
	size_t count = uids_choose(mailbox, uids);

	CHECK_NUM(email_flags(whole.account, mailbox, uids, count, &change, all), FAIL_NONE);
	for (size_t i = 0; i < count; i++) {
		CHECK_NUM(email_flags(parts.account, mailbox, uids + i, 1, &change, &one),
		    FAIL_NONE);
		CHECK_NUM(all[i], one);
	}
}

static void
step_carry(uint32_t mailbox, bool is_move)
{
	uint32_t to = random_below(2) ? inbox : other, uids[UIDS];
	struct email_copied all[UIDS], one;
	size_t count = uids_choose(mailbox, uids), done = 0, alone, n = 0;

	if (!is_move && mailbox_get(whole.account, to)->messages > VIEW_MAX)
		return;
	CHECK_NUM(is_move ? email_move(whole.account, mailbox, uids, count, to, all, &done)
			  : email_copy(whole.account, mailbox, uids, count, to, all, &done),
	    FAIL_NONE);
	for (size_t i = 0; i < count; i++) {
		CHECK_NUM(is_move
			? email_move(parts.account, mailbox, uids + i, 1, to, &one, &alone)
			: email_copy(parts.account, mailbox, uids + i, 1, to, &one, &alone),
		    FAIL_NONE);
		if (alone == 0)
			continue;
		CHECK(n < done);
		CHECK_NUM(all[n].from_uid, one.from_uid);
		CHECK_NUM(all[n].to_uid, one.to_uid);
		n++;
	}
	CHECK_NUM(n, done);
}

static void
step_expunge(uint32_t mailbox)
{
	bool only_deleted = random_below(4) > 0;
	uint32_t uids[UIDS];
	size_t count = uids_choose(mailbox, uids), done = 0, alone, n = 0;

	CHECK_NUM(email_expunge(whole.account, mailbox, uids, count, only_deleted, &done),
	    FAIL_NONE);
	for (size_t i = 0; i < count; i++) {
		CHECK_NUM(email_expunge(parts.account, mailbox, uids + i, 1, only_deleted, &alone),
		    FAIL_NONE);
		n += alone;
	}
	CHECK_NUM(n, done);
}

static void
step_add(unsigned *id)
{
	struct email_added a, b;

	for (unsigned i = 0; i < ADDED / 4; i++) {
		++*id;
		CHECK_NUM(fixture_add(&whole, inbox, 0, *id, 0, "x", &a), FAIL_NONE);
		CHECK_NUM(fixture_add(&parts, inbox, 0, *id, 0, "x", &b), FAIL_NONE);
		CHECK_NUM(a.id, b.id);
	}
}

static void
step(unsigned *id)
{
	uint32_t mailbox = random_below(2) ? inbox : other;

	switch (random_below(8)) {
	case 0: step_add(id); break;
	case 1:
	case 2:
	case 3: step_flags(mailbox); break;
	case 4:
	case 5: step_carry(mailbox, false); break;
	case 6: step_carry(mailbox, true); break;
	default: step_expunge(mailbox);
	}
}

/* Behind a new start no view is in memory for some rounds, so an Email is found in both ways. */
static void
test_batches(void)
{
	unsigned id = 0;

	for (unsigned i = 0; i < 4; i++)
		step_add(&id);
	for (unsigned round = 0; round < ROUNDS; round++) {
		step(&id);
		if (round % 20 == 9)
			all_equal(false);
		if (round % 20 == 19)
			all_equal(true);
	}
}

/* --- a large thread --------------------------------------------------------------------------------- */

/* A whole batch of Emails of a thread in so many mailboxes fills all but a few KB of the arena of a change. */
#define THREAD_BOXES 521
#define CARRIED      180 /* copies of one Email: fewer than EMAIL_MEMBERSHIPS_MAX */

static uint32_t thread_uids[EMAIL_BATCH_MAX];

/* A whole batch of Emails in the Inbox, all of one thread; the first of them are in the other mailboxes as well. */
static void
thread_fill(struct fixture *f, uint32_t box)
{
	struct email_added added;
	struct email_copied copied;
	size_t count;
	char name[16];
	uint32_t to;

	for (unsigned i = 0; i < EMAIL_BATCH_MAX; i++) {
		CHECK_NUM(fixture_add(f, box, 0, i + 1, i, "x", &added), FAIL_NONE);
		thread_uids[i] = added.uid[0];
	}
	for (unsigned i = 0; i < THREAD_BOXES - 1; i++) {
		struct mailbox_new new = { .name = str_of(name,
					       (size_t)snprintf(name, sizeof(name), "box %u", i)) };

		CHECK_NUM(mailbox_create(f->account, &new, &to), FAIL_NONE);
		CHECK_NUM(
		    email_copy(f->account, box, thread_uids + i / CARRIED, 1, to, &copied, &count),
		    FAIL_NONE);
	}
}

/* All of them become seen, or unseen: so the thread's record is written anew for each. */
static enum fail
thread_flags(struct fixture *f, uint32_t box, enum flags_how how)
{
	struct flags_change change = { .how = how, .flags = FLAG_SEEN };
	enum flags_outcome outcomes[EMAIL_BATCH_MAX];

	return email_flags(f->account, box, thread_uids, EMAIL_BATCH_MAX, &change, outcomes);
}

/* With a view in memory the Emails are read ahead. */
static void
test_large_thread(void)
{
	struct view *view = NULL;
	struct fixture f;
	uint32_t box;

	TEST_ROW("a large thread");
	fixture_open(&f, "thread");
	box = fixture_box(&f, "INBOX");
	thread_fill(&f, box);
	CHECK_NUM(thread_flags(&f, box, FLAGS_ADD), FAIL_NONE);
	CHECK_NUM(view_open(f.account, box, &view), FAIL_NONE);
	CHECK_NUM(thread_flags(&f, box, FLAGS_REMOVE), FAIL_NONE);
	view_close(&view);
	fixture_close(&f, true);
}

int
main(void)
{
	struct mailbox_new new = { .name = STR("Other") };
	uint32_t in_parts;

	fixture_open(&whole, "whole");
	fixture_open(&parts, "parts");
	inbox = fixture_box(&whole, "INBOX");
	CHECK_NUM(mailbox_create(whole.account, &new, &other), FAIL_NONE);
	CHECK_NUM(mailbox_create(parts.account, &new, &in_parts), FAIL_NONE);
	CHECK_NUM(fixture_box(&parts, "INBOX"), inbox);
	CHECK_NUM(in_parts, other);
	test_batches();
	all_equal(true);
	fixture_close(&whole, true);
	fixture_close(&parts, true);
	test_large_thread();
	return test_end();
}
