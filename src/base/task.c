#include "base/task.h"

void
task_init(struct task *t, struct task_queue *queue, enum step (*step)(struct task *),
    void (*reap)(struct task *))
{
	*t = (struct task){ .step = step, .reap = reap, .queue = queue };
}

void
task_wake(struct task *t)
{
	struct task_queue *queue = t->queue;

	if (t->is_closing || list_linked(&t->node))
		return;
	/* who wakes itself has more to do: after the others, and after their output */
	list_append(t == queue->stepping ? &queue->later : &queue->ready, &t->node);
}

void
task_cancel(struct task *t)
{
	list_remove(&t->node);
}
