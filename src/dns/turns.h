/*
 * turns.h - which lookup is next when not all can run (private to dns).
 *
 * Strangers choose many of the names that we ask for, and may choose some that nobody answers. So that these do not keep
 * others waiting, lookups wait by their asker, the task that wants to know: next is one of the asker for whom the fewest
 * are under way, and a quarter of the places is for askers for whom none is. A try that had no answer while others wait
 * gives its place up and is late: it is tried again when nobody else waits, and still counts for its asker.
 *
 *     waiting --turn_next()--> running --turn_park()--> late --turn_next()--> running .. --turn_end()--> gone, from anywhere
 */
#ifndef DNS_TURNS_H
#define DNS_TURNS_H

#include "base/list.h"
#include "base/map.h"
#include "base/task.h"

#define TURN_PLACES      256 /* lookups under way at the same time: each has a socket */
#define TURN_PLACES_KEPT (TURN_PLACES / 4) /* .. of which for askers for whom none is */
#define TURN_RANKS       3                 /* none under way, one, more */

enum turn_place { TURN_GONE, TURN_WAITING, TURN_RUNNING, TURN_LATE };

struct turn_asker;

struct turn { /* of one lookup; fields: read only */
	struct list_node node;
	struct turn_asker *asker; /* held */
	enum turn_place place;
};

struct turns { /* zeroed is ready; fields: read only */
	struct list
	    ranks[TURN_RANKS]; /* of askers with waiting lookups, by how many are under way */
	struct list late;      /* of turns */
	struct map askers;
	size_t running, waiting; /* lookups; late ones count as waiting */
};

/* One more, which waits. `asker` is known again by its address, and never looked into. */
void turn_begin(struct turns *turns, struct turn *t, const struct task *asker);

/* The one that runs now; NULL: nobody waits, or all places are taken. */
struct turn *turn_next(struct turns *turns);

/* It gives its place up. */
void turn_park(struct turns *turns, struct turn *t);

void turn_end(struct turns *turns, struct turn *t); /* safe in any state */

void turns_release(struct turns *turns); /* when all have ended */

#endif
