/* Token buckets over time, forwards and backwards, and how many are remembered. */
#include "fixture.h"

/* base */
#include "base/num.h"

static struct fixture f;

/* How many tokens there are. */
static int
drain(enum policy_rate rate, const struct net_address *peer, int most)
{
	int n = 0;

	while (n < most && policy_take_peer(f.policy, rate, peer))
		n++;
	return n;
}

static void
test_refill(void)
{
	struct net_address peer = fixture_peer("8.8.8.8");

	f.settings.message_rate = STR("30/1m");
	fixture_restart(&f);
	TEST_ROW("a burst of all tokens");
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 100), 30);
	TEST_ROW("one token every two seconds");
	fixture_pass(&f, 1999);
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 100), 0);
	fixture_pass(&f, 1);
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 100), 1);
	fixture_pass(&f, 10000);
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 100), 5);
	TEST_ROW("never more than the burst");
	fixture_pass(&f, 5 * HOUR_MS);
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 100), 30);
	TEST_ROW("a jump of years does not overflow");
	fixture_pass(&f, 20000 * DAY_MS);
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 100), 30);
	TEST_ROW("a clock set back brings nothing, and refills from there");
	f.mono_ms -= 3 * HOUR_MS;
	fixture_clock(&f);
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 100), 0);
	fixture_pass(&f, 4000);
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 100), 2);
	TEST_ROW("the wall clock plays no part");
	f.wall_ms += 100 * DAY_MS;
	fixture_clock(&f);
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 100), 0);
}

/* However the time is cut into pieces, exactly the rate comes out. */
static void
test_exact(void)
{
	static const char *const rates[] = { "7/1m", "1/1s", "1000/7s", "3/1h" };
	static const int64_t windows_ms[] = { 60000, 1000, 7000, 3600000 };
	static const int counts[] = { 7, 1, 1000, 3 };
	static const int64_t pieces_ms[] = { 1, 3, 17, 250, 999 };

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		struct net_address peer = fixture_peer("8.8.4.4");
		int64_t passed = 0;
		int taken = 0;

		TEST_ROW(rates[i]);
		f.settings.message_rate = str_c(rates[i]);
		fixture_restart(&f);
		drain(RATE_MESSAGES, &peer, 2000);
		for (size_t k = 0; passed < windows_ms[i]; k++) {
			int64_t ms =
			    i64_min(pieces_ms[k % ARRAY_LEN(pieces_ms)], windows_ms[i] - passed);

			f.mono_ms += ms;
			fixture_clock(&f);
			passed += ms;
			taken += drain(RATE_MESSAGES, &peer, 2000);
		}
		CHECK_NUM(taken, counts[i]);
	}
}

static void
test_keys(void)
{
	struct net_address a = fixture_peer("8.8.8.8"), b = fixture_peer("8.8.8.9");
	struct net_address c = fixture_peer("8.8.9.9");
	struct net_address six = fixture_peer("2600:1:2:3::1"),
			   six2 = fixture_peer("2600:1:2:3::2");
	struct net_address six3 = fixture_peer("2600:1:2:4::1"), six4 = fixture_peer("2600:1:3::1");

	f.settings.message_rate = STR("2/1m");
	f.settings.rcpt_rate = STR("3/1m");
	f.settings.network_rate = STR("2/1m");
	fixture_restart(&f);
	TEST_ROW("each address has its own");
	CHECK_NUM(drain(RATE_MESSAGES, &a, 9), 2);
	CHECK_NUM(drain(RATE_MESSAGES, &b, 9), 2);
	TEST_ROW("each rate has its own");
	CHECK_NUM(drain(RATE_RCPTS, &a, 9), 3);
	TEST_ROW("ports do not count");
	a.port = 1;
	CHECK_NUM(drain(RATE_MESSAGES, &a, 9), 0);
	TEST_ROW("a /64 is one address");
	CHECK_NUM(drain(RATE_MESSAGES, &six, 9), 2);
	CHECK_NUM(drain(RATE_MESSAGES, &six2, 9), 0);
	CHECK_NUM(drain(RATE_MESSAGES, &six3, 9), 2);
	TEST_ROW("networks");
	CHECK_NUM(drain(RATE_MESSAGES_NETWORK, &a, 9), 2);
	CHECK_NUM(drain(RATE_MESSAGES_NETWORK, &b, 9), 0);
	CHECK_NUM(drain(RATE_MESSAGES_NETWORK, &c, 9), 2);
	CHECK_NUM(drain(RATE_MESSAGES_NETWORK, &six, 9), 2);
	CHECK_NUM(drain(RATE_MESSAGES_NETWORK, &six3, 9), 0);
	CHECK_NUM(drain(RATE_MESSAGES_NETWORK, &six4, 9), 2);
}

