/*
 * rpt_build.h - conversations become the policies of a report (RFC 8460 4.4): those under one policy are one entry, with
 * their numbers, and what failed in each way. What is aside is among the failures and in no number. Pure.
 *
 * RPT_POLICIES_MAX entries, and what the arena holds; numbers are right also where the details do not fit, and is_cut
 * tells so.
 *
 * Ownership: everything is copied into the arena, which must live as long as the policies.
 */
#ifndef TLSPOLICY_RPT_BUILD_H
#define TLSPOLICY_RPT_BUILD_H

#include <stdbool.h>

#include "base/arena.h"
#include "tlspolicy/rpt_report.h"
#include "tlspolicy/rpt_session.h"

#define RPT_POLICIES_MAX 40 /* of one report: ten hosts, each of which changed its records thrice */

struct rpt_detail {
	struct rpt_detail *next;
	struct rpt_failure failure;
};

struct rpt_group {
	enum rpt_type type;
	struct str domain, strings;
	int64_t successes, failures;
	struct rpt_detail *details; /* the newest first */
	size_t detail_count;
};

struct rpt_builder {         /* zeroed, but for the arena; fields: read only */
	struct arena *arena; /* borrow */
	struct rpt_group groups[RPT_POLICIES_MAX];
	size_t count;
	int64_t sessions; /* that were added */
	bool is_cut;      /* something did not fit */
};

/* So many conversations that went like this. */
void rpt_build_add(struct rpt_builder *b, const struct rpt_session *s, int64_t count);

/*
 * The policies of the report, in an arena of their own: what was added may have filled its. RPT_END_BYTES are always
 * enough for it. FAIL_LIMIT: it is full.
 */
#define RPT_END_BYTES \
	(2 * 1024 * 1024) /* RPT_POLICIES_MAX texts of short lines, and a place for each detail */
MUST_CHECK enum fail rpt_build_end(const struct rpt_builder *b, struct arena *arena,
    const struct rpt_policy **out, size_t *count_out);

#endif
