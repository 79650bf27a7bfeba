#include "cli/record.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json_writer.h"

#define STRING_MAX 255 /* bytes of one string of TXT (RFC 1035 3.3) */
#define OK_MAX     120 /* bytes of what is right: a key of 400 need not be read again */

static const char *const types[] = {
	[RECORD_MX] = "MX",
	[RECORD_ADDRESS] = "A",
	[RECORD_REVERSE] = "PTR",
	[RECORD_SPF] = "TXT",
	[RECORD_DKIM] = "TXT",
	[RECORD_NO_DKIM] = "TXT",
	[RECORD_DMARC] = "TXT",
	[RECORD_MTA_STS] = "TXT",
	[RECORD_TLS_RPT] = "TXT",
	[RECORD_TLSA] = "TLSA",
	[RECORD_SRV] = "SRV",
	[RECORD_ALIAS] = "CNAME",
	[RECORD_CAA] = "CAA",
};
static_assert(ARRAY_LEN(types) == RECORD_RULE_COUNT, "every rule has its type");

static const struct str states[] = {
	[RECORD_OK] = STR_INIT("ok"),
	[RECORD_MISSING] = STR_INIT("missing"),
	[RECORD_WRONG] = STR_INIT("wrong"),
	[RECORD_UNKNOWN] = STR_INIT("unknown"),
};
static_assert(ARRAY_LEN(states) == RECORD_STATE_COUNT, "every state has its word");

const char *
record_type(const struct record *r)
{
	return types[r->rule];
}

static bool
is_text(const struct record *r)
{
	return str_eq(str_c(types[r->rule]), STR("TXT"));
}

/* --- zones ------------------------------------------------------------------------------------ */

void
record_write_string(struct str text, struct buf *out)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' || c > '~') {
			buf_add_char(out, '\\');
			buf_add_u64_padded(out, c, 3);
			continue;
		}
		if (c == '"' || c == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, (char)c);
	}
	buf_add_char(out, '"');
}

static void
write_data(const struct record *r, struct buf *out)
{
	struct str rest = r->data;

	if (!is_text(r)) {
		buf_add(out, rest);
		return;
	}
	do {
		if (rest.n < r->data.n)
			buf_add_char(out, ' ');
		record_write_string(str_head(rest, STRING_MAX), out);
		rest = str_from(rest, STRING_MAX);
	} while (rest.n > 0);
}

void
record_write_line(const struct record *r, struct buf *out)
{
	if (is_text(r) && r->data.n > STRING_MAX)
		buf_add(out,
		    STR("; A form for records takes all of it as one text, without the quotes "
			"and what stands between two.\n"));
	buf_add(out, r->is_example || r->is_elsewhere ? STR("; ") : STR(""));
	buf_add(out, r->name);
	buf_add(out, STR(". "));
	buf_add_c(out, types[r->rule]);
	buf_add_char(out, ' ');
	write_data(r, out);
	buf_add_char(out, '\n');
}

void
records_write_zone(const struct records *rs, struct buf *out)
{
	for (size_t i = 0; i < rs->count; i++) {
		const struct record *r = &rs->items[i];

		if (i > 0)
			buf_add_char(out, '\n');
		buf_add(out, STR("; "));
		buf_add(out, r->why);
		if (r->is_elsewhere)
			buf_add(out,
			    STR(" It goes into the zone of that name, which is not this one."));
		buf_add_char(out, '\n');
		record_write_line(r, out);
	}
}

/* --- what came of a check --------------------------------------------------------------------- */

static void
write_report_line(const struct record *r, struct buf *out)
{
	bool is_ok = r->state == RECORD_OK;

	buf_add(out, states[r->state]);
	for (size_t n = states[r->state].n; n < sizeof "missing"; n++)
		buf_add_char(out, ' ');
	buf_add(out, r->name);
	buf_add_char(out, ' ');
	buf_add_c(out, types[r->rule]);
	if (!str_empty(r->got)) {
		buf_add(out, is_ok ? STR(": ") : STR(": is "));
		buf_add(out, is_ok ? str_head(r->got, OK_MAX) : r->got);
		buf_add(out, is_ok && r->got.n > OK_MAX ? STR("..") : STR(""));
	}
	if (r->but[0]) {
		buf_add(out, STR(" ("));
		buf_add_c(out, r->but);
		buf_add_char(out, ')');
	}
	if (!is_ok) {
		buf_add(out, str_empty(r->got) ? STR(": should be ") : STR("; should be "));
		write_data(r, out);
	}
	if (r->state == RECORD_MISSING && !r->is_needed)
		buf_add(out, STR(" (mail works without it)"));
	buf_add_char(out, '\n');
	if ((r->state == RECORD_MISSING || r->state == RECORD_WRONG) && !str_empty(r->why)) {
		buf_add(out, STR("        "));
		buf_add(out, r->why);
		buf_add_char(out, '\n');
	}
}

void
records_write_report(const struct records *rs, struct buf *out)
{
	for (size_t i = 0; i < rs->count; i++)
		write_report_line(&rs->items[i], out);
}

static void
write_json(const struct record *r, bool is_checked, struct json_writer *w)
{
	json_object_begin(w);
	json_name_string(w, STR("name"), r->name);
	json_name_string(w, STR("type"), str_c(types[r->rule]));
	json_name_string(w, STR("data"), r->data);
	json_name_string(w, STR("why"), r->why);
	json_name_bool(w, STR("needed"), r->is_needed);
	json_name_bool(w, STR("example"), r->is_example);
	if (is_checked) {
		json_name_string(w, STR("state"), states[r->state]);
		json_name_string(w, STR("found"), r->got);
		json_name_string(w, STR("but"), str_c(r->but));
	}
	json_object_end(w);
}

void
records_write_json(const struct records *rs, bool is_checked, struct buf *out)
{
	struct json_writer w = { .out = out };

	json_array_begin(&w);
	for (size_t i = 0; i < rs->count; i++)
		write_json(&rs->items[i], is_checked, &w);
	json_array_end(&w);
	buf_add_char(out, '\n');
}
