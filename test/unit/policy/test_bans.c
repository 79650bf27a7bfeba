/* Offences that add up, who is spared, and how bans end. */
#include "fixture.h"

static struct fixture f;

static bool
offend(const char *text, enum policy_offence what)
{
	struct net_address a = fixture_peer(text);

	return policy_offend(f.policy, &a, what);
}

static bool
is_banned(const char *text)
{
	struct net_address a = fixture_peer(text);

	return policy_is_banned(f.policy, &a);
}

static void
log_in(const char *text)
{
	struct net_address a = fixture_peer(text);

	policy_logged_in(f.policy, &a);
}

/* The number of the offence that bans; 0: none of `most`. */
static int
offend_until(const char *text, enum policy_offence what, int most)
{
	for (int i = 1; i <= most; i++) {
		if (offend(text, what))
			return i;
	}
	return 0;
}

static void
test_adding_up(void)
{
	f.settings.ban_after = 5;
	f.settings.ban_window_ms = 10 * MINUTE_MS;
	fixture_restart(&f);
	TEST_ROW("the fifth bans");
	CHECK_NUM(offend_until("8.8.8.8", OFFENCE_LOGIN, 9), 5);
	CHECK(is_banned("8.8.8.8") && !is_banned("8.8.8.9"));
	CHECK(offend("8.8.8.8", OFFENCE_JUNK));
	TEST_ROW("kinds do not add up");
	for (int i = 0; i < 4; i++)
		CHECK(!offend("8.8.4.4", OFFENCE_LOGIN) && !offend("8.8.4.4", OFFENCE_RCPT) &&
		    !offend("8.8.4.4", OFFENCE_JUNK));
	CHECK(offend("8.8.4.4", OFFENCE_RCPT));
	TEST_ROW("a /64 is one address");
	CHECK(!offend("2600::1", OFFENCE_LOGIN) && !offend("2600::2", OFFENCE_LOGIN) &&
	    !offend("2600::3", OFFENCE_LOGIN) && !offend("2600::4", OFFENCE_LOGIN));
	CHECK(offend("2600::5", OFFENCE_LOGIN));
	CHECK(is_banned("2600::ffff:1") && !is_banned("2600:0:0:1::1"));
	TEST_ROW("a restart forgives");
	fixture_restart(&f);
	CHECK(!is_banned("8.8.8.8"));
	TEST_ROW("no bans");
	f.settings.ban_after = 0;
	fixture_restart(&f);
	CHECK_NUM(offend_until("8.8.8.8", OFFENCE_LOGIN, 200), 0);
	CHECK_NUM(f.policy->offenders.count, 0);
	TEST_ROW("the first bans");
	f.settings.ban_after = 1;
	fixture_restart(&f);
	CHECK_NUM(offend_until("8.8.8.8", OFFENCE_LOGIN, 2), 1);
}

/* Exactly those within the window count, wherever it begins. */
static void
test_window(void)
{
	f.settings.ban_after = 3;
	f.settings.ban_window_ms = 10 * MINUTE_MS;
	fixture_restart(&f);
	TEST_ROW("too slow, for ever");
	for (int i = 0; i < 20; i++) {
		CHECK(!offend("8.8.8.8", OFFENCE_LOGIN));
		fixture_pass(&f, 5 * MINUTE_MS + 1);
	}
	TEST_ROW("just within");
	fixture_pass(&f, HOUR_MS);
	CHECK(!offend("8.8.8.8", OFFENCE_LOGIN));
	fixture_pass(&f, 9 * MINUTE_MS);
	CHECK(!offend("8.8.8.8", OFFENCE_LOGIN));
	fixture_pass(&f, MINUTE_MS);
	CHECK(offend("8.8.8.8", OFFENCE_LOGIN));
	TEST_ROW("across where a fixed window would have ended");
	CHECK(!offend("8.8.4.4", OFFENCE_LOGIN));
	fixture_pass(&f, 8 * MINUTE_MS);
	CHECK(!offend("8.8.4.4", OFFENCE_LOGIN));
	fixture_pass(&f, 4 * MINUTE_MS);
	CHECK(!offend("8.8.4.4", OFFENCE_LOGIN));
	fixture_pass(&f, 2 * MINUTE_MS);
	CHECK(offend("8.8.4.4", OFFENCE_LOGIN));
}

