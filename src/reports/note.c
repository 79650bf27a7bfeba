/* One thing becomes a row of the report to come, in the turn that saw it (inner.h). */
#include "reports/inner.h"

/* base */
#include "base/clock.h"

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
reports_note(struct reports *r, enum tally_kind kind, struct str domain, struct str about,
    const struct buf *row)
{
	struct period period = period_at(clock_wall_s(), r->house.settings->interval_ms);
	struct note n = { .reports = r,
		.row = buf_str(row),
		.subject = { .kind = kind,
		    .begin_s = period.begin_s,
		    .end_s = period.end_s,
		    .domain = domain,
		    .about = about } };
	enum fail fail = buf_ok(row) ? store_run(r->house.store, add, &n) : FAIL_LIMIT;

	reports_counted(r, &n.subject);
	if (fail == FAIL_NONE)
		tell(r, &n);
	else
		log_warn(&r->log, "reports.not-noted", LOG_TEXT("domain", domain),
		    LOG_TEXT("fail", str_c(fail_names[fail])));
}
