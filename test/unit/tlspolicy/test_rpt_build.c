/* Conversations become the policies of a report. */

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "tlspolicy/rpt_build.h"

#define STS_TEXT "version: STSv1\nmode: enforce\nmx: mx.a.test\nmx: *.b.test\nmax_age: 86400\n"

static struct rpt_session
session(enum rpt_type type, const char *strings, enum tls_result result, const char *host)
{
	return (struct rpt_session){ .domain = STR("a.test"),
		.type = type,
		.strings = str_c(strings),
		.result = result,
		.host = str_c(host),
		.policy_domain = STR("a.test"),
		.address = STR("192.0.2.1"),
		.sender = STR("192.0.2.9"),
		.reason = STR("it is so") };
}

static void
add(struct rpt_builder *b, enum rpt_type type, const char *strings, enum tls_result result,
    const char *host, int64_t count)
{
	struct rpt_session s = session(type, strings, result, host);

	rpt_build_add(b, &s, count);
}

static void
test_groups(void)
{
	const struct rpt_policy *p;
	struct arena arena, end;
	struct rpt_builder b = { .arena = &arena };
	size_t n;

	TEST_ROW("by policy");
	arena_init(&arena, 1 << 20);
	arena_init(&end, RPT_END_BYTES);
	add(&b, RPT_STS, STS_TEXT, TLS_RESULT_SUCCESS, "", 5);
	add(&b, RPT_TLSA, "3 1 1 00\n", TLS_RESULT_INVALID, "mx.a.test", 1);
	add(&b, RPT_STS, STS_TEXT, TLS_RESULT_EXPIRED, "mx.a.test", 2);
	add(&b, RPT_STS, STS_TEXT, TLS_RESULT_EXPIRED, "x.b.test", 3);
	add(&b, RPT_TLSA, "3 1 1 01\n3 1 1 02\n", TLS_RESULT_SUCCESS, "", 7);
	CHECK_NUM(rpt_build_end(&b, &end, &p, &n), FAIL_NONE);
	CHECK_NUM(b.sessions, 18);
	CHECK(!b.is_cut);
	if (CHECK_NUM(n, 3)) {
		CHECK_STR(p[0].type, STR("sts"));
		CHECK_STR(p[0].domain, STR("a.test"));
		CHECK_NUM(p[0].successes, 5);
		CHECK_NUM(p[0].failures, 5);
		CHECK_NUM(p[0].string_count, 5);
		CHECK_STR(p[0].strings[1], STR("mode: enforce"));
		CHECK_NUM(p[0].host_count, 2);
		CHECK_STR(p[0].hosts[1], STR("*.b.test"));
		CHECK_NUM(p[0].detail_count, 2);
		CHECK_STR(p[0].details[0].result, STR("certificate-expired"));
		CHECK_NUM(p[0].details[0].sessions, 2);
		CHECK_STR(p[0].details[1].host, STR("x.b.test"));
		CHECK_STR(p[0].details[1].address, STR("192.0.2.1"));
		CHECK_STR(p[0].details[1].sender, STR("192.0.2.9"));
		CHECK_STR(p[0].details[1].reason, STR("it is so"));
		CHECK_STR(p[1].type, STR("tlsa"));
		CHECK_NUM(p[1].failures, 1);
		CHECK_NUM(p[1].host_count, 0);
		CHECK_NUM(p[2].successes, 7);
		CHECK_STR(p[2].strings[1], STR("3 1 1 02"));
	}
	arena_release(&arena);
	arena_release(&end);
}

