/* Records of the queue that are damaged hold up nobody else, reach no abort, and can be cancelled and mended. */

/* system */
#include <stdio.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/fake_directory.h"
#include "lib/queue_stage.h"
#include "queue/inner.h"

/* --- doing it ------------------------------------------------------------------------------------------- */

enum hurt {
	HURT_ROW,        /* cannot be read */
	HURT_MESSAGE,    /* .. */
	HURT_NO_MESSAGE, /* is gone */
	HURT_LOW,        /* counts no recipients */
	HURT_HIGH,       /* counts four billion */
	HURT_HOST,       /* the record of its site cannot be read */
};

struct hurting {
	uint64_t id;
	enum hurt what;
};

static enum fail
recount(struct txn *t, uint64_t id, uint32_t left)
{
	struct queue_message m;
	struct buf copy;
	enum fail fail;

	buf_init(&copy, STORE_VALUE_MAX);
	fail = queue_message_get(t, id, &m, &copy);
	m.rcpt_left = left;
	if (fail == FAIL_NONE)
		fail = queue_message_put(t, &m);
	buf_release(&copy);
	return fail;
}

static enum fail
hurt_run(struct txn *t, void *arg)
{
	const struct hurting *h = arg;
	struct key row = queue_key_rcpt(h->id, 0), message = queue_key_message(h->id);
	struct key host = queue_key_host(STR("route/sink"));

	switch (h->what) {
	case HURT_ROW: return txn_put(t, key_str(&row), STR("\x01garbage"));
	case HURT_MESSAGE: return txn_put(t, key_str(&message), STR("\x01garbage"));
	case HURT_NO_MESSAGE: return txn_delete(t, key_str(&message));
	case HURT_LOW: return recount(t, h->id, 0);
	case HURT_HIGH: return recount(t, h->id, UINT32_MAX);
	case HURT_HOST: return txn_put(t, key_str(&host), STR("\x01garbage"));
	}
	return FAIL_PERM;
}

static void
hurt(uint64_t id, enum hurt what)
{
	struct hurting h = { id, what };

	CHECK_NUM(store_run(stage.store, hurt_run, &h), FAIL_NONE);
	stage_settle();
}

/* A message to two recipients of one site that waits for its second try. */
static uint64_t
add_waiting(void)
{
	struct stage_order o = stage_order(ALICE, "bob@elsewhere.test");
	uint64_t id;

	stage_also(&o, "carl@elsewhere.test");
	stage.sink.end = "451 4.0.0 no";
	id = stage_add(&o);
	stage_settle();
	stage.sink.end = NULL;
	return id;
}

/* --- others go on ----------------------------------------------------------------------------------------- */

static const struct {
	const char *row;
	enum hurt what;
	size_t sent;   /* of its two recipients */
	uint64_t left; /* after six days, as the queue counts */
	bool is_there; /* its record is */
} rows[] = {
	{ "a recipient cannot be read", HURT_ROW, 1, 1, true },
	{ "a message cannot be read", HURT_MESSAGE, 0, 1, true },
	{ "a message is gone", HURT_NO_MESSAGE, 0, 1, false },
	{ "a message counts no recipients", HURT_LOW, 2, 0, false },
	{ "a message counts too many", HURT_HIGH, 2, 0, false },
	{ "a site's record cannot be read", HURT_HOST, 2, 0, false },
};

static size_t
sent_rcpts(void)
{
	size_t count = 0;

	for (size_t i = 0; i < stage.sink.message_count; i++) {
		struct str rest = buf_str(&sink_message(&stage.sink, i)->rcpts), line;

		while (str_take_until(&rest, '\n', &line))
			count++;
	}
	return count;
}

static void
test_others(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t id;
		uint64_t turns;

		stage_begin(rows[i].row);
		id = add_waiting();
		sink_forget(&stage.sink);
		hurt(id, rows[i].what);
		for (int k = 0; k < 5; k++) {
			struct stage_order o = stage_order(ALICE, "dora@elsewhere.test");

			o.envelope.hold_s = STAGE_WALL + 305; /* due behind the damaged one */
			stage_add(&o);
		}
		stage_settle();
		stage_pass(310);
		CHECK_NUM(sent_rcpts(), 5 + rows[i].sent);
		for (int day = 0; day < 6; day++)
			stage_pass(24 * 3600);
		CHECK_NUM(sent_rcpts(), 5 + rows[i].sent);
		CHECK_NUM(stage_left(), rows[i].left);
		turns = stage.loop.turns;
		stage_pass(24 * 3600);
		CHECK(stage.loop.turns - turns < 50); /* nothing is left to be done */
		CHECK_NUM(queue_cancel(stage.queue, id),
		    rows[i].is_there ? FAIL_NONE : FAIL_MISSING);
		stage_end();
	}
}

/* --- times and alarms ------------------------------------------------------------------------------------- */

#define MANY 60 /* more than the scheduler looks at in a step */

