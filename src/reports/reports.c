#include "reports/inner.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "directory/address.h"

#define FROM_MAX (ADDRESS_MAX + 16) /* bytes: "postmaster" at the longest name */

struct reports *
reports_open(const struct reports_house *house)
{
	struct reports *r = mem_new(1, sizeof *r);

	r->house = *house;
	r->log = (struct log){ .room = "reports" };
	r->limits = tally_limits_default;
	buf_init(&r->from, FROM_MAX);
	buf_add(&r->from, house->settings->address);
	if (r->from.n == 0) { /* RFC 5321 4.5.1: every host has one */
		buf_add(&r->from, STR("postmaster@"));
		buf_add(&r->from, house->hostname);
	}
	reports_daily_open(r);
	return r;
}

void
reports_start(struct reports *r)
{
	task_wake(&r->task);
}

void
reports_close(struct reports **reports)
{
	struct reports *r = *reports;

	*reports = NULL;
	if (r == NULL)
		return;
	reports_daily_close(r);
	buf_release(&r->from);
	mem_free(r);
}

struct str
reports_submitter(const struct reports *r)
{
	struct str from = buf_str(&r->from);

	return str_from(from, str_rfind_char(from, '@') + 1);
}

const struct reports_counts *
reports_counts(const struct reports *r)
{
	return &r->counts;
}
