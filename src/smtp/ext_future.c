/* FUTURERELEASE (RFC 4865): hold a submitted message until a time. */
#include "smtp/extension.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "message/date.h"

static bool
is_offered(const struct smtp_session *s)
{
	return smtp_is_submission(s) && s->service->settings->hold_ms > 0;
}

/* How long at most, and until when that is (RFC 4865 4) */
static void
add_limits(const struct smtp_session *s, struct buf *out)
{
	int64_t most_s = s->service->settings->hold_ms / 1000;

	buf_add_char(out, ' ');
	buf_add_i64(out, most_s);
	buf_add_char(out, ' ');
	date_write_3339(out, clock_wall_s() + most_s, 0);
}

static enum smtp_reply
hold_until(struct smtp_session *s, int64_t until_s)
{
	struct envelope *e = &s->txn->envelope;

	if (e->hold_s != 0)
		return REPLY_BAD_VALUE;
	if (until_s > clock_wall_s() + s->service->settings->hold_ms / 1000)
		return smtp_refuse_seconds(s, REPLY_HELD_TOO_LONG,
		    s->service->settings->hold_ms / 1000);
	e->hold_s = until_s;
	return REPLY_OK;
}

/* future-release-interval = 1*9DIGIT, seconds */
static enum smtp_reply
take_holdfor(struct smtp_session *s, struct str value)
{
	uint32_t seconds;

	if (!str_u32(&value, 999999999, &seconds) || value.n > 0 || seconds == 0)
		return REPLY_BAD_VALUE;
	return hold_until(s, clock_wall_s() + seconds);
}

/* future-release-date-time = date-time of RFC 3339 5.6. Liberal: one that is past means now. */
static enum smtp_reply
take_holduntil(struct smtp_session *s, struct str value)
{
	struct date date;

	if (date_parse_3339(value, &date) != FAIL_NONE || date.unix_s <= 0)
		return REPLY_BAD_VALUE;
	return hold_until(s, date.unix_s);
}

const struct smtp_extension smtp_ext_future = {
	.keyword = "FUTURERELEASE",
	.is_offered = is_offered,
	.add_words = add_limits,
	.mail = { { "HOLDFOR", take_holdfor }, { "HOLDUNTIL", take_holduntil } },
};
