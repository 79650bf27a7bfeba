/* Reports that others sent about our mail, for people and for programs. */
#include "cli/cli.h"

/* rooms */
#include "cli/report_input.h"
#include "codec/json_writer.h"
#include "codec/utf8.h"
#include "mailauth/dmarc_report.h"
#include "message/date.h"

#define OUT_MAX (256 * 1024 * 1024) /* bytes of output: eight full reports as JSON */

struct summary {
	struct buf out;
	struct json_writer json;
	bool is_json;
	uint64_t messages, passed; /* of this report */
};

/* Text of strangers in a column. */
static void
add_column(struct buf *out, struct str text, size_t width)
{
	size_t n = utf8_length(text);

	utf8_write_plain(out, text);
	while (n++ < width)
		buf_add_char(out, ' ');
	buf_add_char(out, ' ');
}

static struct str
outcome(bool is_aligned)
{
	return verdict_names[is_aligned ? VERDICT_PASS : VERDICT_FAIL];
}

static bool
passes(const struct dmarc_report_row *row)
{
	return row->is_dkim_aligned || row->is_spf_aligned;
}

/* --- for people ------------------------------------------------------------------------------ */

static void
add_check(struct buf *out, const char *name, const struct dmarc_report_check *check)
{
	buf_add_char(out, ' ');
	buf_add_c(out, name);
	buf_add_char(out, '=');
	buf_add(out, verdict_names[check->verdict]);
	buf_add_char(out, '/');
	utf8_write_plain(out, check->domain);
}

static void
print_row(struct buf *out, const struct dmarc_report_row *row)
{
	struct buf count;

	buf_init(&count, 20);
	buf_add_u64(&count, row->count);
	for (size_t n = count.n; n < 8; n++)
		buf_add_char(out, ' ');
	buf_add(out, buf_str(&count));
	buf_release(&count);
	buf_add_char(out, ' ');
	add_column(out, dmarc_policy_names[row->disposition], 10);
	add_column(out, outcome(row->is_dkim_aligned), 4);
	add_column(out, outcome(row->is_spf_aligned), 4);
	add_column(out, row->source, 24);
	utf8_write_plain(out, row->header_from);
	for (size_t i = 0; i < row->dkim_count; i++)
		add_check(out, "dkim", &row->dkim[i]);
	if (!str_empty(row->spf.domain))
		add_check(out, "spf", &row->spf);
	if (!str_empty(row->reason)) {
		buf_add(out, STR(" because="));
		utf8_write_plain(out, row->reason);
	}
	buf_add_char(out, '\n');
}

static void
print_head(struct buf *out, const struct dmarc_report *r)
{
	utf8_write_plain(out, r->domain);
	buf_add(out, STR(" p="));
	buf_add(out, dmarc_policy_names[r->policy]);
	buf_add(out, STR(", seen by "));
	utf8_write_plain(out, r->organization);
	buf_add(out, STR(" from "));
	date_write_3339(out, (int64_t)r->begin_s, 0);
	buf_add(out, STR(" to "));
	date_write_3339(out, (int64_t)r->end_s, 0);
	buf_add(out,
	    STR("\n   count what was done, dkim, spf, source, from, and what was checked\n"));
}

/* --- for programs ---------------------------------------------------------------------------- */

static void
write_check(struct json_writer *w, const struct dmarc_report_check *check)
{
	json_object_begin(w);
	json_name_string(w, STR("domain"), check->domain);
	if (!str_empty(check->selector))
		json_name_string(w, STR("selector"), check->selector);
	json_name_string(w, STR("result"), verdict_names[check->verdict]);
	json_object_end(w);
}

