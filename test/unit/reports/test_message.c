/* A report as a message. */
#include "reports/message.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static struct report_message
example(void)
{
	return (struct report_message){ .from = STR("postmaster@mx.own.test"),
		.to = { STR("d@shop.test"), STR("e@other.test") },
		.to_count = 2,
		.subject = STR("Report Domain: shop.test"),
		.fields = STR("X-One: 1\r\n"),
		.type = STR("multipart/mixed"),
		.text = STR("words\r\n"),
		.file_type = STR("application/gzip"),
		.file_name = STR("mx.own.test!shop.test!0!86399.xml.gz"),
		.file = STR("some bytes"),
		.random = STR("0123456789abcdef"),
		.hostname = STR("mx.own.test"),
		.now_s = 1763683200 };
}

static void
test_whole(void)
{
	struct report_message m = example();
	struct buf out;

	TEST_ROW("whole");
	buf_init(&out, 20000);
	CHECK_NUM(report_message_write(&out, &m), FAIL_NONE);
	CHECK_STR(buf_str(&out),
	    STR("From: <postmaster@mx.own.test>\r\n"
		"To: <d@shop.test>, <e@other.test>\r\n"
		"Subject: Report Domain: shop.test\r\n"
		"Date: Fri, 21 Nov 2025 00:00:00 +0000\r\n"
		"Message-ID: <1763683200.30313233343536373839616263646566@mx.own.test>\r\n"
		"Auto-Submitted: auto-generated\r\n"
		"X-One: 1\r\n"
		"MIME-Version: 1.0\r\n"
		"Content-Type: multipart/mixed;\r\n"
		" boundary=\"=_report.30313233343536373839616263646566\"\r\n"
		"\r\n"
		"--=_report.30313233343536373839616263646566\r\n"
		"Content-Type: text/plain; charset=us-ascii\r\n"
		"\r\n"
		"words\r\n"
		"\r\n"
		"--=_report.30313233343536373839616263646566\r\n"
		"Content-Type: application/gzip; name=\"mx.own.test!shop.test!0!86399.xml.gz\"\r\n"
		"Content-Disposition: attachment;\r\n"
		" filename=\"mx.own.test!shop.test!0!86399.xml.gz\"\r\n"
		"Content-Transfer-Encoding: base64\r\n"
		"\r\n"
		"c29tZSBieXRlcw==\r\n"
		"--=_report.30313233343536373839616263646566--\r\n"));
	CHECK(out.n <= report_message_size(m.file.n));
	buf_release(&out);
}

static void
test_wrong(void)
{
	struct report_message m = example();
	struct buf out;

	TEST_ROW("no line ends in fields");
	buf_init(&out, 20000);
	m.subject = STR("a\r\nBcc: b");
	CHECK_NUM(report_message_write(&out, &m), FAIL_SYNTAX);
	CHECK_NUM(out.n, 0);
	m = example();
	m.to[1] = STR("a@b\n");
	CHECK_NUM(report_message_write(&out, &m), FAIL_SYNTAX);
	m = example();
	m.file_name = STR("a\r\nb");
	CHECK_NUM(report_message_write(&out, &m), FAIL_SYNTAX);
	CHECK(buf_ok(&out) && out.n == 0);
	buf_release(&out);
	TEST_ROW("no room");
	buf_init(&out, 600);
	m = example();
	CHECK_NUM(report_message_write(&out, &m), FAIL_LIMIT);
	CHECK(buf_ok(&out) && out.n == 0);
	buf_release(&out);
}

/* The sizes that addresses name are kept (RFC 7489 6.2). */
static void
test_size(void)
{
	static char file[100000];
	struct report_message m = example();
	struct buf out;

	TEST_ROW("size");
	buf_init(&out, sizeof file * 2);
	for (size_t n = 0; n < sizeof file; n += 7777) {
		buf_clear(&out);
		m.file = str_of(file, n);
		CHECK_NUM(report_message_write(&out, &m), FAIL_NONE);
		CHECK(out.n <= report_message_size(n));
		CHECK(out.n + REPORT_HEAD_BYTES > report_message_size(n));
	}
	buf_release(&out);
}

int
main(void)
{
	test_whole();
	test_wrong();
	test_size();
	return test_end();
}
