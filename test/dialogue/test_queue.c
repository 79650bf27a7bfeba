/* What becomes of messages in the queue: delivered, deferred, returned, stored here, forwarded. */

/* base */
#include "base/log.h"
#include "base/test.h"

/* rooms */
#include "lib/queue_stage.h"

/* --- delivering ------------------------------------------------------------------------------------------------ */

static void
test_deliver(void)
{
	struct stage_order o;
	struct sink_message *m;

	stage_begin("delivered");
	o = stage_order(ALICE, "bob@elsewhere.test");
	stage_also(&o, "carl@elsewhere.test");
	stage_add(&o);
	CHECK_NUM(stage_left(), 1);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 1);
	m = sink_message(&stage.sink, 0);
	if (m) {
		CHECK_STR(str_head(buf_str(&m->mail), 20), STR("<" ALICE ">"));
		CHECK_STR(buf_str(&m->rcpts), STR("<bob@elsewhere.test>\n<carl@elsewhere.test>\n"));
		CHECK_STR(buf_str(&m->content), str_from(str_c(stage_text), 18));
	}
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	TEST_ROW("the conversation is used again, then let go");
	stage_send_one(ALICE, "dora@elsewhere.test");
	CHECK_NUM(stage.sink.message_count, 2);
	CHECK_NUM(stage.sink.connection_count, 1);
	CHECK_NUM(stage.sink.open_count, 1);
	stage_pass(2);
	CHECK_NUM(stage.sink.open_count, 0);
	CHECK_NUM(queue_counts(stage.queue).sites, 0);
	stage_end();

	stage_begin("to several sites at once");
	o = stage_order(ALICE, "bob@elsewhere.test");
	stage_also(&o, "carl@lmtp.test");
	stage_also(&o, "x@bin.test");
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage.other.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();
}

static void
test_deferred(void)
{
	uint64_t id;
	struct stage_order o;

	stage_begin("come again");
	stage.sink.end = "451 4.7.1 greylisted";
	id = stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage_left(), 1);
	CHECK_NUM(stage_look(id, 0).attempts, 1);
	CHECK_NUM(stage_look(id, 0).due_s, STAGE_WALL + 300);
	CHECK_NUM(stage_look(id, 0).last.code, 451);
	CHECK_STR(stage_look(id, 0).last.text, STR("4.7.1 greylisted"));
	stage_pass(299);
	CHECK_NUM(stage_look(id, 0).attempts, 1);
	stage_pass(2);
	CHECK_NUM(stage_look(id, 0).attempts, 2);
	CHECK_NUM(stage_look(id, 0).due_s, STAGE_WALL + 301 + 600);
	stage.sink.end = NULL;
	stage_pass(600);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.sink.message_count, 1);
	stage_end();

	stage_begin("some now, some later, some never");
	o = stage_order(ALICE, "temp@elsewhere.test");
	stage_also(&o, "bob@elsewhere.test");
	stage_also(&o, "perm@elsewhere.test");
	id = stage_add(&o);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 1);
	CHECK_STR(stage_look(id, 0).envelope.address, STR("temp@elsewhere.test"));
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK(stage_inbox_has(ALICE, "perm@elsewhere.test"));
	CHECK(stage_inbox_has(ALICE, "Return-Path: <>\r\n"));
	CHECK(stage_inbox_has(ALICE, "Action: failed"));
	CHECK(stage_inbox_has(ALICE, "Status: 5.1.1"));
	CHECK(stage_inbox_has(ALICE, "550 5.1.1 no such user"));
	stage_end();
}

