/* Trace headers by rows, and loops. */
#include "delivery/delivery.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name;
	struct delivery_trace trace;
	const char *with; /* "with X" */
	const char *has, *has_not;
} trace_rows[] = {
	{ "plain", { .with = WITH_SMTP, .helo = STR_INIT("c"), .client_ip = STR_INIT("192.0.2.1") },
	    "SMTP", "[192.0.2.1]", "Delivered-To" },
	{ "tls and auth", { .with = WITH_ESMTP, .is_tls = true, .is_authenticated = true },
	    "ESMTPSA", "Return-Path: <>\r\n", NULL },
	{ "lmtp", { .with = WITH_LMTP, .recipient = STR_INIT("ann@example.test") }, "LMTP",
	    "Delivered-To: ann@example.test\r\n", NULL },
	{ "for", { .with = WITH_ESMTP, .is_tls = true, .recipient = STR_INIT("ann@example.test") },
	    "ESMTPS", "for <ann@example.test>", NULL },
	{ "utf8", { .with = WITH_UTF8SMTP, .is_authenticated = true }, "UTF8SMTPA",
	    "Received:", NULL },
	{ "hidden client",
	    { .with = WITH_ESMTP,
		.helo = STR_INIT("laptop"),
		.client_ip = STR_INIT("192.0.2.1"),
		.hides_client = true },
	    "ESMTP", "from localhost", "192.0.2.1" },
	{ "forged line", { .with = WITH_ESMTP, .helo = STR_INIT("x\r\nEvil: yes") }, "ESMTP",
	    "from x", "\nEvil" },
	{ "forged sender", { .with = WITH_ESMTP, .sender = STR_INIT("a\r\nEvil: yes@x") }, "ESMTP",
	    "Return-Path: <a??Evil: yes@x>", "\nEvil" },
};

static void
test_headers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(trace_rows); i++) {
		struct delivery_trace trace = trace_rows[i].trace;
		struct buf out;
		struct str text;
		char with[64];

		TEST_ROW(trace_rows[i].name);
		trace.own_name = STR("mail.example.test");
		trace.id = STR("abc1");
		trace.now_s = 1700000000;
		buf_init(&out, 10000);
		delivery_write_headers(&out, &trace);
		text = buf_str(&out);
		snprintf(with, sizeof(with), "with %s ", trace_rows[i].with);
		CHECK(str_find(text, str_c(with)) != STR_NONE);
		CHECK(str_find(text, str_c(trace_rows[i].has)) != STR_NONE);
		CHECK(!trace_rows[i].has_not ||
		    str_find(text, str_c(trace_rows[i].has_not)) == STR_NONE);
		CHECK(str_ends(text, STR("\r\n")));
		CHECK(str_find(text, STR("by mail.example.test")) != STR_NONE);
		CHECK(!delivery_is_loop(text, trace.recipient));
		buf_release(&out);
	}
}

static const struct {
	const char *name, *header, *recipient;
	unsigned received; /* as many fields more */
	bool want;
} loop_rows[] = {
	{ "nothing", "Subject: x\r\n\r\n", "a@x", 0, false },
	{ "own Delivered-To", "Delivered-To: a@x\r\nReceived: y\r\n\r\n", "a@x", 0, false },
	{ "earlier Delivered-To", "Received: y\r\nDelivered-To: A@x\r\n\r\n", "a@x", 0, true },
	{ "of another", "Received: y\r\nDelivered-To: b@x\r\n\r\n", "a@x", 0, false },
	{ "in the body", "Received: y\r\n\r\nDelivered-To: a@x\r\n", "a@x", 0, false },
	{ "hops", "Subject: x\r\n\r\n", "a@x", DELIVERY_RECEIVED_MAX, false },
	{ "too many hops", "Subject: x\r\n\r\n", "a@x", DELIVERY_RECEIVED_MAX + 1, true },
};

static void
test_loops(void)
{
	for (size_t i = 0; i < ARRAY_LEN(loop_rows); i++) {
		struct buf header;

		TEST_ROW(loop_rows[i].name);
		buf_init(&header, 100000);
		for (unsigned k = 0; k < loop_rows[i].received; k++)
			buf_add_c(&header, "Received: from a by b\r\n");
		buf_add_c(&header, loop_rows[i].header);
		CHECK(delivery_is_loop(buf_str(&header), str_c(loop_rows[i].recipient)) ==
		    loop_rows[i].want);
		buf_release(&header);
	}
}

int
main(void)
{
	test_headers();
	test_loops();
	return test_end();
}
