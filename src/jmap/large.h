/*
 * large.h - large requests are read and run one at a time (private to the room).
 *
 * A request's tree has many times the bytes of its text, up to JMAP_TREE_MAX, and lives until it is answered. So that a few
 * programs cannot take all memory of a small host together, a request over JMAP_LARGE_BYTES waits in line until the
 * large ones before it were answered. All others, which are what programs send, never wait.
 *
 *     OUT --enter, nobody inside--> IN --leave--> OUT, and the first that waits is IN
 *      \--enter--> WAITS --its turn--> IN
 *
 * Ownership: the struct is in the request's, and leaves with it.
 */
#ifndef JMAP_LARGE_H
#define JMAP_LARGE_H

/* base */
#include "base/fail.h"
#include "base/list.h"
#include "base/task.h"

struct jmap_large;

struct jmap_line { /* zeroed is ready */
	struct list waiting;
	const struct jmap_large *inside; /* borrow: NULL: nobody is */
};

enum jmap_large_place { LARGE_OUT, LARGE_WAITS, LARGE_IN };

struct jmap_large { /* zeroed at first */
	struct list_node node;
	struct jmap_line *line; /* borrow */
	struct task *owner;     /* borrow */
	enum jmap_large_place place;
};

/* May a request of so many bytes be read? False: not yet, and the owner is woken when it may. */
MUST_CHECK bool jmap_large_enter(struct jmap_large *l, struct jmap_line *line, struct task *owner,
    size_t bytes);

/* It was answered, or is given up; safe in any place. */
void jmap_large_leave(struct jmap_large *l);

#endif
