/* A conversation with a host becomes a row of its domain's report, in the turn that saw how it went. */
#include "reports/inner.h"

/* rooms */
#include "reports/tls_row.h"

void
reports_tls_note(struct reports *r, const struct rpt_session *s)
{
	struct buf row;

	if (r == NULL || !r->house.settings->has_tls || !store_is_well(r->house.store))
		return;
	buf_init(&row, TALLY_ROW_MAX);
	tls_row_write(&row, s);
	reports_note(r, TALLY_TLS, s->domain, STR(""), &row);
	buf_release(&row);
}
