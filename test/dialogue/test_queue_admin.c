/* The owner interferes with the queue, and has it checked. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/queue_stage.h"
#include "queue/inner.h"

/* --- interfering ----------------------------------------------------------------------------------------------------- */

/* All that waits for the sink is due now, slice by slice. */
static enum fail
retry_sink(struct queue_retried *out)
{
	struct queue_retried retried = { 0 };
	struct buf mark;
	enum fail fail;

	buf_init(&mark, 1024);
	do
		fail = queue_retry_site(stage.queue, STR("route/sink"), &mark, &retried);
	while (fail == FAIL_NONE && mark.n > 0);
	buf_release(&mark);
	if (out)
		*out = retried;
	return fail;
}

static uint64_t
count_held(void)
{
	uint64_t count = 99;

	CHECK_NUM(queue_count_held(stage.queue, &count), FAIL_NONE);
	return count;
}

/* A message that its sender wants to leave then. */
static uint64_t
add_future(const char *rcpt, int64_t hold_s)
{
	struct stage_order o = stage_order(ALICE, rcpt);

	o.envelope.hold_s = hold_s;
	return stage_add(&o);
}

static void
test_future(void)
{
	struct queue_retried retried;
	struct queue_found found;
	uint64_t id, plain;

	stage_begin("what its sender wants later is not retried");
	id = add_future("bob@elsewhere.test", STAGE_WALL + 7200);
	stage_settle();
	CHECK_NUM(queue_retry(stage.queue, id, &found), FAIL_NONE);
	CHECK_NUM(found.until_s, STAGE_WALL + 7200);
	CHECK(!found.is_held);
	CHECK_NUM(retry_sink(&retried), FAIL_NONE);
	CHECK(!retried.is_tried);
	CHECK_NUM(retried.future, 1);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 0);
	CHECK_NUM(stage_look(id, 0).due_s, STAGE_WALL + 7200);
	TEST_ROW("others at its site are");
	stage.sink.end = "451 4.0.0 no";
	plain = stage_send_one(ALICE, "carl@elsewhere.test");
	CHECK_NUM(stage_look(plain, 0).attempts, 1);
	stage.sink.end = NULL;
	CHECK_NUM(retry_sink(&retried), FAIL_NONE);
	CHECK(retried.is_tried);
	CHECK_NUM(retried.future, 1);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 1);
	TEST_ROW("only a release frees it, and then it is like others");
	stage.sink.end = "451 4.0.0 no";
	CHECK_NUM(queue_release(stage.queue, id, &found), FAIL_NONE);
	CHECK_NUM(found.until_s, STAGE_WALL + 7200);
	stage_settle();
	CHECK_NUM(stage_look(id, 0).attempts, 1);
	stage.sink.end = NULL;
	CHECK_NUM(queue_retry(stage.queue, id, &found), FAIL_NONE);
	CHECK_NUM(found.until_s, 0);
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	TEST_ROW("its time came: it is retried like others");
	stage.sink.end = "451 4.0.0 no";
	id = add_future("bob@elsewhere.test", STAGE_WALL + 60);
	stage_pass(61);
	CHECK_NUM(stage_look(id, 0).attempts, 1);
	stage.sink.end = NULL;
	CHECK_NUM(retry_sink(&retried), FAIL_NONE);
	CHECK_NUM(retried.future, 0);
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("more of it than one slice has");
	for (int i = 0; i < ADMIN_SLICE; i++)
		add_future("bob@elsewhere.test", STAGE_WALL + 100);
	stage.sink.end = "451 4.0.0 no";
	stage_send_one(ALICE, "carl@elsewhere.test");
	stage.sink.end = NULL;
	CHECK_NUM(retry_sink(&retried), FAIL_NONE);
	CHECK_NUM(retried.future, ADMIN_SLICE);
	CHECK(retried.is_tried);
	stage_settle();
	CHECK_NUM(stage_left(), ADMIN_SLICE);
	stage_end();
}

