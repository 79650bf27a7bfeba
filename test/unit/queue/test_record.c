#include "queue/record.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "queue/queue.h"

static const struct queue_message message = {
	.envelope = { .sender = STR_INIT("a@b"),
	    .id = STR_INIT("id"),
	    .body = BODY_BINARYMIME,
	    .ret = RETURN_HEADERS,
	    .is_utf8 = true,
	    .is_tls_must = true,
	    .priority = -9,
	    .by = BY_RETURN,
	    .is_by_traced = true,
	    .by_s = -5,
	    .hold_s = 77,
	    .size = UINT64_MAX },
	.blob = STR_INIT("blob"),
	.skip = 19,
	.fields = STR_INIT("X: y\r\n"),
	.helo = STR_INIT("helo"),
	.owner = STR_INIT("owner"),
	.log_id = STR_INIT("log"),
	.arrived_s = 1000,
	.expires_s = 2000,
	.time_s = 1500,
	.rcpt_next = 7,
	.rcpt_left = 3,
	.is_held = true,
	.submission = 5,
	.traits = QUEUE_OURS | QUEUE_JUNK,
};

#define SUBMISSION_BYTES 1 /* of .submission, which older records lack */
#define TRAITS_BYTES     1 /* of .traits, which those after them lack */

static const struct queue_rcpt rcpt = {
	.envelope = { .address = STR_INIT("c@d"),
	    .original = STR_INIT("rfc822;c@d"),
	    .notify = NOTIFY_SUCCESS | NOTIFY_DELAY },
	.site = STR_INIT("d"),
	.due_s = 1234,
	.attempts = 5,
	.is_told = true,
	.is_late = true,
	.last = { .time_s = 99,
	    .code = 451,
	    .status = { 4, 7, 1 },
	    .text = STR_INIT("later"),
	    .remote = STR_INIT("mx.d"),
	    .stage = 6,
	    .tls = STR_INIT("TLS1.2 X"),
	    .is_verified = true },
	.expanded = 3,
};

static void
test_message(void)
{
	struct queue_message got;
	struct buf value, again;

	TEST_ROW("message");
	buf_init(&value, 1000);
	buf_init(&again, 1000);
	queue_message_write(&value, &message);
	CHECK_NUM(queue_message_read(buf_str(&value), &got), FAIL_NONE);
	CHECK_STR(got.envelope.sender, STR("a@b"));
	CHECK_NUM(got.envelope.priority, -9);
	CHECK_NUM(got.envelope.by, BY_RETURN);
	CHECK_NUM(got.envelope.by_s, -5);
	CHECK(got.envelope.size == UINT64_MAX && got.is_held && got.envelope.is_by_traced);
	CHECK_STR(got.log_id, STR("log"));
	queue_message_write(&again, &got);
	CHECK_STR(buf_str(&again), buf_str(&value));
	TEST_ROW("message, cut");
	for (size_t n = 0; n < value.n - SUBMISSION_BYTES - TRAITS_BYTES; n++)
		CHECK_NUM(queue_message_read(str_head(buf_str(&value), n), &got), FAIL_PERM);
	TEST_ROW("message, older");
	CHECK_NUM(queue_message_read(
		      str_head(buf_str(&value), value.n - SUBMISSION_BYTES - TRAITS_BYTES), &got),
	    FAIL_NONE);
	CHECK_NUM(got.submission, 0);
	CHECK_NUM(queue_message_read(str_head(buf_str(&value), value.n - TRAITS_BYTES), &got),
	    FAIL_NONE);
	CHECK(got.submission == 5 && got.traits == 0);
	CHECK_NUM(queue_message_read(buf_str(&value), &got), FAIL_NONE);
	CHECK_NUM(got.submission, 5);
	CHECK_NUM(got.traits, QUEUE_OURS | QUEUE_JUNK);
	TEST_ROW("message, longer");
	buf_add_c(&value, "from the future");
	CHECK_NUM(queue_message_read(buf_str(&value), &got), FAIL_NONE);
	buf_release(&value);
	buf_release(&again);
}

#define TLS_BYTES 10 /* of .tls and .is_verified, which older records lack */

