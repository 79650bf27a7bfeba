/* What is found in DNS against what should be there, and both as zones. */

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "cli/record_judge.h"

#define HOST      "mail.example.org"
#define FOUND_MAX 3
#define TEXTS(...) \
	{ \
		__VA_ARGS__ \
	}
#define KEY_A "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A"

static const struct {
	const char *name;
	enum record_rule rule;
	const char *owner, *data;
	const char *found[FOUND_MAX]; /* TXT */
	enum record_state want;
	const char *but;
} text_rows[] = {
	{ "SPF by name", RECORD_SPF, "example.org", "", TEXTS("v=spf1 a:MAIL.example.org -all"),
	    RECORD_OK, "" },
	{ "SPF by mx", RECORD_SPF, "example.org", "", TEXTS("V=SPF1 mx -all"), RECORD_OK, "" },
	{ "SPF by address", RECORD_SPF, "example.org", "", TEXTS("v=spf1 ip4:192.0.2.1 -all"),
	    RECORD_OK, "" },
	{ "SPF by network", RECORD_SPF, "example.org", "", TEXTS("v=spf1 ip4:192.0.2.0/24 -all"),
	    RECORD_OK, "" },
	{ "SPF by IPv6", RECORD_SPF, "example.org", "", TEXTS("v=spf1 ip6:2001:db8::/32 -all"),
	    RECORD_OK, "" },
	{ "SPF of the host", RECORD_SPF, HOST, "", TEXTS("v=spf1 +a -all"), RECORD_OK, "" },
	{ "SPF among others", RECORD_SPF, "example.org", "",
	    TEXTS("site=1", "v=spf1 mx -all", "v=spf10"), RECORD_OK, "" },
	{ "SPF by another's word", RECORD_SPF, "example.org", "",
	    TEXTS("v=spf1 include:x.test -all"), RECORD_OK, "up to what it refers to" },
	{ "SPF elsewhere", RECORD_SPF, "example.org", "", TEXTS("v=spf1 redirect=x.test"),
	    RECORD_OK, "up to what it refers to" },
	{ "SPF of another address", RECORD_SPF, "example.org", "",
	    TEXTS("v=spf1 ip4:192.0.2.2 -all"), RECORD_WRONG, "does not let this server send" },
	{ "SPF of nobody", RECORD_SPF, "example.org", "", TEXTS("v=spf1 -all"), RECORD_WRONG,
	    "does not let this server send" },
	{ "SPF that ends before", RECORD_SPF, "example.org", "", TEXTS("v=spf1 -all mx"),
	    RECORD_WRONG, "does not let" },
	{ "SPF that is against it", RECORD_SPF, "example.org", "", TEXTS("v=spf1 ~mx ?a -all"),
	    RECORD_WRONG, "does not let" },
	{ "SPF of everybody", RECORD_SPF, "example.org", "", TEXTS("v=spf1 +all"), RECORD_WRONG,
	    "lets everybody send" },
	{ "SPF of everybody, too", RECORD_SPF, "example.org", "", TEXTS("v=spf1 all"), RECORD_WRONG,
	    "lets everybody send" },
	{ "SPF, no address", RECORD_SPF, "example.org", "", TEXTS("v=spf1 ip4:192.0.2.300 -all"),
	    RECORD_WRONG, "written wrongly" },
	{ "SPF, no such term", RECORD_SPF, "example.org", "",
	    TEXTS("v=spf1 a:" HOST " ipv4:192.0.2.1 -all"), RECORD_WRONG, "written wrongly" },
	{ "SPF twice", RECORD_SPF, "example.org", "", TEXTS("v=spf1 mx -all", "v=spf1 -all"),
	    RECORD_WRONG, "more than one" },
	{ "SPF alone", RECORD_SPF, "example.org", "", TEXTS("v=spf1"), RECORD_WRONG,
	    "does not let" },
	{ "no SPF", RECORD_SPF, "example.org", "", TEXTS("v=spf1; mx", "v=spf2.0/pra mx", ""),
	    RECORD_MISSING, "" },

	{ "DKIM", RECORD_DKIM, "s._domainkey.example.org", "v=DKIM1; k=rsa; p=" KEY_A,
	    TEXTS("v=DKIM1; k=rsa; p=" KEY_A), RECORD_OK, "" },
	{ "DKIM, written otherwise", RECORD_DKIM, "s", "v=DKIM1; k=rsa; p=" KEY_A,
	    TEXTS("p=MIIBIjANBgkq hkiG9w0BAQEFAAOCAQ8A ;t=s"), RECORD_OK, "" },
	{ "DKIM of another kind", RECORD_DKIM, "s", "v=DKIM1; k=ed25519; p=" KEY_A,
	    TEXTS("v=DKIM1; p=" KEY_A), RECORD_WRONG, "not this key" },
	{ "DKIM of another key", RECORD_DKIM, "s", "v=DKIM1; k=rsa; p=" KEY_A,
	    TEXTS("v=DKIM1; k=rsa; p=AAAA"), RECORD_WRONG, "not this key" },
	{ "DKIM cut off", RECORD_DKIM, "s", "v=DKIM1; k=rsa; p=" KEY_A,
	    TEXTS("v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ"), RECORD_WRONG,
	    "not this key" },
	{ "DKIM revoked", RECORD_DKIM, "s", "v=DKIM1; k=rsa; p=" KEY_A, TEXTS("v=DKIM1; p="),
	    RECORD_WRONG, "not this key" },
	{ "DKIM, no tags", RECORD_DKIM, "s", "v=DKIM1; k=rsa; p=" KEY_A, TEXTS("hello"),
	    RECORD_WRONG, "not this key" },
	{ "DKIM twice", RECORD_DKIM, "s", "v=DKIM1; k=rsa; p=" KEY_A,
	    TEXTS("v=DKIM1; k=rsa; p=" KEY_A, "x=y"), RECORD_WRONG, "one only" },

	{ "DMARC", RECORD_DMARC, "d", "", TEXTS("v=DMARC1; p=none"), RECORD_OK, "" },
	{ "DMARC that rejects", RECORD_DMARC, "d", "", TEXTS("v=DMARC1;p=REJECT; sp=none"),
	    RECORD_OK, "" },
	{ "DMARC without p", RECORD_DMARC, "d", "", TEXTS("v=DMARC1; rua=mailto:x@y"), RECORD_WRONG,
	    "p= must be" },
	{ "DMARC with another", RECORD_DMARC, "d", "", TEXTS("v=DMARC1; p=nothing"), RECORD_WRONG,
	    "p= must be" },
	{ "DMARC, no tags", RECORD_DMARC, "d", "", TEXTS("v=DMARC1; p"), RECORD_WRONG, "no list" },
	{ "DMARC twice", RECORD_DMARC, "d", "", TEXTS("v=DMARC1; p=none", "v=DMARC1; p=none"),
	    RECORD_WRONG, "more than one" },
	{ "no DMARC", RECORD_DMARC, "d", "", TEXTS("v=DMARC10; p=none"), RECORD_MISSING,
	    "begin with its version" },
	{ "DMARC, version behind", RECORD_DMARC, "d", "", TEXTS("p=none; v=DMARC1"), RECORD_MISSING,
	    "begin with its version" },
	{ "SPF by a wildcard", RECORD_MTA_STS, "m", "", TEXTS("v=spf1 -all"), RECORD_MISSING,
	    "begin with its version" },

	{ "MTA-STS", RECORD_MTA_STS, "m", "", TEXTS("v=STSv1; id=1"), RECORD_OK, "" },
	{ "MTA-STS without id", RECORD_MTA_STS, "m", "", TEXTS("v=STSv1;"), RECORD_WRONG,
	    "id= must" },
	{ "MTA-STS, odd id", RECORD_MTA_STS, "m", "", TEXTS("v=STSv1; id=2026-11-26"), RECORD_WRONG,
	    "id= must" },
	{ "MTA-STS, long id", RECORD_MTA_STS, "m", "",
	    TEXTS("v=STSv1; id=123456789012345678901234567890123"), RECORD_WRONG, "id= must" },
	{ "TLS-RPT", RECORD_TLS_RPT, "t", "", TEXTS("v=TLSRPTv1; rua=mailto:a@b"), RECORD_OK, "" },
	{ "TLS-RPT over HTTPS", RECORD_TLS_RPT, "t", "", TEXTS("v=TLSRPTv1;rua=https://x"),
	    RECORD_OK, "" },
	{ "TLS-RPT to nowhere", RECORD_TLS_RPT, "t", "", TEXTS("v=TLSRPTv1; rua=ftp://x"),
	    RECORD_WRONG, "rua= must" },
	{ "TLS-RPT without", RECORD_TLS_RPT, "t", "", TEXTS("v=TLSRPTv1"), RECORD_WRONG,
	    "rua= must" },
};