static void
test_held(void)
{
	struct queue_found found;
	struct queue_entry e;
	struct arena arena;
	uint64_t id, other;

	arena_init(&arena, 1 << 20);
	stage_begin("those that are held are counted and listed");
	stage.sink.end = "451 4.0.0 no";
	id = stage_send_one(ALICE, "bob@elsewhere.test");
	other = stage_send_one(ALICE, "carl@elsewhere.test");
	CHECK_NUM(count_held(), 0);
	CHECK_NUM(queue_hold(stage.queue, id), FAIL_NONE);
	CHECK_NUM(queue_hold(stage.queue, id), FAIL_NONE);
	CHECK_NUM(queue_hold(stage.queue, other), FAIL_NONE);
	CHECK_NUM(count_held(), 2);
	CHECK_NUM(retry_sink(NULL), FAIL_MISSING);
	CHECK_NUM(queue_held_next(stage.queue, id, &arena, &e), FAIL_NONE);
	CHECK_NUM(e.message.id, other);
	CHECK_STR(e.rcpts[0].site, STR("route/sink"));
	CHECK_NUM(queue_held_next(stage.queue, other, &arena, &e), FAIL_MISSING);
	CHECK_NUM(queue_release(stage.queue, id, &found), FAIL_NONE);
	CHECK(found.is_held);
	CHECK_NUM(count_held(), 1);
	CHECK_NUM(queue_cancel(stage.queue, other), FAIL_NONE);
	CHECK_NUM(count_held(), 0);
	stage_end();
	arena_release(&arena);
}

static void
test_admin(void)
{
	struct queue_found found;
	uint64_t id, other;

	stage_begin("hold, release, cancel, retry");
	stage.sink.end = "451 4.0.0 no";
	id = stage_send_one(ALICE, "bob@elsewhere.test");
	other = stage_send_one(ALICE, "carl@elsewhere.test");
	CHECK_NUM(queue_hold(stage.queue, id), FAIL_NONE);
	stage.sink.end = NULL;
	for (int i = 0; i < 24 * 6; i++)
		stage_pass(3600);
	CHECK_NUM(stage_left(), 1);
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(queue_retry(stage.queue, id, &found), FAIL_NONE);
	CHECK(found.is_held);
	stage_settle();
	CHECK_NUM(stage_left(), 1);
	CHECK_NUM(queue_release(stage.queue, id, &found), FAIL_NONE);
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(queue_hold(stage.queue, other), FAIL_MISSING);
	stage.sink.end = "451 4.0.0 no";
	id = stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(queue_cancel(stage.queue, id), FAIL_NONE);
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage.sink.end = NULL;
	CHECK_NUM(retry_sink(NULL), FAIL_NONE);
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(retry_sink(NULL), FAIL_MISSING);
	stage_end();

	stage_begin("cancelled while it is being sent");
	stage_send_one(ALICE, "warm@elsewhere.test");
	{
		struct stage_order o = stage_order(ALICE, "bob@elsewhere.test");

		id = stage_add(&o);
		loop_turn(&stage.loop, 0);
		CHECK_NUM(queue_cancel(stage.queue, id), FAIL_NONE);
	}
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();

	stage_begin("retried while it is being sent");
	stage_send_one(ALICE, "warm@elsewhere.test");
	{
		struct stage_order o = stage_order(ALICE, "bob@elsewhere.test");

		id = stage_add(&o);
		loop_turn(&stage.loop, 0);
		stage_set_time(stage.now_s + 1);
		CHECK_NUM(queue_retry(stage.queue, id, &found), FAIL_NONE);
	}
	stage_settle();
	CHECK_NUM(stage_left(), 0);
	stage_send_one(ALICE, "carl@elsewhere.test");
	CHECK_NUM(stage.sink.message_count, 3);
	CHECK_NUM(stage_left(), 0);
	TEST_ROW("held and released while it is being sent");
	{
		struct stage_order o = stage_order(ALICE, "temp@elsewhere.test");

		id = stage_add(&o);
		loop_turn(&stage.loop, 0);
		CHECK_NUM(queue_hold(stage.queue, id), FAIL_NONE);
		stage_set_time(stage.now_s + 1);
		CHECK_NUM(queue_release(stage.queue, id, &found), FAIL_NONE);
	}
	stage_settle();
	CHECK_NUM(stage_look(id, 0).attempts, 1);
	CHECK_NUM(stage_look(id, 0).last.code, 451);
	stage_pass(301);
	CHECK_NUM(stage_look(id, 0).attempts, 2);
	stage_end();
}

/* --- checking -------------------------------------------------------------------------------------------------------- */

struct damage {
	const char *row;
	enum queue_kind kind; /* of keys that are deleted .. */
	bool is_stray;        /* .. or one that is put */
	uint64_t findings;
	uint64_t left; /* messages after it was mended */
};

