/*
 * rpt_store.h - how conversations with other domains went, by day, until it was reported (RFC 8460 4).
 *
 * One record per day (UTC), domain and kind of policy. Of failures RPT_DETAILS_MAX kinds are kept apart, others only
 * counted; a day has RPT_DAY_MAX records at most, and further domains are not heard of.
 */
#ifndef TLSPOLICY_RPT_STORE_H
#define TLSPOLICY_RPT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "store/store.h"
#include "tlspolicy/result.h"
#include "tlspolicy/rpt_report.h"

#define RPT_DAY_MAX     2000 /* records of one day: with a KB each, 2 MB */
#define RPT_DETAILS_MAX 20   /* kinds of failures of one record: result, host, address */
#define RPT_TEXT_MAX    4096 /* bytes of a policy that are kept */
#define RPT_DAY_S       86400

enum rpt_type { RPT_TLSA, RPT_STS, RPT_TYPE_COUNT };

struct rpt_session { /* borrowed */
	struct str domain;
	enum rpt_type type;
	struct str strings; /* the policy, its lines joined by LF */
	struct str hosts;   /* that it names, joined by LF */
	enum tls_result result;
	struct str host, address; /* that was talked to; or empty */
};

/* Count it; belongs to the turn. FAIL_LIMIT: the day is full. FAIL_TEMP. */
MUST_CHECK enum fail rpt_count(struct store *s, int64_t now_s, const struct rpt_session *session);

/*
 * The next domain of which there is something from before `before_day`, behind this day and domain (0 and empty: the
 * first). FAIL_MISSING: none.
 */
MUST_CHECK enum fail rpt_next(struct store *s, uint32_t before_day, uint32_t *day,
    struct buf *domain);

/* What there is about it, ready to be reported. */
MUST_CHECK enum fail rpt_load(struct store *s, uint32_t day, struct str domain, struct arena *arena,
    const struct rpt_policy **out, size_t *count_out);

/* It was reported, or nobody wants it; belongs to the turn. */
MUST_CHECK enum fail rpt_forget(struct store *s, uint32_t day, struct str domain);

#endif
