#include "reports/inner.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "crypto/hash.h"
#include "directory/address.h"

#define ID_HASH  8                  /* bytes of a hash in a report's id */
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

void
reports_write_id(const struct reports *r, struct buf *out)
{
	unsigned char hash[HASH_SIZE_MAX];

	hash_once(HASH_SHA256, buf_str(&r->place), hash);
	buf_add_i64(out, r->subject.begin_s);
	buf_add_char(out, '.');
	buf_add_hex(out, str_of(hash, ID_HASH));
	buf_add_char(out, '@');
	buf_add(out, r->house.hostname);
}

void
reports_write_subject(const struct reports *r, struct str id, struct buf *out)
{
	buf_add(out, STR("Report Domain: "));
	buf_add(out, r->subject.domain);
	buf_add(out, STR(" Submitter: "));
	buf_add(out, reports_submitter(r));
	buf_add(out, STR(" Report-ID: <"));
	buf_add(out, id);
	buf_add_char(out, '>');
}

void
reports_write_name(const struct reports *r, struct str extension, struct buf *out)
{
	buf_add(out, reports_submitter(r));
	buf_add_char(out, '!');
	buf_add(out, r->subject.domain);
	buf_add_char(out, '!');
	buf_add_i64(out, r->subject.begin_s);
	buf_add_char(out, '!');
	buf_add_i64(out, r->subject.end_s - 1);
	buf_add(out, extension);
}

const struct reports_counts *
reports_counts(const struct reports *r)
{
	return &r->counts;
}
