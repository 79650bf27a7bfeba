#include "loop/loop.h"

/* system */
#include <stdlib.h>
#include <unistd.h>

/* base */
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/op.h"
#include "base/test.h"

static struct buf story; /* what happened, a letter each */

struct actor {
	struct task task;
	char letter;
	enum step answer;
	unsigned yields; /* answers STEP_YIELD this often first */
	struct task *wakes;
	struct op op;
};

static enum step
act(struct task *t)
{
	struct actor *a = container_of(t, struct actor, task);

	buf_add_char(&story, a->letter);
	if (a->wakes)
		task_wake(a->wakes);
	if (a->yields > 0) {
		a->yields--;
		return STEP_YIELD;
	}
	return a->answer;
}

/* As the last thing of a connection that is dialled. */
static enum step
vanish(struct task *t)
{
	task_wake(t);
	task_cancel(t);
	mem_free(container_of(t, struct actor, task));
	return STEP_WAIT;
}

static void
reaped(struct task *t)
{
	buf_add_char(&story, '!');
	buf_add_char(&story, container_of(t, struct actor, task)->letter);
}

struct hook {
	struct turn_hook hook;
	char letter;
	enum fail answer, saw;
};

static enum fail
hook_run(struct turn_hook *h, enum fail so_far)
{
	struct hook *hook = container_of(h, struct hook, hook);

	buf_add_char(&story, hook->letter);
	hook->saw = so_far;
	return hook->answer;
}

static void
told(const char *name, const char *want)
{
	TEST_ROW(name);
	CHECK_STR(buf_str(&story), str_c(want));
	buf_clear(&story);
}

static void
test_tasks(struct loop *l)
{
	struct actor a = { .letter = 'a' }, b = { .letter = 'b' }, c = { .letter = 'c' }, *gone;

	loop_task(l, &a.task, act, reaped);
	loop_task(l, &b.task, act, reaped);
	loop_task(l, &c.task, act, reaped);
	task_wake(&a.task);
	task_wake(&a.task);
	loop_turn(l, 0);
	told("waking twice is waking once", "a");
	a.wakes = &b.task;
	task_wake(&a.task);
	loop_turn(l, 0);
	told("who is woken by a task runs in the same turn", "ab");
	a.wakes = &a.task;
	task_wake(&a.task);
	task_wake(&b.task);
	loop_turn(l, 0);
	told("who wakes itself goes on next turn", "ab");
	a.wakes = NULL;
	loop_turn(l, 0);
	loop_turn(l, 0);
	told("once", "a");
	gone = mem_new(1, sizeof *gone);
	loop_task(l, &gone->task, vanish, NULL);
	task_wake(&gone->task);
	loop_turn(l, 0);
	told("who frees itself is not looked at again", "");
	a.yields = 2;
	task_wake(&a.task);
	task_wake(&b.task);
	loop_turn(l, 0);
	told("who yields goes on next turn", "ab");
	loop_turn(l, 0);
	loop_turn(l, 0);
	loop_turn(l, 0);
	told("until it waits", "aa");
	a.answer = STEP_CLOSE;
	task_wake(&a.task);
	loop_turn(l, 0);
	task_wake(&a.task);
	loop_turn(l, 0);
	told("closing is reaped once, and stays closed", "a!a");
	task_wake(&c.task);
	task_cancel(&c.task);
	loop_turn(l, 0);
	told("a cancelled task does not run", "");
	op_begin(&c.op, &c.task);
	CHECK(op_pending(&c.op));
	op_finish(&c.op, FAIL_MISSING);
	loop_turn(l, 0);
	told("a finished op wakes its owner", "c");
	CHECK(!op_pending(&c.op) && c.op.fail == FAIL_MISSING);
}

static void
test_hooks(struct loop *l)
{
	struct hook s = { .letter = 's' }, m = { .letter = 'm' }, d = { .letter = 'd' },
		    f = { .letter = 'f' };
	struct actor a = { .letter = 'a', .answer = STEP_CLOSE };

	s.hook.run = m.hook.run = d.hook.run = f.hook.run = hook_run;
	loop_hook(l, TURN_FLUSH, &f.hook);
	loop_hook(l, TURN_COMMIT, &m.hook);
	loop_hook(l, TURN_SYNC, &s.hook);
	loop_hook(l, TURN_COMMITTED, &d.hook);
	loop_task(l, &a.task, act, reaped);
	task_wake(&a.task);
	loop_turn(l, 0);
	told("tasks, sync, commit, committed, flush, reap", "asmdf!a");
	CHECK(m.saw == FAIL_NONE && f.saw == FAIL_NONE);
	s.answer = FAIL_TEMP;
	m.answer = FAIL_PERM;
	loop_dirty(l);
	CHECK(l->is_dirty);
	loop_turn(l, 0);
	told("all stages run after a failure", "smdf");
	CHECK(m.saw == FAIL_TEMP && d.saw == FAIL_TEMP && f.saw == FAIL_TEMP);
	CHECK(!l->is_dirty);
	loop_unhook(&s.hook);
	loop_unhook(&m.hook);
	loop_unhook(&d.hook);
	loop_unhook(&f.hook);
	loop_turn(l, 0);
	told("unhooked", "");
}

