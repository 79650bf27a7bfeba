/* Two sessions on one mailbox: numbers change only with what each of them is told. */
#include "fixture.h"

static struct fixture f;
static uint32_t inbox;

static void
add(unsigned id)
{
	struct email_added added;

	CHECK_NUM(fixture_add(&f, inbox, 0, id, 0, "View", &added), FAIL_NONE);
}

static void
expunge(uint32_t uid)
{
	CHECK_NUM(email_expunge(f.account, inbox, &uid, 1, false, NULL), FAIL_NONE);
}

static void
flag(struct view_session *by, uint32_t uid, enum flags_how how, uint64_t bits)
{
	struct flags_change change = { .how = how, .flags = bits, .by = by };
	enum flags_outcome outcome;

	CHECK_NUM(email_flags(f.account, inbox, &uid, 1, &change, &outcome), FAIL_NONE);
	CHECK_NUM(outcome, FLAGS_CHANGED);
}

static void
event(struct view_session *s, enum view_expunges expunges, enum view_event_type type, uint32_t seq)
{
	struct view_event e = { .seq = 0 };

	CHECK(view_session_pending(s));
	CHECK(view_session_next(s, expunges, &e));
	CHECK_NUM(e.type, type);
	CHECK_NUM(e.seq, seq);
}

static void
quiet(struct view_session *s)
{
	struct view_event e;

	CHECK(!view_session_pending(s));
	CHECK(!view_session_next(s, VIEW_EXPUNGES_UP, &e));
}

/* seq -> uid -> seq, and the walk, tell the same. */
static void
consistent(const struct view_session *s)
{
	struct view_walk walk;
	struct view_seen seen;
	uint32_t seq = 0;

	view_walk_start(&walk, s, 1);
	while (view_walk_next(&walk, &seen)) {
		CHECK_NUM(seen.seq, ++seq);
		CHECK_NUM(view_session_uid(s, seq, NULL), seen.uid);
		CHECK_NUM(view_session_seq(s, seen.uid), seq);
		CHECK_NUM(view_session_lower(s, seen.uid), seq - 1);
		CHECK_NUM(view_session_lower(s, seen.uid + 1), seq);
	}
	CHECK_NUM(seq, view_session_count(s));
}

static void
test_two_sessions(struct view_session *a, struct view_session *b)
{
	const struct view_entry *entry;

	TEST_ROW("two sessions");
	for (unsigned i = 1; i <= 5; i++)
		add(i);
	CHECK_NUM(view_recent(f.account, mailbox_get(f.account, inbox)), 5);
	CHECK_NUM(view_session_open(a, f.account, inbox, false), FAIL_NONE);
	CHECK_NUM(view_session_open(b, f.account, inbox, false), FAIL_NONE);
	CHECK_NUM(a->recent_count, 5);
	CHECK_NUM(b->recent_count, 0);
	CHECK_NUM(view_session_count(a), 5);
	expunge(2);
	expunge(4);
	event(a, VIEW_EXPUNGES_UP, VIEW_EXPUNGE, 2);
	event(a, VIEW_EXPUNGES_UP, VIEW_EXPUNGE, 3);
	quiet(a);
	CHECK_NUM(a->recent_count, 3);
	CHECK_NUM(view_session_count(a), 3);
	CHECK_NUM(view_session_count(b), 5);
	CHECK_NUM(a->ghost_modseq, 0);
	CHECK(b->ghost_modseq > 0 && b->ghost_modseq < f.account->modseq);
	CHECK_NUM(view_session_uid(b, 2, &entry), 2);
	CHECK(entry == NULL);
	CHECK_NUM(view_session_uid(b, 3, &entry), 3);
	CHECK(entry != NULL);
	CHECK_NUM(view_session_seq(b, 5), 5);
	CHECK_NUM(view_session_seq(a, 5), 3);
	CHECK_NUM(view_session_seq(a, 4), 0);
	consistent(a);
	consistent(b);
}

static void
test_events(struct view_session *a, struct view_session *b)
{
	struct view_event e;

	TEST_ROW("events");
	add(6);
	add(7);
	expunge(6); /* b never hears of it */
	flag(a, 5, FLAGS_ADD, FLAG_SEEN);
	event(a, VIEW_EXPUNGES_UP, VIEW_EXISTS, 4);
	quiet(a); /* its own flags were answered */
	CHECK(view_session_is_recent(a, 7));
	CHECK_NUM(a->recent_count, 4);
	event(b, VIEW_EXPUNGES_LATER, VIEW_EXISTS, 6);
	CHECK(!view_session_is_recent(b, 7));
	event(b, VIEW_EXPUNGES_LATER, VIEW_FLAGS, 5);
	CHECK(!view_session_next(b, VIEW_EXPUNGES_LATER, &e));
	CHECK(view_session_pending(b)); /* ghosts wait */
	consistent(b);
	event(b, VIEW_EXPUNGES_UP, VIEW_EXPUNGE, 2);
	CHECK(b->ghost_modseq > 0); /* of the first, though one was told */
	event(b, VIEW_EXPUNGES_UP, VIEW_EXPUNGE, 3);
	CHECK_NUM(b->ghost_modseq, 0);
	quiet(b);
	consistent(b);
	CHECK_NUM(view_session_last_uid(b), 7);
}

/* A copy in the same mailbox shares the keywords: the other UID must be told. */
static void
test_copy_in_place(struct view_session *a)
{
	struct email_copied copied;
	uint32_t uid = 7;
	size_t count;

	TEST_ROW("copy in place");
	CHECK_NUM(email_copy(f.account, inbox, &uid, 1, inbox, &copied, &count), FAIL_NONE);
	CHECK_NUM(copied.to_uid, 8);
	event(a, VIEW_EXPUNGES_UP, VIEW_EXISTS, 5);
	flag(a, 7, FLAGS_ADD, FLAG_FLAGGED);
	event(a, VIEW_EXPUNGES_UP, VIEW_FLAGS, 5); /* uid 8 */
	quiet(a);
	consistent(a);
}

