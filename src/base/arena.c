#include "base/arena.h"

/* system */
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

#define ARENA_FIRST_BYTES 1024        /* most commands need no second block */
#define ARENA_BLOCK_BYTES (64 * 1024) /* blocks double up to this size */

struct arena_block {
	struct arena_block *next;
	size_t bytes; /* of data */
	alignas(max_align_t) char data[];
};

void
arena_init(struct arena *a, size_t max)
{
	*a = (struct arena){ .max = max };
}

static void
free_blocks(struct arena_block *block)
{
	while (block) {
		struct arena_block *next = block->next;

		mem_free(block);
		block = next;
	}
}

void
arena_release(struct arena *a)
{
	free_blocks(a->blocks);
	arena_init(a, a->max);
}

void
arena_reset(struct arena *a)
{
	struct arena_block *block = a->blocks;

	if (block == NULL || block->bytes > ARENA_BLOCK_BYTES) {
		arena_release(a);
		return;
	}
	free_blocks(block->next);
	block->next = NULL;
	a->at = block->data;
	a->end = block->data + block->bytes;
	a->used = 0;
}

static bool
add_block(struct arena *a, size_t need)
{
	size_t bytes =
	    a->blocks ? size_min(a->blocks->bytes * 2, ARENA_BLOCK_BYTES) : ARENA_FIRST_BYTES;
	struct arena_block *block;

	bytes = size_max(bytes, need);
	block =
	    mem_resize(NULL, 1, sizeof *block + bytes); /* not zeroed: arena_alloc() does that */
	block->next = a->blocks;
	block->bytes = bytes;
	a->blocks = block;
	a->at = block->data;
	a->end = block->data + bytes;
	return true;
}

/* Not zeroed. */
static void *
take(struct arena *a, size_t bytes)
{
	size_t used;
	void *p;

	if (bytes > SIZE_MAX - alignof(max_align_t))
		return NULL;
	bytes = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!size_add(a->used, bytes, &used) || used > a->max)
		return NULL;
	if ((size_t)(a->end - a->at) < bytes || a->at == NULL)
		add_block(a, bytes);
	p = a->at;
	a->at += bytes;
	a->used = used;
	return p;
}

void *
arena_room(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	return size_mul(count, size, &bytes) ? take(a, bytes) : NULL;
}

void *
arena_alloc(struct arena *a, size_t count, size_t size)
{
	void *p = arena_room(a, count, size);

	if (p)
		memset(p, 0, count * size);
	return p;
}

char *
arena_c(struct arena *a, struct str s)
{
	size_t bytes;
	char *copy;

	if (!size_add(s.n, 1, &bytes))
		return NULL;
	copy = take(a, bytes);
	if (copy == NULL)
		return NULL;
	if (s.n > 0)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return copy;
}

struct str
arena_str(struct arena *a, struct str s)
{
	char *copy = arena_c(a, s);

	return (struct str){ copy, copy ? s.n : 0 };
}
