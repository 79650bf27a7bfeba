/*
 * bits.h - some of the messages of a chunk: a bit for each (private to the room, and its tests).
 */
#ifndef SEARCH_BITS_H
#define SEARCH_BITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define CHUNK_BITS  10 /* of an Email's id */
#define CHUNK_SIZE  (1 << CHUNK_BITS)
#define CHUNK_WORDS (CHUNK_SIZE / 64)

struct bits {
	uint64_t words[CHUNK_WORDS];
};

static inline void
bits_set(struct bits *b, unsigned bit)
{
	b->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

static inline bool
bits_has(const struct bits *b, unsigned bit)
{
	return (b->words[bit / 64] >> bit % 64 & 1) != 0;
}

bool bits_empty(const struct bits *b);
unsigned bits_count(const struct bits *b);
bool bits_equal(const struct bits *a, const struct bits *b);
void bits_and(struct bits *b, const struct bits *other);
void bits_or(struct bits *b, const struct bits *other);

/* The first bit from `from` on; CHUNK_SIZE: none. */
unsigned bits_next(const struct bits *b, unsigned from);

/* As they lie in a page. */
void bits_write(struct buf *out, const struct bits *b);
bool bits_read(struct str from, struct bits *out);

#endif