static void
test_names(void)
{
	f.settings.sender_rate = STR("2/1m");
	f.settings.recipient_rate = (struct str){ 0 };
	f.settings.account_rate = STR("1/1m");
	fixture_restart(&f);
	TEST_ROW("names, letters folded");
	CHECK(policy_take_name(f.policy, RATE_SENDER, STR("ann@x.test")));
	CHECK(policy_take_name(f.policy, RATE_SENDER, STR("Ann@X.test")));
	CHECK(!policy_take_name(f.policy, RATE_SENDER, STR("ann@x.test")));
	CHECK(policy_take_name(f.policy, RATE_SENDER, STR("bob@x.test")));
	TEST_ROW("the same name, another rate");
	CHECK(policy_take_name(f.policy, RATE_ACCOUNT, STR("ann@x.test")));
	CHECK(!policy_take_name(f.policy, RATE_ACCOUNT, STR("ann@x.test")));
	TEST_ROW("off, and the null sender");
	for (int i = 0; i < 10; i++) {
		CHECK(policy_take_name(f.policy, RATE_RECIPIENT, STR("ann@x.test")));
		CHECK(policy_take_name(f.policy, RATE_SENDER, STR("")));
	}
	TEST_ROW("a restart forgives");
	fixture_restart(&f);
	CHECK(policy_take_name(f.policy, RATE_SENDER, STR("ann@x.test")));
}

static void
test_trusted(void)
{
	struct net_address loopback = fixture_peer("127.0.0.1"), near = fixture_peer("10.1.2.3");

	f.settings.message_rate = STR("1/1m");
	f.settings.trusted = STR("loopback 10.1.2.0/24");
	fixture_restart(&f);
	TEST_ROW("trusted");
	CHECK(policy_is_trusted(f.policy, &loopback) && policy_is_trusted(f.policy, &near));
	CHECK_NUM(drain(RATE_MESSAGES, &loopback, 9), 9);
	CHECK_NUM(drain(RATE_MESSAGES, &near, 9), 9);
	CHECK_NUM(f.policy->buckets.count, 0);
	near = fixture_peer("10.1.3.1");
	CHECK_NUM(drain(RATE_MESSAGES, &near, 9), 1);
	f.settings.trusted = STR("loopback");
}

static struct net_address
nth_peer(unsigned n)
{
	struct net_address a = { .family = NET_ADDRESS_IPV4,
		.bytes = { 8, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };

	return a;
}

static void
test_bound(void)
{
	struct net_address peer, often;

	f.settings.message_rate = STR("2/1h");
	fixture_restart(&f);
	TEST_ROW("at the bound those idle longest are forgotten");
	often = nth_peer(0);
	CHECK_NUM(drain(RATE_MESSAGES, &often, 9), 2);
	for (unsigned i = 1; i < POLICY_BUCKETS_MAX + 1000; i++) {
		peer = nth_peer(i);
		CHECK_NUM(drain(RATE_MESSAGES, &peer, 9), 2);
		if (i % 1000 == 0)
			CHECK_NUM(drain(RATE_MESSAGES, &often, 9), 0);
	}
	CHECK_NUM(f.policy->buckets.count, POLICY_BUCKETS_MAX);
	peer = nth_peer(5);
	CHECK_NUM(drain(RATE_MESSAGES, &peer, 9), 2);
	TEST_ROW("full ones are given back as new ones come");
	fixture_pass(&f, 2 * HOUR_MS);
	for (unsigned i = 0; i < POLICY_BUCKETS_MAX; i++) {
		peer = nth_peer(100000 + i);
		drain(RATE_MESSAGES, &peer, 1);
	}
	CHECK_NUM(f.policy->buckets.count, POLICY_BUCKETS_MAX);
	fixture_pass(&f, 2 * HOUR_MS);
	peer = nth_peer(1);
	for (unsigned i = 0; i < POLICY_BUCKETS_MAX; i++) {
		peer = nth_peer(200000 + i % 10);
		drain(RATE_MESSAGES, &peer, 1);
		fixture_pass(&f, HOUR_MS);
	}
	CHECK(f.policy->buckets.count < POLICY_BUCKETS_MAX);
}

int
main(void)
{
	fixture_open(&f, "buckets");
	test_refill();
	test_exact();
	test_keys();
	test_names();
	test_trusted();
	test_bound();
	fixture_stop(&f);
	return test_end();
}
