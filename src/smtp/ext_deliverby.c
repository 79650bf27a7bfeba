/* DELIVERBY (RFC 2852): a message that is worth nothing, or worth a word, when it comes too late. */
#include "smtp/extension.h"

/* base */
#include "base/clock.h"

#define BY_DIGITS 9         /* by-time = ["-" / "+"] 1*9digit (RFC 2852 4) */
#define BY_MAX_S  999999999 /* what they say at most */

static bool
is_smtp(const struct smtp_session *s)
{
	return !smtp_is_lmtp(s); /* LMTP delivers now or never */
}

/* by-value = by-time ";" ("N" / "R") ["T"]; with "R" the time must be ahead */
static enum smtp_reply
take_by(struct smtp_session *s, struct str value)
{
	struct envelope *e = &s->txn->envelope;
	bool is_past = str_skip_char(&value, '-');
	struct str digits = value;
	uint64_t seconds;

	if (!is_past && str_skip_char(&value, '+'))
		digits = value;
	if (!str_u64(&value, UINT64_MAX, &seconds) || !str_skip_char(&value, ';'))
		return REPLY_BAD_VALUE;
	if (digits.n - value.n - 1 > BY_DIGITS)
		return smtp_refuse_seconds(s, REPLY_BY_TOO_LONG, BY_MAX_S);
	e->by = BY_NONE;
	if (str_skip_nocase(&value, STR("N")))
		e->by = BY_NOTIFY;
	else if (str_skip_nocase(&value, STR("R")))
		e->by = BY_RETURN;
	e->is_by_traced = str_skip_nocase(&value, STR("T"));
	if (e->by == BY_NONE || value.n > 0 || (e->by == BY_RETURN && (is_past || seconds == 0)))
		return REPLY_BAD_VALUE;
	e->by_s = clock_wall_s() + (is_past ? -(int64_t)seconds : (int64_t)seconds);
	return REPLY_OK;
}

const struct smtp_extension smtp_ext_deliverby = {
	.keyword = "DELIVERBY",
	.is_offered = is_smtp,
	.mail = { { "BY", take_by } },
};
