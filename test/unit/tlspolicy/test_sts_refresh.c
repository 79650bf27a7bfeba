/* Kept policies are fetched anew without mail, and in time (RFC 8461 3.3, 10.2). */
#include "sts_fixture.h"

static void
test_daily(void)
{
	begin("who keeps nothing sleeps");
	CHECK(!timer_running(&refresh->timer));
	TEST_ROW("a policy is planned for, and is not asked for before its day is nearly over");
	CHECK(mail("a.test"));
	CHECK_NUM(web.asked, 1);
	CHECK(timer_running(&refresh->timer));
	CHECK(refresh->timer.deadline_ms >= 1000 + 21 * HOUR * 1000LL);
	pass(20 * HOUR);
	CHECK_NUM(web.asked, 1);
	TEST_ROW("then once, without mail, and it lives as long again");
	pass(5 * HOUR);
	CHECK_NUM(web.asked, 2);
	CHECK_STR(str_c(web.last), STR("a.test"));
	CHECK(look("a.test").fetched_s >= 21 * HOUR);
	CHECK_NUM(look("a.test").used_s, 0);
	TEST_ROW("and so every day");
	pass(10 * DAY);
	CHECK(web.asked >= 2 + 10 && web.asked <= 2 + 12);
	TEST_ROW("mail finds it fresh");
	web.asked = 0;
	CHECK(mail("a.test"));
	CHECK_NUM(web.asked, 0);
	CHECK_NUM(look("a.test").used_s, now_s);
	TEST_ROW("what another version says is taken");
	set_zone("_mta-sts.a.test TXT \"v=STSv1; id=2\"\n");
	web.body = POLICY("testing", "604800");
	pass(DAY);
	CHECK_STR(str_c(look("a.test").id), STR("2"));
	CHECK_NUM(look("a.test").mode, STS_TESTING);
	TEST_ROW("also none, which is kept like others");
	web.body = POLICY("none", "604800");
	pass(DAY);
	CHECK_NUM(look("a.test").mode, STS_NONE);
	CHECK_NUM(warnings, 0);
	end();
}

/* RFC 8461 10.2: regardless of the state of the record. */
static void
test_record(void)
{
	static const char *const zones[] = { "", "_mta-sts.a.test TXT TIMEOUT\n",
		"_mta-sts.a.test TXT \"v=STSv1; id=2\"\n_mta-sts.a.test TXT \"v=STSv1; id=3\"\n" };

	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		begin("whatever became of the record");
		CHECK(mail("a.test"));
		set_zone(zones[i]);
		pass(25 * HOUR);
		CHECK_NUM(web.asked, 2);
		CHECK_STR(str_c(look("a.test").id), STR("1"));
		CHECK(look("a.test").fetched_s >= 21 * HOUR);
		end();
	}
}

static void
test_failures(void)
{
	begin("what fails is tried four times a day, the owner hears of it, and the policy stays");
	CHECK(mail("a.test"));
	pass(20 * HOUR);
	web.fail = FAIL_TEMP;
	pass(DAY + 4 * HOUR);
	CHECK(web.asked >= 1 + 4 && web.asked <= 1 + 5);
	CHECK_NUM(warnings, web.asked - 1);
	CHECK_NUM(look("a.test").fetched_s, 0);
	CHECK(look("a.test").failed_s > 40 * HOUR);
	CHECK(mail("a.test"));
	TEST_ROW("until it goes well");
	web.fail = FAIL_NONE;
	web.asked = 0;
	pass(7 * HOUR);
	CHECK_NUM(web.asked, 1);
	CHECK(look("a.test").fetched_s > 48 * HOUR);
	CHECK_NUM(look("a.test").failed_s, 0);
	TEST_ROW("what is no policy is a failure, too");
	web.body = "hello";
	warnings = 0;
	pass(26 * HOUR);
	CHECK(warnings >= 1);
	CHECK_NUM(look("a.test").mode, STS_ENFORCE);
	TEST_ROW("who is kept from the host for all of its time loses it, and that is said");
	pass(5 * DAY);
	CHECK(mail("a.test"));
	warnings = 0;
	pass(DAY);
	CHECK(warnings >= 2);
	CHECK(!look("a.test").is_there);
	CHECK_NUM(count(), 0);
	TEST_ROW("and sleeps again");
	web.asked = 0;
	pass(2 * DAY);
	CHECK_NUM(web.asked, 0);
	CHECK(!timer_running(&refresh->timer));
	end();
}

static void
test_unused(void)
{
	begin("no mail for a quarter: it is asked for no more, and lapses");
	CHECK(mail("a.test"));
	pass(80 * DAY);
	CHECK(web.asked > 80);
	CHECK(mail("a.test"));
	TEST_ROW("the quarter begins with the last mail");
	pass(80 * DAY);
	CHECK(web.asked > 160);
	pass(11 * DAY);
	web.asked = 0;
	CHECK_NUM(count(), 1);
	pass(7 * DAY);
	CHECK_NUM(web.asked, 0);
	CHECK_NUM(count(), 0);
	CHECK_NUM(warnings, 0);
	TEST_ROW("mail in its last days makes it asked for again");
	CHECK(mail("a.test"));
	pass(92 * DAY);
	CHECK_NUM(count(), 1);
	web.asked = 0;
	CHECK(mail("a.test"));
	pass(3 * DAY);
	CHECK(web.asked >= 3);
	end();
}

static void
test_leftovers(void)
{
	begin("a failure alone is forgotten");
	web.fail = FAIL_TEMP;
	CHECK(!mail("a.test"));
	CHECK_NUM(count(), 1);
	pass(HOUR);
	CHECK_NUM(count(), 0);
	CHECK_NUM(web.asked, 1);
	TEST_ROW("a policy for less than two hours lapses");
	web.fail = FAIL_NONE;
	web.body = POLICY("enforce", "3000");
	CHECK(mail("a.test"));
	pass(2 * HOUR);
	CHECK_NUM(count(), 0);
	CHECK_NUM(web.asked, 2);
	CHECK_NUM(warnings, 0);
	end();
}

static void
test_restart(void)
{
	begin("after a start the first walk comes soon, and does what was missed");
	CHECK(mail("a.test"));
	sts_refresh_close(&refresh);
	set_time(3 * DAY);
	open_refresh();
	CHECK_NUM(refresh->timer.deadline_ms, 1000 + 3 * DAY * 1000LL + STS_WALK_FIRST_MS);
	pass(9);
	CHECK_NUM(web.asked, 1);
	pass(1);
	CHECK_NUM(web.asked, 2);
	CHECK_NUM(look("a.test").fetched_s, now_s);
	TEST_ROW("with a clock that is behind nothing goes");
	sts_refresh_close(&refresh);
	set_time(-10000 * DAY);
	open_refresh();
	web.fail = FAIL_DENIED; /* certificates are for later times */
	pass(DAY);
	CHECK_NUM(count(), 1);
	CHECK_NUM(look("a.test").mode, STS_ENFORCE);
	CHECK_NUM(look("a.test").fetched_s, 3 * DAY + 10);
	end();
}

int
main(void)
{
	test_daily();
	test_record();
	test_failures();
	test_unused();
	test_leftovers();
	test_restart();
	return test_end();
}
