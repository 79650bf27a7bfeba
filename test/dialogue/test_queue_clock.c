/* The queue when the wall clock is set back. */

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "lib/queue_stage.h"

#define DAY_S 86400

/* The wall clock stands a day before the stage's, whose time goes on. */
static void
pass_a_day_back(int64_t seconds)
{
	stage.now_s += seconds;
	clock_fake(1000 + stage.now_s * 1000, (STAGE_WALL - DAY_S + stage.now_s) * 1000);
	stage_settle();
}

static void
test_clock(void)
{
	struct stage_order o;

	for (int is_restarted = 0; is_restarted < 2; is_restarted++) {
		stage_begin("a wall clock that was set back by a day");
		stage.sink.end = "451 4.0.0 no";
		stage.other.greeting = "421 4.3.2 not now";
		stage_send_one(ALICE, "bob@elsewhere.test");
		stage_send_one(ALICE, "bob@lmtp.test"); /* a site that rests */
		stage_send_here(ALICE, "most@example.test", 0);
		stage.sink.end = stage.other.greeting = NULL;
		o = stage_order(ALICE, "carl@elsewhere.test");
		o.envelope.hold_s = STAGE_WALL + DAY_S; /* FUTURERELEASE: an hour that was named */
		stage_add(&o);
		stage_settle();
		stage_pass(3); /* nobody is at work */
		pass_a_day_back(0);
		if (is_restarted)
			stage_crash();
		pass_a_day_back(700);
		CHECK_NUM(stage.sink.message_count, 1);
		CHECK_NUM(stage.other.message_count, 1);
		for (int i = 0; i < 44; i++)
			pass_a_day_back(3600);
		CHECK_NUM(stage.sink.message_count, 1);
		for (int i = 0; i < 5; i++)
			pass_a_day_back(3600);
		CHECK_NUM(stage.sink.message_count, 2);
		stage_end();
	}

	stage_begin("many that wait when the clock is set back");
	stage.sink.greeting = "421 4.3.2 not now";
	for (int i = 0; i < 450; i++) {
		o = stage_order("x@y.test", "bob@elsewhere.test");
		o.envelope.priority = (int8_t)(i % 19 - 9);
		stage_add(&o);
	}
	stage_settle();
	stage.sink.greeting = NULL;
	stage_pass(3);
	for (int i = 0; i < 10; i++)
		pass_a_day_back(100);
	CHECK_NUM(stage.sink.message_count, 450);
	CHECK_NUM(stage_left(), 0);
	stage_end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	test_clock();
	return test_end();
}
