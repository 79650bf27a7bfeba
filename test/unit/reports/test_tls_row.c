/* A conversation as a row and back, whatever stands in it. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "reports/tally.h"
#include "reports/tls_row.h"

static void
test_same(void)
{
	const struct rpt_session s = { .domain = STR("a.test"),
		.type = RPT_STS,
		.policy_domain = STR("b.test"),
		.strings = STR("version: STSv1\nmode: testing\n"),
		.result = TLS_RESULT_EXPIRED,
		.host = STR("mx.a.test"),
		.address = STR("192.0.2.1"),
		.sender = STR("2001:db8::1"),
		.reason = STR("it is so"),
		.is_aside = true };
	struct rpt_session got;
	struct buf row;

	TEST_ROW("there and back");
	buf_init(&row, TALLY_ROW_MAX);
	tls_row_write(&row, &s);
	CHECK_NUM(tls_row_read(buf_str(&row), &got), FAIL_NONE);
	CHECK_NUM(got.type, s.type);
	CHECK_NUM(got.result, s.result);
	CHECK_STR(got.strings, s.strings);
	CHECK_STR(got.host, s.host);
	CHECK_STR(got.address, s.address);
	CHECK_STR(got.policy_domain, s.policy_domain);
	CHECK_STR(got.sender, s.sender);
	CHECK_STR(got.reason, s.reason);
	CHECK(got.is_aside);
	CHECK_STR(got.domain, STR(""));
	TEST_ROW("cut anywhere");
	for (size_t n = 0; n < row.n; n++)
		CHECK_NUM(tls_row_read(str_head(buf_str(&row), n), &got), FAIL_PERM);
	buf_release(&row);
}

static void
test_long(void)
{
	static char text[3 * RPT_TEXT_MAX];
	struct rpt_session s, got;
	struct buf row;

	TEST_ROW("what is long is cut, and fits");
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 26);
	s = (struct rpt_session){ .type = RPT_TLSA,
		.policy_domain = str_of(text, sizeof text),
		.sender = str_of(text, sizeof text),
		.reason = str_of(text, sizeof text),
		.strings = str_of(text, sizeof text),
		.host = str_of(text, sizeof text),
		.address = str_of(text, sizeof text) };
	buf_init(&row, TALLY_ROW_MAX);
	tls_row_write(&row, &s);
	CHECK(buf_ok(&row));
	CHECK_NUM(tls_row_read(buf_str(&row), &got), FAIL_NONE);
	CHECK_NUM(got.strings.n, RPT_TEXT_MAX);
	CHECK_NUM(got.host.n, TLS_ROW_NAME_MAX);
	buf_release(&row);
}

static void
test_strange(void)
{
	struct rpt_session s = { .type = (enum rpt_type)RPT_TYPE_COUNT }, got;
	struct buf row;

	TEST_ROW("a kind that there is not");
	buf_init(&row, TALLY_ROW_MAX);
	tls_row_write(&row, &s);
	CHECK_NUM(tls_row_read(buf_str(&row), &got), FAIL_PERM);
	TEST_ROW("a result that there is not");
	buf_clear(&row);
	s = (struct rpt_session){ .result = (enum tls_result)TLS_RESULT_COUNT };
	tls_row_write(&row, &s);
	CHECK_NUM(tls_row_read(buf_str(&row), &got), FAIL_PERM);
	buf_release(&row);
}

int
main(void)
{
	test_same();
	test_long();
	test_strange();
	return test_end();
}
