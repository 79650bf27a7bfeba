#include "base/op.h"

/* base */
#include "base/mem.h"

void
op_begin(struct op *op, struct task *owner)
{
	invariant(!op->is_pending);
	*op = (struct op){ .owner = owner, .is_pending = true };
}

void
op_finish(struct op *op, enum fail fail)
{
	invariant(op->is_pending);
	op->is_pending = false;
	op->fail = fail;
	task_wake(op->owner);
}

void
op_drop(struct op *op)
{
	op->is_pending = false;
}
