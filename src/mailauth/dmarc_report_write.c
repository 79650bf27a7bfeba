#include "mailauth/dmarc_report.h"

/* rooms */
#include "codec/utf8.h"

/* Text without markup, controls and malformed UTF-8 (XML 1.0 2.2). */
static void
add_text(struct buf *out, struct str text)
{
	while (text.n > 0) {
		uint32_t c = utf8_take(&text);

		switch (c) {
		case '&': buf_add(out, STR("&amp;")); break;
		case '<': buf_add(out, STR("&lt;")); break;
		case '>': buf_add(out, STR("&gt;")); break;
		case 0xfffe:
		case 0xffff: buf_add_char(out, '?'); break;
		default: utf8_write(out, utf8_is_control(c) ? '?' : c);
		}
	}
}

static void
add_element(struct buf *out, const char *name, struct str text)
{
	buf_add_char(out, '<');
	buf_add_c(out, name);
	buf_add_char(out, '>');
	add_text(out, text);
	buf_add(out, STR("</"));
	buf_add_c(out, name);
	buf_add(out, STR(">\n"));
}

static void
add_optional(struct buf *out, const char *name, struct str text)
{
	if (!str_empty(text))
		add_element(out, name, text);
}

static void
add_number(struct buf *out, const char *name, uint64_t n)
{
	struct buf text;

	buf_init(&text, 20);
	buf_add_u64(&text, n);
	add_element(out, name, buf_str(&text));
	buf_release(&text);
}

static struct str
mode(bool is_strict)
{
	return is_strict ? STR("s") : STR("r");
}

static struct str
outcome(bool is_aligned)
{
	return verdict_names[is_aligned ? VERDICT_PASS : VERDICT_FAIL];
}

/* "0:1:d:s" */
static void
add_failure_options(struct buf *out, unsigned options)
{
	static const struct str letters = STR_INIT("01ds");
	struct buf text;

	buf_init(&text, 10);
	for (size_t i = 0; i < letters.n; i++) {
		if (!(options & (1u << i)))
			continue;
		if (text.n > 0)
			buf_add_char(&text, ':');
		buf_add_char(&text, letters.p[i]);
	}
	add_optional(out, "fo", buf_str(&text));
	buf_release(&text);
}

void
dmarc_report_begin(struct buf *out, const struct dmarc_report *r)
{
	buf_add(out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feedback>\n"));
	buf_add(out, STR("<version>1.0</version>\n<report_metadata>\n"));
	add_element(out, "org_name", r->organization);
	add_element(out, "email", r->email);
	add_optional(out, "extra_contact_info", r->contact);
	add_element(out, "report_id", r->id);
	buf_add(out, STR("<date_range>\n"));
	add_number(out, "begin", r->begin_s);
	add_number(out, "end", r->end_s);
	buf_add(out, STR("</date_range>\n</report_metadata>\n<policy_published>\n"));
	add_element(out, "domain", r->domain);
	add_element(out, "adkim", mode(r->is_dkim_strict));
	add_element(out, "aspf", mode(r->is_spf_strict));
	add_element(out, "p", dmarc_policy_names[r->policy]);
	add_element(out, "sp", dmarc_policy_names[r->subdomain_policy]);
	add_number(out, "pct", r->percent);
	add_failure_options(out, r->failure_options);
	buf_add(out, STR("</policy_published>\n"));
}

static void
add_evaluated(struct buf *out, const struct dmarc_report_row *row)
{
	buf_add(out, STR("<policy_evaluated>\n"));
	add_element(out, "disposition", dmarc_policy_names[row->disposition]);
	add_element(out, "dkim", outcome(row->is_dkim_aligned));
	add_element(out, "spf", outcome(row->is_spf_aligned));
	if (!str_empty(row->reason)) {
		buf_add(out, STR("<reason>\n"));
		add_element(out, "type", row->reason);
		add_optional(out, "comment", row->comment);
		buf_add(out, STR("</reason>\n"));
	}
	buf_add(out, STR("</policy_evaluated>\n"));
}

static void
add_checks(struct buf *out, const struct dmarc_report_row *row)
{
	buf_add(out, STR("<auth_results>\n"));
	for (size_t i = 0; i < row->dkim_count; i++) {
		buf_add(out, STR("<dkim>\n"));
		add_element(out, "domain", row->dkim[i].domain);
		add_optional(out, "selector", row->dkim[i].selector);
		add_element(out, "result", verdict_names[row->dkim[i].verdict]);
		buf_add(out, STR("</dkim>\n"));
	}
	buf_add(out, STR("<spf>\n"));
	add_element(out, "domain", row->spf.domain);
	add_element(out, "scope", row->is_spf_of_helo ? STR("helo") : STR("mfrom"));
	add_element(out, "result", verdict_names[row->spf.verdict]);
	buf_add(out, STR("</spf>\n</auth_results>\n"));
}

void
dmarc_report_row(struct buf *out, const struct dmarc_report_row *row)
{
	buf_add(out, STR("<record>\n<row>\n"));
	add_element(out, "source_ip", row->source);
	add_number(out, "count", row->count);
	add_evaluated(out, row);
	buf_add(out, STR("</row>\n<identifiers>\n"));
	add_optional(out, "envelope_to", row->envelope_to);
	add_element(out, "envelope_from", row->envelope_from);
	add_element(out, "header_from", row->header_from);
	buf_add(out, STR("</identifiers>\n"));
	add_checks(out, row);
	buf_add(out, STR("</record>\n"));
}

void
dmarc_report_end(struct buf *out)
{
	buf_add(out, STR("</feedback>\n"));
}
