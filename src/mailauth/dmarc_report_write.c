#include "mailauth/dmarc_report.h"

/* rooms */
#include "codec/xml_writer.h"

static void
add_optional(struct buf *out, const char *name, struct str text)
{
	if (!str_empty(text))
		xml_element(out, name, text);
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
	xml_element(out, "org_name", r->organization);
	xml_element(out, "email", r->email);
	add_optional(out, "extra_contact_info", r->contact);
	xml_element(out, "report_id", r->id);
	buf_add(out, STR("<date_range>\n"));
	xml_element_u64(out, "begin", r->begin_s);
	xml_element_u64(out, "end", r->end_s);
	buf_add(out, STR("</date_range>\n</report_metadata>\n<policy_published>\n"));
	xml_element(out, "domain", r->domain);
	xml_element(out, "adkim", mode(r->is_dkim_strict));
	xml_element(out, "aspf", mode(r->is_spf_strict));
	xml_element(out, "p", dmarc_policy_names[r->policy]);
	xml_element(out, "sp", dmarc_policy_names[r->subdomain_policy]);
	xml_element_u64(out, "pct", r->percent);
	add_failure_options(out, r->failure_options);
	buf_add(out, STR("</policy_published>\n"));
}

static void
add_evaluated(struct buf *out, const struct dmarc_report_row *row)
{
	buf_add(out, STR("<policy_evaluated>\n"));
	xml_element(out, "disposition", dmarc_policy_names[row->disposition]);
	xml_element(out, "dkim", outcome(row->is_dkim_aligned));
	xml_element(out, "spf", outcome(row->is_spf_aligned));
	if (!str_empty(row->reason)) {
		buf_add(out, STR("<reason>\n"));
		xml_element(out, "type", row->reason);
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
		xml_element(out, "domain", row->dkim[i].domain);
		add_optional(out, "selector", row->dkim[i].selector);
		xml_element(out, "result", verdict_names[row->dkim[i].verdict]);
		buf_add(out, STR("</dkim>\n"));
	}
	buf_add(out, STR("<spf>\n"));
	xml_element(out, "domain", row->spf.domain);
	xml_element(out, "scope", row->is_spf_of_helo ? STR("helo") : STR("mfrom"));
	xml_element(out, "result", verdict_names[row->spf.verdict]);
	buf_add(out, STR("</spf>\n</auth_results>\n"));
}

void
dmarc_report_row(struct buf *out, const struct dmarc_report_row *row)
{
	buf_add(out, STR("<record>\n<row>\n"));
	xml_element(out, "source_ip", row->source);
	xml_element_u64(out, "count", row->count);
	add_evaluated(out, row);
	buf_add(out, STR("</row>\n<identifiers>\n"));
	add_optional(out, "envelope_to", row->envelope_to);
	xml_element(out, "envelope_from", row->envelope_from);
	xml_element(out, "header_from", row->header_from);
	buf_add(out, STR("</identifiers>\n"));
	add_checks(out, row);
	buf_add(out, STR("</record>\n"));
}

void
dmarc_report_end(struct buf *out)
{
	buf_add(out, STR("</feedback>\n"));
}
