/* Who may compute when: in the order of asking, so much in each turn, and at least one. */
#include "base/effort.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define WHO_MAX 4

static struct task_queue queue;
static struct task tasks[WHO_MAX];
static struct effort efforts[WHO_MAX];

static enum step
no_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static bool
is_awake(size_t who)
{
	bool was = task_is_awake(&tasks[who]);

	task_cancel(&tasks[who]);
	return was;
}

static bool
take(size_t who, unsigned cost)
{
	return effort_take(&efforts[who], &tasks[who], cost);
}

static void
begin(void)
{
	for (size_t i = 0; i < WHO_MAX; i++) {
		effort_cancel(&efforts[i]);
		task_cancel(&tasks[i]);
	}
	effort_turn(&queue);
}

static void
test_bounds(void)
{
	TEST_ROW("nothing costs nothing");
	begin();
	CHECK(take(0, EFFORT_TURN_MAX) && take(1, 0) && !take(1, 1));
	TEST_ROW("all of a turn, by several, and the next in the next");
	begin();
	CHECK(take(0, EFFORT_TURN_MAX / 2) && take(1, EFFORT_TURN_MAX / 2) && !take(2, 1));
	(void)is_awake(2);
	CHECK(!take(2, 1) && !is_awake(2));
	effort_turn(&queue);
	CHECK(is_awake(2) && take(2, 1));
	TEST_ROW("more than a turn has, alone in one");
	begin();
	CHECK(take(0, 1) && !take(1, 10 * EFFORT_TURN_MAX));
	effort_turn(&queue);
	CHECK(!take(2, 1) && take(1, 10 * EFFORT_TURN_MAX));
	effort_turn(&queue);
	CHECK(take(2, 1));
}

static void
test_order(void)
{
	TEST_ROW("a cheap one does not pass a costly one that asked first");
	begin();
	CHECK(take(0, EFFORT_TURN_MAX - 1) && !take(1, 2) && !take(2, 1));
	effort_turn(&queue);
	CHECK(take(2, 1) && take(1, 2));
	TEST_ROW("who wants many stands behind who wants one");
	begin();
	CHECK(take(0, EFFORT_TURN_MAX) && !take(0, EFFORT_TURN_MAX) && !take(1, EFFORT_TURN_MAX));
	effort_turn(&queue);
	CHECK(take(0, EFFORT_TURN_MAX) && !take(0, EFFORT_TURN_MAX) && !take(1, EFFORT_TURN_MAX));
	effort_turn(&queue);
	CHECK(!take(0, EFFORT_TURN_MAX) && take(1, EFFORT_TURN_MAX));
	effort_turn(&queue);
	CHECK(take(0, EFFORT_TURN_MAX));
}

static void
test_cancel(void)
{
	TEST_ROW("never asked");
	begin();
	effort_cancel(&efforts[0]);
	TEST_ROW("in line");
	CHECK(take(0, EFFORT_TURN_MAX) && !take(1, EFFORT_TURN_MAX) && !take(2, EFFORT_TURN_MAX));
	effort_cancel(&efforts[1]);
	effort_turn(&queue);
	CHECK(!is_awake(1) && is_awake(2) && take(2, EFFORT_TURN_MAX));
	TEST_ROW("there, not taken");
	begin();
	CHECK(take(0, EFFORT_TURN_MAX) && !take(1, EFFORT_TURN_MAX));
	effort_turn(&queue);
	effort_cancel(&efforts[1]);
	CHECK(!take(2, 1));
	effort_turn(&queue);
	CHECK(take(2, 1));
}

int
main(void)
{
	for (size_t i = 0; i < WHO_MAX; i++)
		task_init(&tasks[i], &queue, no_step, NULL);
	test_bounds();
	test_order();
	test_cancel();
	begin();
	return test_end();
}