static void
test_rcpt(void)
{
	struct queue_rcpt got;
	struct buf value, again;

	TEST_ROW("recipient");
	buf_init(&value, 1000);
	buf_init(&again, 1000);
	queue_rcpt_write(&value, &rcpt);
	CHECK_NUM(queue_rcpt_read(buf_str(&value), &got), FAIL_NONE);
	CHECK_STR(got.last.text, STR("later"));
	CHECK_NUM(got.last.status.subject, 7);
	CHECK_NUM(got.expanded, 3);
	queue_rcpt_write(&again, &got);
	CHECK_STR(buf_str(&again), buf_str(&value));
	CHECK_STR(got.last.tls, STR("TLS1.2 X"));
	CHECK(got.last.is_verified);
	for (size_t n = 0; n < value.n; n++)
		CHECK_NUM(queue_rcpt_read(str_head(buf_str(&value), n), &got),
		    n == value.n - 1 || n == value.n - 1 - TLS_BYTES ? FAIL_NONE : FAIL_PERM);
	TEST_ROW("recipient, from before lists were expanded in slices");
	CHECK_NUM(queue_rcpt_read(str_head(buf_str(&value), value.n - 1), &got), FAIL_NONE);
	CHECK_NUM(got.expanded, 0);
	CHECK_STR(got.last.tls, STR("TLS1.2 X"));
	TEST_ROW("recipient of before");
	CHECK_NUM(queue_rcpt_read(str_head(buf_str(&value), value.n - 1 - TLS_BYTES), &got),
	    FAIL_NONE);
	CHECK_STR(got.last.tls, STR(""));
	CHECK_NUM(got.last.stage, 6);
	buf_release(&value);
	buf_release(&again);
}

static void
test_host(void)
{
	struct queue_host host = { .wake_s = 1, .failures = 2, .retry_s = 3, .last = rcpt.last },
			  got;
	struct buf value;

	TEST_ROW("host");
	buf_init(&value, 1000);
	queue_host_write(&value, &host);
	CHECK_NUM(queue_host_read(buf_str(&value), &got), FAIL_NONE);
	CHECK(got.wake_s == 1 && got.failures == 2 && got.retry_s == 3);
	CHECK_STR(got.last.remote, STR("mx.d"));
	for (size_t n = 0; n < value.n; n++)
		CHECK_NUM(queue_host_read(str_head(buf_str(&value), n), &got),
		    n == value.n - TLS_BYTES ? FAIL_NONE : FAIL_PERM);
	buf_release(&value);
}

/* Urgent ones first, then what is due first, then in the order in which they came. */
static const struct queue_place order[] = {
	{ STR_INIT("a"), 9, 500, 1, 0 },
	{ STR_INIT("a"), 0, -3, 9, 0 },
	{ STR_INIT("a"), 0, 100, 2, 0 },
	{ STR_INIT("a"), 0, 100, 2, 1 },
	{ STR_INIT("a"), 0, 100, 3, 0 },
	{ STR_INIT("a"), 0, 101, 1, 0 },
	{ STR_INIT("a"), -9, 1, 1, 0 },
	{ STR_INIT("a.b"), 9, 1, 1, 0 },
	{ STR_INIT("b"), 9, 1, 1, 0 },
};

static void
test_places(void)
{
	TEST_ROW("places");
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		struct key k = queue_key_place(&order[i]), end = queue_key_site(order[i].site);
		struct queue_place got = { .site = order[i].site };

		CHECK(queue_place_read(key_str(&k), &got));
		CHECK(got.priority == order[i].priority && got.due_s == order[i].due_s);
		CHECK(got.message == order[i].message && got.n == order[i].n);
		CHECK(str_starts(key_str(&k), key_str(&end)));
		if (i > 0) {
			struct key before = queue_key_place(&order[i - 1]);

			CHECK(str_cmp(key_str(&before), key_str(&k)) < 0);
		}
		for (size_t n = 0; n < k.n; n++)
			CHECK(!queue_place_read(str_head(key_str(&k), n), &got));
	}
}

static void
test_other_keys(void)
{
	struct buf site;
	struct key k = queue_key_wake(-7, STR("example.org"));
	int64_t time_s;
	uint64_t id;
	uint32_t n;

	TEST_ROW("wake");
	buf_init(&site, 100);
	CHECK(queue_wake_read(key_str(&k), &time_s, &site));
	CHECK_NUM(time_s, -7);
	CHECK_STR(buf_str(&site), STR("example.org"));
	buf_release(&site);
	TEST_ROW("time");
	k = queue_key_time(12, 34);
	CHECK(queue_time_read(key_str(&k), &time_s, &id) && time_s == 12 && id == 34);
	CHECK(!queue_time_read(str_head(key_str(&k), k.n - 1), &time_s, &id));
	TEST_ROW("recipient's key");
	k = queue_key_rcpt(56, 78);
	CHECK(queue_rcpt_key_read(key_str(&k), &id, &n) && id == 56 && n == 78);
	CHECK(!queue_time_read(key_str(&k), &time_s, &id));
}

int
main(void)
{
	test_message();
	test_rcpt();
	test_host();
	test_places();
	test_other_keys();
	return test_end();
}