static void
test_times(void)
{
	uint64_t ids[MANY];

	stage_begin("the times of many that cannot be read");
	stage.sink.greeting = "421 4.3.2 not now";
	for (size_t i = 0; i < MANY; i++)
		ids[i] = stage_send_one("x@y.test", "bob@elsewhere.test");
	for (size_t i = 0; i < MANY; i++)
		hurt(ids[i], HURT_MESSAGE);
	stage_set_time(1);
	stage_send_one(ALICE, "bob@elsewhere.test");
	stage_pass(4 * 3600 + 10);
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	stage_end();
}

static enum fail
alarms_run(struct txn *t, void *arg)
{
	enum fail fail = FAIL_NONE;
	char name[30];

	(void)arg;
	for (int i = 0; fail == FAIL_NONE && i < MANY; i++) {
		struct key k;

		snprintf(name, sizeof name, "nobody%d.test", i);
		k = queue_key_wake(i, str_c(name));
		fail = txn_put(t, key_str(&k), STR(""));
	}
	return fail;
}

static void
test_alarms(void)
{
	uint64_t turns;

	stage_begin("alarms of no site");
	CHECK_NUM(store_run(stage.store, alarms_run, NULL), FAIL_NONE);
	stage_send_one(ALICE, "bob@elsewhere.test");
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	turns = stage.loop.turns;
	stage_pass(3600);
	CHECK(stage.loop.turns - turns < 50);
	stage_end();
}

/* --- the owner ------------------------------------------------------------------------------------------------ */

static unsigned lines;

static void
count_line(struct queue_check *check, struct str line)
{
	(void)check;
	lines += !str_empty(line);
}

static uint64_t
check_queue(bool is_repair)
{
	struct queue_check check = { .report = count_line, .is_repair = is_repair };

	CHECK_NUM(queue_check(stage.queue, &check), FAIL_NONE);
	return check.findings;
}

static size_t
listed(void)
{
	struct queue_entry e;
	struct arena arena;
	uint64_t at = 0;
	size_t count = 0;

	arena_init(&arena, 1 << 20);
	while (CHECK(count < 10) && queue_entry_next(stage.queue, at, &arena, &e) == FAIL_NONE) {
		at = e.message.id;
		count++;
		arena_reset(&arena);
	}
	arena_release(&arena);
	return count;
}

static void
test_owner(void)
{
	uint64_t id;

	stage_begin("the list goes on behind a damaged message");
	hurt(add_waiting(), HURT_MESSAGE);
	hurt(add_waiting(), HURT_ROW);
	hurt(add_waiting(), HURT_HIGH);
	add_waiting();
	CHECK_NUM(listed(), 4);
	CHECK(check_queue(false) >= 3);
	stage_end();

	stage_begin("one recipient that is damaged does not cost the other one");
	id = add_waiting();
	hurt(id, HURT_ROW);
	sink_forget(&stage.sink);
	CHECK(check_queue(true) >= 1);
	CHECK_NUM(check_queue(false), 0);
	stage_pass(310);
	CHECK_NUM(sent_rcpts(), 1);
	CHECK_NUM(stage_left(), 0);
	stage_end();

	stage_begin("what is damaged is held or cancelled");
	id = add_waiting();
	hurt(id, HURT_MESSAGE);
	CHECK_NUM(queue_hold(stage.queue, id), FAIL_TEMP);
	CHECK_NUM(queue_retry(stage.queue, id, NULL), FAIL_TEMP);
	CHECK_NUM(queue_cancel(stage.queue, id), FAIL_NONE);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(listed(), 0);
	id = add_waiting();
	hurt(id, HURT_ROW);
	CHECK_NUM(queue_cancel(stage.queue, id), FAIL_NONE);
	CHECK_NUM(stage_left(), 0);
	stage_settle();
	stage_pass(24 * 3600);
	(void)check_queue(true);
	CHECK_NUM(check_queue(false), 0);
	stage_end();
}

/* --- long reports ------------------------------------------------------------------------------------------- */

static void
test_reports(void)
{
	struct stage_order o;
	uint64_t most = 0;

	stage_begin("a list that nobody takes comes back, a slice in each turn");
	stage.sink.greeting = "421 4.3.2 not now";
	o = stage_order(ALICE, "crowd@example.test");
	o.is_remote = false;
	stage_add(&o);
	stage_settle();
	stage_set_time(6 * 24 * 3600);
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t before = queue_counts(stage.queue).failed;

		loop_turn(&stage.loop, 0);
		before = queue_counts(stage.queue).failed - before;
		most = before > most ? before : most;
	}
	CHECK(
	    most > 0 && most <= 100 + JOB_RCPTS_MAX / 2); /* a slice, and one that was being sent */
	CHECK_NUM(queue_counts(stage.queue).failed, FAKE_CROWD);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	test_others();
	test_times();
	test_alarms();
	test_owner();
	test_reports();
	return test_end();
}