static void
test_reason(void)
{
	stage_begin("the end of a full mailbox says that it is full");
	stage.sink.end = "452 4.2.2 no room left";
	stage_send_one(ALICE, "bob@elsewhere.test");
	for (int i = 0; i < 5 * 24 + 1; i++)
		stage_pass(3600);
	CHECK(stage_inbox_has(ALICE, "Action: failed"));
	CHECK(stage_inbox_has(ALICE, "Status: 4.2.2"));
	CHECK(stage_inbox_has(ALICE, "The mailbox is full. (4.2.2)"));
	CHECK(stage_inbox_has(ALICE, "no room left"));
	stage_end();

	stage_begin("no reason but that the time is over");
	stage.sink.end = "447 no";
	stage_send_one(ALICE, "bob@elsewhere.test");
	for (int i = 0; i < 5 * 24 + 1; i++)
		stage_pass(3600);
	CHECK(stage_inbox_has(ALICE, "Status: 4.4.7"));
	stage_end();

	stage_begin("what we judged ourselves is the reason, and for the time being");
	stage.route_settings[0].tls = ROUTE_TLS_MUST;
	stage_send_one(ALICE, "bob@elsewhere.test");
	for (int i = 0; i < 5; i++)
		stage_pass(3600);
	stage_pass(60);
	CHECK(stage_inbox_has(ALICE, "Action: delayed"));
	CHECK(stage_inbox_has(ALICE, "Status: 4.7.10"));
	CHECK(stage_inbox_has(ALICE, "The message needs an encrypted connection"));
	for (int i = 0; i < 5 * 24; i++)
		stage_pass(3600);
	CHECK(stage_inbox_has(ALICE, "Action: failed"));
	CHECK(stage_inbox_has(ALICE, "Status: 4.7.10"));
	stage_end();
}

static void
test_time_over(void)
{
	uint64_t id;
	struct stage_order o;

	stage_begin("a delay is told once, then the end");
	stage.sink.end = "451 4.7.1 never today";
	id = stage_send_one(ALICE, "bob@elsewhere.test");
	for (int i = 0; i < 3; i++)
		stage_pass(3600);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	stage_pass(
	    3600); /* it is being tried at this very moment: the news waits for the outcome */
	stage_pass(60);
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK(stage_inbox_has(ALICE, "Action: delayed"));
	CHECK(stage_inbox_has(ALICE, "never today"));
	CHECK(stage_inbox_has(ALICE, "Will-Retry-Until: "));
	for (int i = 0; i < 5 * 24 - 5; i++)
		stage_pass(3600);
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK(stage_look(id, 0).is_told);
	stage_pass(3600);
	CHECK_NUM(stage_inbox(ALICE, NULL), 2);
	CHECK(stage_inbox_has(ALICE, "Action: failed"));
	CHECK(stage_inbox_has(ALICE, "Status: 4.7.1")); /* the reason, not "time over" */
	CHECK(stage_inbox_has(ALICE, "451 4.7.1 never today"));
	CHECK(stage_inbox_has(ALICE, "and have given up"));
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();

	stage_begin("nobody wants to hear");
	stage.sink.end = "451 4.7.1 never today";
	o = stage_order(ALICE, "bob@elsewhere.test");
	o.rcpts[0].notify = NOTIFY_NEVER;
	stage_add(&o);
	for (int i = 0; i < 5 * 24 + 1; i++)
		stage_pass(3600);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	stage_end();

	stage_begin("never a bounce to a bounce");
	stage_send_one("", "perm@elsewhere.test");
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();

	stage_begin("DELIVERBY: back when it is late");
	stage.sink.end = "451 4.7.1 never today";
	o = stage_order(ALICE, "bob@elsewhere.test");
	o.envelope.by = BY_RETURN;
	o.envelope.by_s = STAGE_WALL + 600;
	stage.sink.extensions = "250-DELIVERBY\r\n";
	stage_add(&o);
	stage_pass(599);
	CHECK_NUM(stage_left(), 1);
	stage_pass(2);
	CHECK_NUM(stage_left(), 0);
	CHECK(stage_inbox_has(ALICE, "Action: failed"));
	CHECK(stage_inbox_has(ALICE, "Status: 4.4.7")); /* the sender set the time */
	stage_end();

	stage_begin("DELIVERBY: a word when it is late");
	stage.sink.end = "451 4.7.1 never today";
	o = stage_order(ALICE, "bob@elsewhere.test");
	o.envelope.by = BY_NOTIFY;
	o.envelope.by_s = STAGE_WALL + 600;
	stage_add(&o);
	stage_pass(601);
	stage_pass(60);
	CHECK_NUM(stage_left(), 1);
	CHECK(stage_inbox_has(ALICE, "Action: delayed"));
	stage.sink.end = NULL;
	stage_pass(3600);
	CHECK_NUM(stage_left(), 0);
	stage_end();
}

/* --- reports --------------------------------------------------------------------------------------------------- */