/* RFC 8460 1.1: the same records at two hosts are policies of two domains. */
static void
test_domains(void)
{
	const struct rpt_policy *p;
	struct arena arena, end;
	struct rpt_builder b = { .arena = &arena };
	struct rpt_session s = session(RPT_TLSA, "3 1 1 00\n", TLS_RESULT_SUCCESS, "");
	size_t n;

	TEST_ROW("by the name that records are for");
	arena_init(&arena, 1 << 20);
	arena_init(&end, RPT_END_BYTES);
	s.policy_domain = STR("mx1.a.test");
	rpt_build_add(&b, &s, 1);
	s.policy_domain = STR("mx2.a.test");
	rpt_build_add(&b, &s, 2);
	s = session(RPT_NO_POLICY, "", TLS_RESULT_SUCCESS, "");
	rpt_build_add(&b, &s, 4);
	CHECK_NUM(rpt_build_end(&b, &end, &p, &n), FAIL_NONE);
	if (CHECK_NUM(n, 3)) {
		CHECK_STR(p[0].domain, STR("mx1.a.test"));
		CHECK_STR(p[1].domain, STR("mx2.a.test"));
		CHECK_NUM(p[1].successes, 2);
		CHECK_STR(p[2].type, STR("no-policy-found"));
		CHECK_NUM(p[2].string_count, 0);
		CHECK_NUM(p[2].successes, 4);
	}
	arena_release(&arena);
	arena_release(&end);
}

static void
test_aside(void)
{
	const struct rpt_policy *p;
	struct arena arena, end;
	struct rpt_builder b = { .arena = &arena };
	struct rpt_session s = session(RPT_STS, STS_TEXT, TLS_RESULT_STS_FETCH, "");
	size_t n;

	TEST_ROW("what is no conversation is in no number");
	arena_init(&arena, 1 << 20);
	arena_init(&end, RPT_END_BYTES);
	add(&b, RPT_STS, STS_TEXT, TLS_RESULT_SUCCESS, "", 3);
	s.is_aside = true;
	rpt_build_add(&b, &s, 3);
	CHECK_NUM(rpt_build_end(&b, &end, &p, &n), FAIL_NONE);
	if (CHECK_NUM(n, 1)) {
		CHECK_NUM(p[0].successes, 3);
		CHECK_NUM(p[0].failures, 0);
		CHECK_NUM(p[0].detail_count, 1);
		CHECK_STR(p[0].details[0].result, STR("sts-policy-fetch-error"));
		CHECK_NUM(p[0].details[0].sessions, 3);
	}
	arena_release(&arena);
	arena_release(&end);
}

static void
test_limits(void)
{
	const struct rpt_policy *p;
	struct arena arena, end;
	struct rpt_builder b = { .arena = &arena };
	char text[40];
	size_t n;

	TEST_ROW("as many policies as there may be");
	arena_init(&arena, 1 << 20);
	arena_init(&end, RPT_END_BYTES);
	for (int i = 0; i < RPT_POLICIES_MAX + 2; i++) {
		snprintf(text, sizeof text, "3 1 1 %d\n", i);
		add(&b, RPT_TLSA, text, TLS_RESULT_SUCCESS, "", 1);
	}
	CHECK(b.is_cut);
	CHECK_NUM(b.sessions, RPT_POLICIES_MAX);
	CHECK_NUM(rpt_build_end(&b, &end, &p, &n), FAIL_NONE);
	CHECK_NUM(n, RPT_POLICIES_MAX);
	arena_release(&arena);
	arena_release(&end);

	TEST_ROW("details without room are counted");
	b = (struct rpt_builder){ .arena = &arena };
	arena_init(&arena, 2000);
	arena_init(&end, RPT_END_BYTES);
	for (int i = 0; i < 100; i++)
		add(&b, RPT_TLSA, "3 1 1 00\n", TLS_RESULT_INVALID, "mx.a.test", 1);
	CHECK(b.is_cut);
	CHECK_NUM(b.groups[0].failures, 100);
	CHECK(b.groups[0].detail_count < 100);
	CHECK_NUM(rpt_build_end(&b, &end, &p, &n), FAIL_NONE);
	CHECK_NUM(p[0].failures, 100);
	CHECK_NUM(p[0].detail_count, b.groups[0].detail_count);
	TEST_ROW("no room at the end");
	arena_release(&end);
	arena_init(&end, 300);
	CHECK_NUM(rpt_build_end(&b, &end, &p, &n), FAIL_LIMIT);
	arena_release(&arena);
	arena_release(&end);
}

int
main(void)
{
	test_groups();
	test_domains();
	test_aside();
	test_limits();
	return test_end();
}
