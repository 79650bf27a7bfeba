/* The queue delivers into mailboxes whose files are far away: what cannot be reached waits, and comes once. */

/* base */
#include "base/log.h"
#include "base/test.h"

/* system */
#include <limits.h>

/* rooms */
#include "lib/fake_blobs.h"
#include "lib/queue_stage.h"
#include "queue/admin.h"

#define BOB "bob@example.test"

static void
turns(unsigned n)
{
	while (n-- > 0)
		loop_turn(&stage.loop, 0);
}

static void
test_down(void)
{
	uint64_t id;

	stage_begin("nothing can be reached");
	fake_blobs_fail(0, UINT_MAX, FAIL_TEMP);
	id = stage_send_here("ann@x.test", ALICE, 0);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	CHECK_NUM(stage_left(), 1);
	CHECK_STR(stage_look(id, 0).last.text, STR("the mailbox cannot be written now"));
	fake_blobs_fail(0, 0, FAIL_NONE);
	stage_pass(86400);
	CHECK_NUM(stage_copies(ALICE), 1);
	CHECK_NUM(stage_left(), 0);
	stage_end();
}

static void
test_one_of_two(void)
{
	struct stage_order o = stage_order("ann@x.test", ALICE);

	stage_begin("one of two can be reached");
	stage_also(&o, BOB);
	o.is_remote = false;
	fake_blobs_fail(1, 1, FAIL_TEMP);
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage_copies(ALICE) + stage_copies(BOB), 1);
	stage_pass(86400);
	CHECK_NUM(stage_copies(ALICE), 1);
	CHECK_NUM(stage_copies(BOB), 1);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();
}

static void
test_stuck(void)
{
	stage_begin("it ends while it waits");
	fake_blobs_hold(true);
	stage_send_here("ann@x.test", ALICE, 0);
	turns(10);
	CHECK_NUM(fake_blobs_waiting(), 1);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	stage_crash();
	stage_settle();
	CHECK_NUM(stage_copies(ALICE), 1);
	CHECK_NUM(stage_left(), 0);
	stage_end();
}

static void
test_cancelled(void)
{
	uint64_t id;

	stage_begin("it is cancelled while it waits");
	fake_blobs_hold(true);
	id = stage_send_here("ann@x.test", ALICE, 0);
	CHECK_NUM(queue_cancel(stage.queue, id), FAIL_NONE);
	fake_blobs_hold(false);
	stage_settle();
	CHECK_NUM(stage_copies(ALICE), 0);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(fake_blobs_left(), 0);
	stage_end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	test_down();
	test_one_of_two();
	test_stuck();
	test_cancelled();
	return test_end();
}
