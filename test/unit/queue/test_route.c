#include "queue/route.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct route_settings settings[] = {
	{ .domains = STR_INIT("example.org Sub.Example.Net"),
	    .way = ROUTE_RELAY,
	    .host = STR_INIT("a.test") },
	{ .domains = STR_INIT(".example.net"), .way = ROUTE_LMTP, .host = STR_INIT("unix:/x") },
	{ .domains = STR_INIT("*  .deep.example.net"),
	    .way = ROUTE_RELAY,
	    .host = STR_INIT("b.test") },
	{ .domains = STR_INIT("direct.test"), .way = ROUTE_DIRECT },
	{ .domains = STR_INIT("gone.test"), .way = ROUTE_DISCARD },
};

static const struct queue_route items[] = {
	{ STR_INIT("one"), &settings[0] },
	{ STR_INIT("two"), &settings[1] },
	{ STR_INIT("rest"), &settings[2] },
	{ STR_INIT("plain"), &settings[3] },
	{ STR_INIT("nowhere"), &settings[4] },
};

static const struct queue_routes all = { items, ARRAY_LEN(items) };
static const struct queue_routes none = { NULL, 0 };

static const struct {
	const char *address, *site; /* NULL: no site */
} rows[] = {
	{ "ann@example.org", "route/one" },
	{ "ann@EXAMPLE.ORG", "route/one" },
	{ "ann@sub.example.net", "route/one" },
	{ "ann@other.example.net", "route/two" },
	{ "ann@x.deep.example.net", "route/rest" },
	{ "ann@example.net", "route/rest" },
	{ "ann@direct.test", "direct.test" },
	{ "ann@gone.test", "route/nowhere" },
	{ "\"a b\"@direct.test", "direct.test" },
	{ "ann@[192.0.2.1]", "route/rest" },
	{ "ann", NULL },
	{ "ann@", NULL },
	{ "ann@a..b", NULL },
};

static void
test_sites(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf site;

		TEST_ROW(rows[i].address);
		buf_init(&site, SITE_MAX);
		CHECK_NUM(queue_site_write(&site, &all, str_c(rows[i].address), false),
		    rows[i].site ? FAIL_NONE : FAIL_SYNTAX);
		CHECK_STR(buf_str(&site), str_c(rows[i].site));
		buf_release(&site);
	}
}

static void
test_without(void)
{
	struct buf site;

	buf_init(&site, SITE_MAX);
	TEST_ROW("no routes: by MX, in ASCII");
	CHECK_NUM(queue_site_write(&site, &none,
		      STR("ann@b\xc3\xbc"
			  "cher.Example"),
		      false),
	    FAIL_NONE);
	CHECK_STR(buf_str(&site), STR("xn--bcher-kva.example"));
	buf_clear(&site);
	CHECK_NUM(queue_site_write(&site, &none, STR("ann@[192.0.2.1]"), false), FAIL_NONE);
	CHECK_STR(buf_str(&site), STR("[192.0.2.1]"));
	buf_release(&site);
	TEST_ROW("the route of a site");
	CHECK(queue_site_route(&all, STR("route/two")) == &items[1]);
	CHECK(queue_site_route(&all, STR("route/three")) == NULL);
	CHECK(queue_site_route(&all, STR("direct.test")) == &items[3]);
	CHECK(queue_site_route(&all, STR(SITE_LOCAL)) == NULL);
	CHECK(queue_site_route(&none, STR("direct.test")) == NULL);
}

/* RFC 8689 3: sites of their own, by the same way; not where mail goes no further. */
static void
test_tls_optional(void)
{
	static const struct {
		const char *address, *site, *way;
	} optional_rows[] = {
		{ "ann@direct.test", "tls-optional/direct.test", "direct.test" },
		{ "ann@example.org", "tls-optional/route/one", "route/one" },
		{ "ann@[192.0.2.1]", "tls-optional/route/rest", "route/rest" },
		{ "ann@gone.test", "route/nowhere", "route/nowhere" },
	};

	for (size_t i = 0; i < ARRAY_LEN(optional_rows); i++) {
		struct str way = str_c(optional_rows[i].way);
		struct buf site;

		TEST_ROW(optional_rows[i].address);
		buf_init(&site, SITE_MAX);
		CHECK_NUM(queue_site_write(&site, &all, str_c(optional_rows[i].address), true),
		    FAIL_NONE);
		CHECK_STR(buf_str(&site), str_c(optional_rows[i].site));
		CHECK_STR(queue_site_way(buf_str(&site)), way);
		CHECK(queue_site_route(&all, buf_str(&site)) == queue_site_route(&all, way));
		CHECK_NUM(queue_site_is_route(buf_str(&site)), queue_site_is_route(way));
		CHECK_NUM(queue_site_is_tls_optional(buf_str(&site)), i < 3);
		buf_release(&site);
	}
}