static void
test_never(void)
{
	static const char *const peers[] = { "127.0.0.1", "::1", "10.0.0.1", "192.168.1.9",
		"172.16.0.1", "169.254.1.1", "100.64.0.1", "fe80::1", "fd00::1", "9.9.9.9" };

	f.settings.ban_after = 2;
	f.settings.trusted = STR("9.9.9.0/24");
	fixture_restart(&f);
	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		TEST_ROW(peers[i]);
		CHECK_NUM(offend_until(peers[i], OFFENCE_LOGIN, 50), 0);
		CHECK(!is_banned(peers[i]));
	}
	CHECK_NUM(f.policy->offenders.count, 0);
	f.settings.trusted = STR("loopback");
}

static void
test_spared(void)
{
	f.settings.ban_after = 3;
	f.settings.ban_spare_ms = 30 * DAY_MS;
	fixture_restart(&f);
	TEST_ROW("somebody logged in");
	log_in("8.8.8.8");
	log_in("2600:1::1");
	CHECK_NUM(offend_until("8.8.8.8", OFFENCE_LOGIN, 50), 0);
	CHECK_NUM(offend_until("2600:1::2", OFFENCE_RCPT, 50), 0);
	CHECK_NUM(offend_until("8.8.8.9", OFFENCE_LOGIN, 50), 3);
	TEST_ROW("still after a restart");
	fixture_restart(&f);
	CHECK_NUM(offend_until("8.8.8.8", OFFENCE_LOGIN, 50), 0);
	TEST_ROW("for 30 days");
	fixture_pass(&f, 30 * DAY_MS);
	CHECK_NUM(offend_until("8.8.8.8", OFFENCE_LOGIN, 51), 0);
	fixture_pass(&f, 1000);
	CHECK_NUM(offend_until("8.8.8.8", OFFENCE_LOGIN, 50), 3);
	TEST_ROW("a login lifts the ban");
	log_in("8.8.8.8");
	CHECK(!is_banned("8.8.8.8"));
	CHECK_NUM(offend_until("8.8.8.8", OFFENCE_LOGIN, 50), 0);
	TEST_ROW("trusted and private addresses are not noted");
	log_in("127.0.0.1");
	log_in("10.0.0.1");
	fixture_pass(&f, 2 * HOUR_MS);
	CHECK_NUM(fixture_count(&f, KEEP_LOGIN), 1); /* 8.8.8.8, and what is over was swept */
	TEST_ROW("nobody is spared");
	f.settings.ban_spare_ms = 0;
	fixture_restart(&f);
	log_in("8.8.4.4");
	CHECK_NUM(offend_until("8.8.4.4", OFFENCE_LOGIN, 50), 3);
	f.settings.ban_spare_ms = 30 * DAY_MS;
}

/* A phone that logs in all day does not write all day. */
static void
test_writes(void)
{
	uint64_t commits;

	fixture_restart(&f);
	TEST_ROW("logins write now and then");
	log_in("8.8.1.1");
	fixture_turn(&f);
	commits = store_commits(f.store);
	for (int i = 0; i < 24; i++) {
		log_in("8.8.1.1");
		fixture_pass(&f, HOUR_MS);
	}
	CHECK_NUM(store_commits(f.store), commits);
	fixture_pass(&f, DAY_MS);
	commits = store_commits(f.store);
	log_in("8.8.1.1");
	fixture_turn(&f);
	CHECK_NUM(store_commits(f.store), commits + 1);
}

