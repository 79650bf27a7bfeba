/*
 * period.h - what one report covers, and when it is sent. Pure.
 *
 * Periods of a day are those of UTC (RFC 7489 7.2, RFC 8460 4.1). A report is due at a minute of this host, fixed by its
 * name within PERIOD_SPREAD of the period's length behind its end, so that not all hosts of the world write at midnight.
 */
#ifndef REPORTS_PERIOD_H
#define REPORTS_PERIOD_H

#include <stdint.h>

#include "base/str.h"

#define PERIOD_SPREAD 6 /* a sixth: four hours of a day */

struct period {
	int64_t begin_s, end_s; /* the end is not in it */
};

struct period period_at(int64_t now_s, int64_t interval_ms);

/* When a report about a period that ends then is due. */
int64_t period_due_s(int64_t end_s, int64_t interval_ms, struct str hostname);

#endif
