/* What waits for its report (reports.h): for the command line. */
#include "reports/inner.h"

#define ROWS_AT_ONCE (TALLY_ROWS_MAX + 1)

struct look {
	struct buf *at, *copy;
	size_t kind_at;
	struct tally_subject subject;
	uint64_t things;
};

static enum fail
count_rows(struct txn *t, struct look *look)
{
	struct buf at, row;
	uint64_t count;
	enum fail fail = FAIL_NONE;

	buf_init(&at, STORE_KEY_MAX);
	buf_init(&row, TALLY_ROW_MAX);
	for (size_t i = 0; fail == FAIL_NONE && i < ROWS_AT_ONCE; i++) {
		fail = tally_next_row(t, buf_str(look->at), &at, &count, &row);
		look->things += fail == FAIL_NONE ? count : 0;
	}
	buf_release(&at);
	buf_release(&row);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static enum fail
next(struct txn *t, void *arg)
{
	struct look *look = arg;
	enum fail fail;

	look->things = 0;
	fail =
	    tally_next(t, reports_kinds[look->kind_at]->kind, look->at, &look->subject, look->copy);
	return fail == FAIL_NONE ? count_rows(t, look) : fail;
}

/* Whose kind the place is of; the first one's when it is empty. */
static size_t
kind_of(struct str place)
{
	struct key_reader r;
	char kind;

	if (str_empty(place))
		return 0;
	key_read(&r, place);
	(void)key_read_char(&r);
	kind = key_read_char(&r);
	for (size_t i = 0; i < REPORTS_KINDS; i++)
		if ((char)reports_kinds[i]->kind == kind)
			return i;
	return 0;
}

enum fail
reports_next(struct reports *r, struct buf *at, struct buf *copy, struct reports_pending *out)
{
	struct look look = { .at = at, .copy = copy, .kind_at = kind_of(buf_str(at)) };
	enum fail fail = store_read(r->house.store, next, &look);

	while (fail == FAIL_MISSING && look.kind_at + 1 < REPORTS_KINDS) {
		look.kind_at++;
		buf_clear(at);
		fail = store_read(r->house.store, next, &look);
	}
	if (fail != FAIL_NONE)
		return fail == FAIL_MISSING ? FAIL_MISSING : FAIL_TEMP;
	*out = (struct reports_pending){ .kind = reports_kinds[look.kind_at]->name,
		.domain = look.subject.domain,
		.begin_s = look.subject.begin_s,
		.end_s = look.subject.end_s,
		.due_s = period_due_s(look.subject.end_s, r->house.settings->interval_ms,
		    r->house.hostname),
		.things = look.things,
		.rows = look.subject.rows,
		.dropped = look.subject.dropped };
	return FAIL_NONE;
}