static struct dns_record
address(const char *text)
{
	struct dns_record r = { 0 };

	CHECK_NUM(net_address_parse(str_c(text), &r.address), FAIL_NONE);
	return r;
}

static void
judge(const struct record *r, const struct record_answer *answer, enum record_state want,
    const char *but, const char *got_has)
{
	const char *said;
	struct buf got;

	buf_init(&got, 10000);
	CHECK_NUM(record_judge(r, answer, &got, &said), want);
	CHECK_HAS(str_c(said), str_c(but));
	CHECK(but[0] || !said[0]);
	CHECK_HAS(buf_str(&got), str_c(got_has));
	CHECK(want != RECORD_MISSING || r->rule == RECORD_TLSA || (got.n == 0) == !but[0]);
	buf_release(&got);
}

static void
test_texts(void)
{
	struct dns_record host4 = address("192.0.2.1"), host6 = address("2001:db8::1");

	for (size_t i = 0; i < ARRAY_LEN(text_rows); i++) {
		struct record r = { .rule = text_rows[i].rule,
			.name = str_c(text_rows[i].owner),
			.data = str_c(text_rows[i].data),
			.target = STR(HOST) };
		struct dns_record found[FOUND_MAX] = { { .priority = 0 } };
		struct record_answer answer = { .first = { found, 0 },
			.host4 = { &host4, 1 },
			.host6 = { &host6, 1 },
			.host = STR(HOST) };

		TEST_ROW(text_rows[i].name);
		while (answer.first.count < FOUND_MAX && text_rows[i].found[answer.first.count]) {
			found[answer.first.count].bytes =
			    str_c(text_rows[i].found[answer.first.count]);
			answer.first.count++;
		}
		judge(&r, &answer, text_rows[i].want, text_rows[i].but, "");
	}
}