static void
test_success(void)
{
	struct stage_order o;

	stage_begin("relayed to a host that does not report");
	o = stage_order(ALICE, "bob@elsewhere.test");
	o.rcpts[0].notify = NOTIFY_SUCCESS;
	o.envelope.id = STR("env 7");
	stage_add(&o);
	stage_settle();
	CHECK(stage_inbox_has(ALICE, "Action: relayed"));
	CHECK(stage_inbox_has(ALICE, "Original-Envelope-Id: env 7"));
	stage_end();

	stage_begin("a host that reports itself");
	stage.sink.extensions = "250-DSN\r\n";
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	if (sink_message(&stage.sink, 0)) {
		CHECK(str_find(buf_str(&sink_message(&stage.sink, 0)->rcpts),
			  STR("NOTIFY=SUCCESS")) != STR_NONE);
		CHECK(str_find(buf_str(&sink_message(&stage.sink, 0)->mail),
			  STR("ENVID=env+207")) != STR_NONE);
	}
	stage_end();

	stage_begin("LMTP: it is in the mailbox");
	o = stage_order(ALICE, "bob@lmtp.test");
	o.rcpts[0].notify = NOTIFY_SUCCESS;
	stage_add(&o);
	stage_settle();
	CHECK(stage_inbox_has(ALICE, "Action: delivered"));
	stage_end();

	stage_begin("a report goes out, too");
	o = stage_order("carl@elsewhere.test", "perm@elsewhere.test");
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 1);
	if (sink_message(&stage.sink, 0)) {
		CHECK(str_starts(buf_str(&sink_message(&stage.sink, 0)->mail), STR("<>")));
		CHECK_STR(buf_str(&sink_message(&stage.sink, 0)->rcpts),
		    STR("<carl@elsewhere.test>\n"));
		CHECK(!str_starts(buf_str(&sink_message(&stage.sink, 0)->content),
		    STR("Return-Path")));
	}
	CHECK_NUM(stage_left(), 0);
	stage_end();
}

static void
test_requiretls(void)
{
	struct stage_order o;

	stage_begin(
	    "REQUIRETLS: back to the sender, header only, and the report goes to a host without TLS, too");
	o = stage_order("carl@elsewhere.test", "bob@elsewhere.test");
	o.envelope.is_tls_must = true;
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.sink.message_count, 1);
	if (sink_message(&stage.sink, 0)) {
		struct str text = buf_str(&sink_message(&stage.sink, 0)->content);

		CHECK_STR(buf_str(&sink_message(&stage.sink, 0)->rcpts),
		    STR("<carl@elsewhere.test>\n"));
		CHECK(str_find(text, STR("Status: 5.7.10")) != STR_NONE);
		CHECK(str_find(text, STR("text/rfc822-headers")) != STR_NONE);
		CHECK(str_find(text, STR("bye")) == STR_NONE);
	}
	stage_end();
}

/* RFC 8689 4.4: a mailbox behind LMTP on this machine is no network away. */
static void
test_requiretls_here(void)
{
	struct stage_order o;

	stage_begin("REQUIRETLS: handed over on this machine");
	o = stage_order("carl@elsewhere.test", "bob@lmtp.test");
	o.envelope.is_tls_must = true;
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.other.message_count, 1);
	CHECK_NUM(stage.sink.message_count, 0);
	if (sink_message(&stage.other, 0))
		CHECK_STR(buf_str(&sink_message(&stage.other, 0)->mail),
		    STR("<carl@elsewhere.test>"));
	stage_end();
}

/* --- here and forwarded ------------------------------------------------------------------------------------------ */

