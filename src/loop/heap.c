#include "loop/heap.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

#define HEAP_FIRST_TIMERS 64

static void
place(struct loop *l, size_t at, struct timer *t)
{
	l->timers[at] = t;
	t->at = at;
}

static void
move_up(struct loop *l, size_t at, struct timer *t)
{
	while (at > 1 && l->timers[at / 2]->deadline_ms > t->deadline_ms) {
		place(l, at, l->timers[at / 2]);
		at /= 2;
	}
	place(l, at, t);
}

static void
move_down(struct loop *l, size_t at, struct timer *t)
{
	for (;;) {
		size_t child = at * 2;

		if (child > l->timer_count)
			break;
		if (child < l->timer_count &&
		    l->timers[child + 1]->deadline_ms < l->timers[child]->deadline_ms)
			child++;
		if (l->timers[child]->deadline_ms >= t->deadline_ms)
			break;
		place(l, at, l->timers[child]);
		at = child;
	}
	place(l, at, t);
}

void
timer_start(struct loop *l, struct timer *t, struct task *owner, int64_t deadline_ms)
{
	timer_stop(l, t);
	*t = (struct timer){ .owner = owner, .deadline_ms = deadline_ms };
	if (l->timer_count + 2 > l->timer_cap) {
		l->timer_cap = size_max(HEAP_FIRST_TIMERS, l->timer_cap * 2);
		l->timers = mem_resize(l->timers, l->timer_cap, sizeof *l->timers);
	}
	l->timer_count++;
	move_up(l, l->timer_count, t);
}

void
timer_stop(struct loop *l, struct timer *t)
{
	size_t at = t->at;
	struct timer *last;

	if (at == 0)
		return;
	t->at = 0;
	last = l->timers[l->timer_count--];
	if (last == t)
		return;
	if (at > 1 && l->timers[at / 2]->deadline_ms > last->deadline_ms)
		move_up(l, at, last);
	else
		move_down(l, at, last);
}
