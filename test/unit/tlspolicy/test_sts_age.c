/* What the age of a kept policy asks for (RFC 8461 3.3, 10.2). */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "tlspolicy/sts_age.h"

#define NOW  1700000000
#define HOUR 3600
#define DAY  (24 * HOUR)
#define WEEK (7 * DAY)

static const struct {
	const char *name;
	int64_t max_age_s, fetched_s, failed_s,
	    used_s; /* the times before now; failed_s -1: never */
	enum sts_fate want;
	int64_t next_s, spread_s; /* after now: so early at most, and so much earlier */
} rows[] = {
	{ "just fetched", WEEK, 0, -1, 0, STS_STAYS, DAY, 3 * HOUR },
	{ "before its day is over", WEEK, 20 * HOUR, -1, 20 * HOUR, STS_STAYS, 4 * HOUR, 3 * HOUR },
	{ "a day old", WEEK, DAY, -1, DAY, STS_DUE, 0, 0 },
	{ "the clock was set ahead and back", WEEK, -DAY, -1, -DAY, STS_DUE, 0, 0 },
	{ ".. and it was tried", WEEK, -DAY, HOUR, -DAY, STS_STAYS, 5 * HOUR, 0 },
	{ ".. and it was tried long ago", WEEK, -DAY, 6 * HOUR, -DAY, STS_DUE, 0, 0 },
	{ "given a day: half of it", DAY, 0, -1, 0, STS_STAYS, 12 * HOUR, 90 * 60 },
	{ "given a day, and half of it is over", DAY, 12 * HOUR, -1, 0, STS_DUE, 0, 0 },
	{ "given a day, and it is over", DAY, DAY, -1, 0, STS_OVER, 0, 0 },
	{ "given a day, and it failed", DAY, 12 * HOUR, 0, 0, STS_STAYS, 3 * HOUR, 0 },
	{ ".. and can be tried once more", DAY, 23 * HOUR, 3 * HOUR, 0, STS_DUE, 0, 0 },
	{ "given two hours", 2 * HOUR, 0, -1, 0, STS_STAYS, HOUR, 450 },
	{ "given an hour: it lapses", HOUR, 0, -1, 0, STS_STAYS, HOUR, 450 },
	{ "given nothing", 0, 0, -1, 0, STS_OVER, 0, 0 },
	{ "given a year", STS_MAX_AGE_S, 0, -1, 0, STS_STAYS, DAY, 3 * HOUR },

	{ "it failed", WEEK, DAY, 0, 0, STS_STAYS, 6 * HOUR, 0 },
	{ "it failed a while ago", WEEK, 2 * DAY, 6 * HOUR, 0, STS_DUE, 0, 0 },
	{ "it failed, and then not", WEEK, 0, HOUR, 0, STS_STAYS, DAY, 3 * HOUR },
	{ "it will have failed", WEEK, DAY, -DAY, 0, STS_DUE, 0, 0 },
	{ "it failed to the end", WEEK, WEEK, 0, 0, STS_OVER, 0, 0 },
	{ "the end is before the next try", WEEK, WEEK - 60, 0, 0, STS_STAYS, 60, 0 },

	{ "used last a quarter ago", WEEK, DAY, -1, 90 * DAY, STS_DUE, 0, 0 },
	{ "not used any more: it stays to its end", WEEK, DAY, -1, 91 * DAY, STS_STAYS, 6 * DAY,
	    0 },
	{ "not used any more, and it is over", WEEK, WEEK, -1, 91 * DAY, STS_OVER, 0, 0 },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sts_kept kept = { .has_policy = true,
			.policy = { .mode = STS_ENFORCE, .max_age_s = rows[i].max_age_s },
			.fetched_s = NOW - rows[i].fetched_s,
			.failed_s = rows[i].failed_s == -1 ? 0 : NOW - rows[i].failed_s,
			.used_s = NOW - rows[i].used_s };
		int64_t next_s = 0;

		TEST_ROW(rows[i].name);
		CHECK_NUM(sts_age_fate(&kept, STR("a.test"), NOW, &next_s), rows[i].want);
		if (rows[i].want != STS_STAYS)
			continue;
		CHECK(next_s - NOW <= rows[i].next_s);
		CHECK(next_s - NOW >= rows[i].next_s - rows[i].spread_s);
		/* At that time another answer is given. */
		kept.used_s = rows[i].used_s > STS_UNUSED_S ? kept.used_s : next_s;
		CHECK(sts_age_fate(&kept, STR("a.test"), next_s, &next_s) != STS_STAYS);
	}
}

/* What was fetched in the same second is not due in the same. */
static void
test_spread(void)
{
	struct sts_kept kept = { .has_policy = true,
		.policy = { .mode = STS_ENFORCE, .max_age_s = WEEK },
		.fetched_s = NOW,
		.used_s = NOW };
	int64_t first_s = INT64_MAX, last_s = 0, next_s = 0;

	TEST_ROW("spread");
	for (const char *c = "abcdefghijklmnopqrstuvwxyz"; *c; c++) {
		CHECK_NUM(sts_age_fate(&kept, str_of(c, 1), NOW, &next_s), STS_STAYS);
		first_s = next_s < first_s ? next_s : first_s;
		last_s = next_s > last_s ? next_s : last_s;
	}
	CHECK(last_s - first_s > HOUR);
	CHECK(last_s <= NOW + DAY && first_s >= NOW + DAY - DAY / STS_SPREAD_PART);
}

static void
test_failure_alone(void)
{
	struct sts_kept kept = { .failed_s = NOW };
	int64_t next_s = 0;

	TEST_ROW("a failure without a policy counts for its pause");
	CHECK_NUM(sts_age_fate(&kept, STR("a.test"), NOW + 1, &next_s), STS_STAYS);
	CHECK_NUM(next_s, NOW + STS_PAUSE_S);
	CHECK_NUM(sts_age_fate(&kept, STR("a.test"), NOW + STS_PAUSE_S, &next_s), STS_OVER);
	CHECK_NUM(sts_age_fate(&kept, STR("a.test"), NOW - 1, &next_s), STS_OVER);
}

static void
test_mail(void)
{
	struct sts_kept kept = { .has_policy = true,
		.policy = { .max_age_s = DAY },
		.fetched_s = NOW,
		.used_s = NOW };

	TEST_ROW("mail wants a fetch after half of the time that was given");
	CHECK(sts_age_is_fresh(&kept, NOW + 12 * HOUR));
	CHECK(!sts_age_is_fresh(&kept, NOW + 12 * HOUR + 1));
	kept.policy.max_age_s = 4 * DAY;
	TEST_ROW(".. or a day");
	CHECK(sts_age_is_fresh(&kept, NOW + DAY));
	CHECK(!sts_age_is_fresh(&kept, NOW + DAY + 1));
	TEST_ROW("a use is noted once a day");
	CHECK(!sts_age_is_new_use(&kept, NOW + DAY - 1));
	CHECK(sts_age_is_new_use(&kept, NOW + DAY));
	CHECK(sts_age_is_new_use(&kept, NOW - 1)); /* the clock was set back */
}

int
main(void)
{
	test_rows();
	test_spread();
	test_failure_alone();
	test_mail();
	return test_end();
}
