/*
 * thing.h - small things of an account that are no mail: identities, submissions, the vacation response.
 *
 * Each type of them (from CHANGE_IDENTITY on) has its own header, with the record that stands inside of a thing's
 * record. What they share is here: an id, when one was made and changed, its entry in the log or its tombstone, so
 * that changes_since() knows them, and the bit that wakes watchers. Ids are never used twice (D5). Private to the room.
 */
#ifndef MAIL_THING_H
#define MAIL_THING_H

/* rooms */
#include "mail/inner.h"

#define THINGS_PUT_MAX (80 * 1024) /* bytes of a body: its record must fit into STORE_VALUE_MAX */

struct thing {
	uint64_t id;
	struct str body; /* borrow: the store's, until the next call on the transaction */
};

/* --- in an edit ---------------------------------------------------------------------------------- */

/* An id for a new one. */
uint64_t thing_id(struct edit *e);

/* Write it: new, or changed. `body` must not be e->value. FAIL_LIMIT: larger than THINGS_PUT_MAX. */
MUST_CHECK enum fail thing_put(struct edit *e, enum change_type type, uint64_t id, struct str body);

/* It is destroyed. FAIL_MISSING. */
MUST_CHECK enum fail thing_drop(struct edit *e, enum change_type type, uint64_t id);

/* --- reading, in any transaction ----------------------------------------------------------------- */

/* FAIL_MISSING · FAIL_PERM damaged */
MUST_CHECK enum fail thing_get(struct txn *t, const struct account *a, enum change_type type,
    uint64_t id, struct thing *out);

/* All of a type by id; end with cursor_end(). A damaged one has an empty body. */
void things_scan(struct txn *t, struct cursor *c, const struct account *a, enum change_type type,
    bool is_backward);
MUST_CHECK bool things_next(struct cursor *c, struct thing *out);

/* One of them, to be read into an arena: what the functions that read one are given. */
struct thing_reading {
	struct account *account;
	uint64_t id;
	struct arena *arena;
	void *out; /* what was read, in the arena */
};

/* Its body, copied into the arena. FAIL_MISSING · FAIL_PERM damaged · FAIL_LIMIT arena full. */
MUST_CHECK enum fail thing_copy(struct txn *t, const struct thing_reading *in,
    enum change_type type, struct str *body_out);

/* How many there are. */
MUST_CHECK enum fail things_count(struct txn *t, const struct account *a, enum change_type type,
    size_t *out);

#endif
