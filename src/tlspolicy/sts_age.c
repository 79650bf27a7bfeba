#include "tlspolicy/sts_age.h"

/* base */
#include "base/map.h"
#include "base/num.h"

static int64_t
period_s(const struct sts_kept *kept)
{
	int64_t period = i64_min(STS_REFRESH_S, kept->policy.max_age_s / 2);

	return i64_max(period, STS_REFRESH_LEAST_S);
}

bool
sts_age_is_fresh(const struct sts_kept *kept, int64_t now_s)
{
	int64_t most = i64_min(STS_REFRESH_S, kept->policy.max_age_s / 2);

	return sts_kept_is_valid(kept, now_s) && now_s - kept->fetched_s <= most;
}

bool
sts_age_is_new_use(const struct sts_kept *kept, int64_t now_s)
{
	return kept->used_s > now_s || now_s - kept->used_s >= STS_USED_STEP_S;
}

/* When it is to be fetched. */
static int64_t
due_s(const struct sts_kept *kept, struct str domain, int64_t now_s)
{
	int64_t period = period_s(kept), spread = period / STS_SPREAD_PART;

	if (kept->failed_s != 0 && kept->failed_s <= now_s &&
	    (kept->failed_s >= kept->fetched_s || kept->fetched_s > now_s))
		return kept->failed_s + period / STS_RETRY_PART;
	if (kept->fetched_s > now_s) /* the clock was set: nobody knows how old it is */
		return now_s;
	return kept->fetched_s + period - (int64_t)(map_hash(domain) % (uint64_t)(spread + 1));
}

enum sts_fate
sts_age_fate(const struct sts_kept *kept, struct str domain, int64_t now_s, int64_t *next_s)
{
	int64_t end_s, due;

	if (!kept->has_policy) { /* it only says that a fetch failed */
		*next_s = kept->failed_s + STS_PAUSE_S;
		return kept->failed_s > now_s || now_s >= *next_s ? STS_OVER : STS_STAYS;
	}
	end_s = kept->fetched_s + kept->policy.max_age_s;
	if (now_s >= end_s)
		return STS_OVER;
	*next_s = end_s;
	if (now_s - kept->used_s > STS_UNUSED_S)
		return STS_STAYS;
	due = due_s(kept, domain, now_s);
	if (now_s >= due)
		return STS_DUE;
	*next_s = i64_min(due, end_s);
	return STS_STAYS;
}