static void
write_row(struct json_writer *w, const struct dmarc_report_row *row)
{
	json_object_begin(w);
	json_name_string(w, STR("source"), row->source);
	json_name(w, STR("count"));
	json_u64(w, row->count);
	json_name_string(w, STR("disposition"), dmarc_policy_names[row->disposition]);
	json_name_string(w, STR("dkim"), outcome(row->is_dkim_aligned));
	json_name_string(w, STR("spf"), outcome(row->is_spf_aligned));
	json_name_string(w, STR("reason"), row->reason);
	json_name_string(w, STR("comment"), row->comment);
	json_name_string(w, STR("headerFrom"), row->header_from);
	json_name_string(w, STR("envelopeFrom"), row->envelope_from);
	json_name(w, STR("dkimResults"));
	json_array_begin(w);
	for (size_t i = 0; i < row->dkim_count; i++)
		write_check(w, &row->dkim[i]);
	json_array_end(w);
	json_name(w, STR("spfResult"));
	write_check(w, &row->spf);
	json_object_end(w);
}

static void
write_head(struct json_writer *w, struct str path, const struct dmarc_report *r)
{
	json_object_begin(w);
	json_name_string(w, STR("file"), path);
	json_name_string(w, STR("organization"), r->organization);
	json_name_string(w, STR("email"), r->email);
	json_name_string(w, STR("id"), r->id);
	json_name_int(w, STR("begin"), (int64_t)r->begin_s);
	json_name_int(w, STR("end"), (int64_t)r->end_s);
	json_name_string(w, STR("domain"), r->domain);
	json_name_string(w, STR("p"), dmarc_policy_names[r->policy]);
	json_name_string(w, STR("sp"), dmarc_policy_names[r->subdomain_policy]);
	json_name_int(w, STR("pct"), r->percent);
	json_name(w, STR("rows"));
	json_array_begin(w);
}

/* --- both ------------------------------------------------------------------------------------ */

static void
add_row(void *arg, const struct dmarc_report_row *row)
{
	struct summary *s = arg;

	s->messages += row->count;
	s->passed += passes(row) ? row->count : 0;
	if (s->is_json)
		write_row(&s->json, row);
	else
		print_row(&s->out, row);
}

static void
add_total(struct summary *s)
{
	if (s->is_json) {
		json_array_end(&s->json);
		json_name(&s->json, STR("messages"));
		json_u64(&s->json, s->messages);
		json_name(&s->json, STR("passed"));
		json_u64(&s->json, s->passed);
		json_object_end(&s->json);
		return;
	}
	buf_add_u64(&s->out, s->passed);
	buf_add(&s->out, STR(" of "));
	buf_add_u64(&s->out, s->messages);
	buf_add(&s->out, STR(" messages passed\n\n"));
}

/* Nothing of what is malformed; of one whose texts are too long what came before them. */
static enum cli_status
add_report(struct summary *s, struct str path, struct str xml)
{
	struct dmarc_report report;
	struct arena a;
	enum fail fail;

	s->messages = s->passed = 0;
	arena_init(&a, DMARC_REPORT_ARENA_MAX);
	fail = dmarc_report_read(xml, &a, &report);
	if (fail == FAIL_NONE) {
		if (s->is_json)
			write_head(&s->json, path, &report);
		else
			print_head(&s->out, &report);
		fail = dmarc_report_rows(xml, add_row, s);
		add_total(s);
	}
	arena_release(&a);
	return fail == FAIL_NONE ? CLI_OK : cli_fail(path, "is no report of DMARC");
}

enum cli_status
cmd_report_dmarc(const struct cli *cli)
{
	struct summary s = { .is_json = cli->is_json, .json = { .out = &s.out } };
	enum cli_status status = CLI_OK;
	struct buf xml;

	buf_init(&s.out, OUT_MAX);
	buf_init(&xml, REPORT_TEXT_MAX);
	if (s.is_json)
		json_array_begin(&s.json);
	for (size_t i = 0; i < cli->argument_count; i++) {
		buf_clear(&xml);
		if (!cli_report_read(cli->arguments[i], &xml) ||
		    add_report(&s, cli->arguments[i], buf_str(&xml)) != CLI_OK)
			status = CLI_FAILED;
	}
	if (s.is_json) {
		json_array_end(&s.json);
		buf_add_char(&s.out, '\n');
	}
	if (cli_print(&s.out) != CLI_OK)
		status = CLI_FAILED;
	buf_release(&xml);
	buf_release(&s.out);
	return status;
}
