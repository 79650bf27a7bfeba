/* Waiting for files: done at once in a Maildir; far away, in the order that blob.h says. */
#include "blob/blob.h"

/* system */
#include <stdio.h>

/* base */
#include "base/test.h"

/* rooms */
#include "lib/fake_blobs.h"
#include "lib/small_mail.h"

static struct small_mail mail;
static struct loop loop;
static struct task owner;
static unsigned steps;

static enum step
count_step(struct task *t)
{
	(void)t;
	steps++;
	return STEP_WAIT;
}

static void
open_all(const char *row, bool is_far)
{
	static char folder[256];

	TEST_ROW(row);
	snprintf(folder, sizeof folder, "%s/tree", test_folder());
	small_fresh_folder(folder);
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	CHECK_NUM(small_open(&mail, &loop, str_c(folder)), FAIL_NONE);
	loop_task(&loop, &owner, count_step, NULL);
	steps = 0;
	if (is_far)
		fake_blobs_begin(mail.blob, &loop, 2);
}

static void
close_all(void)
{
	fake_blobs_end();
	task_cancel(&owner);
	small_close(&mail);
	loop_release(&loop);
}

/* Turns until the owner is woken. */
static void
turn_until_woken(unsigned want)
{
	unsigned turns = 0;

	for (steps = 0; steps == 0 && turns < 10; turns++)
		loop_turn(&loop, 0);
	CHECK_NUM(turns, want);
}

static void
begin(struct blob_writer *w)
{
	CHECK_NUM(blob_write_start(mail.blob, w, STR("ann")), FAIL_NONE);
	CHECK_NUM(blob_write(w, STR("abc")), FAIL_NONE);
}

/* --- here ------------------------------------------------------------------------------------- */

static void
test_here(void)
{
	struct blob_wait wait = { 0 };
	struct blob_writer w = { 0 };
	struct blob_name name, copy;
	struct blob_map map;

	open_all("a Maildir", false);
	blob_wait_release(&wait);
	begin(&w);
	CHECK_STR(blob_writer_name(&w), STR(""));
	blob_put_start(&w, &wait, &owner);
	CHECK(!op_pending(&wait.op) && wait.op.fail == FAIL_NONE);
	CHECK(str_ends(blob_writer_name(&w), STR(",S=3")));
	blob_copy_start(mail.blob, &wait, &owner, STR("ann"), blob_writer_name(&w), STR("bob"));
	CHECK(!op_pending(&wait.op) && wait.op.fail == FAIL_NONE);
	CHECK_NUM(blob_finish_wait(&w, &wait, &owner, &name), FAIL_NONE);
	CHECK_NUM(blob_link_wait(mail.blob, &wait, &owner, STR("ann"), blob_name_str(&name),
		      STR("bob"), &copy),
	    FAIL_NONE);
	CHECK_NUM(blob_map_wait(mail.blob, &wait, &owner, STR("bob"), blob_name_str(&copy), &map),
	    FAIL_NONE);
	CHECK_STR(map.bytes, STR("abc"));
	blob_unmap(&map);
	CHECK_NUM(blob_map_wait(mail.blob, &wait, &owner, STR("bob"), STR("x"), &map),
	    FAIL_MISSING);
	CHECK_NUM(wait.op.owner != NULL, 0);
	loop_turn(&loop, 0);
	CHECK_NUM(steps, 0); /* nobody is woken for what was done at once */
	close_all();
}

/* A big one has its file, and a name without its size, before it is put. */
static void
test_big(void)
{
	static char bytes[100000];
	struct blob_wait wait = { 0 };
	struct blob_writer w = { 0 };
	struct blob_name name;
	struct blob_map map;

	open_all("a big one, parked", false);
	CHECK_NUM(blob_write_start(mail.blob, &w, STR("ann")), FAIL_NONE);
	CHECK_NUM(blob_write(&w, str_of(bytes, sizeof bytes)), FAIL_NONE);
	CHECK_NUM(blob_write_park(&w), FAIL_NONE);
	blob_put_start(&w, &wait, &owner);
	CHECK(str_ends(blob_writer_name(&w), STR(",S=100000")));
	CHECK_NUM(blob_finish_wait(&w, &wait, &owner, &name), FAIL_NONE);
	CHECK_NUM(blob_map(mail.blob, STR("ann"), blob_name_str(&name), &map), FAIL_NONE);
	CHECK_NUM(map.bytes.n, sizeof bytes);
	blob_unmap(&map);
	close_all();
}

/* --- far away --------------------------------------------------------------------------------- */

static void
test_far(void)
{
	struct blob_wait wait = { 0 }, copying = { 0 };
	struct blob_writer w = { 0 };
	struct blob_name name, copy;
	struct blob_map map;

	open_all("far away", true);
	begin(&w);
	CHECK_NUM(blob_finish_wait(&w, &wait, &owner, &name), FAIL_TEMP);
	CHECK(op_pending(&wait.op));
	turn_until_woken(3);
	CHECK_NUM(blob_finish_wait(&w, &wait, &owner, &name), FAIL_NONE);
	CHECK_NUM(blob_link(mail.blob, STR("ann"), blob_name_str(&name), STR("bob"), &copy),
	    FAIL_TEMP);
	CHECK_NUM(blob_link_wait(mail.blob, &copying, &owner, STR("ann"), blob_name_str(&name),
		      STR("bob"), &copy),
	    FAIL_TEMP);
	turn_until_woken(3);
	CHECK_NUM(blob_map(mail.blob, STR("ann"), blob_name_str(&name), &map), FAIL_TEMP);
	CHECK_NUM(blob_map_wait(mail.blob, &wait, &owner, STR("ann"), blob_name_str(&name), &map),
	    FAIL_TEMP);
	CHECK(op_pending(&wait.op));
	blob_wait_release(&wait);
	blob_wait_release(&copying);
	CHECK_NUM(fake_blobs_waiting(), 0);
	CHECK_NUM(fake_blobs_left(), 0);
	close_all();
}

static void
test_not_put(void)
{
	struct blob_writer w = { 0 };
	struct blob_name name;

	open_all("not put", true);
	begin(&w);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_TEMP);
	blob_write_cancel(&w);
	close_all();
}

static void
test_failures(void)
{
	struct blob_wait wait = { 0 };
	struct blob_writer w = { 0 };
	struct blob_name name;
	struct blob_map map;

	open_all("it cannot be reached", true);
	fake_blobs_fail(0, 2, FAIL_TEMP);
	begin(&w);
	CHECK_NUM(blob_finish_wait(&w, &wait, &owner, &name), FAIL_TEMP);
	turn_until_woken(3);
	CHECK_NUM(blob_finish_wait(&w, &wait, &owner, &name), FAIL_TEMP);
	CHECK(!op_pending(&wait.op));
	blob_write_cancel(&w);
	CHECK_NUM(blob_map_wait(mail.blob, &wait, &owner, STR("ann"), STR("x"), &map), FAIL_TEMP);
	turn_until_woken(3);
	CHECK_NUM(blob_map_wait(mail.blob, &wait, &owner, STR("ann"), STR("x"), &map), FAIL_TEMP);
	CHECK(!op_pending(&wait.op));
	CHECK_NUM(fake_blobs_left(), 0);
	close_all();
}

int
main(void)
{
	test_here();
	test_big();
	test_far();
	test_not_put();
	test_failures();
	return test_end();
}
