/* A message that was judged becomes a row of its domain's report, in the turn of its reply. */
#include "reports/inner.h"

/* rooms */
#include "reports/dmarc_facts.h"

void
reports_dmarc_note(struct reports *r, const struct origin *o)
{
	struct buf row;

	if (r == NULL || !r->house.settings->has_dmarc || !dmarc_facts_are_wanted(o) ||
	    !store_is_well(r->house.store))
		return;
	buf_init(&row, TALLY_ROW_MAX);
	dmarc_facts_write(&row, o);
	reports_note(r, TALLY_DMARC, o->policy.policy_domain, o->policy.record_text, &row);
	buf_release(&row);
}
