/*
 * effort.h - leave to do costly arithmetic, so much in each turn of the loop for all together.
 *
 *     if (!effort_take(&s->effort, &s->task, cost))
 *             return STEP_WAIT;                       in line; woken when it is its turn
 *     .. compute ..
 *
 * There is one thread, and a signature of a hostile key takes a millisecond. So whoever verifies or signs asks before:
 * EFFORT_TURN_MAX may be spent in each turn, by those who asked first, and by one at least. Others are served between
 * two turns, and who wants to do much stands in line again behind who wants to do a little.
 *
 * Ownership: the struct is the caller's. Units: cost is microseconds on a small computer, estimated and never measured,
 * so that the same happens everywhere.
 */
#ifndef BASE_EFFORT_H
#define BASE_EFFORT_H

#include "base/op.h"

#define EFFORT_TURN_MAX \
	6000 /* cost: 30 signatures of RSA-2048 verified, or two made; others hardly notice such a turn */

struct effort { /* zeroed before it is first taken; fields: read only */
	struct op op;
	unsigned cost;
	struct list_node node; /* in line: task_queue.efforts */
};

/*
 * May the caller compute what costs so much? The first time it asks; then it looks; once it may, it is true once, and the
 * next call asks again. While it is false, the owner is woken when it has become true. What costs nothing may be done.
 */
MUST_CHECK bool effort_take(struct effort *e, struct task *owner, unsigned cost);

/* Out of the line; safe in any state. Leave that was given and not taken is lost for this turn. */
void effort_cancel(struct effort *e);

/* For the loop: a new turn begins. */
void effort_turn(struct task_queue *queue);

#endif
