/* Reverse names and DNS lists of peers, by a server on loopback. */
#include "fake_dns.h"

#define V6_NIBBLES "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.2"

static const struct fake_row table[] = {
	/* reverse names */
	{ "1.8.8.8.in-addr.arpa", DNS_PTR, "good.test" },
	{ "good.test", DNS_A, "9.9.9.9" },
	{ "good.test", DNS_A, "8.8.8.1" },
	{ "2.8.8.8.in-addr.arpa", DNS_PTR, "liar.test" },
	{ "liar.test", DNS_A, "9.9.9.9" },
	{ "3.8.8.8.in-addr.arpa", DNS_PTR, "nowhere.test" },
	{ "4.8.8.8.in-addr.arpa", DNS_PTR, "!fails" },
	{ "5.8.8.8.in-addr.arpa", DNS_PTR, "broken.test" },
	{ "broken.test", DNS_A, "!fails" },
	{ "6.8.8.8.in-addr.arpa", DNS_PTR, "broken.test" },
	{ "6.8.8.8.in-addr.arpa", DNS_PTR, "second.test" },
	{ "6.8.8.8.in-addr.arpa", DNS_PTR, "third.test" },
	{ "second.test", DNS_A, "8.8.8.6" },
	{ "third.test", DNS_A, "8.8.8.6" },
	{ "7.8.8.8.in-addr.arpa", DNS_PTR, "n1.test" },
	{ "7.8.8.8.in-addr.arpa", DNS_PTR, "n2.test" },
	{ "7.8.8.8.in-addr.arpa", DNS_PTR, "n3.test" },
	{ "7.8.8.8.in-addr.arpa", DNS_PTR, "n4.test" },
	{ "7.8.8.8.in-addr.arpa", DNS_PTR, "n5.test" },
	{ "7.8.8.8.in-addr.arpa", DNS_PTR, "n6.test" },
	{ "n6.test", DNS_A, "8.8.8.7" },
	{ "8.8.8.8.in-addr.arpa", DNS_PTR, "!silent" },
	{ "9.8.8.8.in-addr.arpa", DNS_PTR, "slow.test" },
	{ "9.8.8.8.in-addr.arpa", DNS_PTR, "fast.test" },
	{ "slow.test", DNS_A, "!silent" },
	{ "fast.test", DNS_A, "8.8.8.9" },
	{ "10.8.8.8.in-addr.arpa", DNS_PTR, "od d.test" },
	{ "10.8.8.8.in-addr.arpa", DNS_PTR, "b(c.test" },
	{ "od d.test", DNS_A, "8.8.8.10" },
	{ "11.8.8.8.in-addr.arpa", DNS_PTR, "silent.test" },
	{ "silent.test", DNS_A, "!silent" },
	{ V6_NIBBLES ".ip6.arpa", DNS_PTR, "six.test" },
	{ "six.test", DNS_AAAA, "2600::1" },
	{ "1.0.0.10.in-addr.arpa", DNS_PTR, "home.test" },
	{ "home.test", DNS_A, "10.0.0.1" },
	/* lists */
	{ "1.4.8.8.block.test", DNS_A, "127.0.0.2" },
	{ "1.4.8.8.block.test", DNS_TXT, "sends\tjunk \xff, see http://block.test/" },
	{ "2.4.8.8.block.test", DNS_A, "127.255.255.254" },
	{ "3.4.8.8.block.test", DNS_A, "192.0.2.1" },
	{ "4.4.8.8.some.test", DNS_A, "127.0.0.3" },
	{ "5.4.8.8.some.test", DNS_A, "127.0.0.3" },
	{ "5.4.8.8.some.test", DNS_A, "127.0.0.5" },
	{ "5.4.8.8.some.test", DNS_TXT, "!silent" },
	{ "6.4.8.8.block.test", DNS_A, "!fails" },
	{ "7.4.8.8.block.test", DNS_A, "!silent" },
	{ "7.4.8.8.some.test", DNS_A, "127.0.0.4" },
	{ "7.4.8.8.some.test", DNS_TXT, "first" },
	{ "8.4.8.8.block.test", DNS_A, "127.0.0.2" },
	{ "8.4.8.8.welcome.test", DNS_A, "127.0.5.1" },
	{ "9.4.8.8.block.test", DNS_A, "127.0.0.2" },
	{ "9.4.8.8.welcome.test", DNS_A, "!silent" },
	{ "10.4.8.8.block.test", DNS_A, "127.0.0.2" },
	{ "10.4.8.8.welcome.test", DNS_A, "127.0.0.255" },
	{ "11.4.8.8.block.test", DNS_A, "127.0.0.2" },
	{ "11.4.8.8.some.test", DNS_A, "127.0.0.4" },
	{ "1.0.0.10.block.test", DNS_A, "127.0.0.2" },
	{ V6_NIBBLES ".block.test", DNS_A, "127.0.0.2" },
	{ NULL, DNS_A, NULL },
};

