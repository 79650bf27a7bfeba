#include "jmap/guard.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

/* --- the house --------------------------------------------------------------------------------- */

static void
move_all(struct list *from, struct list *to)
{
	struct list_node *n;

	while ((n = list_pop(from)) != NULL)
		list_append(to, n);
}

static void
look(struct jmap_guards *house)
{
	uint64_t now = directory_epoch(house->directory);

	house->look_ms = clock_mono_ms() + GUARD_LOOK_MS;
	if (now != house->epoch || house->is_unsure)
		move_all(&house->resting, &house->asking);
	house->is_unsure = false;
	house->epoch = now;
}

static enum step
house_step(struct task *task)
{
	struct jmap_guards *house = container_of(task, struct jmap_guards, task);

	if (clock_mono_ms() >= house->look_ms)
		look(house);
	for (unsigned i = 0; i < GUARD_BATCH && !list_empty(&house->asking); i++) {
		struct list_node *n = list_pop(&house->asking);
		struct jmap_guard *g = container_of(n, struct jmap_guard, node);

		list_append(&house->resting, n);
		g->must_ask = true;
		task_wake(g->owner);
	}
	if (!list_empty(&house->asking))
		timer_start(house->loop, &house->timer, task, clock_mono_ms() + GUARD_BATCH_MS);
	else if (!list_empty(&house->resting))
		timer_start(house->loop, &house->timer, task, house->look_ms);
	return STEP_WAIT;
}

void
jmap_guards_init(struct jmap_guards *house, struct directory *directory)
{
	*house = (struct jmap_guards){ .directory = directory };
	list_init(&house->resting);
	list_init(&house->asking);
}

void
jmap_guards_release(struct jmap_guards *house)
{
	invariant(list_empty(&house->resting) && list_empty(&house->asking));
	if (!house->loop)
		return;
	timer_stop(house->loop, &house->timer);
	task_cancel(&house->task);
}

/* --- a guard ----------------------------------------------------------------------------------- */

void
jmap_guard_start(struct jmap_guards *house, struct loop *loop, struct jmap_guard *guard,
    struct task *owner, struct str name, struct str credential)
{
	jmap_guard_stop(guard);
	if (!house)
		return;
	if (!house->loop) {
		house->loop = loop;
		house->epoch = directory_epoch(house->directory);
		loop_task(loop, &house->task, house_step, NULL);
	}
	guard->house = house;
	guard->owner = owner;
	guard->name = name;
	guard->credential_n = size_min(credential.n, sizeof guard->credential);
	memcpy(guard->credential, credential.p ? credential.p : "", guard->credential_n);
	list_append(&house->asking, &guard->node);
	task_wake(&house->task);
}

/* FAIL_TEMP and the like: nothing is known, so everybody asks again at the next look. */
static enum jmap_guarded
take_answer(struct jmap_guard *guard)
{
	guard->is_asking = false;
	switch (guard->query.op.fail) {
	case FAIL_NONE: return GUARD_RENEWED;
	case FAIL_DENIED:
	case FAIL_MISSING: return GUARD_OVER;
	case FAIL_TEMP:
	case FAIL_PERM:
	case FAIL_LIMIT:
	case FAIL_SYNTAX:
	case FAIL_COUNT: break;
	}
	guard->house->is_unsure = true;
	return GUARD_HOLDS;
}

enum jmap_guarded
jmap_guard_step(struct jmap_guard *guard)
{
	enum jmap_guarded said = GUARD_HOLDS;

	if (!guard->house)
		return said;
	if (guard->is_asking && !op_pending(&guard->query.op))
		said = take_answer(guard);
	if (said == GUARD_OVER || guard->is_asking || !guard->must_ask)
		return said;
	guard->must_ask = false; /* the directory changed, also while it was asked */
	guard->is_asking = true;
	directory_credential_start(guard->house->directory, &guard->query, guard->owner,
	    guard->name, str_of(guard->credential, guard->credential_n));
	return op_pending(&guard->query.op) ? GUARD_HOLDS : take_answer(guard);
}

void
jmap_guard_stop(struct jmap_guard *guard)
{
	list_remove(&guard->node);
	directory_query_release(&guard->query);
	*guard = (struct jmap_guard){ 0 };
}
