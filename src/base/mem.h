/*
 * mem.h - memory from the heap, assertions, and wiping.
 *
 * Running out of real memory aborts: the store is crash-safe and the supervisor restarts us, which
 * is safer than thousands of untested error paths. Limits on what peers may make us allocate are
 * kept by the capped containers (buf.h, arena.h, map.h), not here.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

/* Our own bug: aborts in every build. Must not be reachable by a peer or by the content of a file. */
#define invariant(x) \
	do { \
		if (__builtin_expect(!(x), 0)) \
			invariant_broken(#x, __FILE__, __LINE__); \
	} while (0)

_Noreturn void invariant_broken(const char *what, const char *file, int line);

/* The struct of type `type` whose member `member` is at `ptr`. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Zeroed memory for `count` things of `size` bytes; never NULL. */
void *mem_new(size_t count, size_t size);

/* Change the size of a block from mem_new() or mem_resize(); what is new is not zeroed. */
void *mem_resize(void *p, size_t count, size_t size);

/* Give back a block; NULL is allowed. */
void mem_free(void *p);

/* For tests: called with each block before it is given back, or moves. */
extern void (*mem_watch)(const void *p);

/* Overwrite secrets; the compiler cannot leave it out. */
void mem_wipe(void *p, size_t n);

/* Equal without telling by time where the first difference is. */
bool mem_equal_secret(const void *a, const void *b, size_t n);

#endif
