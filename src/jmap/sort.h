/*
 * sort.h - the order of Email/query (RFC 8621 4.4.2, RFC 8620 5.5): comparators, keys, sorting.
 *
 * Keys that need more than the candidate list are made once per Email; then indexes are sorted, in
 * passes, so that the caller may yield in between. Equal Emails stand in order of their ids.
 */
#ifndef JMAP_SORT_H
#define JMAP_SORT_H

/* rooms */
#include "jmap/collation.h"
#include "jmap/filter.h"

enum sort_by {
	SORT_RECEIVED,
	SORT_SIZE,
	SORT_FROM,
	SORT_TO,
	SORT_SUBJECT,
	SORT_SENT,
	SORT_KEYWORD,
	SORT_ALL_IN_THREAD,
	SORT_SOME_IN_THREAD,
	SORT_BY_COUNT
};

struct comparator {
	enum sort_by by;
	bool is_descending;
	enum collation collation; /* of texts */
	uint64_t keyword;
};

struct sort {
	struct comparator *items; /* arena */
	size_t count;
};

struct sort_key {
	int64_t number;
	struct str text; /* arena of the call */
};

struct sort_item {
	uint64_t id, thread_id;
	int64_t received_s;
	uint64_t keywords;
	uint32_t size;
};

/* Read `sort`; none is newest first. False when the call's error was set. */
MUST_CHECK bool sort_read(struct jmap_call *c, const struct json *v, struct sort *out);

/* Only by receivedAt: nothing has to be loaded. */
bool sort_is_received_only(const struct sort *s);

/* Nothing is asked that can change of an Email; its place may depend on others of its thread. */
bool sort_is_immutable(const struct sort *s);
bool sort_minds_threads(const struct sort *s);

/* The keys of one Email into keys[0 .. s->count-1]; texts go to `a`. */
MUST_CHECK enum fail sort_keys(const struct sort *s, struct candidate *who, struct arena *a,
    struct sort_key *keys);

struct sorting { /* zeroed, then filled in by the caller */
	const struct sort *sort;
	const struct sort_item *items;
	const struct sort_key *keys; /* count * sort->count of them; NULL when by receivedAt only */
	uint32_t *order, *spare;     /* count of each; order holds 0, 1, .. at first */
	size_t count;
	size_t width; /* runs of this length are in order; 0 at first */
};

/* One pass; true when all is in order, in s->order. */
bool sort_pass(struct sorting *s);

#endif
