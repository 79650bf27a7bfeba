#include "tlspolicy/rpt_record.h"

/* rooms */
#include "tlspolicy/txt.h"

static void
add(struct rpt_record *r, struct str uri)
{
	if (r->count < RPT_ADDRESSES_MAX &&
	    (str_starts_nocase(uri, STR("mailto:")) || str_starts_nocase(uri, STR("https://"))))
		r->uris[r->count++] = uri;
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
