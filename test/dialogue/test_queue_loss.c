/* Nothing is lost and nothing comes twice: forwards, long lists, disks that are full at the wrong moment. */

/* system */
#include <errno.h>
#include <string.h>

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/fake_directory.h"
#include "lib/queue_stage.h"
#include "queue/inner.h"
#include "sys/sys.h"

#define LOCAL_BOB "bob@example.test"

/* --- forwards ------------------------------------------------------------------------------------------- */

/* The directory takes some turns for every answer. */
static void
settle_slowly(void)
{
	for (unsigned i = 0; i < 100; i++) {
		for (unsigned k = 0; k < 3; k++)
			loop_turn(&stage.loop, 0);
		(void)fake_directory_release();
	}
}

static enum fail
take_row_run(struct txn *t, void *arg)
{
	struct key k = queue_key_rcpt(1, *(const uint32_t *)arg);

	return txn_delete(t, key_str(&k));
}

/* One is forwarded, one fails; one of them is gone when the directory answers. */
static void
test_gone(void)
{
	for (uint32_t n = 0; n < 2; n++) {
		struct stage_order o = stage_order(ALICE, "out@example.test");

		stage_begin("a recipient that is gone has no children and no report");
		stage_also(&o, "nobody@example.test");
		o.is_remote = false;
		fake_directory_hold(true);
		stage_add(&o);
		for (unsigned i = 0; i < 5; i++)
			loop_turn(&stage.loop, 0);
		CHECK_NUM(store_run(stage.store, take_row_run, &n), FAIL_NONE);
		settle_slowly();
		fake_directory_hold(false);
		(void)fake_directory_release();
		stage_settle();
		CHECK_NUM(stage.sink.message_count, n == 0 ? 0 : 1);
		CHECK_NUM(stage_inbox(ALICE, NULL), n == 0 ? 1 : 0);
		CHECK_NUM(stage_left(), 0);
		CHECK_NUM(stage_files_left(), 0);
		stage_end();
	}
}

static void
test_forwards(void)
{
	struct stage_order o;

	stage_begin("forwards whose answers come in different turns");
	fake_directory_hold(true);
	o = stage_order("ann@origin.test", "out@example.test");
	stage_also(&o, "far@example.test");
	stage_also(&o, "away@example.test");
	o.is_remote = false;
	stage_add(&o);
	settle_slowly();
	fake_directory_hold(false);
	stage_settle();
	CHECK_NUM(stage.sink.message_count, 3);
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();
}

/* --- lists ---------------------------------------------------------------------------------------------- */

static unsigned char seen[FAKE_CROWD];

static void
count_members(struct str rcpts)
{
	struct str line;

	while (str_take_until(&rcpts, '\n', &line)) {
		uint64_t n = FAKE_CROWD;

		if (str_skip(&line, STR("<m")) && str_u64(&line, FAKE_CROWD - 1, &n))
			seen[n]++;
	}
}

/* Everybody has it, and once. */
static void
check_crowd(void)
{
	size_t missing = 0, doubled = 0;

	memset(seen, 0, sizeof seen);
	for (size_t i = 0; i < stage.sink.message_count; i++)
		count_members(buf_str(&sink_message(&stage.sink, i)->rcpts));
	for (size_t i = 0; i < FAKE_CROWD; i++) {
		missing += seen[i] == 0;
		doubled += seen[i] > 1;
	}
	CHECK_NUM(missing, 0);
	CHECK_NUM(doubled, 0);
	CHECK_NUM(stage_inbox(LOCAL_BOB, NULL), 1);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
}

static void
add_crowd(void)
{
	struct stage_order o = stage_order("ann@origin.test", "crowd@example.test");

	o.is_remote = false;
	stage_add(&o);
}

/* Until the list is at work and not done: the message itself, and some of its children. */
static void
begin_crowd(void)
{
	add_crowd();
	for (unsigned i = 0; i < 50 && stage_left() < 2; i++)
		loop_turn(&stage.loop, 0);
	CHECK_NUM(stage_left(), 2);
	CHECK_NUM(stage_inbox(LOCAL_BOB, NULL), 0);
}

static int
bad_sync(int fd)
{
	(void)fd;
	errno = EIO;
	return -1;
}

static void
settle_well(void)
{
	for (unsigned i = 0; i < 10; i++)
		stage_pass(2);
}

static void
test_lists(void)
{
	stage_begin("a long list, a slice in each turn");
	begin_crowd();
	settle_well();
	check_crowd();
	stage_end();

	stage_begin("a crash between two slices");
	begin_crowd();
	stage_crash();
	settle_well();
	check_crowd();
	stage_end();

	stage_begin("a disk that fails between two slices");
	begin_crowd();
	sys.fsync = sys.fdatasync = sys.syncfs = bad_sync;
	stage_pass(2);
	sys_restore();
	settle_well();
	stage_pass(301); /* the other host was left in the middle of it */
	check_crowd();
	stage_end();

	stage_begin("cancelled between two slices: what is on its way may end");
	begin_crowd();
	CHECK_NUM(queue_cancel(stage.queue, 1), FAIL_NONE);
	settle_well();
	CHECK_NUM(stage_inbox(LOCAL_BOB, NULL), 0);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();
}

