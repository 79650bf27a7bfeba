/*
 * op.h - the one way of waiting.
 *
 * Everything that may take time is an op embedded first in a request struct, which is embedded in
 * the session: x_start() begins it, op_pending() asks, the answer lies in the struct, x_cancel() is
 * safe in any state. Some operations are already done when x_start() returns; callers always ask.
 * A finished op only wakes its owner's task.
 */
#ifndef BASE_OP_H
#define BASE_OP_H

#include "base/fail.h"
#include "base/task.h"

struct op {                 /* fields: read only, written by the room that offers the op */
	struct task *owner; /* borrow: woken at the end; NULL when never started */
	enum fail fail;     /* valid once not pending */
	bool is_pending;
};

static inline bool
op_pending(const struct op *op)
{
	return op->is_pending;
}

/* For the room that offers the op: begin, end with an outcome, forget without waking. */
void op_begin(struct op *op, struct task *owner);
void op_finish(struct op *op, enum fail fail);
void op_drop(struct op *op);

#endif
