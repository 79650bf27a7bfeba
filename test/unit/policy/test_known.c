#include "fixture.h"

static struct fixture f;

static bool
is_known(const char *peer, const char *sender)
{
	struct net_address a = fixture_peer(peer);

	return policy_is_known(f.policy, &a, str_c(sender));
}

static void
known(const char *peer, const char *sender)
{
	struct net_address a = fixture_peer(peer);

	policy_known(f.policy, &a, str_c(sender));
}

static void
test_life(void)
{
	TEST_ROW("a stranger, and no more");
	CHECK(!is_known("8.8.8.8", "ann@x.test"));
	known("8.8.8.8", "ann@x.test");
	CHECK(is_known("8.8.8.8", "ann@x.test"));
	CHECK(is_known("8.8.8.77", "Ann+news@x.test"));
	CHECK(!is_known("8.8.9.8", "ann@x.test"));
	CHECK(!is_known("8.8.8.8", "bob@x.test"));
	TEST_ROW("after a restart");
	fixture_restart(&f);
	CHECK(is_known("8.8.8.8", "ann@x.test"));
	TEST_ROW("kept alive by mail");
	for (int i = 0; i < 4; i++) {
		fixture_pass(&f, 170 * DAY_MS);
		known("8.8.8.8", "ann@x.test");
		fixture_turn(&f);
	}
	CHECK(is_known("8.8.8.8", "ann@x.test"));
	TEST_ROW("until it is long ago");
	fixture_pass(&f, 180 * DAY_MS);
	CHECK(is_known("8.8.8.8", "ann@x.test"));
	fixture_pass(&f, 1000);
	CHECK(!is_known("8.8.8.8", "ann@x.test"));
	known("8.8.8.8", "ann@x.test");
	CHECK(is_known("8.8.8.8", "ann@x.test"));
	CHECK_NUM(fixture_count(&f, KEEP_SENDER), 1);
}

static void
test_writes(void)
{
	uint64_t commits;

	fixture_turn(&f);
	commits = store_commits(f.store);
	TEST_ROW("a hundred messages a day cost no write each");
	for (int i = 0; i < 100; i++) {
		known("8.8.8.8", "ann@x.test");
		fixture_pass(&f, 10 * MINUTE_MS);
	}
	CHECK_NUM(store_commits(f.store), commits);
	TEST_ROW("trusted ones are known, and not noted");
	CHECK(is_known("127.0.0.1", "ann@x.test"));
	known("127.0.0.1", "ann@x.test");
	fixture_turn(&f);
	CHECK_NUM(store_commits(f.store), commits);
}

static void
test_fault(void)
{
	TEST_ROW("the store fails: nobody is slowed down");
	fixture_break(&f);
	CHECK(is_known("9.9.9.9", "eve@x.test"));
	known("9.9.9.9", "eve@x.test");
	fixture_turn(&f);
	CHECK(store_probe(f.store));
	CHECK(!is_known("9.9.9.9", "eve@x.test"));
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	fixture_open(&f, "known");
	test_life();
	test_writes();
	test_fault();
	fixture_stop(&f);
	return test_end();
}
