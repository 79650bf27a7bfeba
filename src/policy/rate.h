/*
 * rate.h - how many in how long: "30/1m".
 *
 *     rate = count "/" number [ "s" / "m" / "h" / "d" ]        (a bare number is seconds)
 *
 * Pure. The settings keep the text, checked once when they are read; who counts parses it once.
 */
#ifndef POLICY_RATE_H
#define POLICY_RATE_H

#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"

#define RATE_COUNT_MAX     1000000                  /* so that count x time stays far below 2^63 */
#define RATE_WINDOW_MS_MIN 1000                     /* shorter bursts are no pattern */
#define RATE_WINDOW_MS_MAX (7 * 24 * 3600 * 1000LL) /* longer ones would outlive the process */

struct rate {
	int64_t count; /* 0: no limit */
	int64_t window_ms;
};

/*
 * An empty text is no limit.
 *   FAIL_SYNTAX  not of this form
 *   FAIL_LIMIT   of this form, but beyond the bounds above
 */
MUST_CHECK enum fail rate_parse(struct str text, struct rate *out);

#endif
