/* 8BITMIME (RFC 6152): all bytes are kept as they are, so BODY= only tells later hosts what to expect. */
#include "smtp/extension.h"

/* body-value ::= "7BIT" / "8BITMIME" */
static enum smtp_reply
take_body(struct smtp_session *s, struct str value)
{
	if (str_eq_nocase(value, STR("7BIT")))
		return REPLY_OK;
	if (!str_eq_nocase(value, STR("8BITMIME")))
		return REPLY_BAD_VALUE;
	s->txn->envelope.body = BODY_8BITMIME;
	return REPLY_OK;
}

const struct smtp_extension smtp_ext_8bitmime = {
	.keyword = "8BITMIME",
	.mail = { { "BODY", take_body } },
};
