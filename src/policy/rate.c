#include "policy/rate.h"

/* base */
#include "base/mem.h"

#define NUMBER_MAX 1000000000 /* of counts and time units; in days still far below 2^63 ms */

static const struct {
	char name;
	int64_t ms;
} units[] = {
	{ 's', 1000 },
	{ 'm', 60 * 1000 },
	{ 'h', 3600 * 1000 },
	{ 'd', 24 * 3600 * 1000 },
};

static bool
parse_time(struct str cur, int64_t *ms_out)
{
	uint32_t number;

	if (!str_u32(&cur, NUMBER_MAX, &number) || cur.n > 1)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (cur.n == 0 || char_lower(cur.p[0]) == units[i].name) {
			*ms_out = (int64_t)number * units[i].ms;
			return true;
		}
	}
	return false;
}

enum fail
rate_parse(struct str text, struct rate *out)
{
	struct rate rate;
	uint32_t count;

	*out = (struct rate){ 0 };
	text = str_trim(text);
	if (str_empty(text))
		return FAIL_NONE;
	if (!str_u32(&text, NUMBER_MAX, &count) || !str_skip_char(&text, '/') ||
	    !parse_time(text, &rate.window_ms))
		return FAIL_SYNTAX;
	rate.count = count;
	if (rate.count < 1 || rate.count > RATE_COUNT_MAX || rate.window_ms < RATE_WINDOW_MS_MIN ||
	    rate.window_ms > RATE_WINDOW_MS_MAX)
		return FAIL_LIMIT;
	*out = rate;
	return FAIL_NONE;
}
