/*
 * inner.h - what the files of the room share (private to the room).
 */
#ifndef REPORTS_INNER_H
#define REPORTS_INNER_H

#include "base/log.h"
#include "loop/loop.h"
#include "reports/period.h"
#include "reports/reports.h"
#include "reports/tally.h"

struct reports {
	struct reports_house house;
	struct log log;
	struct tally_limits limits;
	struct reports_counts counts;
};

#endif