/* Three messages wait: one for a site, one for two of them, one that is held. */
static const struct damage damages[] = {
	{ "nothing is wrong", QUEUE_NEXT, false, 0, 3 },
	{ "places", QUEUE_SITE, false, 5, 3 },
	{ "a place too many", QUEUE_SITE, true, 2, 3 },
	{ "ends", QUEUE_TIME, false, 2, 3 },
	{ "an end too many", QUEUE_TIME, true, 1, 3 },
	{ "held ones", QUEUE_HELD, false, 1, 3 },
	{ "a held one too many", QUEUE_HELD, true, 1, 3 },
	{ "names of files", QUEUE_BLOB, false, 3, 3 },
	{ "a name too many", QUEUE_BLOB, true, 1, 3 },
	{ "sites", QUEUE_HOST, false, 3, 3 },
	{ "alarms", QUEUE_WAKE, false, 2, 3 },
	{ "an alarm too many", QUEUE_WAKE, true, 1, 3 },
	{ "the count", QUEUE_COUNT, false, 1, 3 },
	{ "recipients", QUEUE_RCPT, false, 4, 0 },
	{ "a recipient too many", QUEUE_RCPT, true, 1, 3 },
	{ "messages", QUEUE_MESSAGE, false, 6, 0 },
	{ "a message that is none", QUEUE_MESSAGE, true, 1, 3 },
};

static enum fail
damage_run(struct txn *t, void *arg)
{
	const struct damage *d = arg;
	struct key from = queue_key(d->kind), end = from, stray;

	key_end(&end);
	if (!d->is_stray)
		return d->kind == QUEUE_NEXT ? FAIL_NONE
					     : txn_delete_range(t, key_str(&from), key_str(&end));
	switch (d->kind) {
	case QUEUE_SITE:
		stray = queue_key_place(
		    &(struct queue_place){ .site = STR("elsewhere.test"), .message = 77 });
		break;
	case QUEUE_TIME: stray = queue_key_time(STAGE_WALL, 77); break;
	case QUEUE_HELD: stray = queue_key_held(77); break;
	case QUEUE_BLOB: stray = queue_key_blob(STR("1.2.3")); break;
	case QUEUE_WAKE: stray = queue_key_wake(STAGE_WALL, STR("elsewhere.test")); break;
	case QUEUE_RCPT: stray = queue_key_rcpt(77, 0); break;
	case QUEUE_MESSAGE: stray = queue_key_message(77); break;
	case QUEUE_NEXT:
	case QUEUE_HOST:
	case QUEUE_SECRET:
	case QUEUE_COUNT:
	default: stray = from;
	}
	return txn_put(t, key_str(&stray), STR("x"));
}

static unsigned lines;

static void
count_line(struct queue_check *check, struct str line)
{
	(void)check;
	lines += !str_empty(line);
}

static void
check_queue(const struct damage *d)
{
	struct queue_check check = { .report = count_line };

	lines = 0;
	CHECK_NUM(store_run(stage.store, damage_run, (void *)(uintptr_t)d), FAIL_NONE);
	CHECK_NUM(queue_check(stage.queue, &check), FAIL_NONE);
	CHECK_NUM(check.findings, d->findings);
	CHECK_NUM(lines, d->findings);
	check.is_repair = true;
	CHECK_NUM(queue_check(stage.queue, &check), FAIL_NONE);
	check.is_repair = false;
	CHECK_NUM(queue_check(stage.queue, &check), FAIL_NONE);
	CHECK_NUM(check.findings, 0);
	CHECK_NUM(check.messages, d->left);
}

static void
test_checking(void)
{
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct stage_order o;
		uint64_t held;

		stage_begin(damages[i].row);
		stage.sink.end = "451 4.7.1 later";
		stage_send_one(ALICE, "one@elsewhere.test");
		stage.other.end = "451 4.7.1 later";
		o = stage_order(ALICE, "one@elsewhere.test");
		stage_also(&o, "two@lmtp.test");
		stage_add(&o);
		stage_settle();
		held = stage_send_one(ALICE, "three@elsewhere.test");
		CHECK_NUM(queue_hold(stage.queue, held), FAIL_NONE);
		check_queue(&damages[i]);
		stage.sink.end = stage.other.end = NULL;
		if (damages[i].left > 0)
			CHECK_NUM(queue_release(stage.queue, held, NULL), FAIL_NONE);
		stage_settle(); /* durable */
		stage_crash();
		for (int day = 0; day < 3; day++)
			stage_pass(24 * 3600);
		CHECK_NUM(stage.sink.message_count + stage.other.message_count,
		    damages[i].left == 0 ? 0 : 4);
		CHECK_NUM(stage_left(), 0);
		stage_end();
	}
}

int
main(void)
{
	test_admin();
	test_future();
	test_held();
	test_checking();
	return test_end();
}
