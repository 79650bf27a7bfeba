/* SIZE (RFC 1870): what we take at most, and what the client says it will send. */
#include "smtp/extension.h"

static void
add_limit(const struct smtp_session *s, struct buf *out)
{
	buf_add_char(out, ' ');
	buf_add_i64(out, s->service->settings->message_bytes);
}

/* size-value ::= 1*20DIGIT; a message that is too big is refused before it is sent (RFC 1870 6.1) */
static enum smtp_reply
take_size(struct smtp_session *s, struct str value)
{
	if (!str_u64(&value, UINT64_MAX, &s->txn->envelope.size) || value.n > 0)
		return REPLY_BAD_VALUE;
	return s->txn->envelope.size > (uint64_t)s->service->settings->message_bytes ? REPLY_TOO_BIG
										     : REPLY_OK;
}

const struct smtp_extension smtp_ext_size = {
	.keyword = "SIZE",
	.add_words = add_limit,
	.mail = { { "SIZE", take_size } },
};
