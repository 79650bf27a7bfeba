/* TLS reports: read, written, and read again the same. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "tlspolicy/rpt_report.h"

/* RFC 8460 appendix B, in short. */
static const struct str example = STR_INIT(
    "{\"organization-name\":\"Company-X\",\"date-range\":{\"start-datetime\":\"2016-04-01T00:00:00Z\","
    "\"end-datetime\":\"2016-04-01T23:59:59Z\"},\"contact-info\":\"sts-reporting@company-x.example\","
    "\"report-id\":\"5065427c-23d3-47ca-b6e0-946ea0e8c4be\",\"policies\":[{\"policy\":{\"policy-type\":"
    "\"sts\",\"policy-string\":[\"version: STSv1\",\"mode: testing\",\"mx: *.mail.company-y.example\","
    "\"max_age: 86400\"],\"policy-domain\":\"company-y.example\",\"mx-host\":"
    "[\"*.mail.company-y.example\"]},\"summary\":{\"total-successful-session-count\":5326,"
    "\"total-failure-session-count\":303},\"failure-details\":[{\"result-type\":"
    "\"certificate-expired\",\"sending-mta-ip\":\"2001:db8:abcd:0012::1\",\"receiving-mx-hostname\":"
    "\"mx1.mail.company-y.example\",\"failed-session-count\":100},{\"result-type\":"
    "\"starttls-not-supported\",\"sending-mta-ip\":\"2001:db8:abcd:0013::1\","
    "\"receiving-mx-hostname\":\"mx2.mail.company-y.example\",\"receiving-ip\":\"203.0.113.56\","
    "\"failed-session-count\":200,\"failure-reason-code\":\"X\"}]}]}");

#define RANGE \
	"\"date-range\":{\"start-datetime\":\"2016-04-01T00:00:00Z\",\"end-datetime\":\"2016-04-" \
	"01T23:59:59Z\"}"

static const struct {
	const char *name, *text;
	enum fail want;
	size_t policies;
} rows[] = {
	{ "nothing in it", "{" RANGE ",\"policies\":[]}", FAIL_NONE, 0 },
	{ "policies of other types", "{" RANGE ",\"policies\":[1,null,\"x\",[]]}", FAIL_NONE, 4 },
	{ "members of other types",
	    "{" RANGE ",\"report-id\":7,\"policies\":[{\"policy\":[],\"summary\":3,"
	    "\"failure-details\":[1,{\"result-type\":{},\"failed-session-count\":-5}]}]}",
	    FAIL_NONE, 1 },
	{ "what we do not know", "{" RANGE ",\"x\":{},\"policies\":[{\"y\":1}]}", FAIL_NONE, 1 },
	{ "no policies", "{" RANGE "}", FAIL_SYNTAX, 0 },
	{ "policies that are no list", "{" RANGE ",\"policies\":{}}", FAIL_SYNTAX, 0 },
	{ "no dates", "{\"policies\":[]}", FAIL_SYNTAX, 0 },
	{ "a date that is none",
	    "{\"date-range\":{\"start-datetime\":\"yesterday\",\"end-datetime\":\"2016-04-01T23:59:"
	    "59Z\"},\"policies\":[]}",
	    FAIL_SYNTAX, 0 },
	{ "a list", "[]", FAIL_SYNTAX, 0 },
	{ "not JSON", "{", FAIL_SYNTAX, 0 },
	{ "nothing", "", FAIL_SYNTAX, 0 },
};

static void
test_example(void)
{
	struct rpt_report report;
	struct arena arena;
	struct buf out;

	TEST_ROW("of the RFC");
	arena_init(&arena, 1 << 20);
	buf_init(&out, 1 << 20);
	CHECK_NUM(rpt_report_read(example, &arena, &report), FAIL_NONE);
	CHECK_STR(report.organization, STR("Company-X"));
	CHECK_NUM(report.start_s, 1459468800);
	CHECK_NUM(report.end_s, 1459468800 + 86399);
	CHECK_NUM(report.policy_count, 1);
	CHECK_NUM(report.policies[0].string_count, 4);
	CHECK_STR(report.policies[0].hosts[0], STR("*.mail.company-y.example"));
	CHECK_NUM(report.policies[0].successes, 5326);
	CHECK_NUM(report.policies[0].failures, 303);
	CHECK_NUM(report.policies[0].detail_count, 2);
	CHECK_STR(report.policies[0].details[1].result, STR("starttls-not-supported"));
	CHECK_STR(report.policies[0].details[1].reason, STR("X"));
	rpt_report_write(&out, &report);
	CHECK_STR(buf_str(&out), example);
	buf_release(&out);
	arena_release(&arena);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rpt_report report;
		struct arena arena;

		TEST_ROW(rows[i].name);
		arena_init(&arena, 1 << 20);
		CHECK_NUM(rpt_report_read(str_c(rows[i].text), &arena, &report), rows[i].want);
		if (rows[i].want == FAIL_NONE)
			CHECK_NUM(report.policy_count, rows[i].policies);
		for (size_t p = 0; rows[i].want == FAIL_NONE && p < report.policy_count; p++) {
			CHECK_NUM(report.policies[p].successes, 0);
			for (size_t d = 0; d < report.policies[p].detail_count; d++)
				CHECK_NUM(report.policies[p].details[d].sessions, 0);
		}
		arena_release(&arena);
	}
}

static void
test_small_arena(void)
{
	struct rpt_report report;
	struct arena arena;

	TEST_ROW("no room");
	arena_init(&arena, 256);
	CHECK_NUM(rpt_report_read(example, &arena, &report), FAIL_LIMIT);
	arena_release(&arena);
}

int
main(void)
{
	test_example();
	test_rows();
	test_small_arena();
	return test_end();
}
