/* DSN (RFC 3461): which reports the sender wants, and what to put into them. */
#include "smtp/extension.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "envelope/xtext.h"

/* ret-value = "FULL" / "HDRS" (RFC 3461 4.3) */
static enum smtp_reply
take_ret(struct smtp_session *s, struct str value)
{
	if (str_eq_nocase(value, STR("FULL")))
		s->txn->envelope.ret = RETURN_FULL;
	else if (str_eq_nocase(value, STR("HDRS")))
		s->txn->envelope.ret = RETURN_HEADERS;
	else
		return REPLY_BAD_VALUE;
	return REPLY_OK;
}

/* envid-parameter = "ENVID=" xtext, at most 100 characters (RFC 3461 4.4) */
static enum smtp_reply
take_envid(struct smtp_session *s, struct str value)
{
	struct buf decoded;
	enum smtp_reply reply = REPLY_BAD_VALUE;

	buf_init(&decoded, ENVELOPE_ID_MAX);
	if (xtext_parse(&decoded, value) == FAIL_NONE && decoded.n > 0) {
		s->txn->envelope.id = arena_str(&s->txn->arena, buf_str(&decoded));
		reply = REPLY_OK;
	}
	buf_release(&decoded);
	return reply;
}

/* notify-esmtp-value = "NEVER" / 1#( "SUCCESS" / "FAILURE" / "DELAY" ) (RFC 3461 4.1) */
static enum smtp_reply
take_notify(struct smtp_session *s, struct str value)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {
		{ "SUCCESS", NOTIFY_SUCCESS },
		{ "FAILURE", NOTIFY_FAILURE },
		{ "DELAY", NOTIFY_DELAY },
	};
	unsigned *notify = &s->txn->draft.notify;
	struct str word;

	if (str_eq_nocase(value, STR("NEVER"))) {
		*notify = NOTIFY_NEVER;
		return REPLY_OK;
	}
	while (str_next_part(&value, ',', &word)) {
		size_t i = 0;

		while (i < ARRAY_LEN(words) && !str_eq_nocase(word, str_c(words[i].word)))
			i++;
		if (i == ARRAY_LEN(words))
			return REPLY_BAD_VALUE;
		*notify |= words[i].bit;
	}
	return *notify != 0 ? REPLY_OK : REPLY_BAD_VALUE;
}

/* Is it "type;address"? Of type utf-8 the address may be in UTF-8 (RFC 6533 3), else it is xtext. */
static bool
is_original(struct str value)
{
	struct str type;
	struct buf decoded;
	bool is_good;

	if (value.n > ENVELOPE_ORIGINAL_MAX || !str_take_until(&value, ';', &type) || type.n == 0 ||
	    value.n == 0)
		return false;
	for (size_t i = 0; i < type.n; i++)
		if (!char_is_alpha(type.p[i]) && !char_is_digit(type.p[i]) && type.p[i] != '-')
			return false;
	if (str_eq_nocase(type, STR("utf-8")) && !utf8_is_ascii(value))
		return utf8_is_valid(value);
	buf_init(&decoded, ENVELOPE_ORIGINAL_MAX);
	is_good = xtext_parse(&decoded, value) == FAIL_NONE;
	buf_release(&decoded);
	return is_good;
}

/* orcpt-parameter = "ORCPT=" addr-type ";" xtext (RFC 3461 4.2) */
static enum smtp_reply
take_orcpt(struct smtp_session *s, struct str value)
{
	if (!is_original(value))
		return REPLY_BAD_VALUE;
	s->txn->draft.original = arena_str(&s->txn->arena, value);
	return s->txn->draft.original.p ? REPLY_OK : REPLY_TOO_MANY_RCPT;
}

const struct smtp_extension smtp_ext_dsn = {
	.keyword = "DSN",
	.mail = { { "RET", take_ret }, { "ENVID", take_envid } },
	.rcpt = { { "NOTIFY", take_notify }, { "ORCPT", take_orcpt } },
};
