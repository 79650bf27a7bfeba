/* A message that was judged becomes a row of its domain's report, in the turn of its reply. */
#include "reports/inner.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "reports/dmarc_facts.h"

struct note {
	struct reports *reports;
	struct tally_subject subject;
	struct str row;
	enum tally_outcome outcome;
};

static enum fail
add(struct txn *t, void *arg)
{
	struct note *n = arg;

	return tally_add(t, &n->reports->limits, &n->subject, n->row, &n->outcome);
}

static void
tell(struct reports *r, const struct note *n)
{
	switch (n->outcome) {
	case TALLY_BEGUN: reports_plan(r); /* fall through */
	case TALLY_COUNTED: r->counts.noted++; return;
	case TALLY_DROPPED_FIRST: /* once: what fills the bounds is a flood */
		log_warn(&r->log, "reports.full", LOG_TEXT("domain", n->subject.domain));
		break;
	case TALLY_DROPPED: break;
	}
	r->counts.dropped++;
}

void
reports_dmarc_note(struct reports *r, const struct origin *o)
{
	struct note n = { .reports = r };
	struct period period;
	struct buf row;
	enum fail fail;

	if (r == NULL || !r->house.settings->has_dmarc || !dmarc_facts_are_wanted(o) ||
	    !store_is_well(r->house.store))
		return;
	period = period_at(clock_wall_s(), r->house.settings->interval_ms);
	buf_init(&row, TALLY_ROW_MAX);
	dmarc_facts_write(&row, o);
	n.row = buf_str(&row);
	n.subject = (struct tally_subject){ .kind = TALLY_DMARC,
		.begin_s = period.begin_s,
		.end_s = period.end_s,
		.domain = o->policy.policy_domain,
		.about = o->policy.record_text };
	fail = buf_ok(&row) ? store_run(r->house.store, add, &n) : FAIL_LIMIT;
	reports_counted(r, &n.subject);
	if (fail == FAIL_NONE)
		tell(r, &n);
	else
		log_warn(&r->log, "reports.not-noted", LOG_TEXT("domain", n.subject.domain),
		    LOG_TEXT("fail", str_c(fail_names[fail])));
	buf_release(&row);
}
