/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "net/address.h"

static const struct {
	const char *name, *in;
	enum fail want;
	const char *text;
	int port;
	bool is_loopback;
} rows[] = {
	{ "v4", "192.0.2.1:25", FAIL_NONE, "192.0.2.1", 25, false },
	{ "v4 loopback", "127.9.9.9:0", FAIL_NONE, "127.9.9.9", 0, true },
	{ "v6", "[2001:DB8::1]:65535", FAIL_NONE, "2001:db8::1", 65535, false },
	{ "v6 loopback", "[::1]:993", FAIL_NONE, "::1", 993, true },
	{ "mapped", "[::ffff:192.0.2.9]:1", FAIL_NONE, "192.0.2.9", 1, false },
	{ "no port", "192.0.2.1", FAIL_SYNTAX, NULL, 0, false },
	{ "empty port", "192.0.2.1:", FAIL_SYNTAX, NULL, 0, false },
	{ "big port", "192.0.2.1:65536", FAIL_SYNTAX, NULL, 0, false },
	{ "junk behind", "192.0.2.1:25x", FAIL_SYNTAX, NULL, 0, false },
	{ "v6 without brackets", "2001:db8::1:25", FAIL_SYNTAX, NULL, 0, false },
	{ "v4 in brackets", "[192.0.2.1]:25", FAIL_SYNTAX, NULL, 0, false },
	{ "open bracket", "[::1:25", FAIL_SYNTAX, NULL, 0, false },
	{ "name", "localhost:25", FAIL_SYNTAX, NULL, 0, false },
	{ "octet too big", "192.0.2.256:25", FAIL_SYNTAX, NULL, 0, false },
	{ "empty", "", FAIL_SYNTAX, NULL, 0, false },
};

static const struct {
	const char *in;
	bool is_public;
} public_rows[] = {
	{ "9.9.9.9", true },
	{ "0.0.0.0", false },
	{ "10.1.2.3", false },
	{ "11.0.0.0", true },
	{ "100.63.255.255", true },
	{ "100.64.0.0", false },
	{ "100.127.255.255", false },
	{ "100.128.0.0", true },
	{ "127.0.0.1", false },
	{ "169.254.169.254", false },
	{ "172.15.255.255", true },
	{ "172.16.0.0", false },
	{ "172.31.255.255", false },
	{ "172.32.0.0", true },
	{ "192.0.0.8", false },
	{ "192.0.1.0", true },
	{ "192.0.2.1", false },
	{ "192.88.99.1", false },
	{ "192.168.1.1", false },
	{ "198.18.0.1", false },
	{ "198.19.255.255", false },
	{ "198.20.0.0", true },
	{ "198.51.100.1", false },
	{ "203.0.113.1", false },
	{ "223.255.255.255", true },
	{ "224.0.0.1", false },
	{ "255.255.255.255", false },
	{ "::", false },
	{ "::1", false },
	{ "::ffff:10.0.0.1", false },
	{ "::ffff:9.9.9.9", true },
	{ "64:ff9b::a00:1", false },
	{ "fc00::1", false },
	{ "fe80::1", false },
	{ "ff02::1", false },
	{ "2620:fe::fe", true },
	{ "2001::1", false },
	{ "2001:1ff::1", false },
	{ "2001:200::1", true },
	{ "2001:db8::1", false },
	{ "2002:a00:1::1", false },
	{ "3fff:fff::1", false },
	{ "3fff:1000::1", true },
	{ "4000::1", false },
};

static void
test_public(void)
{
	struct net_address a;

	for (size_t i = 0; i < ARRAY_LEN(public_rows); i++) {
		TEST_ROW(public_rows[i].in);
		CHECK(net_address_parse(str_c(public_rows[i].in), &a) == FAIL_NONE);
		CHECK(net_address_is_public(&a) == public_rows[i].is_public);
	}
	a = (struct net_address){ .family = NET_ADDRESS_UNIX };
	CHECK(!net_address_is_public(&a));
}

int
main(void)
{
	struct net_address a, b;
	char text[NET_ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct sockaddr_storage storage;

		TEST_ROW(rows[i].name);
		CHECK_NUM(net_address_parse_port(str_c(rows[i].in), &a), rows[i].want);
		if (rows[i].want != FAIL_NONE)
			continue;
		CHECK_STR(net_address_text(&a, text), str_c(rows[i].text));
		CHECK_NUM(a.port, rows[i].port);
		CHECK(net_address_is_loopback(&a) == rows[i].is_loopback);
		net_address_to_system(&a, &storage);
		net_address_from_system(&storage, &b);
		CHECK(str_eq(str_of(&a, sizeof a), str_of(&b, sizeof b)));
	}
	TEST_ROW("sites");
	CHECK(net_address_parse(STR("2001:db8::1"), &a) == FAIL_NONE);
	CHECK(net_address_parse(STR("2001:db8::ffff:1"), &b) == FAIL_NONE);
	CHECK_STR(net_address_site(&a), net_address_site(&b));
	CHECK(net_address_parse(STR("2001:db8:0:1::1"), &b) == FAIL_NONE);
	CHECK(!str_eq(net_address_site(&a), net_address_site(&b)));
	CHECK(net_address_parse(str_of("1.2.3.4\0", 8), &a) == FAIL_SYNTAX);
	test_public();
	return test_end();
}
