#include "jmap/large.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/limits.h"

static void
let_in(struct jmap_large *l)
{
	l->place = LARGE_IN;
	l->line->inside = l;
}

bool
jmap_large_enter(struct jmap_large *l, struct jmap_line *line, struct task *owner, size_t bytes)
{
	if (bytes <= JMAP_LARGE_BYTES || l->place == LARGE_IN)
		return true;
	if (l->place == LARGE_WAITS)
		return false;
	l->line = line;
	l->owner = owner;
	if (line->inside == NULL) {
		let_in(l);
		return true;
	}
	l->place = LARGE_WAITS;
	list_append(&line->waiting, &l->node);
	return false;
}

void
jmap_large_leave(struct jmap_large *l)
{
	struct list_node *node;

	list_remove(&l->node);
	if (l->place == LARGE_IN) {
		l->line->inside = NULL;
		node = list_pop(&l->line->waiting);
		if (node) {
			let_in(container_of(node, struct jmap_large, node));
			task_wake(l->line->inside->owner);
		}
	}
	l->place = LARGE_OUT;
}
