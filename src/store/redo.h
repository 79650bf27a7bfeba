/*
 * redo.h - the redo log: what each turn changed, durable with one write and one sync.
 *
 * An engine that writes pages touches a dozen of them for one message. So the pages wait for many turns, and each
 * turn adds one record here: the keys it put and deleted, in their order. Made again from the start, they give the
 * same store, also where some or all of them were done already.
 *
 * The log has a generation, a random number that the store's file has too. Each record is checked together with
 * the one before it, the first with the generation: reading stops at the first that is not whole, or was left by
 * an earlier generation. Nothing is ever cut off; what comes next is written over it. Only the head of the first record
 * goes when its generation ends, so that it is not taken for the end of a copy that has that generation.
 *
 *     record   check u64, bytes u32, operations       (little-endian)
 *     one      kind, key u32 and bytes, value u32 and bytes
 *
 * What only this log needs is in it as REDO_PASS: made again, it is a put.
 *
 * Not done: a damaged record in the middle is the end of the log, as a torn one is. Private to the room.
 */
#ifndef STORE_REDO_H
#define STORE_REDO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

#define REDO_TURN_MAX (1024 * 1024) /* bytes of one turn; a larger one goes another way */

enum redo_kind {
	REDO_PUT = '+',
	REDO_PASS = '>',         /* a put that only this log needs */
	REDO_DELETE = '-',       /* no value */
	REDO_DELETE_RANGE = '~', /* key: from; value: to, empty without an end */
};

struct redo;

/* Made if missing. FAIL_TEMP: the disk or its permissions do not let us. */
MUST_CHECK enum fail redo_open(struct redo **out, const char *path);
void redo_close(struct redo **r); /* NULL inside is allowed */

/* An empty log of this generation. */
void redo_restart(struct redo *r, uint64_t generation);

/* The same, when the file has that generation durably: what the log has is in it. */
void redo_end_generation(struct redo *r, uint64_t next);

/* After redo_restart(): find the records of this generation that the file has. FAIL_TEMP. */
MUST_CHECK enum fail redo_find(struct redo *r);

/* How many bytes the durable records take; 0: there are none. */
uint64_t redo_bytes(const struct redo *r);

/* The record of the turn under way: add to it, how far it is, cut it back to there. */
void redo_add(struct redo *r, enum redo_kind kind, struct str key, struct str value);
size_t redo_mark(const struct redo *r);
void redo_undo(struct redo *r, size_t mark);
void redo_clear(struct redo *r);
bool redo_is_empty(const struct redo *r);
bool redo_fits(const struct redo *r);

/*
 * Make it durable and begin the next one. After FAIL_TEMP it may be on the disk all the same, until the next is
 * written over it or the log begins again.
 */
MUST_CHECK enum fail redo_write(struct redo *r);
bool redo_is_doubtful(const struct redo *r);

/* Hand out all operations of the durable records. The first failure ends it; FAIL_TEMP: not readable. */
typedef enum fail redo_fn(void *arg, enum redo_kind kind, struct str key, struct str value);
MUST_CHECK enum fail redo_replay(const struct redo *r, redo_fn *fn, void *arg);

#endif
