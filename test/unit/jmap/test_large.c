/* Large requests, one at a time, in the order in which they came. */
#include "jmap/large.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "jmap/limits.h"

#define WHO_MAX 4
#define MUCH    ((size_t)JMAP_LARGE_BYTES + 1)

static struct task_queue queue;
static struct task tasks[WHO_MAX];
static struct jmap_large larges[WHO_MAX];
static struct jmap_line line;

static enum step
no_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static bool
enter(size_t who, size_t bytes)
{
	return jmap_large_enter(&larges[who], &line, &tasks[who], bytes);
}

static bool
is_awake(size_t who)
{
	bool was = task_is_awake(&tasks[who]);

	task_cancel(&tasks[who]);
	return was;
}

static void
leave(size_t who)
{
	jmap_large_leave(&larges[who]);
}

int
main(void)
{
	for (size_t i = 0; i < WHO_MAX; i++)
		task_init(&tasks[i], &queue, no_step, NULL);
	TEST_ROW("small ones never wait");
	CHECK(enter(0, MUCH) && enter(1, MUCH - 1) && enter(2, 0));
	TEST_ROW("a large one goes on, others wait");
	CHECK(enter(0, MUCH) && !enter(1, MUCH) && !enter(2, MUCH) && !enter(3, MUCH));
	CHECK(!enter(2, MUCH) && !is_awake(1) && !is_awake(2));
	TEST_ROW("who gives up in line is not waited for");
	leave(1);
	leave(1);
	CHECK(enter(0, MUCH) && !is_awake(2));
	TEST_ROW("the next in line");
	leave(0);
	CHECK(is_awake(2) && !is_awake(1) && !is_awake(3) && enter(2, MUCH) && !enter(3, MUCH));
	TEST_ROW("again from the end");
	CHECK(!enter(0, MUCH));
	leave(2);
	CHECK(is_awake(3) && enter(3, MUCH) && !enter(0, MUCH));
	leave(3);
	CHECK(is_awake(0) && enter(0, MUCH));
	TEST_ROW("it is free again");
	leave(0);
	CHECK(enter(1, MUCH) && !is_awake(0));
	leave(1);
	return test_end();
}
