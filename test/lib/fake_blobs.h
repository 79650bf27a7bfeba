/*
 * fake_blobs.h - a far side for message files, in place of another machine (blob/inner.h).
 *
 * The files stay where they are; but every wait takes some turns, or fails, and nothing can be mapped, finished
 * or linked that was not waited for: a caller that forgets it fails. What was fetched can be mapped in the turn
 * of its end and in the next, not longer, and what was finished in this turn. Files of the queue are here always.
 */
#ifndef TEST_LIB_FAKE_BLOBS_H
#define TEST_LIB_FAKE_BLOBS_H

#include "blob/blob.h"

/* From now on, until fake_blobs_end(); nothing new when it was begun. Without a loop fake_blobs_turn() is a turn. */
void fake_blobs_begin(struct blob_store *b, struct loop *l, unsigned turns);
void fake_blobs_turn(void);
void fake_blobs_end(void); /* nobody may wait any more */

/* False: as if everything were here, for what a test does itself. */
void fake_blobs_far(bool is_far);

/* What a test reads itself is here. */
struct account;
MUST_CHECK enum fail fake_blobs_email_map(struct account *a, uint64_t id, struct blob_map *out);

/* Waits end only when this is over, or they are released. */
void fake_blobs_hold(bool is_held);

/* Let `skip` waits go well, then `count` fail like this. */
void fake_blobs_fail(unsigned skip, unsigned count, enum fail fail);

/* Waits so far, and those under way. */
unsigned fake_blobs_waits(void);
unsigned fake_blobs_waiting(void);

/* Copies and messages that are far away and belong to nobody: not taken, not given back. */
unsigned fake_blobs_left(void);

#endif
