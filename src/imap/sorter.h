/*
 * sorter.h - put many things in the order of their keys, in slices.
 *
 * Keys are bytes and compare as memcmp does, a prefix first; equal ones keep the order in which they
 * came. A merge sort from the bottom up: each call goes on where the last one stopped.
 */
#ifndef IMAP_SORTER_H
#define IMAP_SORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define IMAP_SORTER_THINGS_MAX 250000 /* of one SORT or THREAD: 12 MB, without their keys */
#define IMAP_SORTER_KEYS_MAX   (32 * 1024 * 1024) /* bytes of all keys, 130 each */

struct imap_sorter_item {
	uint64_t head;  /* the first bytes of the key, big-endian */
	uint32_t at, n; /* the key */
	uint32_t index; /* how many came before it */
};

struct imap_sorter { /* fields: read only, but keys: append a key, then call imap_sorter_add() */
	struct buf keys;                 /* own */
	struct imap_sorter_item *items;  /* own */
	struct imap_sorter_item *merged; /* own; the other half of each pass */
	size_t count, cap;
	size_t key_start; /* where the key begins that is being appended */
	bool is_over;     /* a limit was met: sort no more */
	/* the merge under way */
	size_t width, left, i, j;
};

void imap_sorter_init(struct imap_sorter *so);
void imap_sorter_release(struct imap_sorter *so);

/* What was appended to keys since the last call is the key of the next thing. */
void imap_sorter_add(struct imap_sorter *so);

/* Do as much as `moves` allows; true when all is in order. Not before the last one was added. */
bool imap_sorter_step(struct imap_sorter *so, size_t moves);

/* Which one is at this place, from 0. */
static inline uint32_t
imap_sorter_get(const struct imap_sorter *so, size_t place)
{
	return so->items[place].index;
}

static inline struct str
imap_sorter_key(const struct imap_sorter *so, size_t place)
{
	return str_slice(buf_str(&so->keys), so->items[place].at, so->items[place].n);
}

#endif
