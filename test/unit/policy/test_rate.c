#include "policy/rate.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *text;
	enum fail want;
	int64_t count, window_ms;
} rows[] = {
	{ "", FAIL_NONE, 0, 0 },
	{ "  ", FAIL_NONE, 0, 0 },
	{ "30/1m", FAIL_NONE, 30, 60000 },
	{ " 30/1m ", FAIL_NONE, 30, 60000 },
	{ "1/1s", FAIL_NONE, 1, 1000 },
	{ "1/10", FAIL_NONE, 1, 10000 },
	{ "5/2h", FAIL_NONE, 5, 7200000 },
	{ "5/2H", FAIL_NONE, 5, 7200000 },
	{ "1000000/7d", FAIL_NONE, 1000000, 604800000 },
	{ "1000001/7d", FAIL_LIMIT, 0, 0 },
	{ "1000000/8d", FAIL_LIMIT, 0, 0 },
	{ "1/1000000000d", FAIL_LIMIT, 0, 0 },
	{ "0/1m", FAIL_LIMIT, 0, 0 },
	{ "30/0", FAIL_LIMIT, 0, 0 },
	{ "30", FAIL_SYNTAX, 0, 0 },
	{ "30/", FAIL_SYNTAX, 0, 0 },
	{ "/1m", FAIL_SYNTAX, 0, 0 },
	{ "30/m", FAIL_SYNTAX, 0, 0 },
	{ "30/1w", FAIL_SYNTAX, 0, 0 },
	{ "30/1ms", FAIL_SYNTAX, 0, 0 },
	{ "30 /1m", FAIL_SYNTAX, 0, 0 },
	{ "-3/1m", FAIL_SYNTAX, 0, 0 },
	{ "30/1m,5/1s", FAIL_SYNTAX, 0, 0 },
	{ "99999999999/1m", FAIL_SYNTAX, 0, 0 },
};

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rate rate = { 7, 7 };

		TEST_ROW(rows[i].text);
		CHECK_NUM(rate_parse(str_c(rows[i].text), &rate), rows[i].want);
		CHECK_NUM(rate.count, rows[i].count);
		CHECK_NUM(rate.window_ms, rows[i].window_ms);
	}
	return test_end();
}
