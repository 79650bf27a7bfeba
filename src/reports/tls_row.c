#include "reports/tls_row.h"

/* rooms */
#include "store/record.h"

#define VERSION 1

void
tls_row_write(struct buf *out, const struct rpt_session *s)
{
	record_begin(out, VERSION);
	record_add_u64(out, s->type);
	record_add_bytes(out, str_head(s->policy_domain, TLS_ROW_NAME_MAX));
	record_add_bytes(out, str_head(s->strings, RPT_TEXT_MAX));
	record_add_u64(out, s->result);
	record_add_bytes(out, str_head(s->host, TLS_ROW_NAME_MAX));
	record_add_bytes(out, str_head(s->address, TLS_ROW_NAME_MAX));
	record_add_bytes(out, str_head(s->sender, TLS_ROW_NAME_MAX));
	record_add_bytes(out, str_head(s->reason, TLS_ROW_NAME_MAX));
	record_add_bool(out, s->is_aside);
}

enum fail
tls_row_read(struct str row, struct rpt_session *out)
{
	struct record r;
	uint32_t type, result;

	*out = (struct rpt_session){ .result = TLS_RESULT_SUCCESS };
	record_read(&r, row);
	type = record_u32(&r);
	out->policy_domain = record_bytes(&r);
	out->strings = record_bytes(&r);
	result = record_u32(&r);
	out->host = record_bytes(&r);
	out->address = record_bytes(&r);
	out->sender = record_bytes(&r);
	out->reason = record_bytes(&r);
	out->is_aside = record_bool(&r);
	if (record_end(&r) != FAIL_NONE || type >= RPT_TYPE_COUNT || result >= TLS_RESULT_COUNT)
		return FAIL_PERM;
	out->type = (enum rpt_type)type;
	out->result = (enum tls_result)result;
	return FAIL_NONE;
}
