#include "mailauth/dmarc_report.h"

/* system */
#include <stddef.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/xml.h"

#define TIME_MAX \
	253402300799 /* seconds: the last of the year 9999, which dates can be written of */

/* An element's path, and where its text goes. */
struct field {
	struct str path;
	size_t offset; /* of a struct str */
};

#define HEAD(path, name) \
	{ \
		STR_INIT("feedback/" path), offsetof(struct dmarc_report, name) \
	}
#define ROW(path, name) \
	{ \
		STR_INIT("feedback/record/" path), offsetof(struct dmarc_report_row, name) \
	}

static const struct field head_fields[] = {
	HEAD("report_metadata/org_name", organization),
	HEAD("report_metadata/email", email),
	HEAD("report_metadata/extra_contact_info", contact),
	HEAD("report_metadata/report_id", id),
	HEAD("policy_published/domain", domain),
};

static const struct field row_fields[] = {
	ROW("row/source_ip", source),
	ROW("row/policy_evaluated/reason/type", reason),
	ROW("row/policy_evaluated/reason/comment", comment),
	ROW("identifiers/header_from", header_from),
	ROW("identifiers/envelope_from", envelope_from),
	ROW("identifiers/envelope_to", envelope_to),
	ROW("auth_results/spf/domain", spf.domain),
};

struct reading {
	struct arena *arena; /* borrow: the caller's, or of this walk */
	struct dmarc_report *report;
	bool is_report, is_full;
	/* rows */
	struct dmarc_report_row row;
	struct dmarc_report_check check; /* the DKIM result that is being read */
	dmarc_report_row_fn *fn;
	void *arg;
};

/* A copy that stays; false, and noted: no room. */
static bool
keep(struct reading *r, struct str text, struct str *to)
{
	*to = arena_str(r->arena, text);
	r->is_full = r->is_full || to->p == NULL;
	return !r->is_full;
}

/* Is it one of these? Then *is_good_out says whether there was room. */
static bool
take_field(struct reading *r, const struct field *fields, size_t count, void *base, struct str path,
    struct str text, bool *is_good_out)
{
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(path, fields[i].path))
			continue;
		*is_good_out =
		    keep(r, text, (struct str *)(void *)((char *)base + fields[i].offset));
		return true;
	}
	return false;
}

static uint64_t
number(struct str text, uint64_t max)
{
	uint64_t n;

	return str_u64(&text, max, &n) && str_empty(text) ? n : 0;
}

static enum dmarc_policy
policy(struct str text)
{
	enum dmarc_policy p;

	return dmarc_policy_parse(text, &p) ? p : DMARC_NONE;
}

static enum verdict
verdict(struct str text)
{
	enum verdict v;

	return verdict_parse(text, &v) ? v : VERDICT_NONE;
}

/* --- what stands before the rows ------------------------------------------------------------- */

static unsigned
failure_options(struct str text)
{
	static const struct str letters = STR_INIT("01ds");
	unsigned options = 0;

	for (size_t i = 0; i < letters.n; i++)
		options |= str_find_char(text, letters.p[i]) != STR_NONE ? 1u << i : 0;
	return options;
}

static void
take_published(struct dmarc_report *report, struct str name, struct str text)
{
	if (str_eq(name, STR("p")))
		report->policy = policy(text);
	else if (str_eq(name, STR("sp")))
		report->subdomain_policy = policy(text);
	else if (str_eq(name, STR("adkim")))
		report->is_dkim_strict = str_eq(text, STR("s"));
	else if (str_eq(name, STR("aspf")))
		report->is_spf_strict = str_eq(text, STR("s"));
	else if (str_eq(name, STR("pct")))
		report->percent = (unsigned)number(text, 100);
	else if (str_eq(name, STR("fo")))
		report->failure_options = failure_options(text);
}

