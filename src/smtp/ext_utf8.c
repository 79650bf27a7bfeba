/* SMTPUTF8 (RFC 6531): addresses and header fields in UTF-8. */
#include "smtp/extension.h"

/* RFC 6531 3.4: the parameter has no value */
static enum smtp_reply
take_utf8(struct smtp_session *s, struct str value)
{
	s->txn->envelope.is_utf8 = true;
	return str_empty(value) ? REPLY_OK : REPLY_BAD_VALUE;
}

const struct smtp_extension smtp_ext_utf8 = {
	.keyword = "SMTPUTF8",
	.mail = { { "SMTPUTF8", take_utf8 } },
};
