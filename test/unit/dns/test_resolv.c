/* resolv.conf, and lists of servers. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "dns/resolv.h"

static const struct {
	const char *name, *text;
	size_t count;
	const char *first;
	int port;
} resolv_rows[] = {
	{ "usual", "# made by dhcp\nsearch x.test\nnameserver 192.0.2.1\nnameserver 2001:db8::1\n",
	    2, "192.0.2.1", 53 },
	{ "tabs, options, no last LF", "options timeout:1\n nameserver\t192.0.2.7 ", 1, "192.0.2.7",
	    53 },
	{ "link-local is skipped", "nameserver fe80::1%eth0\nnameserver ::1\n", 1, "::1", 53 },
	{ "none", "\n;nameserver 192.0.2.1\nnameservers 192.0.2.1\nnameserver\n", 0, NULL, 0 },
	{ "empty", "", 0, NULL, 0 },
};

static const struct {
	const char *list;
	enum fail want;
	size_t count;
	const char *bad;
} server_rows[] = {
	{ "", FAIL_NONE, 0, "" },
	{ " 127.0.0.1:5353  [::1]:54 192.0.2.1 2001:db8::1 ", FAIL_NONE, 4, "" },
	{ "127.0.0.1 dns.test", FAIL_SYNTAX, 0, "dns.test" },
	{ "1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 1.1.1.1 9.9.9.9", FAIL_SYNTAX, 0,
	    "9.9.9.9" },
};

int
main(void)
{
	struct dns_server servers[DNS_SERVERS_MAX];
	char text[NET_ADDRESS_TEXT_MAX];
	size_t count;

	for (size_t i = 0; i < ARRAY_LEN(resolv_rows); i++) {
		TEST_ROW(resolv_rows[i].name);
		count = resolv_parse(str_c(resolv_rows[i].text), servers, DNS_SERVERS_MAX);
		CHECK_NUM(count, resolv_rows[i].count);
		if (count > 0) {
			CHECK_STR(net_address_text(&servers[0].address, text),
			    str_c(resolv_rows[i].first));
			CHECK_NUM(servers[0].address.port, resolv_rows[i].port);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(server_rows); i++) {
		struct str bad = { 0 };

		TEST_ROW(server_rows[i].list);
		CHECK_NUM(servers_parse(str_c(server_rows[i].list), servers, DNS_SERVERS_MAX,
			      &count, &bad),
		    server_rows[i].want);
		CHECK_STR(bad, str_c(server_rows[i].bad));
		if (server_rows[i].want == FAIL_NONE)
			CHECK_NUM(count, server_rows[i].count);
	}
	return test_end();
}
