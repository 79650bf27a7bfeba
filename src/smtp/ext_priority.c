/* MT-PRIORITY (RFC 6710): which messages of a queue go first. */
#include "smtp/extension.h"

/* priority-value = ["-"] NZDIGIT / "0". Who is not trusted may not go before others (RFC 6710 5). */
static enum smtp_reply
take_priority(struct smtp_session *s, struct str value)
{
	bool is_negative = str_skip_char(&value, '-');
	uint32_t n;

	if (value.n != 1 || !str_u32(&value, ENVELOPE_PRIORITY_MAX, &n) || (is_negative && n == 0))
		return REPLY_BAD_VALUE;
	s->txn->is_priority_lowered = !is_negative && n > 0 && !smtp_may_relay(s);
	s->txn->envelope.priority = (int8_t)(is_negative ? -(int)n : (int)n);
	if (s->txn->is_priority_lowered)
		s->txn->envelope.priority = 0;
	return REPLY_OK;
}

const struct smtp_extension smtp_ext_priority = {
	.keyword = "MT-PRIORITY",
	.mail = { { "MT-PRIORITY", take_priority } },
};
