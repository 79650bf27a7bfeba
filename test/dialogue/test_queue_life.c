/* The queue among bad hosts, many messages, bad disks and crashes. */

/* system */
#include <errno.h>
#include <stdio.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/queue_stage.h"
#include "sys/sys.h"

/* --- sites that are down -------------------------------------------------------------------------------------------- */

static void
test_down(void)
{
	uint64_t first;

	stage_begin("one probe for all that wait");
	stage.sink.greeting = "421 4.3.2 not now";
	first = stage_send_one(ALICE, "bob0@elsewhere.test");
	for (int i = 0; i < 50; i++)
		stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage_left(), 51);
	CHECK_NUM(stage.sink.connection_count, 1);
	CHECK_NUM(stage_look(first, 0).attempts, 1);
	CHECK_NUM(stage_look(first, 0).last.code, 421);
	CHECK_NUM(stage_look(first + 20, 0).attempts, 0);
	stage_pass(301);
	CHECK_NUM(stage.sink.connection_count, 2);
	stage_pass(601);
	CHECK_NUM(stage.sink.connection_count, 3);
	stage.sink.greeting = NULL;
	stage_pass(1201);
	CHECK_NUM(stage.sink.message_count, 51);
	CHECK_NUM(stage_left(), 0);
	CHECK(stage.sink.most_open <= (size_t)stage.settings.site_connections);
	stage_end();

	stage_begin("agents that fail together are one failure");
	stage.sink.greeting = "421 4.3.2 not now";
	for (int i = 0; i < 3; i++) {
		struct stage_order o = stage_order(ALICE, "bob@elsewhere.test");

		stage_add(&o);
	}
	stage_settle();
	CHECK_NUM(stage.sink.connection_count, 2);
	stage_pass(301);
	CHECK_NUM(stage.sink.connection_count, 3);
	stage_pass(590);
	CHECK_NUM(stage.sink.connection_count, 3);
	stage_pass(20);
	CHECK_NUM(stage.sink.connection_count, 4);
	stage_end();

	stage_begin("one that is refused for good waits: the owner chose the relay");
	stage.sink.greeting = "554 5.7.1 go away";
	stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage_left(), 1);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	stage_end();

	stage_begin("a message that breaks conversations holds nobody up");
	stage.sink.break_at = SINK_BREAK_DATA;
	first = stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage_look(first, 0).attempts, 1);
	CHECK_NUM(stage_look(first, 0).due_s, STAGE_WALL + 300);
	stage.sink.break_at = SINK_BREAK_NEVER;
	stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 1);
	stage_end();
}

static bool
is_blocked(struct queue_blocked *out)
{
	size_t at = 0;

	return queue_blocked_next(stage.queue, &at, out);
}

/* Address literals by MX over one route, at a port where nobody listens but at 127.0.0.1. */
static void
begin_blocked(const char *row)
{
	stage_begin(row);
	stage.other.is_lmtp = false;
	stage.outbound.port = stage.sink.listener.address.port;
	stage.outbound.allow_private = true;
	stage_add_route("direct", "*", ROUTE_DIRECT, 0);
	stage.route_settings[3].fallback = STR("backup");
	stage_add_route("backup", "", ROUTE_RELAY, stage.other.listener.address.port);
}

