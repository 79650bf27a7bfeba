/*
 * query.h - what all Foo/query and Foo/queryChanges have in common (RFC 8620 5.5, 5.6).
 *
 * A method makes the list of ids that match, in order. This reads which part of it is asked for and answers.
 * For /queryChanges it is given the list as it is now and the things that may have moved in it since: the
 * old list is not known, so all of these are removed and those that are in the list now are added again,
 * which is what RFC 8620 5.6 wants of properties that change.
 */
#ifndef JMAP_QUERY_H
#define JMAP_QUERY_H

/* rooms */
#include "jmap/args.h"
#include "mail/changes.h"

struct jmap_query_type {
	enum id_kind kind;
	enum change_type change; /* CHANGE_TYPE_COUNT: changes cannot be told */
	uint64_t limit_max;      /* ids of one answer */
};

struct jmap_window {
	int64_t position, anchor_offset;
	uint64_t anchor, limit;
	bool has_anchor, has_total;
	bool is_clamped;       /* to our limit: the client asked for more .. */
	bool is_unlimited;     /* .. or for all */
	uint64_t state;        /* when it was read: the list must be of this state */
	struct str state_text; /* of a type without a log, CHANGE_TYPE_COUNT: the caller's .. */
	bool says_changes;     /* .. and between two of them it can tell what changed */
};

/* Read position, anchor, anchorOffset, limit, calculateTotal; false when the call's error was set. */
MUST_CHECK bool jmap_window_read(struct jmap_call *c, const struct jmap_query_type *type,
    struct jmap_window *out);

/* How many ids from the start of the list have to be known for the answer; SIZE_MAX: all of them. */
size_t jmap_window_needs(const struct jmap_window *w);

/* Where the window begins (RFC 8620 5.5) when the anchor is at this place, or at `count`: false then, anchorNotFound. */
MUST_CHECK bool jmap_window_start(const struct jmap_window *w, size_t anchor_at, size_t count,
    size_t *out);

/*
 * Answer a /query: `ids` is the list, or as much of it as the window needs; `total` counts all of it. When
 * the state has moved since the window was read, the answer says that changes cannot be calculated from it.
 */
enum jmap_step jmap_query_answer(struct jmap_call *c, const struct jmap_query_type *type,
    const struct jmap_window *w, const uint64_t *ids, size_t count, size_t total);

/* --- /queryChanges ---------------------------------------------------------------------------- */

struct jmap_since {
	struct str state_text, up_to_text; /* as the client has them */
	uint64_t old_state;
	uint64_t new_state; /* when it was read: the list must be of this state */
	uint64_t max;
	uint64_t up_to; /* 0: not given */
	bool has_total;
	struct change *items; /* arena of the call: what changed, each once; the caller may add */
	size_t count, cap;
};

/*
 * Read sinceQueryState, upToId, maxChanges, calculateTotal into the texts, max and has_total; false when the call's
 * error was set. Alone for a type without a log, whose states are the caller's.
 */
MUST_CHECK bool jmap_since_args(struct jmap_call *c, struct jmap_since *out);

/* The same, and look up what changed; false when the call's error was set (cannotCalculateChanges too). */
MUST_CHECK bool jmap_since_read(struct jmap_call *c, const struct jmap_query_type *type,
    struct jmap_since *out);

/*
 * One more thing that may have moved, though it was not changed itself; the same one may be added often. False:
 * the call's error was set (JMAP_MOVES_MAX).
 */
MUST_CHECK bool jmap_since_add(struct jmap_call *c, struct jmap_since *s, uint64_t id);

/* Begin the answer: all but "removed" and "added", and the end of the object. */
void jmap_query_changes_begin(struct jmap_call *c, const struct jmap_since *s, struct str new_state,
    size_t total);

/*
 * Answer a /queryChanges; `ids` is the whole list. `is_immutable`: neither filter nor order asks for
 * anything that can change, so only what came and went counts, and nothing behind upToId.
 */
enum jmap_step jmap_query_changes_answer(struct jmap_call *c, const struct jmap_query_type *type,
    struct jmap_since *s, bool is_immutable, const uint64_t *ids, size_t count);

#endif