static void
test_names(void)
{
	struct dns_record found[] = { { .name = STR("other.test"), .priority = 5, .port = 993 },
		{ .name = STR(HOST), .priority = 10, .weight = 1, .port = 143 } };
	struct record_answer both = { .first = { found, 2 }, .host = STR(HOST) };
	struct record_answer one = { .first = { found, 1 }, .host = STR(HOST) };
	struct dns_record no_host = { .name = STR(".") },
			  no_name = { .name = STR("192.0.2.1"), .priority = 10 };
	struct record_answer null = { .first = { &no_host, 1 } },
			     bare = { .first = { &no_name, 1 } };
	struct record reverse = { .rule = RECORD_REVERSE, .target = STR(HOST) };
	struct record mx = { .rule = RECORD_MX, .target = STR(HOST) };
	struct record srv = { .rule = RECORD_SRV, .target = STR(HOST), .port = 143 };

	TEST_ROW("MX");
	judge(&mx, &both, RECORD_OK, "tried before this server", "5 other.test, 10 " HOST);
	found[0].priority = 10;
	judge(&mx, &both, RECORD_OK, "", "10 other.test, 10 " HOST);
	found[0].priority = 20;
	judge(&mx, &both, RECORD_OK, "", "20 other.test, 10 " HOST);
	found[0].priority = 5;
	judge(&mx, &one, RECORD_WRONG, "elsewhere", "5 other.test");
	TEST_ROW("MX of nothing");
	judge(&mx, &null, RECORD_WRONG, "takes no mail", "0 .");
	TEST_ROW("MX of an address");
	judge(&mx, &bare, RECORD_WRONG, "name a host", "10 192.0.2.1");
	TEST_ROW("PTR");
	judge(&reverse, &both, RECORD_OK, "", "other.test, " HOST);
	judge(&reverse, &one, RECORD_WRONG, "another name", "other.test");
	TEST_ROW("SRV");
	judge(&srv, &both, RECORD_OK, "", "10 1 143 " HOST);
	judge(&srv, &one, RECORD_WRONG, "elsewhere", "5 0 993 other.test");
	srv.port = 993;
	judge(&srv, &both, RECORD_WRONG, "elsewhere", "");
}