static struct fixture f;
static struct policy_client c;

static void
start(const char *peer)
{
	struct net_address a = fixture_peer(peer);

	buf_clear(&fake.asked);
	policy_client_start(f.policy, &c, &fake.owner, &a);
	fake_dns_wait(&c.op);
}

/* --- names ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *label, *peer, *name;
	bool is_unknown, is_missing;
	bool is_late; /* settled by the end of the time only */
	int asked;
} names[] = {
	{ "leads back", "8.8.8.1", "good.test", false, false, false, 2 },
	{ "leads elsewhere", "8.8.8.2", "", false, false, false, 2 },
	{ "does not exist", "8.8.8.3", "", false, false, false, 2 },
	{ "PTR fails", "8.8.8.4", "", true, false, false, 1 },
	{ "forward fails", "8.8.8.5", "", true, false, false, 2 },
	{ "the second leads back", "8.8.8.6", "second.test", false, false, false, 4 },
	{ "the sixth is not asked", "8.8.8.7", "", false, false, false, 6 },
	{ "PTR is silent", "8.8.8.8", "", true, false, true, 1 },
	{ "one before it is silent", "8.8.8.9", "fast.test", false, false, true, 3 },
	{ "names that are none", "8.8.8.10", "", false, false, false, 1 },
	{ "forward is silent", "8.8.8.11", "", true, false, true, 2 },
	{ "no PTR", "8.8.8.12", "", false, true, false, 1 },
	{ "IPv6", "2600::1", "six.test", false, false, false, 2 },
	{ "private", "10.0.0.1", "home.test", false, false, false, 2 },
};

static void
test_names(void)
{
	fake_dns_restart();
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		TEST_ROW(names[i].label);
		fake_dns_restart();
		start(names[i].peer);
		CHECK(op_pending(&c.op) == names[i].is_late);
		fixture_pass(&f, f.settings.lookup_ms - 1);
		CHECK(op_pending(&c.op) == names[i].is_late);
		fixture_pass(&f, 1);
		CHECK(!op_pending(&c.op));
		CHECK_NUM(c.op.fail, FAIL_NONE);
		CHECK_STR(c.name, str_c(names[i].name));
		CHECK(c.is_name_unknown == names[i].is_unknown);
		CHECK(c.is_name_missing == names[i].is_missing);
		CHECK_NUM(fake_count_asked(), names[i].asked);
		CHECK(!c.is_listed && !c.is_welcome);
		policy_client_release(&c);
	}
	TEST_ROW("off");
	f.settings.reverse = REVERSE_OFF;
	fake_dns_restart();
	start("8.8.8.1");
	CHECK(!op_pending(&c.op));
	CHECK(str_empty(c.name) && c.is_name_unknown);
	CHECK_NUM(fake_count_asked(), 0);
	policy_client_release(&c);
	f.settings.reverse = REVERSE_NOTE;
}

/* --- lists ---------------------------------------------------------------------------------------------- */

static const struct {
	const char *label, *peer, *list, *reason;
	bool is_listed, is_welcome;
	bool is_late;
} lists[] = {
	{ "on none", "8.8.4.200", "", "", false, false, false },
	{ "listed, with a reason", "8.8.4.1", "block.test", "sends?junk ?, see http://block.test/",
	    true, false, false },
	{ "the list refuses us", "8.8.4.2", "", "", false, false, false },
	{ "not of 127.0.0.0/8", "8.8.4.3", "", "", false, false, false },
	{ "an answer that does not count", "8.8.4.4", "", "", false, false, false },
	{ "one that does, its reason silent", "8.8.4.5", "some.test", "", true, false, true },
	{ "the list fails", "8.8.4.6", "", "", false, false, false },
	{ "one silent, one answers", "8.8.4.7", "some.test", "first", true, false, false },
	{ "welcome", "8.8.4.8", "welcome.test", "", false, true, false },
	{ "silent welcome", "8.8.4.9", "block.test", "", true, false, true },
	{ "the welcome list refuses us", "8.8.4.10", "block.test", "", true, false, false },
	{ "IPv6", "2600::1", "block.test", "", true, false, false },
	{ "private", "10.0.0.1", "", "", false, false, false },
};

static void
test_lists(void)
{
	f.settings.block_lists = STR("block.test some.test=127.0.0.4/30");
	f.settings.welcome_lists = STR("welcome.test");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		TEST_ROW(lists[i].label);
		fake_dns_restart();
		start(lists[i].peer);
		CHECK(op_pending(&c.op) == lists[i].is_late);
		if (lists[i].is_late) {
			fixture_pass(&f, f.settings.lookup_ms / 2);
			fake_dns_wait(&c.op);
			fixture_pass(&f, f.settings.lookup_ms / 2);
		}
		CHECK(!op_pending(&c.op));
		CHECK(c.is_listed == lists[i].is_listed);
		CHECK(c.is_welcome == lists[i].is_welcome);
		CHECK_STR(c.list, str_c(lists[i].list));
		CHECK_STR(c.reason, str_c(lists[i].reason));
		policy_client_release(&c);
	}
}

