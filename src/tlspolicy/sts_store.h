/*
 * sts_store.h - MTA-STS policies that we keep, by domain.
 */
#ifndef TLSPOLICY_STS_STORE_H
#define TLSPOLICY_STS_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/store.h"
#include "tlspolicy/sts_policy.h"

#define TLSPOLICY_SPACE 'm'   /* space byte of the room's keys in the store */
#define STS_KEPT_MAX    10000 /* domains; for another one any goes */

struct sts_kept { /* zeroed before the first read */
	bool has_policy;
	char id[STS_ID_MAX + 1]; /* of the policy */
	int64_t fetched_s;
	struct sts_policy policy;       /* points into text */
	struct buf text;                /* own: the policy as a file */
	char failed_id[STS_ID_MAX + 1]; /* the version that could not be fetched last .. */
	int64_t failed_s;               /* .. and when; 0: none */
};

/* FAIL_MISSING: nothing is kept; what cannot be read is not kept. FAIL_TEMP. */
MUST_CHECK enum fail sts_kept_read(struct store *s, struct str domain, struct sts_kept *out);

/* Keep it, in place of what was. */
MUST_CHECK enum fail sts_kept_write(struct store *s, struct str domain,
    const struct sts_kept *kept);

void sts_kept_release(struct sts_kept *kept);

/* Take over a policy that was just fetched: as a file, under this id. */
void sts_kept_set(struct sts_kept *kept, const struct sts_policy *policy, struct str id,
    int64_t now_s);

/* Note that the version of this id could not be fetched. */
void sts_kept_fail(struct sts_kept *kept, struct str id, int64_t now_s);

/* Its time is not over. */
bool sts_kept_is_valid(const struct sts_kept *kept, int64_t now_s);

#endif
