/*
 * arena.h - memory that is given back all at once.
 *
 * An arena belongs to a lifetime (command, transaction, message); what is allocated in it lives
 * until arena_reset() or arena_release(). It has a cap in bytes from birth; passing it gives NULL,
 * which the caller turns into FAIL_LIMIT. An empty arena holds no memory.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

#include "base/str.h"

struct arena_block;

struct arena {                      /* fields: read only */
	struct arena_block *blocks; /* own; newest first */
	char *at, *end;             /* free part of the newest block */
	size_t used;                /* bytes handed out and wasted */
	size_t max;                 /* bytes at most */
};

void arena_init(struct arena *a, size_t max);
void arena_release(struct arena *a);

/*
 * Forget everything allocated; one block, of 64 KB at most, is kept for the next use, so that who resets it in
 * a loop allocates once. Whoever goes idle releases it.
 */
void arena_reset(struct arena *a);

/* `count` zeroed things of `size` bytes, aligned for any type; NULL when past the cap. */
MUST_CHECK void *arena_alloc(struct arena *a, size_t count, size_t size);

/* The same, not zeroed, for what is filled at once. */
MUST_CHECK void *arena_room(struct arena *a, size_t count, size_t size);

/* A copy of s in the arena; p is NULL when past the cap (and never NULL otherwise). */
MUST_CHECK struct str arena_str(struct arena *a, struct str s);

/* A copy with a NUL behind it, for library edges; NULL when past the cap. */
MUST_CHECK char *arena_c(struct arena *a, struct str s);

#endif