static bool
head_element(void *arg, struct str path, struct str text)
{
	struct reading *r = arg;
	bool is_good = true;

	text = str_trim(text);
	if (take_field(r, head_fields, ARRAY_LEN(head_fields), r->report, path, text, &is_good))
		return is_good;
	if (str_eq(path, STR("feedback")))
		r->is_report = true;
	else if (str_eq(path, STR("feedback/report_metadata/date_range/begin")))
		r->report->begin_s = number(text, TIME_MAX);
	else if (str_eq(path, STR("feedback/report_metadata/date_range/end")))
		r->report->end_s = number(text, TIME_MAX);
	else if (str_skip(&path, STR("feedback/policy_published/")))
		take_published(r->report, path, text);
	return true;
}

enum fail
dmarc_report_read(struct str xml, struct arena *a, struct dmarc_report *out)
{
	struct reading r = { .arena = a, .report = out };
	enum fail fail;

	*out = (struct dmarc_report){ .percent = 100 };
	fail = xml_walk(xml, head_element, &r);
	if (r.is_full)
		return FAIL_LIMIT;
	if (fail == FAIL_NONE && (!r.is_report || str_empty(out->domain)))
		fail = FAIL_SYNTAX;
	return fail;
}

/* --- rows ------------------------------------------------------------------------------------ */

static bool
take_dkim(struct reading *r, struct str name, struct str text)
{
	struct dmarc_report_row *row = &r->row;

	if (str_eq(name, STR("/domain")))
		return keep(r, text, &r->check.domain);
	if (str_eq(name, STR("/selector")))
		return keep(r, text, &r->check.selector);
	if (str_eq(name, STR("/result")))
		r->check.verdict = verdict(text);
	if (!str_empty(name))
		return true;
	if (row->dkim_count < DMARC_REPORT_CHECKS_MAX)
		row->dkim[row->dkim_count++] = r->check;
	r->check = (struct dmarc_report_check){ 0 };
	return true;
}

static void
take_row(struct dmarc_report_row *row, struct str name, struct str text)
{
	if (str_eq(name, STR("row/count")))
		row->count = number(text, UINT32_MAX);
	else if (str_eq(name, STR("row/policy_evaluated/disposition")))
		row->disposition = policy(text);
	else if (str_eq(name, STR("row/policy_evaluated/dkim")))
		row->is_dkim_aligned = verdict(text) == VERDICT_PASS;
	else if (str_eq(name, STR("row/policy_evaluated/spf")))
		row->is_spf_aligned = verdict(text) == VERDICT_PASS;
	else if (str_eq(name, STR("auth_results/spf/scope")))
		row->is_spf_of_helo = str_eq_nocase(text, STR("helo"));
	else if (str_eq(name, STR("auth_results/spf/result")))
		row->spf.verdict = verdict(text);
}

static bool
row_element(void *arg, struct str path, struct str text)
{
	struct reading *r = arg;
	bool is_good = true;

	text = str_trim(text);
	if (str_eq(path, STR("feedback/record"))) {
		r->fn(r->arg, &r->row);
		r->row = (struct dmarc_report_row){ 0 };
		r->check = (struct dmarc_report_check){ 0 };
		arena_reset(r->arena);
		return true;
	}
	if (take_field(r, row_fields, ARRAY_LEN(row_fields), &r->row, path, text, &is_good) ||
	    !str_skip(&path, STR("feedback/record/")))
		return is_good;
	if (str_skip(&path, STR("auth_results/dkim")))
		return take_dkim(r, path, text);
	take_row(&r->row, path, text);
	return true;
}

enum fail
dmarc_report_rows(struct str xml, dmarc_report_row_fn *fn, void *arg)
{
	struct arena arena;
	struct reading r = { .arena = &arena, .fn = fn, .arg = arg };
	enum fail fail;

	arena_init(&arena, DMARC_REPORT_ARENA_MAX);
	fail = xml_walk(xml, row_element, &r);
	arena_release(&arena);
	return r.is_full ? FAIL_LIMIT : fail;
}
