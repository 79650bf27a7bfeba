#include "tlspolicy/rpt_record.h"

/* rooms */
#include "tlspolicy/txt.h"

/* RFC 6068: what stands behind "?" is not for us. */
static void
add(struct rpt_record *r, struct str uri)
{
	struct str mail = uri;

	if (r->count == RPT_ADDRESSES_MAX)
		return;
	if (str_skip_nocase(&mail, STR("mailto:"))) {
		mail = str_head(mail, str_find_char(mail, '?'));
		if (str_find_char(mail, '@') == STR_NONE)
			return;
		r->addresses[r->count++] = (struct rpt_address){ .uri = uri, .mail = mail };
	} else if (str_starts_nocase(uri, STR("https://"))) {
		r->addresses[r->count++] = (struct rpt_address){ .uri = uri };
	}
}

enum fail
rpt_record_parse(const struct dns_record *records, size_t count, struct rpt_record *out)
{
	struct str text, list, uri;

	*out = (struct rpt_record){ 0 };
	if (txt_choose(records, count, STR("v=TLSRPTv1"), &text) != FAIL_NONE ||
	    txt_parse(text, STR("v=TLSRPTv1"), STR("rua"), &list) != FAIL_NONE)
		return FAIL_MISSING;
	while (
	    str_next_part(&list, ',', &uri)) /* tlsrpt-rua = "rua=" tlsrpt-uri *("," tlsrpt-uri) */
		add(out, str_trim(uri));
	return out->count > 0 ? FAIL_NONE : FAIL_MISSING;
}