static void
test_addresses(void)
{
	struct dns_record host4 = address("192.0.2.1"), host6 = address("2001:db8::1"),
			  other = address("192.0.2.9");
	struct record r = { .rule = RECORD_ALIAS };
	struct record_answer a = { .host4 = { &host4, 1 }, .host6 = { &host6, 1 } };

	TEST_ROW("an alias");
	a.first = (struct record_found){ &host4, 1 };
	judge(&r, &a, RECORD_OK, "", "192.0.2.1");
	r.lacks_certificate = true;
	judge(&r, &a, RECORD_OK, "no certificate has this name", "192.0.2.1");
	r.lacks_certificate = false;
	a.first = (struct record_found){ &other, 1 };
	judge(&r, &a, RECORD_WRONG, "none of the addresses", "192.0.2.9");
	a.second = (struct record_found){ &host6, 1 };
	judge(&r, &a, RECORD_OK, "", "192.0.2.9, 2001:db8::1");
	r.rule = RECORD_ADDRESS;
	judge(&r, &a, RECORD_OK, "only for this network", "192.0.2.9, 2001:db8::1");
	other = address("8.8.8.8");
	judge(&r, &a, RECORD_OK, "", "8.8.8.8, 2001:db8::1");
}

static void
test_tlsa(void)
{
	struct record r = { .rule = RECORD_TLSA, .pin = { { 1, 2, 3 } } };
	char other[TLS_PIN_BYTES] = { 9 };
	struct dns_record found[] = {
		{ .usage = 3, .selector = 1, .matching = 1, .bytes = str_of(other, sizeof other) },
		{ .usage = 3,
		    .selector = 0,
		    .matching = 1,
		    .bytes = str_of(r.pin.bytes, TLS_PIN_BYTES) },
		{ .usage = 3,
		    .selector = 1,
		    .matching = 1,
		    .bytes = str_of(r.pin.bytes, TLS_PIN_BYTES) }
	};
	struct record_answer a = { .first = { found, 3 }, .is_secure = true };

	TEST_ROW("TLSA");
	judge(&r, &a, RECORD_OK, "", "3 1 1 0102");
	a.is_secure = false;
	judge(&r, &a, RECORD_OK, "DNSSEC", "");
	a.first.count = 2;
	judge(&r, &a, RECORD_WRONG, "DANE", "3 1 1 0900");
	r.is_coming = true;
	judge(&r, &a, RECORD_MISSING, "", "");
}

/* What strangers publish does not reach the terminal as it is. */
static void
test_strings(void)
{
	struct record caa = { .rule = RECORD_CAA };
	struct dns_record found = { .name = STR("issue"), .bytes = STR("a\"b\\\x1b[2J\xff") };
	struct record_answer a = { .first = { &found, 1 } };

	TEST_ROW("bytes of strangers");
	judge(&caa, &a, RECORD_OK, "", "0 issue \"a\\\"b\\\\\\027[2J\\255\"");
}

static void
test_lines(void)
{
	struct records rs;
	struct buf text, out;

	TEST_ROW("strings of 255 bytes");
	records_init(&rs, STR(HOST));
	buf_init(&text, 1000);
	buf_init(&out, 10000);
	for (size_t i = 0; i < 256; i++)
		buf_add_char(&text, i == 255 ? 'b' : 'a');
	record_write_line(records_add(&rs, RECORD_SPF, STR("x.test"), STR("v"), STR("")), &out);
	CHECK_STR(buf_str(&out), STR("x.test. TXT \"v\"\n"));
	buf_clear(&out);
	record_write_line(
	    records_add(&rs, RECORD_SPF, STR("x.test"), str_head(buf_str(&text), 255), STR("")),
	    &out);
	CHECK_NUM(out.n, strlen("x.test. TXT \"\"\n") + 255);
	buf_clear(&out);
	record_write_line(records_add(&rs, RECORD_SPF, STR("x.test"), buf_str(&text), STR("")),
	    &out);
	CHECK(str_ends(buf_str(&out), STR("aa\" \"b\"\n")));
	buf_clear(&out);
	records_add(&rs, RECORD_CAA, STR("x.test"), STR("0 issue \"y\""), STR(""))->is_example =
	    true;
	record_write_line(&rs.items[3], &out);
	CHECK_STR(buf_str(&out), STR("; x.test. CAA 0 issue \"y\"\n"));
	buf_release(&text);
	buf_release(&out);
	records_release(&rs);
}

int
main(void)
{
	test_texts();
	test_names();
	test_addresses();
	test_tlsa();
	test_strings();
	test_lines();
	return test_end();
}
