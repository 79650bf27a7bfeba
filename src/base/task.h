/*
 * task.h - something that runs in small steps.
 *
 * A task is embedded in its owner (a session, a query). task_wake() queues it; the loop calls its
 * step in the same or the next turn, in the next when a step woke its own task, never inside the
 * waker's call, so there is no re-entrancy. A
 * step makes progress until its input is dry, its output is above the mark, or an op is pending,
 * and says why it stops. A task never frees its owner in a step: it answers STEP_CLOSE and the loop
 * calls `reap` at the end of the turn, after the last output was flushed.
 */
#ifndef BASE_TASK_H
#define BASE_TASK_H

#include <stdbool.h>

#include "base/list.h"

enum step {
	STEP_WAIT,  /* something else will wake me: a socket, a timer, an op */
	STEP_YIELD, /* I have more to do: again next turn, after the others */
	STEP_CLOSE, /* I am done: reap me */
};

struct task_queue {
	struct list ready;     /* to be stepped */
	struct list later;     /* in the next turn */
	struct list closing;   /* to be reaped */
	struct task *stepping; /* borrow: may be gone already when its step is over */
	struct list efforts;   /* who waits to compute (effort.h) */
	unsigned spent;        /* .. of this turn */
};

struct task { /* fields: read only */
	enum step (*step)(struct task *t);
	void (*reap)(
	    struct task *t);      /* releases the owner; may be NULL for a task that never closes */
	struct task_queue *queue; /* borrow: the loop's */
	struct list_node node;    /* in ready, later or closing */
	bool is_closing;
};

/* Fill in a task; it is not woken. */
void task_init(struct task *t, struct task_queue *queue, enum step (*step)(struct task *),
    void (*reap)(struct task *));

/* Let it be stepped soon. Waking twice is waking once; a closing task stays closing. */
void task_wake(struct task *t);

/* Will it be stepped without anybody waking it? */
static inline bool
task_is_awake(const struct task *t)
{
	return list_linked(&t->node) && !t->is_closing;
}

/* Take it out of its queue; safe in any state. After this the owner may be freed. */
void task_cancel(struct task *t);

#endif
