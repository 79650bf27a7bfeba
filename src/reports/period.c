#include "reports/period.h"

/* rooms */
#include "crypto/hash.h"

static int64_t
length_s(int64_t interval_ms)
{
	return interval_ms < 1000 ? 1 : interval_ms / 1000;
}

struct period
period_at(int64_t now_s, int64_t interval_ms)
{
	int64_t length = length_s(interval_ms), begin_s;

	if (now_s < 0) /* a clock that nobody set: the first period */
		now_s = 0;
	begin_s = now_s - now_s % length;
	return (struct period){ begin_s, begin_s + length };
}

int64_t
period_due_s(int64_t end_s, int64_t interval_ms, struct str hostname)
{
	unsigned char hash[HASH_SIZE_MAX];
	int64_t spread_s = length_s(interval_ms) / PERIOD_SPREAD, lot = 0;

	hash_once(HASH_SHA256, hostname, hash);
	for (size_t i = 0; i < sizeof(uint32_t); i++)
		lot = lot << 8 | hash[i];
	return end_s + (spread_s > 0 ? lot % spread_s : 0);
}
