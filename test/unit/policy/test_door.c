/* Who comes in: counted by network, limited in time, turned away while banned. */
#include "fixture.h"

static struct fixture f;

static enum policy_door
enter(const char *text)
{
	struct net_address a = fixture_peer(text);

	return policy_enter(f.policy, &a);
}

static void
leave(const char *text)
{
	struct net_address a = fixture_peer(text);

	policy_leave(f.policy, &a);
}

static void
test_network(void)
{
	f.settings.network_connections = 3;
	f.settings.connection_rate = (struct str){ 0 };
	fixture_restart(&f);
	TEST_ROW("three from one /24");
	CHECK_NUM(enter("8.8.8.1"), POLICY_OPEN);
	CHECK_NUM(enter("8.8.8.2"), POLICY_OPEN);
	CHECK_NUM(enter("8.8.8.3"), POLICY_OPEN);
	CHECK_NUM(enter("8.8.8.4"), POLICY_BUSY);
	CHECK_NUM(enter("8.8.9.4"), POLICY_OPEN);
	TEST_ROW("who leaves makes room");
	leave("8.8.8.2");
	CHECK_NUM(enter("8.8.8.4"), POLICY_OPEN);
	CHECK_NUM(enter("8.8.8.2"), POLICY_BUSY);
	TEST_ROW("three from one /48");
	CHECK_NUM(enter("2600:1:2:3::1"), POLICY_OPEN);
	CHECK_NUM(enter("2600:1:2:4::1"), POLICY_OPEN);
	CHECK_NUM(enter("2600:1:2:5::1"), POLICY_OPEN);
	CHECK_NUM(enter("2600:1:2:6::1"), POLICY_BUSY);
	CHECK_NUM(enter("2600:1:3:6::1"), POLICY_OPEN);
	TEST_ROW("trusted ones are not counted");
	for (int i = 0; i < 10; i++)
		CHECK_NUM(enter("127.0.0.1"), POLICY_OPEN);
	leave("127.0.0.1");
	TEST_ROW("nothing is kept of networks that left");
	CHECK_NUM(f.policy->crowds.count, 4);
	leave("8.8.8.1");
	leave("8.8.8.3");
	leave("8.8.8.4");
	leave("8.8.9.4");
	leave("2600:1:2:3::1");
	CHECK_NUM(f.policy->crowds.count, 2);
	TEST_ROW("no limit");
	f.settings.network_connections = 0;
	fixture_restart(&f);
	for (int i = 0; i < 200; i++)
		CHECK_NUM(enter("8.8.8.1"), POLICY_OPEN);
}

static void
test_rate_of_connections(void)
{
	f.settings.network_connections = 0;
	f.settings.connection_rate = STR("2/1m");
	fixture_restart(&f);
	TEST_ROW("too often");
	CHECK_NUM(enter("8.8.8.1"), POLICY_OPEN);
	CHECK_NUM(enter("8.8.8.1"), POLICY_OPEN);
	CHECK_NUM(enter("8.8.8.1"), POLICY_BUSY);
	CHECK_NUM(enter("8.8.8.2"), POLICY_OPEN);
	leave("8.8.8.1");
	leave("8.8.8.1");
	CHECK_NUM(enter("8.8.8.1"), POLICY_BUSY);
	fixture_pass(&f, MINUTE_MS);
	CHECK_NUM(enter("8.8.8.1"), POLICY_OPEN);
	TEST_ROW("a full network costs no token");
	f.settings.network_connections = 1;
	fixture_restart(&f);
	CHECK_NUM(enter("8.8.8.1"), POLICY_OPEN);
	CHECK_NUM(enter("8.8.8.1"), POLICY_BUSY);
	CHECK_NUM(enter("8.8.8.1"), POLICY_BUSY);
	leave("8.8.8.1");
	CHECK_NUM(enter("8.8.8.1"), POLICY_OPEN);
}

static void
test_banned(void)
{
	struct net_address peer = fixture_peer("8.8.8.1");

	f.settings.network_connections = 50;
	f.settings.ban_after = 1;
	fixture_restart(&f);
	TEST_ROW("banned while connected");
	CHECK_NUM(enter("8.8.8.1"), POLICY_OPEN);
	CHECK(policy_offend(f.policy, &peer, OFFENCE_JUNK));
	CHECK_NUM(enter("8.8.8.1"), POLICY_BANNED);
	CHECK_NUM(enter("8.8.8.2"), POLICY_OPEN);
	leave("8.8.8.1");
	CHECK_NUM(enter("8.8.8.1"), POLICY_BANNED);
	fixture_pass(&f, HOUR_MS);
	CHECK_NUM(enter("8.8.8.1"), POLICY_OPEN);
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	fixture_open(&f, "door");
	test_network();
	test_rate_of_connections();
	test_banned();
	fixture_stop(&f);
	return test_end();
}
