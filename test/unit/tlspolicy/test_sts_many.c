/* Many kept policies are refreshed few at a time, in slices, whatever single hosts or the disk do. */
#include "sts_fixture.h"

static void
test_slow(void)
{
	char name[40];

	begin("hosts that do not answer take some places, and others still get their turn");
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "slow%02d.test", i);
		write_kept(name, NOW);
	}
	write_kept("z.test", NOW);
	sts_refresh_close(&refresh);
	open_refresh();
	snprintf(web.is_held, sizeof web.is_held, "slow");
	web.asked = 0;
	set_time(DAY + HOUR);
	settle();
	CHECK_NUM(web.asked, STS_RENEWALS_MAX);
	CHECK_NUM(refresh->renewal_count, STS_RENEWALS_MAX);
	TEST_ROW("the walk waits, without turning in circles");
	loop_turn(&loop, 0);
	CHECK_NUM(loop.steps, 0);
	CHECK(refresh->is_walking);
	TEST_ROW("a place that is free is taken");
	let_answer(3);
	settle();
	CHECK_NUM(web.asked, STS_RENEWALS_MAX + 3);
	CHECK_NUM(look("slow00.test").fetched_s, now_s);
	TEST_ROW("the last one had its turn while some are held");
	web.fail = FAIL_TEMP;
	let_answer(8);
	settle();
	web.fail = FAIL_NONE;
	let_answer(5);
	settle();
	CHECK_NUM(web.asked, 21);
	CHECK_NUM(look("z.test").fetched_s, now_s);
	CHECK_NUM(refresh->renewal_count, 4);
	CHECK_NUM(web.most, STS_RENEWALS_MAX);
	TEST_ROW("nobody is begun twice, and another walk gets by");
	write_kept("b.test", NOW);
	set_time(now_s + 7 * HOUR);
	web.asked = 0;
	settle();
	/* Of those that failed, as many as there are places. */
	CHECK_NUM(web.asked, 1 + STS_RENEWALS_MAX - 4);
	CHECK_NUM(look("b.test").fetched_s, now_s);
	CHECK_NUM(refresh->renewal_count, STS_RENEWALS_MAX);
	web.is_held[0] = '\0';
	let_answer(STS_RENEWALS_MAX);
	settle();
	CHECK_NUM(refresh->renewal_count, 0);
	CHECK_NUM(web.asked, 1 + 8);
	TEST_ROW("a stop breaks off what is under way");
	snprintf(web.is_held, sizeof web.is_held, "slow");
	pass(DAY + HOUR);
	CHECK_NUM(refresh->renewal_count, STS_RENEWALS_MAX);
	end();
}

static void
test_slices(void)
{
	char name[40];
	unsigned turns = 0;

	begin("many are passed in slices");
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "%c%d.test", 'a' + i % 26, i);
		write_kept(name, i % 2 == 0 ? NOW : NOW + DAY / 2);
	}
	sts_refresh_close(&refresh);
	open_refresh();
	set_time(DAY);
	do {
		unsigned before = web.asked;

		loop_turn(&loop, 0);
		CHECK(web.asked - before <= STS_RENEWALS_MAX);
		turns++;
	} while (refresh->is_walking && turns < 1000);
	CHECK(turns >= 500 / STS_WALK_SLICE && turns < 1000);
	settle();
	CHECK_NUM(web.asked, 250);
	TEST_ROW("the rest in time");
	pass(DAY / 2);
	CHECK_NUM(web.asked, 500);
	TEST_ROW("those that are over go");
	web.fail = FAIL_TEMP;
	pass(8 * DAY);
	CHECK_NUM(count(), 0);
	end();
}

static void
test_broken(void)
{
	begin("a store that fails ends the walk, which comes again");
	CHECK(mail("a.test"));
	set_time(DAY);
	store->is_broken = true;
	settle();
	CHECK(!refresh->is_walking);
	CHECK_NUM(web.asked, 1);
	CHECK_NUM(refresh->timer.deadline_ms, 1000 + DAY * 1000LL + STS_WALK_LEAST_MS);
	pass(HOUR);
	CHECK_NUM(web.asked, 2);
	end();
}

int
main(void)
{
	test_slow();
	test_slices();
	test_broken();
	return test_end();
}
