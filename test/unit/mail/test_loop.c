/* With a loop: the commit at the turn's end wakes watches, and big deletions go on behind. */
#include "fixture.h"

/* rooms */
#include "loop/loop.h"

struct watcher {
	struct task task;
	struct mail_watch watch;
	unsigned bits, steps;
};

static enum step
watcher_step(struct task *t)
{
	struct watcher *w = container_of(t, struct watcher, task);

	w->steps++;
	w->bits |= mail_watch_take(&w->watch);
	return STEP_WAIT;
}

static void
turns(struct loop *l, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		loop_turn(l, 0);
}

static void
test_commit_wakes(struct fixture *f, struct loop *l)
{
	struct watcher w = { .bits = 0 };
	struct email_added added;

	TEST_ROW("commit wakes");
	loop_task(l, &w.task, watcher_step, NULL);
	mail_watch_start(&w.watch, f->account, fixture_box(f, "INBOX"), &w.task);
	CHECK_NUM(fixture_add(f, fixture_box(f, "INBOX"), 0, 1, 0, "Wake", &added), FAIL_NONE);
	CHECK_NUM(w.steps, 0);
	turns(l, 2);
	CHECK_NUM(w.steps, 1);
	CHECK(w.bits & MAIL_ARRIVED);
	CHECK(!store_is_dirty(f->store));
	mail_watch_stop(&w.watch);
	task_cancel(&w.task);
}

static void
test_purge_behind(struct fixture *f, struct loop *l)
{
	struct email_added added;
	uint32_t id;

	TEST_ROW("purge behind");
	CHECK_NUM(mailbox_create_path(f->account, STR("big"), MAILBOX_ROLE_NONE, true, &id),
	    FAIL_NONE);
	for (unsigned i = 2; i <= 350; i++)
		CHECK_NUM(fixture_add(f, id, 0, i, 0, "Purge", &added), FAIL_NONE);
	CHECK_NUM(mailbox_delete(f->account, id, true), FAIL_NONE);
	CHECK(f->account->used_messages > 1);
	turns(l, 8);
	CHECK_NUM(f->account->used_messages, 1);
	fixture_check(f);
}

int
main(void)
{
	struct fixture f;
	struct loop l;

	fixture_init(&f, "loop");
	CHECK_NUM(loop_init(&l), FAIL_NONE);
	f.loop = &l;
	CHECK_NUM(fixture_try_open(&f), FAIL_NONE);
	turns(&l, 1);
	test_commit_wakes(&f, &l);
	test_purge_behind(&f, &l);
	turns(&l, 1);
	fixture_close(&f, false);
	loop_release(&l);
	return test_end();
}
