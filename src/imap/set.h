/*
 * set.h - sequence sets: parse, resolve "*", ask, build, write (RFC 9051 section 9).
 *
 * A parsed set keeps the order and the "*" of the client. imap_set_resolve() replaces "*" by the
 * largest number in use, then sorts and merges, so that a set of 60 000 bytes costs one sort and
 * every question a binary search. Numbers are message sequence numbers or UIDs alike.
 *
 * Ownership: a struct imap_set's ranges live in the arena it was parsed into; a struct imap_ranges
 * is on the heap and belongs to its owner until imap_ranges_release().
 */
#ifndef IMAP_SET_H
#define IMAP_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "imap/token.h"

#define IMAP_STAR UINT32_MAX /* "*"; as a UID it is never given out */

struct imap_range {
	uint32_t first, last;
};

struct imap_set {
	struct imap_range *ranges; /* arena */
	size_t count;
	bool is_saved; /* "$" of RFC 9051 6.4.4.1; no ranges */
};

/* sequence-set, seq-last-command; false with c->is_over when it has too many parts. */
MUST_CHECK bool imap_set_parse(struct imap_cursor *c, struct imap_set *out);

/* "*" becomes `largest` (0: nothing in use, then its range names nothing); sorted and merged. */
void imap_set_resolve(struct imap_set *set, uint32_t largest);

/* Of a resolved set: is n in it? Its largest number, 0 when empty. */
bool imap_set_has(const struct imap_set *set, uint32_t n);
uint32_t imap_set_last(const struct imap_set *set);

/* The first range of a resolved set that ends at or behind n, or NULL. */
const struct imap_range *imap_set_from(const struct imap_set *set, uint32_t n);

/* --- sets that we make: COPYUID, ESEARCH, "$" ------------------------------------------------ */

#define IMAP_RANGES_MAX 1000000 /* ranges: 8 MB, every second one of two million messages */

struct imap_ranges {               /* zeroed is empty; fields: read only */
	struct imap_range *ranges; /* own; in the order of adding */
	size_t count, cap;
	bool is_over; /* more than IMAP_RANGES_MAX were needed; what came later is missing */
};

/* Add a number; it extends the last range when it follows it. */
void imap_ranges_add(struct imap_ranges *r, uint32_t n);
void imap_ranges_add_all(struct imap_ranges *r, uint32_t first, uint32_t last);
bool imap_ranges_have(const struct imap_ranges *r, uint32_t n);
void imap_ranges_release(struct imap_ranges *r);

/* Put them in order, each number once, as "$" must be. */
void imap_ranges_sort(struct imap_ranges *r);

/* Empty it, its memory kept. */
void imap_ranges_clear(struct imap_ranges *r);

/* "1:4,7" */
void imap_ranges_write(struct buf *out, const struct imap_ranges *r);

#endif
