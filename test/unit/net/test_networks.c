#include "net/networks.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *list, *address;
	bool want;
} rows[] = {
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.6", false },
	{ "0.0.0.0/1", "8.8.8.8", true },
	{ "0.0.0.0/1", "2001:db8::1", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "10.0.0.0/8  ::1", "::1", true },
	{ "::ffff:192.0.2.1", "192.0.2.1", true },
	{ "loopback", "127.4.5.6", true },
	{ "loopback", "::1", true },
	{ "loopback", "10.0.0.1", false },
	{ "private", "10.0.0.1", true },
	{ "private", "127.0.0.1", true },
	{ "private", "fd00::1", true },
	{ "private", "8.8.8.8", false },
	{ "", "127.0.0.1", false },
};

static void
test_have(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net_address a;
		struct str wrong;

		TEST_ROW(rows[i].list);
		CHECK_NUM(net_address_parse(str_c(rows[i].address), &a), FAIL_NONE);
		CHECK_NUM(net_networks_check(str_c(rows[i].list), &wrong), FAIL_NONE);
		CHECK(net_networks_have(str_c(rows[i].list), &a) == rows[i].want);
	}
}

static const char *const wrong[] = { "x", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/a", "::/129",
	"192.0.2.0/24x", "/8", "300.0.0.1", "localhost" };

static void
test_wrong(void)
{
	struct net_address a;

	CHECK_NUM(net_address_parse(STR("192.0.2.1"), &a), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct buf list;
		struct str found;

		TEST_ROW(wrong[i]);
		buf_init(&list, 100);
		buf_add(&list, STR("::1 "));
		buf_add_c(&list, wrong[i]);
		buf_add(&list, STR(" 10.0.0.0/8"));
		CHECK_NUM(net_networks_check(buf_str(&list), &found), FAIL_SYNTAX);
		CHECK_STR(found, str_c(wrong[i]));
		CHECK(!net_networks_have(buf_str(&list), &a));
		buf_release(&list);
	}
}

static void
test_everybody(void)
{
	struct str found;

	TEST_ROW("everybody");
	CHECK_NUM(net_networks_check(STR("10.0.0.0/8 0.0.0.0/0 x"), &found), FAIL_DENIED);
	CHECK_STR(found, STR("0.0.0.0/0"));
	CHECK_NUM(net_networks_check(STR("::/0"), &found), FAIL_DENIED);
}

static void
test_unix(void)
{
	struct net_address a = { .family = NET_ADDRESS_UNIX };

	TEST_ROW("unix socket");
	CHECK(net_networks_have(STR("loopback"), &a));
	CHECK(!net_networks_have(STR("0.0.0.0/0 ::/0"), &a));
}

int
main(void)
{
	test_have();
	test_wrong();
	test_everybody();
	test_unix();
	return test_end();
}