static const struct {
	const char *name;
	struct route_settings settings;
	const char *why; /* NULL: right */
} check_rows[] = {
	{ "relay", { .way = ROUTE_RELAY, .host = STR_INIT("a") }, NULL },
	{ "relay without host", { .way = ROUTE_RELAY }, "[route r]: needs a host\n" },
	{ "LMTP without host", { .way = ROUTE_LMTP }, "[route r]: needs a host\n" },
	{ "direct with host", { .way = ROUTE_DIRECT, .host = STR_INIT("a") },
	    "[route r]: has a host, user or password, which only way = relay or lmtp uses\n" },
	{ "a certificate for a name",
	    { .way = ROUTE_RELAY, .host = STR_INIT("a.test"), .tls = ROUTE_TLS_VERIFY }, NULL },
	{ "a certificate for an address",
	    { .way = ROUTE_RELAY, .host = STR_INIT("192.0.2.1"), .tls = ROUTE_TLS_VERIFY },
	    "[route r]: has tls = verify, and no name of its host that a certificate could prove\n" },
	{ "a certificate for a socket",
	    { .way = ROUTE_LMTP, .host = STR_INIT("unix:/a"), .tls = ROUTE_TLS_VERIFY },
	    "[route r]: has tls = verify, and no name of its host that a certificate could prove\n" },
	{ "a password in clear",
	    { .way = ROUTE_RELAY,
		.host = STR_INIT("a"),
		.user = STR_INIT("u"),
		.secret = STR_INIT("p"),
		.tls = ROUTE_TLS_NEVER },
	    "[route r]: would send its password without TLS\n" },
	{ "fallback", { .way = ROUTE_DIRECT, .fallback = STR_INIT("other") }, NULL },
	{ "fallback that is not there", { .way = ROUTE_DIRECT, .fallback = STR_INIT("x") },
	    "[route r]: names a fallback that is no other route\n" },
	{ "fallback to itself", { .way = ROUTE_DIRECT, .fallback = STR_INIT("r") },
	    "[route r]: names a fallback that is no other route\n" },
	{ "a host with its port", { .way = ROUTE_RELAY, .host = STR_INIT("a.test:587") },
	    "[route r]: has a port in its host; it belongs into a line of its own, port = NUMBER: "
	    "a.test:587\n" },
	{ "an IPv6 address", { .way = ROUTE_RELAY, .host = STR_INIT("2001:db8::25") }, NULL },
	{ "no host name", { .way = ROUTE_RELAY, .host = STR_INIT("a..test") },
	    "[route r]: has a host that is no name, no address and not unix:PATH: a..test\n" },
	{ "a final dot", { .way = ROUTE_RELAY, .host = STR_INIT("A.test.") }, NULL },
	{ "a host in UTF-8",
	    { .way = ROUTE_RELAY,
		.host = STR_INIT("b\xc3\xbc"
				 "cher.test") },
	    "[route r]: needs its host as DNS has it: xn--bcher-kva.test\n" },
	{ "a socket for a relay", { .way = ROUTE_RELAY, .host = STR_INIT("unix:/a") },
	    "[route r]: has a unix socket, which only way = lmtp uses\n" },
	{ "a socket with a port", { .way = ROUTE_LMTP, .host = STR_INIT("unix:/a"), .port = 24 },
	    "[route r]: has a port, and a unix socket as its host\n" },
	{ "a user alone", { .way = ROUTE_RELAY, .host = STR_INIT("a"), .user = STR_INIT("u") },
	    "[route r]: has a user and no password (or its file: is empty)\n" },
	{ "a password alone",
	    { .way = ROUTE_RELAY, .host = STR_INIT("a"), .secret = STR_INIT("p") },
	    "[route r]: has a password and no user\n" },
	{ "465",
	    { .way = ROUTE_RELAY, .host = STR_INIT("a"), .port = 465, .is_implicit_tls = true },
	    NULL },
	{ "465 in clear", { .way = ROUTE_RELAY, .host = STR_INIT("a"), .port = 465 },
	    "[route r]: has port = 465, where TLS begins at once: it needs implicit-tls = yes\n" },
	{ "TLS at once and never",
	    { .way = ROUTE_RELAY,
		.host = STR_INIT("a"),
		.is_implicit_tls = true,
		.tls = ROUTE_TLS_NEVER },
	    "[route r]: has tls = never and implicit-tls = yes, which contradict\n" },
	{ "direct with a port", { .way = ROUTE_DIRECT, .port = 25 },
	    "[route r]: has a port or implicit-tls, which only way = relay or lmtp uses\n" },
	{ "direct with TLS", { .way = ROUTE_DIRECT, .tls = ROUTE_TLS_MUST }, NULL },
	{ "refused with TLS", { .way = ROUTE_REFUSE, .tls = ROUTE_TLS_MUST },
	    "[route r]: has tls, but sends nothing\n" },
	{ "thrown away, else relayed", { .way = ROUTE_DISCARD, .fallback = STR_INIT("other") },
	    "[route r]: has a fallback, but cannot fail\n" },
	{ "a fallback of a fallback", { .way = ROUTE_DIRECT, .fallback = STR_INIT("more") }, NULL },
	{ "a circle of fallbacks",
	    { .way = ROUTE_DIRECT, .domains = STR_INIT("c"), .fallback = STR_INIT("back") },
	    "[route r]: has a fallback that leads back to it\n"
	    "[route back]: has a fallback that leads back to it\n" },
	{ "a domain of another",
	    { .way = ROUTE_DIRECT, .domains = STR_INIT("own.test .TWICE.test") },
	    "[route last]: has a domain of another route: .twice.test, which [route r] has\n" },
	{ "fallback that throws away", { .way = ROUTE_DIRECT, .fallback = STR_INIT("bin") },
	    "[route r]: needs a fallback that is a relay, or direct\n" },
};