static void
test_local(void)
{
	struct stage_order o;
	uint64_t id;

	stage_begin("into a mailbox");
	stage_send_here("x@y.test", ALICE, 0);
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK(stage_inbox_has(ALICE, "Return-Path: <x>\r\n"));
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	TEST_ROW("a list: one copy each, told of success");
	o = stage_order(ALICE, "team@example.test");
	stage_also(&o, "bob@example.test");
	o.is_remote = false;
	o.rcpts[0].notify = o.rcpts[1].notify = NOTIFY_SUCCESS;
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage_inbox("bob@example.test", NULL), 1);
	CHECK_NUM(stage_inbox(ALICE, NULL), 3); /* the message, and the report */
	CHECK(stage_inbox_has(ALICE, "Action: delivered"));
	TEST_ROW("no such user");
	stage_send_here(ALICE, "nobody@example.test", 0);
	CHECK(stage_inbox_has(ALICE, "Status: 5.1.1"));
	TEST_ROW("not ours after all");
	stage_send_here(ALICE, "bob@elsewhere.test", 0);
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	TEST_ROW("the directory is down");
	id = stage_send_here(ALICE, "down@example.test", 0);
	CHECK_NUM(stage_left(), 1);
	CHECK_NUM(stage_look(id, 0).attempts, 1);
	stage_end();

	stage_begin("a full mailbox waits, the other one has it once");
	stage_send_here("x@y.test", "full@example.test", 0);
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK_NUM(stage_left(), 1);
	stage_pass(301);
	stage_pass(3600);
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK_NUM(stage_left(), 1);
	stage_end();
}

static void
test_forward(void)
{
	struct sink_message *m;
	struct buf sender, back;

	stage_begin("an alias that leads out, and here");
	stage_send_here("ann@origin.test", "away@example.test", 0);
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	m = sink_message(&stage.sink, 0);
	if (m) {
		CHECK_STR(buf_str(&m->rcpts), STR("<x@elsewhere.test>\n"));
		CHECK(str_starts(buf_str(&m->mail), STR("<SRS0=")));
		TEST_ROW("its bounces find the way back");
		buf_init(&back, 1000);
		buf_init(&sender, 1000);
		buf_add(&sender,
		    str_slice(buf_str(&m->mail), 1, str_find_char(buf_str(&m->mail), '>') - 1));
		CHECK_NUM(queue_reverse_sender(stage.queue, &back, buf_str(&sender)), FAIL_NONE);
		CHECK_STR(buf_str(&back), STR("ann@origin.test"));
		buf_clear(&back);
		CHECK_NUM(queue_reverse_sender(stage.queue, &back, STR("bob@example.test")),
		    FAIL_MISSING);
		TEST_ROW("also after a restart");
		stage_crash();
		buf_clear(&back);
		CHECK_NUM(queue_reverse_sender(stage.queue, &back, buf_str(&sender)), FAIL_NONE);
		buf_release(&back);
		buf_release(&sender);
	}
	stage_end();

	stage_begin("a forward that is refused: the writer hears of it");
	stage.sink.end = "550 5.7.1 no";
	stage_send_here("carl@lmtp.test", "away@example.test", 0);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.other.message_count, 1);
	m = sink_message(&stage.other, 0);
	if (m) {
		CHECK(str_starts(buf_str(&m->mail), STR("<>")));
		CHECK_STR(buf_str(&m->rcpts), STR("<carl@lmtp.test>\n"));
		CHECK(str_find(buf_str(&m->content), STR("To: <carl@lmtp.test>")) != STR_NONE);
	}
	stage_end();

	stage_begin("a sender without a domain stays as it is");
	stage_send_here("postmaster", "away@example.test", 0);
	m = sink_message(&stage.sink, 0);
	CHECK(m && str_starts(buf_str(&m->mail), STR("<postmaster>")));
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("a sender that is too long to be rewritten hears of it at once");
	{
		char address[300];

		memset(address, 'a', 235);
		memcpy(address + 235, "@lmtp.test", sizeof "@lmtp.test");
		stage_send_here(address, "away@example.test", 0);
	}
	CHECK_NUM(stage.sink.message_count, 0);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	CHECK_NUM(stage.other.message_count, 1);
	m = sink_message(&stage.other, 0);
	if (m)
		CHECK(str_find(buf_str(&m->content), STR("too long to be forwarded")) != STR_NONE);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("without SRS");
	stage.settings.has_srs = false;
	stage_send_here("ann@origin.test", "away@example.test", 0);
	m = sink_message(&stage.sink, 0);
	CHECK(m && str_starts(buf_str(&m->mail), STR("<ann@origin.test>")));
	stage_end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_WARN);
	test_deliver();
	test_deferred();
	test_time_over();
	test_reason();
	test_success();
	test_requiretls();
	test_requiretls_here();
	test_local();
	test_forward();
	return test_end();
}
