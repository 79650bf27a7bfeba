#include "base/effort.h"

/* base */
#include "base/mem.h"

/* To those who asked first, until one does not fit: nobody is passed over for being costly. */
static void
give(struct task_queue *queue)
{
	struct list_node *node;

	while ((node = list_first(&queue->efforts)) != NULL) {
		struct effort *e = container_of(node, struct effort, node);

		if (queue->spent > 0 && queue->spent + e->cost > EFFORT_TURN_MAX)
			return;
		list_remove(&e->node);
		queue->spent += e->cost;
		op_finish(&e->op, FAIL_NONE);
	}
}

bool
effort_take(struct effort *e, struct task *owner, unsigned cost)
{
	if (cost == 0)
		return true;
	if (e->op.owner == NULL) {
		op_begin(&e->op, owner);
		e->cost = cost;
		list_append(&owner->queue->efforts, &e->node);
		give(owner->queue);
	}
	if (op_pending(&e->op))
		return false;
	*e = (struct effort){ 0 };
	return true;
}

void
effort_cancel(struct effort *e)
{
	list_remove(&e->node);
	*e = (struct effort){ 0 };
}

void
effort_turn(struct task_queue *queue)
{
	queue->spent = 0;
	give(queue);
}
