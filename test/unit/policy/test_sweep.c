/* What is too old goes away, in slices, and an idle server sleeps. */
#include "fixture.h"

static struct fixture f;

static void
learn(unsigned n)
{
	struct net_address a = { .family = NET_ADDRESS_IPV4,
		.bytes = { 8, (uint8_t)(n >> 8), (uint8_t)n, 1 } };

	policy_known(f.policy, &a, STR("s@x.test"));
}

static bool
greylist(const char *peer)
{
	struct net_address a = fixture_peer(peer);

	return policy_greylist(f.policy, &a, STR("ann@x.test"), STR("bob@own.test"));
}

static int64_t
all(void)
{
	int64_t sum = 0;

	for (enum keep_kind kind = 0; kind < KEEP_COUNT; kind++)
		sum += fixture_count(&f, kind);
	return sum;
}

static void
test_sleep(void)
{
	TEST_ROW("without records there is no timer");
	CHECK(!timer_running(&f.policy->sweep.timer));
	TEST_ROW("a record sets it to its end");
	CHECK(!greylist("8.8.8.8"));
	CHECK(timer_running(&f.policy->sweep.timer));
	CHECK_NUM(f.policy->sweep.timer.deadline_ms, f.mono_ms + 24 * HOUR_MS);
	TEST_ROW("another of later end changes nothing");
	fixture_pass(&f, HOUR_MS);
	learn(1);
	CHECK_NUM(f.policy->sweep.timer.deadline_ms, f.mono_ms + 23 * HOUR_MS);
	TEST_ROW("at the end of the first, the next is waited for, a day at a time");
	fixture_pass(&f, 23 * HOUR_MS);
	fixture_pass(&f, HOUR_MS);
	CHECK_NUM(fixture_count(&f, KEEP_TRY), 0);
	CHECK_NUM(all(), 1);
	CHECK_NUM(f.policy->sweep.timer.deadline_ms, f.mono_ms + 24 * HOUR_MS);
	TEST_ROW("with the last one gone it sleeps");
	fixture_pass(&f, 200 * DAY_MS);
	CHECK_NUM(all(), 0);
	CHECK(!timer_running(&f.policy->sweep.timer));
}

static void
test_wakeups(void)
{
	uint64_t commits;
	int woken = 0;

	TEST_ROW("at most once an hour, and no write without need");
	for (unsigned i = 0; i < 100; i++)
		learn(i);
	fixture_turn(&f);
	commits = store_commits(f.store);
	for (int minute = 0; minute < 7 * 24 * 60; minute++) {
		int64_t deadline = f.policy->sweep.timer.deadline_ms;

		fixture_pass(&f, MINUTE_MS);
		woken += f.policy->sweep.timer.deadline_ms != deadline;
	}
	CHECK(woken > 0 && woken <= 7);
	CHECK_NUM(store_commits(f.store), commits);
	TEST_ROW("many that end one after the other are taken together");
	f.settings.is_greylisting = true;
	woken = 0;
	for (int minute = 0; minute < 600; minute++) {
		char peer[32];
		int64_t deadline = f.policy->sweep.timer.deadline_ms;

		snprintf(peer, sizeof peer, "9.%d.%d.1", minute / 200, minute % 200);
		CHECK(!greylist(peer));
		fixture_pass(&f, MINUTE_MS);
		woken += f.policy->sweep.timer.deadline_ms != deadline;
	}
	for (int minute = 0; minute < 24 * 60; minute++) {
		int64_t deadline = f.policy->sweep.timer.deadline_ms;

		fixture_pass(&f, MINUTE_MS);
		woken += f.policy->sweep.timer.deadline_ms != deadline;
	}
	CHECK(woken <= 35);
	fixture_pass(&f, HOUR_MS);
	CHECK_NUM(fixture_count(&f, KEEP_TRY), 0);
}

/* One turn does one slice; others run in between. */
static void
test_slices(void)
{
	unsigned turns = 0;

	TEST_ROW("slices");
	f.settings.known_ms = DAY_MS;
	fixture_restart(&f);
	fixture_pass(&f, 300 * DAY_MS);
	CHECK_NUM(all(), 0);
	for (unsigned i = 0; i < 3000; i++) {
		learn(i);
		if (i == 1499)
			fixture_pass(&f, 12 * HOUR_MS);
	}
	fixture_turn(&f);
	f.mono_ms += 13 * HOUR_MS;
	f.wall_ms += 13 * HOUR_MS;
	fixture_clock(&f);
	do {
		fixture_turn(&f);
		turns++;
		if (turns == 3) {
			CHECK(f.policy->sweep.is_walking);
			learn(5000); /* written behind or before the walk: its end is seen to */
		}
	} while (f.policy->sweep.is_walking);
	CHECK(turns >= 3000 / SWEEP_SLICE && turns <= 3000 / SWEEP_SLICE + KEEP_COUNT + 2);
	CHECK_NUM(fixture_count(&f, KEEP_SENDER), 1501);
	fixture_pass(&f, 12 * HOUR_MS);
	CHECK_NUM(fixture_count(&f, KEEP_SENDER), 1);
	fixture_pass(&f, 13 * HOUR_MS);
	CHECK_NUM(all(), 0);
}