static void
test_blocked(void)
{
	struct queue_blocked b;

	begin_blocked("a route over which nobody answers");
	stage_send_one(ALICE, "a@[127.0.0.2]");
	stage_send_one(ALICE, "a@[127.0.0.3]");
	CHECK_NUM(stage_left(), 2);
	CHECK(!is_blocked(&b));
	stage_send_one(ALICE, "a@[127.0.0.4]"); /* the third in a row: it goes on at once */
	CHECK_NUM(stage.other.message_count, 1);
	CHECK_NUM(stage_left(), 2);
	CHECK(is_blocked(&b));
	CHECK_STR(b.route, STR("direct"));
	CHECK_STR(b.fallback, STR("backup"));
	CHECK_NUM(b.failures, 3);
	TEST_ROW("a probe that fails costs its message nothing");
	stage_send_one(ALICE, "a@[127.0.0.5]");
	CHECK_NUM(stage.other.message_count, 2);
	CHECK(is_blocked(&b));
	CHECK_NUM(b.failures, 4);
	CHECK_NUM(b.probe_s, STAGE_WALL + 900);
	TEST_ROW("meanwhile nobody is asked, not even a host that would answer");
	stage_send_one(ALICE, "a@[127.0.0.1]");
	CHECK_NUM(stage.other.message_count, 3);
	CHECK_NUM(stage.sink.connection_count, 0);
	CHECK_NUM(stage_left(), 2);
	TEST_ROW("those that failed before go with their next try");
	stage_pass(301);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.other.message_count, 5);
	TEST_ROW("the next probe ends it");
	stage_pass(600);
	stage_send_one(ALICE, "a@[127.0.0.1]");
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK(!is_blocked(&b));
	stage_send_one(ALICE, "a@[127.0.0.5]");
	CHECK_NUM(stage_left(), 1);
	stage_end();

	begin_blocked("a greeting, even a bad one, says that the way is open");
	stage_send_one(ALICE, "a@[127.0.0.2]");
	stage_send_one(ALICE, "a@[127.0.0.3]");
	stage.sink.greeting = "421 4.3.2 not now";
	stage_send_one(ALICE, "a@[127.0.0.1]");
	stage_send_one(ALICE, "a@[127.0.0.4]");
	stage_send_one(ALICE, "a@[127.0.0.5]");
	CHECK(!is_blocked(&b));
	CHECK_NUM(stage.other.connection_count, 0);
	CHECK_NUM(stage_left(), 5);
	stage_end();

	begin_blocked("one dead domain turns no others away");
	stage_send_one(ALICE, "a@[127.0.0.2]");
	stage_pass(301);
	stage_pass(601);
	CHECK(is_blocked(&b));
	CHECK_NUM(stage.other.message_count, 1);
	stage_send_one(ALICE, "a@[127.0.0.1]");
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK(!is_blocked(&b));
	stage_end();

	begin_blocked("the fallback fails, too: the site rests, and nothing is counted twice");
	stage.route_settings[3].fallback_after = 1;
	stage.other.greeting = "421 4.3.2 not now";
	stage_send_one(ALICE, "a@[127.0.0.2]");
	CHECK_NUM(stage_left(), 1);
	CHECK_NUM(stage.other.connection_count, 1);
	CHECK(is_blocked(&b));
	CHECK_NUM(b.failures, 1);
	stage_end();
}

static void
test_fallback(void)
{
	stage_begin("another way after some failures");
	stage.sink.greeting = "421 4.3.2 not now";
	stage_add_route("backup", "", ROUTE_RELAY, stage.other.listener.address.port);
	stage.other.is_lmtp = false;
	stage.route_settings[0].fallback = STR("backup");
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage_pass(301);
	CHECK_NUM(stage.other.connection_count, 0);
	stage_pass(601);
	CHECK_NUM(stage.other.connection_count, 0);
	stage_pass(1201);
	CHECK_NUM(stage.other.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("a route that sends nothing");
	stage_add_route("never", "never.test", ROUTE_REFUSE, 0);
	stage_send_one(ALICE, "bob@never.test");
	CHECK_NUM(stage_left(), 0);
	CHECK(stage_inbox_has(ALICE, "Status: 5.7.1"));
	CHECK(stage_inbox_has(ALICE, "is not sent from here"));
	stage_end();

	stage_begin("a route that throws away what waited, a little at a time");
	stage.sink.greeting = "421 4.3.2 not now";
	for (int i = 0; i < 500; i++)
		stage_send_one("x@y.test", "bob@elsewhere.test");
	stage.route_settings[0].way = ROUTE_DISCARD;
	stage_set_time(301);
	for (int i = 0; i < 100 && stage_left() == 500; i++)
		loop_turn(&stage.loop, 0);
	CHECK(stage_left() > 300 && stage_left() < 500);
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("a route that was taken out");
	stage.sink.greeting = "421 4.3.2 not now";
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage.routes[0].name = STR("renamed");
	stage.sink.greeting = NULL;
	stage_pass(301);
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	stage_end();
}

/* --- hosts that leave when nothing was said ------------------------------------------------------------------ */

static void
test_leaving(void)
{
	struct stage_order o;
	uint64_t id;

	stage_begin("while we keep the conversation for another message");
	stage_send_one(ALICE, "bob@elsewhere.test");
	sink_leave(&stage.sink);
	stage_settle();
	CHECK_NUM(stage.sink.open_count, 0);
	stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage.sink.message_count, 2);
	CHECK_NUM(stage.sink.connection_count, 2);
	sink_leave(&stage.sink);
	stage_pass(2);
	CHECK_NUM(queue_counts(stage.queue).sites, 0);
	stage_end();

	stage_begin("while the rate lets us wait");
	stage.settings.site_rate = 6;
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage.sink.message_count, 1);
	sink_leave(&stage.sink);
	stage_settle();
	stage_pass(11);
	CHECK_NUM(stage.sink.message_count, 2);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("between the parts of a message that has many recipients");
	stage.outbound.rcpt_max = 1;
	stage.sink.break_at = SINK_BREAK_AFTER;
	o = stage_order(ALICE, "bob@elsewhere.test");
	stage_also(&o, "carl@elsewhere.test");
	stage_also(&o, "dora@elsewhere.test");
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 3);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("right behind its welcome");
	stage.sink.extensions = "250 PIPELINING\r\n421 4.3.2 not now\r\n";
	id = stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage_left(), 1);
	CHECK_NUM(stage.sink.connection_count, 1);
	CHECK_STR(stage_look(id, 0).last.text, STR("it has gone"));
	stage.sink.extensions = NULL;
	stage_pass(301);
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	stage_end();
}

