/*
 * arc_set.h - the sets of a chain, found in a header (RFC 8617 4.2). Private to the room.
 */
#ifndef MAILAUTH_ARC_SET_H
#define MAILAUTH_ARC_SET_H

#include "base/buf.h"
#include "mailauth/arc_verify.h"
#include "mailauth/dkim_content.h"

/* What is wrong with a chain, or nothing: `reason` is empty then. */
struct arc_fault {
	struct str reason;
	uint32_t instance; /* where, 0: in general */
	bool is_limit;     /* there are more than there may be */
};

/*
 * All sets up to the highest instance there is, of ARC_SETS_MAX: *sets_out is to be given to mem_free(), *count_out is
 * how many. The first fault of RFC 8617 5.2, steps 1 to 3, goes to `fault`; sets are incomplete then.
 */
void arc_sets_find(const struct dkim_content *content, struct arc_set **sets_out, size_t *count_out,
    struct arc_fault *fault);

/* Append what a seal signs of the sets 1 .. count, each whole, in canonical form (5.1.1). */
void arc_sets_write(const struct arc_set *sets, size_t count, struct buf *out);

#endif
