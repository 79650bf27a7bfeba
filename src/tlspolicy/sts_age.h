/*
 * sts_age.h - what the age of a kept MTA-STS policy asks for: pure.
 *
 * RFC 8461 3.3, 10.2: a policy is fetched anew before it is over, about once a day, so that who keeps us from the
 * policy host must do so for all of its time. Between the first of these tries and the end of the policy there are
 * more, as long as it was given two hours or more.
 *
 *     fetched ---- 7/8 to 1 period ----> due --it cannot be had--> due again after 1/4 period .. -> over
 *                  no mail went there for STS_UNUSED_S: not due any more ------------------------> over
 */
#ifndef TLSPOLICY_STS_AGE_H
#define TLSPOLICY_STS_AGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "tlspolicy/sts_store.h"

/* The period: a day (RFC 8461 3.3), or half of what the policy was given; .. */
#define STS_REFRESH_S 86400
/* .. but for the sake of policy hosts not less than this: what was given less than two hours may lapse. */
#define STS_REFRESH_LEAST_S 3600
#define STS_SPREAD_PART     8     /* of the period: what was fetched together is not due together */
#define STS_RETRY_PART      4     /* of the period: between tries that fail */
#define STS_PAUSE_S         300   /* after one, for mail and the same version (RFC 8461 3.3) */
#define STS_USED_STEP_S     86400 /* uses are noted so exactly: mail costs a write a day at most */
/* A quarter: who is written to that often stays protected, and who once got a letter is not asked for ever. */
#define STS_UNUSED_S (90 * 86400)

/* Mail needs no fetch: its time is not over, and it is younger than half of it and a day. */
bool sts_age_is_fresh(const struct sts_kept *kept, int64_t now_s);

enum sts_fate {
	STS_STAYS,
	STS_DUE,  /* to be fetched */
	STS_OVER, /* its record is of no more use */
};

/*
 * A clock that is behind (a host without a battery that has not asked yet) makes nothing be over. `next_s`: when
 * another answer will be given, if it stays.
 */
enum sts_fate sts_age_fate(const struct sts_kept *kept, struct str domain, int64_t now_s,
    int64_t *next_s);

/* Mail goes there now; is that worth a note? */
bool sts_age_is_new_use(const struct sts_kept *kept, int64_t now_s);

#endif
