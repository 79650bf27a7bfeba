/*
 * 8BITMIME (RFC 6152) and BINARYMIME (RFC 3030 3). Eight bits are kept as they are, so BODY= only tells
 * later hosts what to expect. Binary parts are taken in chunks and turned into base64 at the end
 * (queue/deposit.h), so that nobody behind us meets a NUL or a line without an end.
 */
#include "smtp/extension.h"

/* body-value ::= "7BIT" / "8BITMIME" / "BINARYMIME" */
static enum smtp_reply
take_body(struct smtp_session *s, struct str value)
{
	if (str_eq_nocase(value, STR("7BIT")))
		return REPLY_OK;
	if (str_eq_nocase(value, STR("8BITMIME")))
		s->txn->envelope.body = BODY_8BITMIME;
	else if (str_eq_nocase(value, STR("BINARYMIME")))
		s->txn->envelope.body = BODY_BINARYMIME;
	else
		return REPLY_BAD_VALUE;
	return REPLY_OK;
}

const struct smtp_extension smtp_ext_8bitmime = {
	.keyword = "8BITMIME",
	.mail = { { "BODY", take_body } },
};
const struct smtp_extension smtp_ext_binarymime = { .keyword = "BINARYMIME" };