static void
test_gone(void)
{
	stage_begin("a host that goes when the next message begins");
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage.sink.break_at = SINK_BREAK_MAIL;
	{
		struct stage_order o = stage_order(ALICE, "carl@elsewhere.test");

		stage_add(&o);
	}
	for (int i = 0; i < 200 && stage.sink.connection_count < 2; i++)
		loop_turn(&stage.loop, 0);
	stage.sink.break_at = SINK_BREAK_NEVER;
	stage_settle();
	CHECK_NUM(stage.sink.connection_count, 2);
	CHECK_NUM(stage.sink.message_count, 2);
	CHECK_NUM(stage_left(), 0);
	TEST_ROW("and again on the new connection");
	stage.sink.break_at = SINK_BREAK_MAIL;
	stage_send_one(ALICE, "dora@elsewhere.test");
	CHECK_NUM(stage.sink.connection_count, 3);
	CHECK_NUM(stage_left(), 1);
	stage_end();
}

/* --- order and limits ------------------------------------------------------------------------------------------------ */

static void
test_order(void)
{
	struct stage_order o;
	static const int8_t priorities[] = { 0, -9, 9, 0, 3 };
	static const char *const want[] = { "<p2@elsewhere.test>\n", "<p4@elsewhere.test>\n",
		"<p0@elsewhere.test>\n", "<p3@elsewhere.test>\n", "<p1@elsewhere.test>\n" };

	stage_begin("urgent ones first");
	stage.settings.site_connections = 1;
	stage.sink.greeting = "421 4.3.2 not now";
	stage_send_one(ALICE, "probe@elsewhere.test");
	for (size_t i = 0; i < ARRAY_LEN(priorities); i++) {
		char rcpt[50];

		snprintf(rcpt, sizeof rcpt, "p%zu@elsewhere.test", i);
		o = stage_order(ALICE, rcpt);
		o.envelope.priority = priorities[i];
		stage_add(&o);
	}
	stage_settle();
	stage.sink.greeting = NULL;
	stage_pass(301);
	CHECK_NUM(stage.sink.message_count, 6);
	for (size_t i = 0, at = 0; i < 6; i++) {
		struct sink_message *m = sink_message(&stage.sink, i);

		if (m && str_starts(buf_str(&m->rcpts), STR("<probe")))
			continue;
		if (m)
			CHECK_STR(buf_str(&m->rcpts), str_c(want[at++]));
	}
	stage_end();

	stage_begin("not before its time");
	o = stage_order(ALICE, "bob@elsewhere.test");
	o.envelope.hold_s = STAGE_WALL + 1000;
	stage_add(&o);
	stage_settle();
	stage_pass(998);
	CHECK_NUM(stage.sink.message_count, 0);
	stage_pass(3);
	CHECK_NUM(stage.sink.message_count, 1);
	stage_end();

	stage_begin("a rate");
	stage.settings.site_rate = 6; /* one in ten seconds */
	for (int i = 0; i < 4; i++)
		stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage.sink.message_count, 1);
	for (int i = 0; i < 3; i++) {
		stage_pass(11);
		CHECK_NUM(stage.sink.message_count, (size_t)i + 2);
	}
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("a rate that outlives the connection");
	stage.settings.site_rate = 6;
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage_pass(3);
	CHECK_NUM(queue_counts(stage.queue).connections, 0);
	stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage.sink.message_count, 1);
	stage_pass(8);
	CHECK_NUM(stage.sink.message_count, 2);
	TEST_ROW("what is due later finds its time");
	stage.sink.end = "451 4.0.0 no";
	stage_pass(11);
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage_pass(3);
	stage.sink.end = NULL;
	stage_pass(8);
	CHECK_NUM(queue_counts(stage.queue).sites, 0);
	stage_pass(301);
	CHECK_NUM(stage.sink.message_count, 3);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("a full queue");
	stage.settings.messages = 2;
	stage.sink.end = "451 4.0.0 no";
	stage_send_one(ALICE, "a@elsewhere.test");
	stage_send_one(ALICE, "b@elsewhere.test");
	CHECK(!queue_has_room(stage.queue));
	stage_end();
}

