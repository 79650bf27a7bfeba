/* What a report covers, and when it is due. */
#include "reports/period.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define DAY_MS ((int64_t)86400000)

static const struct {
	const char *name;
	int64_t now_s, interval_ms, begin_s, end_s;
} rows[] = {
	{ "midnight", 1763683200, DAY_MS, 1763683200, 1763769600 },
	{ "the second before", 1763683199, DAY_MS, 1763596800, 1763683200 },
	{ "an hour", 1763683200 + 3599, 3600000, 1763683200, 1763686800 },
	{ "a second", 77, 1000, 77, 78 },
	{ "less than that is one", 77, 10, 77, 78 },
	{ "before there was time", -5, DAY_MS, 0, 86400 },
};

int
main(void)
{
	bool differ = false;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct period p = period_at(rows[i].now_s, rows[i].interval_ms);

		TEST_ROW(rows[i].name);
		CHECK_NUM(p.begin_s, rows[i].begin_s);
		CHECK_NUM(p.end_s, rows[i].end_s);
	}
	TEST_ROW("hosts write at different times, each at its own");
	for (int i = 0; i < 26; i++) {
		char c = (char)('a' + i);
		struct str host = str_of(&c, 1);
		int64_t due_s = period_due_s(86400, DAY_MS, host);

		CHECK(due_s >= 86400 && due_s < 86400 + 4 * 3600);
		CHECK_NUM(period_due_s(2 * 86400, DAY_MS, host), due_s + 86400);
		differ |= due_s != period_due_s(86400, DAY_MS, STR("a"));
	}
	CHECK(differ);
	TEST_ROW("no room to spread");
	CHECK_NUM(period_due_s(100, 1000, STR("a")), 100);
	return test_end();
}