static void
test_restart(void)
{
	TEST_ROW("after a start what was left is found");
	learn(1);
	fixture_restart(&f);
	CHECK_NUM(f.policy->sweep.timer.deadline_ms, f.mono_ms + SWEEP_FIRST_MS);
	fixture_turn(&f);
	fixture_stop(&f);
	f.mono_ms += 3 * DAY_MS;
	f.wall_ms += 3 * DAY_MS;
	fixture_clock(&f);
	fixture_start(&f);
	CHECK_NUM(fixture_count(&f, KEEP_SENDER), 1);
	fixture_pass(&f, SWEEP_FIRST_MS);
	CHECK_NUM(all(), 0);
	TEST_ROW("closed in the middle of a walk");
	for (unsigned i = 0; i < 1000; i++)
		learn(i);
	fixture_restart(&f);
	f.mono_ms += 2 * DAY_MS;
	f.wall_ms += 2 * DAY_MS;
	fixture_clock(&f);
	while (all() == 1000)
		fixture_turn(&f);
	CHECK(f.policy->sweep.is_walking);
	fixture_restart(&f);
	CHECK(all() > 0);
	fixture_pass(&f, SWEEP_FIRST_MS);
	CHECK_NUM(all(), 0);
}

/* What is written where the walk was before does not lie there for ever. */
static void
test_behind(void)
{
	TEST_ROW("written behind the walk");
	learn(1);
	fixture_restart(&f);
	f.mono_ms += 2 * DAY_MS;
	f.wall_ms += 2 * DAY_MS;
	fixture_clock(&f);
	do
		fixture_turn(&f);
	while (f.policy->sweep.is_walking && f.policy->sweep.kind <= KEEP_SENDER);
	CHECK(f.policy->sweep.is_walking);
	CHECK_NUM(all(), 0);
	learn(2);
	fixture_pass(&f, 0);
	CHECK_NUM(all(), 1);
	CHECK(timer_running(&f.policy->sweep.timer));
	fixture_pass(&f, 2 * DAY_MS);
	CHECK_NUM(all(), 0);
}

static enum step
learn_step(struct task *t)
{
	(void)t;
	learn(77);
	return STEP_WAIT;
}

/* A session that runs in the turn in which the timer fires, before the sweep, does not put it off. */
static void
test_busy(void)
{
	struct task session = { 0 };

	TEST_ROW("busy");
	learn(1);
	fixture_restart(&f);
	loop_task(&f.loop, &session, learn_step, NULL);
	f.mono_ms += 2 * DAY_MS;
	f.wall_ms += 2 * DAY_MS;
	fixture_clock(&f);
	task_wake(&session);
	fixture_turn(&f);
	CHECK(f.policy->sweep.is_walking);
	fixture_pass(&f, 0);
	CHECK_NUM(all(), 1);
	fixture_pass(&f, 2 * DAY_MS);
	CHECK_NUM(all(), 0);
}

/* A clock in the past, as before the first answer of a time server, deletes nothing. */
static void
test_clock(void)
{
	int64_t wall_ms = f.wall_ms;

	TEST_ROW("1970");
	learn(1);
	fixture_turn(&f);
	f.wall_ms = 1000;
	fixture_restart(&f);
	fixture_pass(&f, SWEEP_FIRST_MS);
	CHECK_NUM(all(), 1);
	f.wall_ms = wall_ms + 2 * DAY_MS;
	fixture_pass(&f, SWEEP_MOST_MS);
	CHECK_NUM(all(), 0);
}

static void
test_fault(void)
{
	TEST_ROW("the store fails: tried again an hour later");
	learn(1);
	fixture_restart(&f);
	f.mono_ms += 2 * DAY_MS;
	f.wall_ms += 2 * DAY_MS;
	fixture_clock(&f);
	fixture_break(&f);
	fixture_turn(&f);
	CHECK(!f.policy->sweep.is_walking);
	CHECK_NUM(f.policy->sweep.timer.deadline_ms, f.mono_ms + SWEEP_LEAST_MS);
	CHECK_NUM(all(), 1);
	CHECK(store_probe(f.store));
	fixture_pass(&f, SWEEP_LEAST_MS);
	CHECK_NUM(all(), 0);
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	fixture_open(&f, "sweep");
	f.settings.is_greylisting = true;
	fixture_restart(&f);
	test_sleep();
	test_wakeups();
	test_slices();
	test_restart();
	test_behind();
	test_busy();
	test_clock();
	test_fault();
	fixture_stop(&f);
	return test_end();
}