static void
test_timers(struct loop *l)
{
	static struct timer timers[1000];
	struct actor a = { .letter = 'a' };
	int64_t now = 1000, last = 0;

	TEST_ROW("a thousand timers fire in order");
	srand(1);
	clock_fake(now, 0);
	loop_task(l, &a.task, act, NULL);
	for (int i = 0; i < 1000; i++)
		timer_start(l, &timers[i], &a.task, now + 1 + rand() % 5000);
	for (int i = 0; i < 1000; i += 3)
		timer_stop(l, &timers[i]);
	for (int i = 1; i < 1000; i += 3) /* moved */
		timer_start(l, &timers[i], &a.task, now + 1 + rand() % 5000);
	while (l->timer_count > 0) {
		int64_t next = l->timers[1]->deadline_ms;

		CHECK(next >= last);
		last = next;
		clock_fake(next - 1, 0);
		loop_turn(l, 0);
		CHECK(l->timers[1]->deadline_ms == next);
		clock_fake(next, 0);
		loop_turn(l, 0);
	}
	for (int i = 0; i < 1000; i++) {
		CHECK(timers[i].has_fired == (i % 3 != 0));
		CHECK(!timer_running(&timers[i]));
	}
	task_cancel(&a.task);
	buf_clear(&story);
}

static void
test_watch(struct loop *l)
{
	struct actor a = { .letter = 'a' };
	struct watch w = { 0 };
	int fds[2];

	TEST_ROW("watch");
	CHECK(pipe(fds) == 0);
	loop_task(l, &a.task, act, NULL);
	CHECK_NUM(watch_start(l, &w, fds[0], &a.task), FAIL_NONE);
	loop_turn(l, 0);
	buf_clear(&story);
	w.ready = 0;
	CHECK(write(fds[1], "x", 1) == 1);
	loop_turn(l, 0);
	told("readable wakes", "a");
	CHECK(w.ready & WATCH_READ);
	loop_turn(l, 0);
	told("once", "");
	CHECK(w.ready & WATCH_READ);
	watch_spent(&w, WATCH_READ);
	CHECK(!(w.ready & WATCH_READ));
	close(fds[1]);
	loop_turn(l, 0);
	told("so does the end", "a");
	watch_stop(l, &w);
	watch_stop(l, &w);
	close(fds[0]);
	CHECK_NUM(watch_start(l, &w, fds[0], &a.task), FAIL_TEMP);
}

static bool was_busy;

static enum step
look_around(struct task *t)
{
	struct loop *l = container_of(t->queue, struct loop, tasks);

	was_busy = loop_is_busy(l);
	return STEP_WAIT;
}

/* Others before it, others behind it, nobody. */
static void
test_busy(struct loop *l)
{
	struct task looks;
	struct actor other = { .letter = 'a', .answer = STEP_WAIT };

	loop_task(l, &looks, look_around, NULL);
	loop_task(l, &other.task, act, NULL);
	task_wake(&looks);
	loop_turn(l, 0);
	CHECK(!was_busy);
	task_wake(&other.task);
	task_wake(&looks);
	loop_turn(l, 0);
	CHECK(was_busy);
	task_wake(&looks);
	loop_turn(l, 0);
	CHECK(!was_busy);
	task_wake(&looks);
	task_wake(&other.task);
	loop_turn(l, 0);
	CHECK(was_busy);
	buf_clear(&story);
}

int
main(void)
{
	struct loop l;

	buf_init(&story, 10000);
	CHECK_NUM(loop_init(&l), FAIL_NONE);
	test_tasks(&l);
	test_hooks(&l);
	test_watch(&l);
	test_timers(&l);
	test_busy(&l);
	loop_release(&l);
	buf_release(&story);
	return test_end();
}