static void
test_checks(void)
{
	static const struct route_settings other = { .way = ROUTE_RELAY, .host = STR_INIT("b") };
	static const struct route_settings bin = { .way = ROUTE_DISCARD };
	static const struct route_settings more = { .fallback = STR_INIT("other") };
	static const struct route_settings back = { .fallback = STR_INIT("r") };
	static const struct route_settings last = { .domains = STR_INIT(".twice.test") };

	for (size_t i = 0; i < ARRAY_LEN(check_rows); i++) {
		bool has_circle = str_eq(check_rows[i].settings.domains, STR("c"));
		const struct queue_route list[] = { { STR_INIT("r"), &check_rows[i].settings },
			{ STR_INIT("other"), &other }, { STR_INIT("bin"), &bin },
			{ STR_INIT("more"), &more }, { STR_INIT("last"), &last },
			{ STR_INIT("back"), has_circle ? &back : &other } };
		const struct queue_routes routes = { list, ARRAY_LEN(list) };
		struct buf why;

		TEST_ROW(check_rows[i].name);
		buf_init(&why, 1000);
		CHECK_NUM(queue_routes_check(&routes, &why),
		    check_rows[i].why ? FAIL_SYNTAX : FAIL_NONE);
		CHECK_STR(buf_str(&why), str_c(check_rows[i].why));
		buf_release(&why);
	}
}

/* --- what an owner means ------------------------------------------------------------------------------------------ */

static const struct {
	const char *word, *route, *domain, *way, *optional; /* NULL: not meant in that way */
} meant_rows[] = {
	{ "direct.test", NULL, NULL, NULL, "tls-optional/direct.test" },
	{ "Direct.TEST.", NULL, "direct.test", NULL, "tls-optional/direct.test" },
	{ "example.org", NULL, NULL, "route/one", "tls-optional/route/one" },
	{ "Example.Org", NULL, "example.org", "route/one", "tls-optional/route/one" },
	{ "b\xc3\xbc"
	  "cher.test",
	    NULL, "xn--bcher-kva.test", "route/rest", "tls-optional/route/rest" },
	{ "[192.0.2.1]", NULL, NULL, "route/rest", "tls-optional/route/rest" },
	{ "one", "route/one", NULL, NULL, "tls-optional/route/one" },
	{ "plain", "route/plain", NULL, NULL, "tls-optional/route/plain" },
	{ "ONE", NULL, "one", "route/rest", "tls-optional/route/rest" },
	{ "route/one", NULL, NULL, NULL, NULL },
	{ "@local", NULL, NULL, NULL, NULL },
	{ "a..b", NULL, NULL, NULL, NULL },
	{ "", NULL, NULL, NULL, NULL },
};

static void
check_meant(struct str word, enum site_meaning meaning, const char *want)
{
	struct buf site;

	buf_init(&site, SITE_MAX);
	CHECK_NUM(queue_site_meant(&site, &all, word, meaning), want != NULL);
	CHECK_STR(buf_str(&site), str_c(want));
	buf_release(&site);
}

static void
test_meant(void)
{
	for (size_t i = 0; i < ARRAY_LEN(meant_rows); i++) {
		struct str word = str_c(meant_rows[i].word);

		TEST_ROW(meant_rows[i].word);
		check_meant(word, SITE_AS_WRITTEN, meant_rows[i].word);
		check_meant(word, SITE_OF_ROUTE, meant_rows[i].route);
		check_meant(word, SITE_OF_DOMAIN, meant_rows[i].domain);
		check_meant(word, SITE_OF_WAY, meant_rows[i].way);
		check_meant(word, SITE_OF_TLS_OPTIONAL, meant_rows[i].optional);
	}
}

int
main(void)
{
	test_sites();
	test_tls_optional();
	test_meant();
	test_without();
	test_checks();
	return test_end();
}
