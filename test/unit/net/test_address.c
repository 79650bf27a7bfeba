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
	return test_end();
}
