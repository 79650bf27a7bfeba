/* Greylisting over time, over restarts, with clocks set wrong and stores that fail. */
#include "fixture.h"

static struct fixture f;

static bool
ask(const char *peer, const char *sender, const char *recipient)
{
	struct net_address a = fixture_peer(peer);
	bool passes = policy_greylist(f.policy, &a, str_c(sender), str_c(recipient));

	fixture_turn(&f);
	return passes;
}

/* A store without anything in it. */
static void
fresh(const char *name)
{
	fixture_open(&f, name);
	f.settings.is_greylisting = true;
	fixture_restart(&f);
}

static void
test_life(void)
{
	fresh("life");
	TEST_ROW("first try, too soon, again");
	CHECK(!ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	CHECK(!ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	fixture_pass(&f, 5 * MINUTE_MS - 1000);
	CHECK(!ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	fixture_pass(&f, 1000);
	CHECK(ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	CHECK_NUM(fixture_count(&f, KEEP_TRY), 0);
	TEST_ROW("the pair is known: other recipients, other machines of the network");
	CHECK(ask("8.8.8.8", "ann@x.test", "carol@own.test"));
	CHECK(ask("8.8.8.9", "Ann+tag@X.test", "bob@own.test"));
	TEST_ROW("others are not");
	CHECK(!ask("8.8.9.8", "ann@x.test", "bob@own.test"));
	CHECK(!ask("8.8.8.8", "eve@x.test", "bob@own.test"));
	CHECK_NUM(fixture_count(&f, KEEP_TRY), 2);
	CHECK_NUM(fixture_count(&f, KEEP_PAIR), 1);
	TEST_ROW("after a restart");
	fixture_restart(&f);
	CHECK(ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	fixture_pass(&f, 5 * MINUTE_MS);
	CHECK(ask("8.8.9.8", "ann@x.test", "BOB@own.test"));
	fixture_stop(&f);
}

static void
test_window(void)
{
	fresh("window");
	TEST_ROW("too late is a first try");
	CHECK(!ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	fixture_pass(&f, 24 * HOUR_MS + 1000);
	CHECK(!ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	fixture_pass(&f, 5 * MINUTE_MS);
	CHECK(ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	TEST_ROW("just in time");
	CHECK(!ask("8.8.4.4", "ann@x.test", "bob@own.test"));
	fixture_pass(&f, 24 * HOUR_MS);
	CHECK(ask("8.8.4.4", "ann@x.test", "bob@own.test"));
	TEST_ROW("another recipient waits for itself");
	CHECK(!ask("8.8.1.1", "ann@x.test", "bob@own.test"));
	fixture_pass(&f, 4 * MINUTE_MS);
	CHECK(!ask("8.8.1.1", "ann@x.test", "carol@own.test"));
	fixture_pass(&f, 2 * MINUTE_MS);
	CHECK(!ask("8.8.1.1", "ann@x.test", "carol@own.test"));
	CHECK(ask("8.8.1.1", "ann@x.test", "bob@own.test"));
	TEST_ROW("mail keeps a pair alive");
	for (int i = 0; i < 5; i++) {
		fixture_pass(&f, 30 * DAY_MS);
		CHECK(ask("8.8.4.4", "ann@x.test", "bob@own.test"));
	}
	TEST_ROW("silence does not");
	fixture_pass(&f, 35 * DAY_MS + 1000);
	CHECK(!ask("8.8.4.4", "ann@x.test", "bob@own.test"));
	fixture_stop(&f);
}

/* A pair in daily use is not written daily. */
static void
test_writes(void)
{
	uint64_t commits;
	int written = 0;

	fresh("writes");
	TEST_ROW("writes");
	ask("8.8.8.8", "ann@x.test", "bob@own.test");
	fixture_pass(&f, 5 * MINUTE_MS);
	CHECK(ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	for (int hour = 0; hour < 35 * 24; hour++) {
		commits = store_commits(f.store);
		CHECK(ask("8.8.8.8", "ann@x.test", "bob@own.test"));
		written += store_commits(f.store) != commits;
		fixture_pass(&f, HOUR_MS);
	}
	CHECK(written > 0 && written <= 16);
	fixture_stop(&f);
}

static void
test_network(void)
{
	static const char *const senders[] = { "a@x.test", "b@x.test", "c@x.test" };

	fresh("network");
	f.settings.greylist_welcome = 3;
	fixture_restart(&f);
	TEST_ROW("after three pairs the network is no stranger");
	for (size_t i = 0; i < ARRAY_LEN(senders); i++)
		CHECK(!ask("8.8.8.8", senders[i], "bob@own.test"));
	fixture_pass(&f, 5 * MINUTE_MS);
	for (size_t i = 0; i < ARRAY_LEN(senders); i++) {
		CHECK(!ask("8.8.8.7", "new@x.test", "bob@own.test"));
		CHECK(ask("8.8.8.8", senders[i], "bob@own.test"));
		CHECK(ask("8.8.8.8", senders[i], "bob@own.test"));
	}
	CHECK(ask("8.8.8.7", "new@x.test", "bob@own.test"));
	CHECK(ask("8.8.8.6", "newer@y.test", "bob@own.test"));
	CHECK(!ask("8.8.9.6", "newer@y.test", "bob@own.test"));
	CHECK_NUM(fixture_count(&f, KEEP_NETWORK), 1);
	TEST_ROW("one that stays silent is a stranger again, and counts from none");
	fixture_pass(&f, 35 * DAY_MS + 1000);
	CHECK(!ask("8.8.8.6", "newer@y.test", "bob@own.test"));
	fixture_pass(&f, 5 * MINUTE_MS);
	CHECK(ask("8.8.8.6", "newer@y.test", "bob@own.test"));
	CHECK(!ask("8.8.8.6", "newest@y.test", "bob@own.test"));
	TEST_ROW("never by network");
	f.settings.greylist_welcome = 0;
	fixture_restart(&f);
	for (int i = 0; i < 20; i++) {
		char sender[] = "a@x.test";

		sender[0] = (char)(sender[0] + i);
		CHECK(!ask("9.9.9.9", sender, "bob@own.test"));
		fixture_pass(&f, 5 * MINUTE_MS);
		CHECK(ask("9.9.9.9", sender, "bob@own.test"));
	}
	CHECK(!ask("9.9.9.9", "zoe@x.test", "bob@own.test"));
	fixture_stop(&f);
}

static void
test_passes(void)
{
	struct net_address peer = fixture_peer("8.8.8.8");

	fresh("passes");
	TEST_ROW("trusted");
	CHECK(ask("127.0.0.1", "ann@x.test", "bob@own.test"));
	TEST_ROW("mail of it got in before");
	policy_known(f.policy, &peer, STR("ann@x.test"));
	CHECK(ask("8.8.8.1", "ann@x.test", "bob@own.test"));
	CHECK(!ask("8.8.8.1", "eve@x.test", "bob@own.test"));
	TEST_ROW("the null sender is a sender");
	CHECK(!ask("8.8.4.4", "", "bob@own.test"));
	fixture_pass(&f, 5 * MINUTE_MS);
	CHECK(ask("8.8.4.4", "", "bob@own.test"));
	TEST_ROW("off");
	f.settings.is_greylisting = false;
	fixture_restart(&f);
	CHECK(ask("8.8.3.3", "ann@x.test", "bob@own.test"));
	CHECK_NUM(fixture_count(&f, KEEP_TRY), 1);
	fixture_stop(&f);
}

/* Whatever happens to the clock, a sender that keeps trying gets in. */
static void
test_clock(void)
{
	fresh("clock");
	TEST_ROW("first tried in a future that was none");
	f.wall_ms += 3650 * DAY_MS;
	fixture_clock(&f);
	CHECK(!ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	f.wall_ms -= 3650 * DAY_MS;
	fixture_clock(&f);
	CHECK(!ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	fixture_pass(&f, 5 * MINUTE_MS);
	CHECK(ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	TEST_ROW("known in such a future: known now");
	f.wall_ms -= 365 * DAY_MS;
	fixture_clock(&f);
	CHECK(ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	TEST_ROW("first tried in 1970, as on a machine without a clock of its own");
	f.wall_ms = 1000;
	fixture_clock(&f);
	CHECK(!ask("8.8.4.4", "ann@x.test", "bob@own.test"));
	f.wall_ms = FIXTURE_WALL;
	fixture_clock(&f);
	CHECK(!ask("8.8.4.4", "ann@x.test", "bob@own.test"));
	fixture_pass(&f, 5 * MINUTE_MS);
	CHECK(ask("8.8.4.4", "ann@x.test", "bob@own.test"));
	fixture_stop(&f);
}

/* A try is not lost with a turn that fails, it is as if it had not been; nobody is refused for our disk. */
static void
test_faults(void)
{
	fresh("faults");
	TEST_ROW("the store fails");
	fixture_break(&f);
	CHECK(ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	CHECK(!store_is_well(f.store));
	TEST_ROW("it is not well");
	CHECK(ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	CHECK_NUM(fixture_count(&f, KEEP_TRY), 0);
	TEST_ROW("well again");
	CHECK(store_probe(f.store));
	CHECK(!ask("8.8.8.8", "ann@x.test", "bob@own.test"));
	CHECK_NUM(fixture_count(&f, KEEP_TRY), 1);
	fixture_stop(&f);
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	test_life();
	test_window();
	test_writes();
	test_network();
	test_passes();
	test_clock();
	test_faults();
	return test_end();
}
