/* Objects are deleted behind the commit, and never by what a turn only wants. */
#include "far.h"

/* rooms */
#include "blob/remote.h"

/* --- a turn that is undone ------------------------------------------------------------------- */

static struct turn_hook undoer;

static enum fail
undo(struct turn_hook *hook, enum fail so_far)
{
	(void)hook;
	store_rollback(store);
	return so_far;
}

/* What was run before, and in it, does not come to be; the network goes on. */
static void
turn_in_vain(void)
{
	undoer.run = undo;
	loop_hook(&loop, TURN_SYNC, &undoer);
	loop_turn(&loop, 1);
	loop_unhook(&undoer);
}

static void
ask_to_drop(struct str account, const struct blob_name *name)
{
	struct deed d = { .account = account, .name = blob_name_str(name), .is_drop = true };

	CHECK_NUM(store_run(store, run, &d), FAIL_NONE);
}

static void
drop_account(struct str account)
{
	struct deed d = { .account = account, .is_account = true };

	CHECK_NUM(store_run(store, run, &d), FAIL_NONE);
	loop_turn(&loop, 0);
}

/* Nothing is to be deleted any more, and no key asks for it. */
static bool
is_idle(void)
{
	const struct blob_remote *r = blob->remote;

	return list_empty(&r->deletes) && list_empty(&r->removes) && !r->has_left_out;
}

static bool
ends(void)
{
	for (int i = 0; i < 4000 && !is_idle(); i++)
		loop_turn(&loop, 10);
	return is_idle();
}

static bool
is_there(struct str account, const struct blob_name *name)
{
	empty_cache();
	return fetch(account, name) == FAIL_NONE && is_readable(account, name) == FAIL_NONE;
}

/* --- tests ----------------------------------------------------------------------------------- */

static void
test_left_out(void)
{
	struct blob_name name, gone;

	fresh(BLOB_S3);
	add(ANN, 100, &name);
	add(ANN, 200, &gone);
	TEST_ROW("keys that were left out, and a deletion of this turn that is undone");
	ask_to_drop(ANN, &name);
	blob->remote->has_left_out = true;
	task_wake(&blob->remote->task);
	turn_in_vain();
	CHECK(blob->remote->has_left_out);
	CHECK(ends());
	CHECK_NUM(server.delete_count, 0);
	CHECK(is_there(ANN, &name));

	TEST_ROW("keys that were left out are done");
	s3_server_way(&server, S3_WAY_503, -1, "DELETE");
	drop(ANN, &gone);
	blob_deletes_release(blob->remote);
	blob->remote->delete_count = 0;
	blob->remote->has_left_out = true;
	s3_server_way(&server, S3_WAY_WELL, 0, NULL);
	task_wake(&blob->remote->task);
	CHECK(settles(1));
	CHECK(ends());
	CHECK(is_there(ANN, &name));
	shut();
}

static void
test_emptied(void)
{
	struct blob_name name;

	fresh(BLOB_S3);
	add(ANN, 100, &name);
	TEST_ROW("an account that came again, and a deletion of this turn that is undone");
	drop_account(ANN);
	for (int i = 0; i < 100; i++) {
		ask_to_drop(ANN, &name);
		turn_in_vain();
	}
	CHECK(ends());
	CHECK_NUM(server.delete_count, 0);
	CHECK(is_there(ANN, &name));
	shut();
}

/* An account that is gone and came again, while a message of it is on its way. */
static void
test_emptied_meanwhile(void)
{
	struct blob_writer w;
	struct blob_wait wait = { .state = NULL };
	struct blob_name name;

	fresh(BLOB_S3);
	TEST_ROW("put, and not yet finished");
	s3_server_add(&server, STR("ann/1.M2,S=3"), STR("abc"));
	write_all(&w, ANN, 100);
	blob_put_start(&w, &wait, &task);
	wait_for(&wait);
	drop_account(ANN);
	CHECK(ends());
	CHECK_NUM(s3_server_count(&server), 1);
	CHECK_NUM(blob_write_finish(&w, &name), FAIL_NONE);
	blob_wait_release(&wait);
	name_it(ANN, &name);
	loop_turn(&loop, 0);
	CHECK(is_there(ANN, &name));
	shut();
}

static enum fail answer;

static enum fail
say_answer(void *arg, struct str account, struct str name)
{
	(void)arg;
	(void)account;
	(void)name;
	return answer;
}

static void
test_cannot_say(void)
{
	struct blob_namer second;

	fresh(BLOB_S3);
	blob_add_namer(blob, &second, say_answer, NULL);
	TEST_ROW("who names files cannot say: the key stays");
	s3_server_add(&server, STR("ann/1.M2,S=3"), STR("abc"));
	s3_server_add(&server, STR("ann/1.M3,S=3"), STR("abc"));
	answer = FAIL_TEMP;
	drop_account(ANN);
	for (int i = 0; i < 4000 && !timer_running(&blob->remote->timer) && !is_idle(); i++)
		loop_turn(&loop, 10);
	CHECK_NUM(s3_server_count(&server), 2);
	CHECK_NUM(blob->done_count, 0);
	answer = FAIL_MISSING;
	CHECK(!is_idle() && settles(0));
	CHECK(ends());
	CHECK_NUM(blob->done_count, 1);
	blob_remove_namer(&second);
	shut();
}

int
main(void)
{
	stage_start();
	test_left_out();
	test_emptied();
	test_emptied_meanwhile();
	test_cannot_say();
	stage_stop();
	return test_end();
}
