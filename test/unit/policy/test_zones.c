#include "policy/zones.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *text;
	enum fail want;
	const char *wrong;
} checks[] = {
	{ "", FAIL_NONE, "" },
	{ "zen.test", FAIL_NONE, "" },
	{ "  zen.test   key_1.own-list.test  ", FAIL_NONE, "" },
	{ "zen.test=127.0.0.2", FAIL_NONE, "" },
	{ "zen.test=127.0.0.2,127.0.0.4/30,127.1.0.0/16 b.test", FAIL_NONE, "" },
	{ "zen.test=", FAIL_SYNTAX, "zen.test=" },
	{ "zen.test=127.0.0.2,", FAIL_SYNTAX, "zen.test=127.0.0.2," },
	{ "a.test zen.test=127.0.0.300", FAIL_SYNTAX, "zen.test=127.0.0.300" },
	{ "zen.test=192.0.2.1", FAIL_SYNTAX, "zen.test=192.0.2.1" },
	{ "zen.test=loopback", FAIL_SYNTAX, "zen.test=loopback" },
	{ "=127.0.0.2", FAIL_SYNTAX, "=127.0.0.2" },
	{ "zen..test", FAIL_SYNTAX, "zen..test" },
	{ "zen.test,own.test", FAIL_SYNTAX, "zen.test,own.test" },
	{ "a b c d e f g h i j k l m n o p", FAIL_NONE, "" },
	{ "a b c d e f g h i j k l m n o p q", FAIL_LIMIT, "q" },
};

static void
test_check_text(void)
{
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct str wrong = { 0 };
		enum fail fail;

		TEST_ROW(checks[i].text);
		fail = zones_check(str_c(checks[i].text), &wrong);
		CHECK_NUM(fail, checks[i].want);
		if (fail != FAIL_NONE)
			CHECK_STR(wrong, str_c(checks[i].wrong));
	}
}

static const struct {
	const char *list, *answer;
	bool counts, refuses;
} answers[] = {
	{ "zen.test", "127.0.0.2", true, false },
	{ "zen.test", "127.0.0.10", true, false },
	{ "zen.test", "127.3.4.5", true, false },
	{ "zen.test", "128.0.0.2", false, false },
	{ "zen.test", "192.0.2.1", false, false },
	{ "zen.test", "127.255.255.252", false, true },
	{ "zen.test", "127.255.255.254", false, true },
	{ "zen.test", "127.255.255.255", false, true },
	{ "zen.test", "127.255.254.2", true, false },
	{ "zen.test", "127.0.0.1", false, true },
	{ "zen.test", "127.0.0.255", false, true },
	{ "zen.test=127.0.0.2", "127.0.0.2", true, false },
	{ "zen.test=127.0.0.2", "127.0.0.3", false, false },
	{ "zen.test=127.0.0.2,127.0.0.4/30", "127.0.0.7", true, false },
	{ "zen.test=127.0.0.2,127.0.0.4/30", "127.0.0.8", false, false },
	{ "zen.test=127.0.0.0/4", "112.0.0.2", false, false },
	{ "zen.test=127.255.255.0/24", "127.255.255.254", false, true },
};

static void
test_answers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
		struct net_address answer;
		struct zones zones;

		TEST_ROW(answers[i].list);
		zones_init(&zones, str_c(answers[i].list));
		CHECK_NUM(zones.count, 1);
		CHECK_STR(zones.zones[0].name, STR("zen.test"));
		CHECK_NUM(net_address_parse(str_c(answers[i].answer), &answer), FAIL_NONE);
		CHECK(zone_counts(&zones.zones[0], &answer) == answers[i].counts);
		CHECK(zone_refuses(&answer) == answers[i].refuses);
		zones_release(&zones);
	}
}

static void
test_several(void)
{
	struct net_address two, three;
	struct zones zones;

	TEST_ROW("several");
	CHECK_NUM(net_address_parse(STR("127.0.0.2"), &two), FAIL_NONE);
	CHECK_NUM(net_address_parse(STR("127.0.0.3"), &three), FAIL_NONE);
	zones_init(&zones, STR(" a.test=127.0.0.2  b.test c.test=127.0.0.3,127.0.0.9 "));
	CHECK_NUM(zones.count, 3);
	CHECK_STR(zones.zones[0].name, STR("a.test"));
	CHECK_STR(zones.zones[1].name, STR("b.test"));
	CHECK_STR(zones.zones[2].name, STR("c.test"));
	CHECK(zone_counts(&zones.zones[0], &two) && !zone_counts(&zones.zones[0], &three));
	CHECK(zone_counts(&zones.zones[1], &two) && zone_counts(&zones.zones[1], &three));
	CHECK(!zone_counts(&zones.zones[2], &two) && zone_counts(&zones.zones[2], &three));
	zones_release(&zones);
	zones_init(&zones, (struct str){ 0 });
	CHECK_NUM(zones.count, 0);
	zones_release(&zones);
}

int
main(void)
{
	test_check_text();
	test_answers();
	test_several();
	return test_end();
}
