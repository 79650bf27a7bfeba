#include "loop/loop.h"

/* system */
#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/effort.h"

/* rooms */
#include "loop/heap.h"

static const struct log loop_log = { .room = "loop" };

enum fail
loop_init(struct loop *l)
{
	*l = (struct loop){ .epoll_fd = epoll_create1(EPOLL_CLOEXEC) };
	if (l->epoll_fd < 0)
		return fail_because(&loop_log, FAIL_TEMP, "loop.epoll", errno);
	list_init(&l->tasks.ready);
	list_init(&l->tasks.later);
	list_init(&l->tasks.closing);
	list_init(&l->tasks.efforts);
	for (int stage = 0; stage < TURN_STAGE_COUNT; stage++)
		list_init(&l->hooks[stage]);
	return FAIL_NONE;
}

void
loop_release(struct loop *l)
{
	mem_free(l->timers);
	close(l->epoll_fd);
	*l = (struct loop){ .epoll_fd = -1 };
}

void
loop_hook(struct loop *l, enum turn_stage stage, struct turn_hook *hook)
{
	list_append(&l->hooks[stage], &hook->node);
}

void
loop_unhook(struct turn_hook *hook)
{
	list_remove(&hook->node);
}

void
loop_dirty(struct loop *l)
{
	l->is_dirty = true;
}

void
loop_task(struct loop *l, struct task *t, enum step (*step)(struct task *),
    void (*reap)(struct task *))
{
	task_init(t, &l->tasks, step, reap);
}

bool
loop_is_busy(const struct loop *l)
{
	return l->steps > 0 || !list_empty(&l->tasks.ready) || !list_empty(&l->tasks.efforts);
}

void
loop_stop(struct loop *l)
{
	l->is_stopped = true;
}

/* --- the turn ---------------------------------------------------------------------------- */

static int
sleep_ms(const struct loop *l, int wait_ms)
{
	int64_t until;

	if (!list_empty(&l->tasks.ready) || !list_empty(&l->tasks.closing) ||
	    !list_empty(&l->tasks.efforts))
		return 0;
	if (l->timer_count == 0)
		return wait_ms;
	until = heap_first(l)->deadline_ms - clock_mono_ms();
	if (until <= 0)
		return 0;
	if (wait_ms >= 0)
		until = i64_min(until, wait_ms);
	return (int)i64_min(until, 1000 * 1000);
}

static void
take_events(struct loop *l, int wait_ms)
{
	struct epoll_event events[LOOP_EVENTS_MAX];
	int count;

	clock_tick();
	count = epoll_wait(l->epoll_fd, events, LOOP_EVENTS_MAX, sleep_ms(l, wait_ms));
	clock_tick();
	for (int i = 0; i < count; i++) {
		struct watch *w = events[i].data.ptr;
		uint32_t bits = events[i].events;

		if (bits & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			w->ready |= WATCH_READ;
		if (bits & (EPOLLOUT | EPOLLHUP | EPOLLERR))
			w->ready |= WATCH_WRITE;
		if (bits & (EPOLLHUP | EPOLLERR))
			w->ready |= WATCH_HANGUP;
		if (bits & EPOLLERR)
			w->ready |= WATCH_ERROR;
		if (bits & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
			w->ready |= WATCH_END;
		task_wake(w->owner);
	}
}

static void
fire_timers(struct loop *l)
{
	while (l->timer_count > 0 && heap_first(l)->deadline_ms <= clock_mono_ms()) {
		struct timer *t = heap_first(l);

		timer_stop(l, t);
		t->has_fired = true;
		task_wake(t->owner);
	}
}

static void
run_task(struct loop *l, struct task *t)
{
	enum step step;

	l->tasks.stepping = t;
	step = t->step(t);
	l->tasks.stepping = NULL;
	switch (step) {
	case STEP_WAIT: break;
	case STEP_YIELD:
		list_remove(&t->node); /* it may have been woken meanwhile: once is enough */
		list_append(&l->tasks.later, &t->node);
		break;
	case STEP_CLOSE:
		list_remove(&t->node);
		t->is_closing = true;
		list_append(&l->tasks.closing, &t->node);
		break;
	}
}

/* Tasks woken by tasks run in the same turn; those that yield, or woke themselves, come again in the next. */
static void
run_tasks(struct loop *l)
{
	struct list_node *node;

	for (l->steps = 0; l->steps < LOOP_STEPS_MAX; l->steps++) {
		node = list_pop(&l->tasks.ready);
		if (node == NULL)
			break;
		run_task(l, container_of(node, struct task, node));
	}
	while ((node = list_pop(&l->tasks.later)) != NULL)
		list_append(&l->tasks.ready, node);
}

static enum fail
run_stage(struct loop *l, enum turn_stage stage, enum fail so_far)
{
	struct list_node *next;
	enum fail worst = so_far;

	for (struct list_node *n = list_first(&l->hooks[stage]); n; n = next) {
		struct turn_hook *hook = container_of(n, struct turn_hook, node);
		enum fail fail;

		next = list_next(&l->hooks[stage], n);
		fail = hook->run(hook, worst);
		if (worst == FAIL_NONE)
			worst = fail;
	}
	return worst;
}

static void
end_turn(struct loop *l)
{
	enum fail outcome = run_stage(l, TURN_SYNC, FAIL_NONE);

	outcome = run_stage(l, TURN_COMMIT, outcome);
	run_stage(l, TURN_COMMITTED, outcome);
	run_stage(l, TURN_FLUSH, outcome);
	l->is_dirty = false;
}

static void
reap(struct loop *l)
{
	struct list_node *node;

	while ((node = list_pop(&l->tasks.closing)) != NULL) {
		struct task *t = container_of(node, struct task, node);

		invariant(t->reap != NULL);
		t->reap(t);
	}
}

void
loop_turn(struct loop *l, int wait_ms)
{
	take_events(l, wait_ms);
	fire_timers(l);
	effort_turn(&l->tasks);
	run_tasks(l);
	end_turn(l);
	reap(l);
	l->turns++;
}

void
loop_run(struct loop *l)
{
	while (!l->is_stopped)
		loop_turn(l, -1);
}

/* --- watches ------------------------------------------------------------------------------- */

enum fail
watch_start(struct loop *l, struct watch *w, int fd, struct task *owner)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };

	*w = (struct watch){ .owner = owner, .fd = fd };
	event.data.ptr = w;
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
		w->fd = -1;
		return fail_because(&loop_log, FAIL_TEMP, "loop.watch", errno);
	}
	return FAIL_NONE;
}

void
watch_stop(struct loop *l, struct watch *w)
{
	if (w->owner == NULL || w->fd < 0)
		return;
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	w->fd = -1;
	w->ready = 0;
}