static void
test_ends(void)
{
	struct net_address peer = fixture_peer("8.8.8.8");
	const struct policy_ban *ban;
	int n = 0;

	f.settings.ban_after = 1;
	f.settings.ban_ms = HOUR_MS;
	f.wall_ms += 1000 * DAY_MS; /* nobody is spared any more */
	fixture_clock(&f);
	fixture_restart(&f);
	TEST_ROW("the list of bans");
	CHECK(policy_ban_next(f.policy, NULL) == NULL);
	CHECK(offend("8.8.8.8", OFFENCE_LOGIN));
	fixture_pass(&f, 10 * MINUTE_MS);
	CHECK(offend("2600::1", OFFENCE_RCPT));
	ban = policy_ban_next(f.policy, NULL);
	CHECK(ban != NULL && memcmp(ban->address.bytes, peer.bytes, 16) == 0);
	CHECK(ban->why == OFFENCE_LOGIN);
	CHECK_NUM(ban->ends_s, f.wall_ms / 1000 + 50 * 60);
	ban = policy_ban_next(f.policy, ban);
	CHECK(ban != NULL && ban->why == OFFENCE_RCPT);
	CHECK_NUM(ban->ends_s, f.wall_ms / 1000 + 60 * 60);
	CHECK(policy_ban_next(f.policy, ban) == NULL);
	TEST_ROW("setting the clock lifts nothing");
	f.wall_ms += 100 * DAY_MS;
	fixture_clock(&f);
	CHECK(is_banned("8.8.8.8"));
	f.wall_ms -= 100 * DAY_MS;
	TEST_ROW("ended ones are not shown");
	fixture_pass(&f, 50 * MINUTE_MS);
	for (ban = policy_ban_next(f.policy, NULL); ban; ban = policy_ban_next(f.policy, ban))
		n++;
	CHECK_NUM(n, 1);
	CHECK(!is_banned("8.8.8.8") && is_banned("2600::1"));
	TEST_ROW("lifted by hand");
	CHECK_NUM(policy_unban(f.policy, &peer), FAIL_MISSING);
	peer = fixture_peer("2600::7");
	CHECK_NUM(policy_unban(f.policy, &peer), FAIL_NONE);
	CHECK(!is_banned("2600::1"));
	CHECK_NUM(policy_unban(f.policy, &peer), FAIL_MISSING);
	CHECK(policy_ban_next(f.policy, NULL) == NULL);
}

static struct net_address
nth_peer(unsigned n)
{
	struct net_address a = { .family = NET_ADDRESS_IPV4,
		.bytes = { 8, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n } };

	return a;
}

static void
test_bounds(void)
{
	struct net_address peer;

	TEST_ROW("at the bound the ban that ends first makes room");
	f.settings.ban_after = 1;
	fixture_restart(&f);
	for (unsigned i = 0; i < POLICY_BANS_MAX + 10; i++) {
		peer = nth_peer(i);
		CHECK(policy_offend(f.policy, &peer, OFFENCE_JUNK));
	}
	CHECK_NUM(f.policy->bans.count, POLICY_BANS_MAX);
	peer = nth_peer(9);
	CHECK(!policy_is_banned(f.policy, &peer));
	peer = nth_peer(10);
	CHECK(policy_is_banned(f.policy, &peer));
	TEST_ROW("at the bound who offended longest ago is forgiven");
	f.settings.ban_after = 2;
	fixture_restart(&f);
	for (unsigned i = 0; i < POLICY_OFFENDERS_MAX + 10; i++) {
		peer = nth_peer(i);
		CHECK(!policy_offend(f.policy, &peer, OFFENCE_JUNK));
	}
	CHECK_NUM(f.policy->offenders.count, POLICY_OFFENDERS_MAX);
	peer = nth_peer(POLICY_OFFENDERS_MAX);
	CHECK(policy_offend(f.policy, &peer, OFFENCE_JUNK));
	peer = nth_peer(9);
	CHECK(!policy_offend(f.policy, &peer, OFFENCE_JUNK));
	TEST_ROW("old offences go as new ones come");
	fixture_pass(&f, HOUR_MS);
	peer = nth_peer(77777);
	CHECK(!policy_offend(f.policy, &peer, OFFENCE_JUNK));
	CHECK_NUM(f.policy->offenders.count, 1);
}

/* The store cannot be read: whoever may have logged in is not banned. */
static void
test_fault(void)
{
	f.settings.ban_after = 1;
	fixture_restart(&f);
	TEST_ROW("the store fails");
	fixture_break(&f);
	CHECK(!offend("8.8.7.7", OFFENCE_LOGIN));
	log_in("8.8.7.8");
	fixture_turn(&f);
	TEST_ROW("it is not well: nothing is written that could cost a session its turn");
	CHECK(!store_is_well(f.store));
	log_in("8.8.7.8");
	CHECK(!store_is_dirty(f.store));
	TEST_ROW("it is well again");
	CHECK(store_probe(f.store));
	log_in("8.8.7.8");
	CHECK(store_is_dirty(f.store));
	CHECK(offend("8.8.7.7", OFFENCE_LOGIN));
	CHECK(!offend("8.8.7.8", OFFENCE_LOGIN));
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	fixture_open(&f, "bans");
	test_adding_up();
	test_window();
	test_never();
	test_spared();
	test_writes();
	test_ends();
	test_bounds();
	test_fault();
	fixture_stop(&f);
	return test_end();
}
