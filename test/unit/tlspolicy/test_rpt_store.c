/* Conversations counted by day and domain: what is reported, in which order, and how much is kept. */

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "tlspolicy/rpt_store.h"

#define DAY 20000

static struct rpt_session
session(const char *domain, enum rpt_type type, enum tls_result result, const char *host)
{
	return (struct rpt_session){ .domain = str_c(domain),
		.type = type,
		.strings = STR("version: STSv1\nmode: enforce\n"),
		.hosts = STR("*.a.test"),
		.result = result,
		.host = str_c(host),
		.address = STR("192.0.2.1") };
}

static void
count(struct store *s, uint32_t day, const char *domain, enum rpt_type type, enum tls_result result,
    const char *host)
{
	struct rpt_session one = session(domain, type, result, host);

	CHECK_NUM(rpt_count(s, (int64_t)day * RPT_DAY_S + 100, &one), FAIL_NONE);
}

static void
first_is(struct store *s, uint32_t before, uint32_t day, const char *domain)
{
	struct buf name;
	uint32_t got = 0;
	enum fail fail;

	buf_init(&name, 300);
	fail = rpt_next(s, before, &got, &name);
	CHECK_NUM(fail, domain ? FAIL_NONE : FAIL_MISSING);
	if (domain) {
		CHECK_NUM(got, day);
		CHECK_STR(buf_str(&name), str_c(domain));
	}
	buf_release(&name);
}

static void
test_counts(struct store *s)
{
	const struct rpt_policy *policies;
	struct arena arena;
	size_t n;

	TEST_ROW("counted");
	arena_init(&arena, 1 << 20);
	count(s, DAY, "a.test", RPT_STS, TLS_RESULT_SUCCESS, "mx.a.test");
	count(s, DAY, "a.test", RPT_STS, TLS_RESULT_SUCCESS, "mx.a.test");
	count(s, DAY, "a.test", RPT_STS, TLS_RESULT_EXPIRED, "mx.a.test");
	count(s, DAY, "a.test", RPT_STS, TLS_RESULT_EXPIRED, "mx.a.test");
	count(s, DAY, "a.test", RPT_STS, TLS_RESULT_EXPIRED, "other.a.test");
	count(s, DAY, "a.test", RPT_TLSA, TLS_RESULT_INVALID, "mx.a.test");
	CHECK_NUM(rpt_load(s, DAY, STR("a.test"), &arena, &policies, &n), FAIL_NONE);
	CHECK_NUM(n, 2);
	CHECK_STR(policies[0].type, STR("tlsa"));
	CHECK_NUM(policies[0].failures, 1);
	CHECK_STR(policies[1].type, STR("sts"));
	CHECK_STR(policies[1].domain, STR("a.test"));
	CHECK_NUM(policies[1].successes, 2);
	CHECK_NUM(policies[1].failures, 3);
	CHECK_NUM(policies[1].string_count, 2);
	CHECK_STR(policies[1].strings[1], STR("mode: enforce"));
	CHECK_STR(policies[1].hosts[0], STR("*.a.test"));
	CHECK_NUM(policies[1].detail_count, 2);
	CHECK_STR(policies[1].details[0].result, STR("certificate-expired"));
	CHECK_NUM(policies[1].details[0].sessions, 2);
	CHECK_STR(policies[1].details[1].host, STR("other.a.test"));
	arena_release(&arena);
}

/* All of them, and none twice, though nothing is forgotten. */
static void
test_walk(struct store *s)
{
	static const char *const want[] = { "a.test", "z.a.test", "a.test", "b.test" };
	struct buf name;
	uint32_t day = 0;

	buf_init(&name, 300);
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		CHECK_NUM(rpt_next(s, DAY + 2, &day, &name), FAIL_NONE);
		CHECK_NUM(day, DAY + i / 2);
		CHECK_STR(buf_str(&name), str_c(want[i]));
	}
	CHECK_NUM(rpt_next(s, DAY + 2, &day, &name), FAIL_MISSING);
	buf_release(&name);
}

static void
test_order(struct store *s)
{
	TEST_ROW("what is over, the oldest first");
	count(s, DAY + 1, "b.test", RPT_STS, TLS_RESULT_SUCCESS, "");
	count(s, DAY + 1, "a.test", RPT_STS, TLS_RESULT_SUCCESS, "");
	count(s, DAY, "z.a.test", RPT_STS, TLS_RESULT_SUCCESS, "");
	first_is(s, DAY, 0, NULL);
	first_is(s, DAY + 1, DAY, "a.test");
	test_walk(s);
	CHECK_NUM(rpt_forget(s, DAY, STR("a.test")), FAIL_NONE);
	first_is(s, DAY + 2, DAY, "z.a.test");
	CHECK_NUM(rpt_forget(s, DAY, STR("z.a.test")), FAIL_NONE);
	first_is(s, DAY + 1, 0, NULL);
	first_is(s, DAY + 2, DAY + 1, "a.test");
	CHECK_NUM(rpt_forget(s, DAY + 1, STR("a.test")), FAIL_NONE);
	CHECK_NUM(rpt_forget(s, DAY + 1, STR("b.test")), FAIL_NONE);
	first_is(s, UINT32_MAX, 0, NULL);
}

static void
test_limits(struct store *s)
{
	struct rpt_session one = session("late.test", RPT_STS, TLS_RESULT_SUCCESS, "");
	const struct rpt_policy *policies;
	struct arena arena;
	char name[40];
	size_t n;

	TEST_ROW("kinds of failures");
	arena_init(&arena, 1 << 20);
	for (int i = 0; i < 2 * RPT_DETAILS_MAX; i++) {
		snprintf(name, sizeof name, "mx%d.a.test", i);
		count(s, DAY, "a.test", RPT_STS, TLS_RESULT_NO_STARTTLS, name);
	}
	CHECK_NUM(rpt_load(s, DAY, STR("a.test"), &arena, &policies, &n), FAIL_NONE);
	CHECK_NUM(policies[0].failures, 2 * RPT_DETAILS_MAX);
	CHECK_NUM(policies[0].detail_count, RPT_DETAILS_MAX);
	arena_release(&arena);

	TEST_ROW("domains of a day");
	for (int i = 1; i < RPT_DAY_MAX; i++) {
		snprintf(name, sizeof name, "d%d.test", i);
		count(s, DAY, name, RPT_STS, TLS_RESULT_SUCCESS, "");
	}
	CHECK_NUM(rpt_count(s, (int64_t)DAY * RPT_DAY_S, &one), FAIL_LIMIT);
	count(s, DAY, "a.test", RPT_STS, TLS_RESULT_SUCCESS, "");
	CHECK_NUM(rpt_count(s, (int64_t)(DAY + 1) * RPT_DAY_S, &one), FAIL_NONE);
}

int
main(void)
{
	struct store *s;

	CHECK_NUM(store_open(&s, NULL, STR(":memory:"), NULL), FAIL_NONE);
	test_counts(s);
	test_order(s);
	test_limits(s);
	store_close(&s);
	return test_end();
}