/* More changes than are remembered one by one. */
static void
test_many_changes(struct view_session *a, struct view_session *b)
{
	struct view_event e;
	unsigned flags = 0, events = 0;

	TEST_ROW("many changes");
	while (view_session_next(b, VIEW_EXPUNGES_UP, &e))
		;
	for (unsigned i = 0; i < VIEW_CHANGED_MAX + 10; i++) {
		flag(a, 1, i % 2 ? FLAGS_REMOVE : FLAGS_ADD, FLAG_SEEN);
		flag(a, 3, i % 2 ? FLAGS_REMOVE : FLAGS_ADD, FLAG_SEEN);
	}
	CHECK(b->is_changed_lost);
	while (view_session_next(b, VIEW_EXPUNGES_UP, &e)) {
		events++;
		flags |= 1u << e.uid;
	}
	CHECK_NUM(flags, (1u << 1) | (1u << 3));
	CHECK(events < 50);
	quiet(b);
}

/* Expunges from the highest to the lowest, with one in between that comes meanwhile. */
static void
test_downwards(struct view_session *a)
{
	TEST_ROW("downwards");
	for (unsigned i = 9; i <= 12; i++)
		add(i);
	event(a, VIEW_EXPUNGES_UP, VIEW_EXISTS, 9);
	expunge(9);
	expunge(12);
	event(a, VIEW_EXPUNGES_DOWN, VIEW_EXPUNGE, 9);
	consistent(a);
	expunge(11);
	expunge(1);
	event(a, VIEW_EXPUNGES_DOWN, VIEW_EXPUNGE, 8);
	event(a, VIEW_EXPUNGES_UP, VIEW_EXPUNGE, 1);
	consistent(a);
	event(a, VIEW_EXPUNGES_DOWN, VIEW_EXPUNGE, 5);
	CHECK_NUM(a->ghost_modseq, 0);
	quiet(a);
	consistent(a);
}

static void
test_cache(struct view_session *a, struct view_session *b)
{
	struct view *v;

	TEST_ROW("cache");
	view_session_close(a);
	view_session_close(b);
	view_session_close(b);
	CHECK_NUM(view_open(f.account, inbox, &v), FAIL_NONE);
	CHECK_NUM(v->count, mailbox_get(f.account, inbox)->messages);
	view_close(&v);
	add(20); /* an unused view follows too */
	CHECK_NUM(view_open(f.account, inbox, &v), FAIL_NONE);
	CHECK_NUM(v->count, mailbox_get(f.account, inbox)->messages);
	view_close(&v);
	mail_cache_limit(f.mail, 0);
	CHECK_NUM(view_open(f.account, 99, &v), FAIL_MISSING);
	CHECK_NUM(view_session_open(a, f.account, fixture_box(&f, "Drafts"), true), FAIL_NONE);
	CHECK_NUM(view_session_count(a), 0);
	CHECK_NUM(mailbox_delete(f.account, fixture_box(&f, "Drafts"), true), FAIL_NONE);
	CHECK(a->is_gone);
	quiet(a);
	view_session_close(a);
}

static enum step
wake_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
test_watch(void)
{
	struct task_queue queue = { .ready = { { NULL, NULL } } };
	struct task task;
	struct mail_watch all = { .task = NULL }, box = { .task = NULL };

	TEST_ROW("watch");
	task_init(&task, &queue, wake_step, NULL);
	mail_watch_start(&all, f.account, 0, &task);
	mail_watch_start(&box, f.account, fixture_box(&f, "Sent"), &task);
	add(30);
	CHECK_NUM(mail_watch_take(&all), 0); /* not before the commit */
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	CHECK_NUM(mail_watch_take(&all),
	    MAIL_CHANGED_EMAILS | MAIL_CHANGED_MAILBOXES | MAIL_CHANGED_THREADS | MAIL_ARRIVED);
	CHECK_NUM(mail_watch_take(&all), 0);
	CHECK_NUM(mail_watch_take(&box), 0);
	CHECK(!list_empty(&queue.ready));
	task_cancel(&task);
	mail_watch_stop(&box);
	mail_watch_stop(&box);
	add(31);
	store_rollback(f.store);
	mail_committed(f.mail, FAIL_TEMP);
	CHECK_NUM(mail_watch_take(&all),
	    MAIL_LOST | MAIL_CHANGED_EMAILS | MAIL_CHANGED_MAILBOXES | MAIL_CHANGED_THREADS |
		MAIL_ARRIVED);
	CHECK(f.account->is_lost);
	CHECK_NUM(account_room(f.account, 1), FAIL_NONE);
	CHECK_NUM(mailbox_delete(f.account, inbox, true), FAIL_TEMP);
	mail_watch_stop(&all);
	account_close(&f.account);
	CHECK_NUM(account_open(f.mail, STR("alice@example.test"), NULL, &f.account), FAIL_NONE);
	fixture_check(&f);
	task_cancel(&task);
}

int
main(void)
{
	struct view_session a = { .view = NULL }, b = { .view = NULL };

	fixture_open(&f, "view");
	inbox = fixture_box(&f, "INBOX");
	CHECK_NUM(fixture_commit(&f), FAIL_NONE);
	test_two_sessions(&a, &b);
	test_events(&a, &b);
	test_copy_in_place(&a);
	test_many_changes(&a, &b);
	test_downwards(&a);
	test_cache(&a, &b);
	fixture_check(&f);
	test_watch();
	fixture_close(&f, true);
	return test_end();
}