static void
test_local_first(void)
{
	char rcpt[60];

	stage_begin("nobody here waits behind others");
	stage.settings.connections = 1;
	stage.sink.greeting = "250"; /* it never gets on: the only connection is taken */
	for (int i = 0; i < 5; i++) {
		snprintf(rcpt, sizeof rcpt, "bob%d@elsewhere.test", i);
		stage_send_one("x@y.test", rcpt);
	}
	stage_send_here("x@y.test", ALICE, 0);
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	stage_end();
}

static enum fail
stray_run(struct txn *t, void *arg)
{
	struct key k =
	    queue_key_place(&(struct queue_place){ .site = STR("route/sink"), .message = 77 });

	(void)arg;
	return txn_put(t, key_str(&k), STR(""));
}

static void
test_turns(void)
{
	struct stage_order o;

	stage_begin("what falls due while another one is under way");
	stage.sink.greeting = "220-one moment"; /* and the rest never comes */
	stage_send_one(ALICE, "slow@elsewhere.test");
	o = stage_order(ALICE, "later@elsewhere.test");
	o.envelope.hold_s = STAGE_WALL + 20;
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage.sink.connection_count, 1);
	stage.sink.greeting = NULL;
	stage_pass(21);
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 1);
	stage_end();

	stage_begin("a place whose recipient is gone holds nobody up");
	CHECK_NUM(store_run(stage.store, stray_run, NULL), FAIL_NONE);
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("after so many messages it is the turn of others");
	stage.settings.connections = 1;
	stage.settings.connection_messages = 3;
	for (int i = 0; i < 20; i++) {
		o = stage_order("x@y.test", "bob@elsewhere.test");
		stage_add(&o);
	}
	while (stage.sink.message_count < 2 && stage.loop.turns < 10000)
		loop_turn(&stage.loop, 0);
	o = stage_order("x@y.test", "carl@lmtp.test");
	stage_add(&o);
	while (stage.other.message_count == 0 && stage.loop.turns < 10000)
		loop_turn(&stage.loop, 0);
	CHECK_NUM(stage.other.message_count, 1);
	CHECK(stage.sink.message_count < 6);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 20);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("who never greets keeps others for a moment only");
	stage.settings.connections = 1;
	stage.sink.greeting = "220-one moment";
	stage_send_one(ALICE, "slow@elsewhere.test");
	stage_pass(60);
	CHECK_NUM(stage.sink.open_count, 1); /* nobody waited */
	stage_send_one(ALICE, "carl@lmtp.test");
	stage_settle();
	CHECK_NUM(stage.other.message_count, 1);
	CHECK_NUM(stage_left(), 1);
	stage.sink.greeting = NULL;
	stage_pass(301);
	CHECK_NUM(stage.sink.message_count, 1);
	stage_end();

	stage_begin("nor who never says whether it has the message");
	stage.settings.connections = 1;
	stage.sink.end = "250-one moment";
	stage_send_one(ALICE, "slow@elsewhere.test");
	stage_send_one(ALICE, "carl@lmtp.test");
	stage_pass(50);
	CHECK_NUM(stage.other.message_count, 0);
	stage_pass(11);
	CHECK_NUM(stage.other.message_count, 1);
	CHECK_NUM(stage_left(), 1);
	stage_end();

	stage_begin("who waits for another message lets others go");
	stage.settings.connections = 2;
	stage.settings.site_connections = 1;
	stage_send_one("x@y.test", "bob@elsewhere.test");
	stage_send_one("x@y.test", "bob@lmtp.test");
	CHECK_NUM(stage.sink.open_count, 1);
	CHECK_NUM(stage.other.open_count, 1);
	stage_send_one("x@y.test", "carl@bin.test");
	CHECK_NUM(stage_left(), 0);
	TEST_ROW("but not for others of the same site");
	stage_send_one("x@y.test", "bob@elsewhere.test");
	stage_send_one("x@y.test", "bob@elsewhere.test");
	CHECK_NUM(stage.sink.message_count, 3);
	CHECK(stage.sink.connection_count <= 2);
	stage_end();
}

