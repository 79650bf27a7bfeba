#include "reports/inner.h"

/* base */
#include "base/mem.h"

struct reports *
reports_open(const struct reports_house *house)
{
	struct reports *r = mem_new(1, sizeof *r);

	r->house = *house;
	r->log = (struct log){ .room = "reports" };
	r->limits = tally_limits_default;
	return r;
}

void
reports_close(struct reports **r)
{
	mem_free(*r);
	*r = NULL;
}

const struct reports_counts *
reports_counts(const struct reports *r)
{
	return &r->counts;
}
