/* REQUIRETLS (RFC 8689): a message that goes over verified TLS all the way, or comes back. */
#include "smtp/extension.h"

/* Only over TLS (RFC 8689 2): the promise begins here. */
static bool
has_tls(const struct smtp_session *s)
{
	return (s->have & HAVE_TLS) != 0;
}

static enum smtp_reply
take_requiretls(struct smtp_session *s, struct str value)
{
	s->txn->envelope.is_tls_must = true;
	return str_empty(value) ? REPLY_OK : REPLY_BAD_VALUE;
}

const struct smtp_extension smtp_ext_requiretls = {
	.keyword = "REQUIRETLS",
	.is_offered = has_tls,
	.mail = { { "REQUIRETLS", take_requiretls } },
};