/* --- full disks ----------------------------------------------------------------------------------------- */

static ssize_t
no_room(int fd, const void *p, size_t n)
{
	(void)fd;
	(void)p;
	(void)n;
	errno = ENOSPC;
	return -1;
}

static ssize_t
no_room_at(int fd, const void *p, size_t n, off_t at)
{
	(void)fd;
	(void)p;
	(void)n;
	(void)at;
	errno = ENOSPC;
	return -1;
}

/* A message to somebody here, and somebody else, that is due in 20 seconds. */
static void
add_held(unsigned notify, const char *rcpt, const char *also)
{
	struct stage_order o = stage_order(ALICE, rcpt);

	o.is_remote = false;
	o.rcpts[0].notify = notify;
	if (also)
		stage_also(&o, also);
	o.envelope.hold_s = STAGE_WALL + 20;
	stage_add(&o);
	stage_settle();
}

static const struct {
	const char *row;
	unsigned notify;
	const char *rcpt, *also;
	size_t bob, alice, sent;
} full_rows[] = {
	{ "stored", 0, LOCAL_BOB, NULL, 1, 0, 0 },
	{ "stored, and told", NOTIFY_SUCCESS, LOCAL_BOB, NULL, 1, 1, 0 },
	{ "stored, and another one failed", 0, LOCAL_BOB, "nobody@example.test", 1, 1, 0 },
	{ "forwarded, and another one failed", 0, "away@example.test", "nobody@example.test", 0, 2,
	    1 },
};

/* What must have come of it in the end. */
static void
check_full(size_t i)
{
	settle_well();
	for (unsigned k = 0; k < 4; k++)
		stage_pass(400);
	CHECK_NUM(stage_copies(LOCAL_BOB), full_rows[i].bob);
	CHECK_NUM(stage_inbox(ALICE, NULL), full_rows[i].alice);
	CHECK_NUM(stage.sink.message_count, full_rows[i].sent);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
}

static void
test_full(void)
{
	for (size_t i = 0; i < ARRAY_LEN(full_rows); i++) {
		for (unsigned how = 0; how < 4; how++) {
			stage_begin(full_rows[i].row);
			add_held(full_rows[i].notify, full_rows[i].rcpt, full_rows[i].also);
			sys.write = no_room;
			if (how & 1) /* the store, too */
				sys.pwrite = no_room_at;
			stage_pass(21);
			sys_restore();
			if (how & 2)
				stage_crash();
			check_full(i);
			stage_end();
		}
	}
}

/* Each file call in turn fails, once. */
static void
test_faults(void)
{
	bool has_failed = true;

	for (unsigned long nth = 1; has_failed; nth++) {
		stage_begin("one file call fails");
		add_held(NOTIFY_SUCCESS, "away@example.test", "nobody@example.test");
		sys_fail_at(nth, EIO, false);
		stage_pass(21);
		has_failed = sys_has_failed();
		sys_fail_at(0, 0, false);
		settle_well();
		stage_pass(400);
		stage_pass(400);
		CHECK_NUM(stage_copies(ALICE), 1); /* and two or three reports */
		CHECK_NUM(stage.sink.message_count, 1);
		CHECK_NUM(stage_left(), 0);
		stage_end();
	}
}

static size_t
unsettled(void)
{
	size_t count = 0;

	for (struct list_node *n = list_first(&stage.queue->unsettled); n;
	     n = list_next(&stage.queue->unsettled, n))
		count++;
	return count;
}

static void
test_notices(void)
{
	stage_begin("a notice while files cannot be written");
	stage.sink.end = "451 4.0.0 no";
	stage_send_one(ALICE, "bob@elsewhere.test");
	sys.write = no_room;
	stage_pass(4 * 3600 + 10);
	for (int i = 0; i < 60; i++)
		stage_pass(1);
	CHECK(unsettled() <= 1);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	sys_restore();
	settle_well();
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	CHECK_NUM(stage_left(), 1);
	stage_end();
}

static void
test_outcomes(void)
{
	stage_begin("many outcomes that cannot be written: then nothing new is tried");
	stage.sink.end = "451 4.0.0 no";
	for (unsigned i = 0; i < UNSETTLED_MAX + 100; i++)
		stage_send_one("ann@lmtp.test", "bob@elsewhere.test");
	stage.sink.end = "554 5.0.0 never";
	sys.write = no_room;
	stage_pass(301);
	for (int i = 0; i < 10; i++)
		stage_pass(2);
	CHECK(unsettled() >= UNSETTLED_MAX);
	CHECK(unsettled() <= UNSETTLED_MAX + (size_t)stage.settings.site_connections);
	sys_restore();
	for (int i = 0; i < 40; i++)
		stage_pass(2);
	CHECK_NUM(unsettled(), 0);
	CHECK_NUM(stage.other.message_count, UNSETTLED_MAX + 100); /* a report of each */
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_files_left(), 0);
	stage_end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_WARN);
	test_gone();
	test_forwards();
	test_lists();
	log_set_level(LOG_LEVEL_ERROR);
	test_full();
	test_faults();
	test_notices();
	test_outcomes();
	return test_end();
}
