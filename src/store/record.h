/*
 * record.h - values as versioned records.
 *
 * A record begins with its version; then fields in a fixed order: varints (7 bits per byte, lowest
 * first, at most 10 bytes), zigzag varints for signed numbers, and byte strings with a varint length.
 * New fields are added at the end only, so a newer program reads older records (record_more() is
 * false where the old one ends) and an older program reads newer ones (it ignores the rest).
 *
 * The writer appends to a struct buf, which is sticky on overflow. The reader never trusts a length;
 * after the first mistake is_bad stays set and every later field reads as 0 or empty.
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

/* Writing. record_begin() writes the version; the rest appends one field each. */
void record_begin(struct buf *b, uint32_t version);
void record_add_u64(struct buf *b, uint64_t n);
void record_add_i64(struct buf *b, int64_t n);
void record_add_bool(struct buf *b, bool is_set);
void record_add_bytes(struct buf *b, struct str s);

struct record {          /* fields: read only */
	struct str rest; /* borrow: the value it was read from */
	uint32_t version;
	bool is_bad;
};

/* Begin reading `value`; an empty one is bad. Byte strings point into it. */
void record_read(struct record *r, struct str value);

uint64_t record_u64(struct record *r);
uint32_t record_u32(struct record *r); /* a larger number is a mistake */
int64_t record_i64(struct record *r);
bool record_bool(struct record *r);
struct str record_bytes(struct record *r);

/* Whether there is another field: for fields that came with a later version. */
static inline bool
record_more(const struct record *r)
{
	return !r->is_bad && r->rest.n > 0;
}

/* FAIL_NONE, or FAIL_PERM when a field was missing or wrong: the record is damaged. */
MUST_CHECK static inline enum fail
record_end(const struct record *r)
{
	return r->is_bad ? FAIL_PERM : FAIL_NONE;
}

#endif
