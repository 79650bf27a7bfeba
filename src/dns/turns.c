#include "dns/turns.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

struct turn_asker {
	struct map_node map;
	struct list_node node; /* in turns.ranks, while lookups wait */
	const struct task *task;
	struct list waiting; /* of turns */
	size_t busy;         /* running or late */
};

static struct turn_asker *
find_asker(struct turns *turns, const struct task *task)
{
	struct map_node *node = map_find(&turns->askers, str_of(&task, sizeof task));
	struct turn_asker *a;

	if (node)
		return container_of(node, struct turn_asker, map);
	a = mem_new(1, sizeof *a);
	a->task = task;
	list_init(&a->waiting);
	map_insert(&turns->askers, &a->map, str_of(&a->task, sizeof a->task));
	return a;
}

/* To where it belongs now, behind others that stand there; nobody needs one without lookups. */
static void
place(struct turns *turns, struct turn_asker *a)
{
	list_remove(&a->node);
	if (!list_empty(&a->waiting)) {
		list_append(&turns->ranks[size_min(a->busy, TURN_RANKS - 1)], &a->node);
	} else if (a->busy == 0) {
		map_remove(&turns->askers, &a->map);
		mem_free(a);
	}
}

void
turn_begin(struct turns *turns, struct turn *t, const struct task *asker)
{
	struct turn_asker *a = find_asker(turns, asker);
	bool is_placed = list_linked(&a->node);

	t->asker = a;
	t->place = TURN_WAITING;
	list_append(&a->waiting, &t->node);
	turns->waiting++;
	if (!is_placed)
		place(turns, a);
}

/* One of the first asker in the first rank that may have a place. */
static struct turn *
next_waiting(struct turns *turns)
{
	bool is_tight = turns->running >= TURN_PLACES - TURN_PLACES_KEPT;

	for (size_t i = 0; i < (is_tight ? 1 : TURN_RANKS); i++) {
		struct list_node *node = list_first(&turns->ranks[i]);
		struct turn_asker *a;

		if (node == NULL)
			continue;
		a = container_of(node, struct turn_asker, node);
		node = list_pop(&a->waiting);
		a->busy++;
		place(turns, a);
		return container_of(node, struct turn, node);
	}
	return NULL;
}

static struct turn *
next_late(struct turns *turns)
{
	struct list_node *node =
	    turns->running < TURN_PLACES - TURN_PLACES_KEPT ? list_pop(&turns->late) : NULL;

	return node ? container_of(node, struct turn, node) : NULL;
}

struct turn *
turn_next(struct turns *turns)
{
	struct turn *t = turns->running < TURN_PLACES ? next_waiting(turns) : NULL;

	if (t == NULL)
		t = next_late(turns);
	if (t == NULL)
		return NULL;
	t->place = TURN_RUNNING;
	turns->waiting--;
	turns->running++;
	return t;
}

void
turn_park(struct turns *turns, struct turn *t)
{
	invariant(t->place == TURN_RUNNING);
	t->place = TURN_LATE;
	turns->running--;
	turns->waiting++;
	list_append(&turns->late, &t->node);
}

void
turn_end(struct turns *turns, struct turn *t)
{
	if (t->place == TURN_GONE)
		return;
	list_remove(&t->node);
	turns->running -= t->place == TURN_RUNNING;
	turns->waiting -= t->place != TURN_RUNNING;
	t->asker->busy -= t->place != TURN_WAITING;
	t->place = TURN_GONE;
	place(turns, t->asker);
	t->asker = NULL;
}

void
turns_release(struct turns *turns)
{
	invariant(turns->askers.count == 0);
	map_release(&turns->askers);
}
