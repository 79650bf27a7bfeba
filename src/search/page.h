/*
 * page.h - which of a thousand messages have a gram: bits, and pages of them (private to the room, and its tests).
 *
 * The messages of a chunk are bits. A page is a row of entries by ascending gram:
 *
 *     varint  the difference to the gram before (in the first entry: the gram)
 *     varint  bytes of what follows * 4 + kind
 *     bytes   PAGE_LIST: ascending differences of bits as varints (the first: the bit) · PAGE_BITS: all bits ·
 *             PAGE_ALL: nothing, every message of the chunk has it
 */
#ifndef SEARCH_PAGE_H
#define SEARCH_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define CHUNK_BITS  10 /* of an Email's id */
#define CHUNK_SIZE  (1 << CHUNK_BITS)
#define CHUNK_WORDS (CHUNK_SIZE / 64)
#define PAGE_BYTES \
	4000 /* when so many are reached the page is full: with its row it fits a page of the file */
#define PAGE_MAX (PAGE_BYTES + CHUNK_SIZE)

struct bits {
	uint64_t words[CHUNK_WORDS];
};

static inline void
bits_set(struct bits *b, unsigned bit)
{
	b->words[bit / 64] |= UINT64_C(1) << bit % 64;
}

bool bits_empty(const struct bits *b);
bool bits_equal(const struct bits *a, const struct bits *b);
void bits_and(struct bits *b, const struct bits *other);
void bits_or(struct bits *b, const struct bits *other);

/* The first bit from `from` on; CHUNK_SIZE: none. */
unsigned bits_next(const struct bits *b, unsigned from);

/* As they lie in a page. */
void bits_write(struct buf *out, const struct bits *b);
bool bits_read(struct str from, struct bits *out);

/* Append an entry; `was` is the gram of the one before, 0 at the beginning of a page. */
void page_add(struct buf *page, uint32_t was, uint32_t gram, const struct bits *have,
    const struct bits *all);

/* Who has the gram: nobody, when it is not in the page. False: the page is damaged. */
bool page_find(struct str page, uint32_t gram, const struct bits *all, struct bits *out);

#endif
