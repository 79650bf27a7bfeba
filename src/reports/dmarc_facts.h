/*
 * dmarc_facts.h - what DMARC came to for one message, as the bytes of a row (tally.h) and back. Pure.
 *
 * Names are cut at DMARC_FACT_MAX bytes and written small, so that spelling makes no rows. Whom it was for is left out:
 * a report tells of a domain's mail, not of who reads it.
 *
 * Ownership: what is read points into the bytes.
 */
#ifndef REPORTS_DMARC_FACTS_H
#define REPORTS_DMARC_FACTS_H

#include "base/buf.h"
#include "mailauth/dmarc_report.h"
#include "mailauth/origin.h"

#define DMARC_FACT_MAX 255 /* bytes of a name: RFC 1035 2.3.4 */

/*
 * Does the author's domain want to hear of this message, by mail? The check must be settled. Not of reports of others
 * that are from whom they say: two hosts would report about each other's reports for ever.
 */
MUST_CHECK bool dmarc_facts_are_wanted(const struct origin *o);

void dmarc_facts_write(struct buf *out, const struct origin *o);

/* Everything but the count. FAIL_PERM: damaged. */
MUST_CHECK enum fail dmarc_facts_read(struct str row, struct dmarc_report_row *out);

#endif