static void
test_order(void)
{
	TEST_ROW("who is welcome is not asked about further");
	fake_dns_restart();
	start("8.8.4.8");
	CHECK(fake_was_asked("8.4.8.8.welcome.test 1\n"));
	CHECK(!fake_was_asked("block.test"));
	policy_client_release(&c);
	TEST_ROW("a silent welcome list holds the others up for half the time");
	fake_dns_restart();
	start("8.8.4.9");
	fixture_pass(&f, f.settings.lookup_ms / 2 - 1);
	CHECK(!fake_was_asked("block.test"));
	fixture_pass(&f, 1);
	fake_dns_wait(&c.op);
	CHECK(fake_was_asked("9.4.8.8.block.test 1\n"));
	CHECK(!op_pending(&c.op) && c.is_listed && !c.is_welcome);
	policy_client_release(&c);
	TEST_ROW("on two lists: the one that answered first, or stands first");
	fake_dns_restart();
	start("8.8.4.11");
	CHECK(!op_pending(&c.op) && c.is_listed);
	CHECK(str_eq(c.list, STR("block.test")) || str_eq(c.list, STR("some.test")));
	policy_client_release(&c);
	TEST_ROW("lists know nothing of private addresses");
	fake_dns_restart();
	start("10.0.0.1");
	CHECK(!fake_was_asked("welcome.test") && !fake_was_asked("block.test"));
	CHECK_STR(c.name, STR("home.test"));
	policy_client_release(&c);
	TEST_ROW("nor is anybody asked about trusted ones");
	fake_dns_restart();
	start("127.0.0.1");
	CHECK(!op_pending(&c.op) && c.is_welcome && !c.is_listed && c.is_name_unknown);
	CHECK_NUM(fake_count_asked(), 0);
	policy_client_release(&c);
	TEST_ROW("no welcome lists");
	f.settings.welcome_lists = (struct str){ 0 };
	fake_dns_restart();
	start("8.8.4.8");
	CHECK(c.is_listed && !c.is_welcome);
	policy_client_release(&c);
	f.settings.welcome_lists = STR("welcome.test");
}

/* --- the op --------------------------------------------------------------------------------------------- */

static int warnings;

static void
count_warnings(struct str line, void *arg)
{
	(void)arg;
	warnings += str_find(line, STR("policy.list.refuses")) != STR_NONE;
}

static void
test_op(void)
{
	struct policy_client other = { 0 };
	struct net_address peer = fixture_peer("8.8.8.8");

	TEST_ROW("cancelled in any state");
	fake_dns_restart();
	policy_client_cancel(&c);
	policy_client_release(&c);
	start("8.8.8.8");
	CHECK(op_pending(&c.op));
	policy_client_cancel(&c);
	CHECK(!op_pending(&c.op));
	policy_client_start(f.policy, &c, &fake.owner, &peer);
	policy_client_release(&c);
	fixture_pass(&f, HOUR_MS);
	TEST_ROW("two at a time; started again");
	start("8.8.8.1");
	policy_client_start(f.policy, &other, &fake.owner, &peer);
	CHECK_STR(c.name, STR("good.test"));
	start("8.8.8.6");
	CHECK_STR(c.name, STR("second.test"));
	policy_client_release(&other);
	TEST_ROW("a list that refuses us is named once an hour");
	log_capture(count_warnings, NULL);
	for (int i = 0; i < 3; i++) {
		start("8.8.4.2");
		policy_client_release(&c);
	}
	CHECK_NUM(warnings, 1);
	fixture_pass(&f, HOUR_MS);
	start("8.8.4.2");
	CHECK_NUM(warnings, 2);
	policy_client_release(&c);
	TEST_ROW("from the cache: done on return");
	f.settings.block_lists = f.settings.welcome_lists = (struct str){ 0 };
	fake_dns_restart();
	start("8.8.8.1");
	peer = fixture_peer("8.8.8.1");
	policy_client_start(f.policy, &c, &fake.owner, &peer);
	CHECK(!op_pending(&c.op));
	CHECK_STR(c.name, STR("good.test"));
	policy_client_release(&c);
	CHECK_NUM(f.policy->op_count, 0);
}

int
main(void)
{
	log_capture(fixture_quiet, NULL);
	fake_dns_open(&f, "client", table);
	test_names();
	test_lists();
	test_order();
	test_op();
	fake_dns_close();
	return test_end();
}