/* --- bad disks and bad ends ------------------------------------------------------------------------------------------- */

static int
bad_sync(int fd)
{
	(void)fd;
	errno = EIO;
	return -1;
}

static ssize_t
no_room(int fd, const void *p, size_t n)
{
	(void)fd;
	(void)p;
	(void)n;
	errno = ENOSPC;
	return -1;
}

static void
test_disk(void)
{
	struct stage_order o;

	log_set_level(LOG_LEVEL_ERROR);
	stage_begin("what was not committed is not sent");
	o = stage_order(ALICE, "bob@elsewhere.test");
	stage_settle();
	stage_add(&o);
	sys.fsync = sys.fdatasync = sys.syncfs = bad_sync;
	stage_settle();
	sys_restore();
	for (int i = 0; i < 10; i++)
		stage_pass(2);
	CHECK_NUM(stage.sink.message_count, 0);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("a taken message is not sent twice");
	stage_send_one(ALICE, "warm@elsewhere.test");
	o = stage_order(ALICE, "bob@elsewhere.test");
	stage_add(&o);
	for (int i = 0; i < 200 && stage.sink.message_count < 2; i++)
		loop_turn(&stage.loop, 0);
	CHECK_NUM(stage.sink.message_count, 2);
	sys.fsync = sys.fdatasync = sys.syncfs =
	    bad_sync; /* its settling does not become durable */
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 2);
	sys_restore();
	for (int i = 0; i < 10; i++)
		stage_pass(2);
	CHECK_NUM(stage.sink.message_count, 2);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();

	stage_begin("a report that finds no room is written later, and holds nobody up");
	stage.sink.end = "451 4.0.0 no";
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage.sink.end = NULL;
	o = stage_order(ALICE, "perm@elsewhere.test");
	stage_add(&o);
	sys.write = no_room;
	for (int i = 0; i < 3; i++)
		stage_pass(2);
	CHECK_NUM(stage_left(), 2);
	stage_pass(301);
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 1);
	sys_restore();
	for (int i = 0; i < 5; i++) /* until the disk is known to be well */
		stage_pass(2);
	CHECK_NUM(stage_left(), 0);
	CHECK(stage_inbox_has(ALICE, "Status: 5.1.1"));
	CHECK_NUM(stage_files_left(), 0);
	stage_end();
	log_set_level(LOG_LEVEL_WARN);
}

static void
test_crash(void)
{
	struct stage_order o;

	stage_begin("after a crash it is still there");
	stage.sink.end = "451 4.0.0 no";
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage.sink.end = NULL;
	stage_crash();
	CHECK_NUM(stage_left(), 1);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 0);
	stage_pass(301);
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	TEST_ROW("in the middle of a conversation");
	o = stage_order(ALICE, "bob@elsewhere.test");
	stage_add(&o);
	loop_turn(&stage.loop, 0);
	stage_crash();
	CHECK_NUM(stage_left(), 1);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 2);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();
}

/* --- many --------------------------------------------------------------------------------------------------------------- */

static void
test_many(void)
{
	char rcpt[60];
	struct stage_order o;

	stage_begin("many messages over few connections");
	for (int i = 0; i < 500; i++) {
		snprintf(rcpt, sizeof rcpt, "bob%d@elsewhere.test", i);
		o = stage_order("x@y.test", rcpt);
		stage_add(&o);
	}
	for (int i = 0; i < 100 && stage_left() > 0; i++)
		stage_settle();
	CHECK_NUM(stage.sink.message_count, 500);
	CHECK(stage.sink.most_open <= 2 * 5); /* some say goodbye while the next ones greet */
	CHECK(stage.sink.most_open > 1);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_WARN);
	test_down();
	test_fallback();
	test_blocked();
	test_leaving();
	test_gone();
	test_order();
	test_local_first();
	test_turns();
	test_disk();
	test_crash();
	test_many();
	return test_end();
}
