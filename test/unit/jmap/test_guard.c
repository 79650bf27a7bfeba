/*
 * Guards with a real directory and its children, on a fake clock: who asks when, what a change ends, and that neither
 * a change nor a directory that is down asks everything at once or ends what holds.
 */
#include "jmap/guard.h"

/* base */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "directory/admin.h"

#define COUNT 200 /* more than three batches */
#define BOB   STR("bob@example.test")

static struct loop loop;
static struct directory_settings settings = { .children = 2,
	.timeout_ms = 15000,
	.outstanding = 1000,
	.cache_ms = 5000,
	.login_cache_ms = 600000 };
static struct directory *directory;
static struct admin *admin;
static struct jmap_guards house;

static struct owner {
	struct task task;
	struct jmap_guard guard;
	unsigned renewed, over;
	int64_t quota;
} owners[COUNT];

static unsigned steps; /* of owners, since it was last looked at */

static enum step
owner_step(struct task *task)
{
	struct owner *o = container_of(task, struct owner, task);

	steps++;
	switch (jmap_guard_step(&o->guard)) {
	case GUARD_HOLDS: break;
	case GUARD_RENEWED:
		o->renewed++;
		o->quota = o->guard.query.account.quota_bytes;
		directory_query_release(&o->guard.query);
		break;
	case GUARD_OVER:
		o->over++;
		jmap_guard_stop(&o->guard);
		break;
	}
	return STEP_WAIT;
}

static enum step
no_step(struct task *task)
{
	(void)task;
	return STEP_WAIT;
}

static void
quiet(struct str line, void *arg)
{
	(void)line;
	(void)arg;
}

static bool
is_asking(void)
{
	for (size_t i = 0; i < COUNT; i++)
		if (owners[i].guard.is_asking)
			return true;
	return false;
}

/* Time passes; then turns until nobody waits for an answer. */
static void
pass(int64_t ms)
{
	clock_fake(clock_mono_ms() + ms, clock_wall_ms() + ms);
	loop_turn(&loop, 0);
	for (int i = 0; i < 2000 && is_asking(); i++)
		loop_turn(&loop, 10);
	CHECK(!is_asking());
	loop_turn(&loop, 0);
}

static unsigned
renewed(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < COUNT; i++)
		n += owners[i].renewed;
	return n;
}

static unsigned
over(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < COUNT; i++)
		n += owners[i].over;
	return n;
}

/* Let everybody who must ask do so; how many turns of a batch that took. */
static unsigned
batches(void)
{
	unsigned n = 0;

	while (!list_empty(&house.asking) && n < 100) {
		pass(GUARD_BATCH_MS);
		n++;
	}
	return n;
}

/* What a login with this password is made with. */
static void
login(const char *secret, struct buf *credential_out)
{
	struct directory_query q = { .op = { .is_pending = false } };
	struct task task;

	loop_task(&loop, &task, no_step, NULL);
	directory_login_start(directory, &q, &task, BOB, str_c(secret));
	for (int i = 0; i < 2000 && op_pending(&q.op); i++)
		loop_turn(&loop, 10);
	CHECK_NUM(q.op.fail, FAIL_NONE);
	buf_add(credential_out, q.credential);
	directory_query_release(&q);
	task_cancel(&task);
}

static void
start(void)
{
	struct buf path, credential;

	buf_init(&path, 1000);
	buf_init(&credential, 100);
	buf_add_c(&path, test_folder());
	buf_add_c(&path, "/directory.db");
	CHECK(loop_init(&loop) == FAIL_NONE);
	CHECK(directory_open(&directory, &loop, &settings, buf_str(&path)) == FAIL_NONE);
	CHECK(admin_open(&admin, buf_str(&path)) == FAIL_NONE);
	CHECK(admin_domain_add(admin, STR("example.test")) == FAIL_NONE);
	CHECK(admin_user_add(admin, BOB, STR("Bob"), STR("builder")) == FAIL_NONE);
	loop_turn(&loop, 0);
	login("builder", &credential);
	jmap_guards_init(&house, directory);
	for (size_t i = 0; i < COUNT; i++) {
		loop_task(&loop, &owners[i].task, owner_step, NULL);
		jmap_guard_start(&house, &loop, &owners[i].guard, &owners[i].task, BOB,
		    buf_str(&credential));
	}
	buf_release(&path);
	buf_release(&credential);
}

static void
test_asking(void)
{
	TEST_ROW("each asks at first, some at a time");
	pass(0);
	CHECK_NUM(renewed(), GUARD_BATCH);
	CHECK_NUM(batches(), 3);
	CHECK_NUM(renewed(), COUNT);
	TEST_ROW("nothing changes: nobody is woken");
	steps = 0;
	for (unsigned i = 0; i < 10; i++)
		pass(GUARD_LOOK_MS);
	CHECK_NUM(steps, 0);
	TEST_ROW("a change is seen at the next look");
	CHECK(admin_user_quota(admin, BOB, 5000, 0) == FAIL_NONE);
	pass(GUARD_LOOK_MS - 1);
	CHECK_NUM(renewed(), COUNT);
	pass(1);
	CHECK_NUM(batches(), 3);
	CHECK_NUM(renewed(), 2 * COUNT);
	CHECK_NUM(owners[COUNT - 1].quota, 5000);
}

static void
test_down(void)
{
	TEST_ROW("a directory that takes no questions ends nothing");
	settings.outstanding = 0;
	CHECK(admin_user_quota(admin, BOB, 6000, 0) == FAIL_NONE);
	pass(GUARD_LOOK_MS);
	(void)batches();
	CHECK_NUM(renewed(), 2 * COUNT);
	CHECK_NUM(over(), 0);
	TEST_ROW("and is asked again at the next look");
	settings.outstanding = 1000;
	pass(GUARD_LOOK_MS);
	(void)batches();
	CHECK_NUM(renewed(), 3 * COUNT);
	CHECK_NUM(owners[0].quota, 6000);
	steps = 0;
	pass(GUARD_LOOK_MS);
	CHECK_NUM(steps, 0);
}

static void
test_over(void)
{
	TEST_ROW("stopped ones ask nothing");
	jmap_guard_stop(&owners[0].guard);
	jmap_guard_stop(&owners[0].guard);
	CHECK(admin_user_password(admin, BOB, STR("builder")) == FAIL_NONE);
	pass(GUARD_LOOK_MS);
	(void)batches();
	CHECK_NUM(over(), COUNT - 1);
	CHECK_NUM(renewed(), 3 * COUNT);
	TEST_ROW("nobody is left: the house sleeps");
	CHECK(list_empty(&house.asking) && list_empty(&house.resting));
	pass(GUARD_LOOK_MS);
	CHECK(!timer_running(&house.timer));
}

static void
test_none(void)
{
	struct jmap_guard guard = { .house = NULL };
	struct task task;

	TEST_ROW("without a house it holds for ever");
	loop_task(&loop, &task, no_step, NULL);
	jmap_guard_start(NULL, &loop, &guard, &task, BOB, STR("x"));
	CHECK(jmap_guard_step(&guard) == GUARD_HOLDS);
	jmap_guard_stop(&guard);
}

int
main(void)
{
	log_capture(quiet, NULL);
	clock_fake(1000000, 1700000000000);
	start();
	test_asking();
	test_down();
	test_over();
	test_none();
	jmap_guards_release(&house);
	admin_close(&admin);
	directory_close(&directory);
	loop_release(&loop);
	return test_end();
}
