/*
 * id_walk.h - private: the records of one space whose ids ascend, by one walk over the store where they lie close
 * together. A step costs a quarter of a search.
 */
#ifndef MAIL_ID_WALK_H
#define MAIL_ID_WALK_H

#include "mail/record.h"
#include "store/store.h"

struct id_walk { /* on the stack, within a transaction; fields: read only */
	struct txn *txn;
	struct key prefix; /* of the account's records */
	struct cursor cursor;
	bool is_open, has_record;
	uint64_t id; /* of the record */
	struct str value;
};

void id_walk_init(struct id_walk *w, struct txn *t, char space, uint64_t account);

/* From the record of `id` to that of `next`, if it is there, costs no more than a search. */
bool id_walk_is_near(uint64_t id, uint64_t next);

/* Stand on the record of `id`: w->value, until the next call. False: there is none. */
bool id_walk_to(struct id_walk *w, uint64_t id);

/* End it, whether it began or not, and tell whether it failed. */
MUST_CHECK enum fail id_walk_end(struct id_walk *w);

#endif
