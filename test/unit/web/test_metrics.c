#include "web/metrics.h"

/* base */
#include "base/test.h"

int
main(void)
{
	static const uint64_t turns = 12345678901u;
	static const size_t count = 3;
	struct metrics m = { 0 };
	struct buf out;

	buf_init(&out, 10000);
	TEST_ROW("nothing");
	metrics_write(&m, &out);
	CHECK_STR(buf_str(&out), STR(""));
	TEST_ROW("a counter and a level");
	metrics_add(&m,
	    &(struct metric){ "a_turns", "Turns.", METRIC_COUNTER, metric_u64, &turns });
	metrics_add(&m,
	    &(struct metric){ "a_count", "How many.", METRIC_LEVEL, metric_size, &count });
	metrics_write(&m, &out);
	CHECK_STR(buf_str(&out),
	    STR("# HELP a_turns Turns.\n# TYPE a_turns counter\na_turns 12345678901\n"
		"# HELP a_count How many.\n# TYPE a_count gauge\na_count 3\n"));
	buf_release(&out);
	return test_end();
}
