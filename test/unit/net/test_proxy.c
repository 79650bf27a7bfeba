#include "net/proxy.h"

/* system */
#include <stdio.h>
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define FFFF      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
#define ZEROS_27  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_108 ZEROS_27 ZEROS_27 ZEROS_27 ZEROS_27

/* IPv6: 2001:db8::1 and 2001:db8::2 */
#define SIX(last) "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0" last
#define SIX_NINE  SIX("\x01") SIX("\x02") "\xff\xff\x01\x00"

static const struct {
	const char *name;
	struct str in;
	enum proxy want;
	const char *from, *to; /* "" when not relayed */
	uint16_t from_port, to_port;
} rows[] = {
	{ "IPv4", STR_INIT("PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n"), PROXY_DONE,
	    "192.0.2.7", "198.51.100.1", 56324, 25 },
	{ "IPv6", STR_INIT("PROXY TCP6 2001:DB8::7 ::1 0 65535\r\n"), PROXY_DONE, "2001:db8::7",
	    "::1", 0, 65535 },
	{ "IPv6, longest", STR_INIT("PROXY TCP6 " FFFF " " FFFF " 65535 65535\r\n"), PROXY_DONE,
	    FFFF, FFFF, 65535, 65535 },
	{ "IPv4 in IPv6", STR_INIT("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.1 1 2\r\n"),
	    PROXY_DONE, "192.0.2.7", "192.0.2.1", 1, 2 },
	{ "unknown", STR_INIT("PROXY UNKNOWN\r\n"), PROXY_DONE, "", "", 0, 0 },
	{ "unknown, longest", STR_INIT("PROXY UNKNOWN " FFFF " " FFFF " 65535 65535\r\n"),
	    PROXY_DONE, "", "", 0, 0 },
	{ "unknown, anything", STR_INIT("PROXY UNKNOWN \0 x y\r\n"), PROXY_DONE, "", "", 0, 0 },
	{ "one byte too long", STR_INIT("PROXY UNKNOWN " FFFF " " FFFF " 65535 65535x\r\n"),
	    PROXY_BAD, "", "", 0, 0 },
	{ "endless", STR_INIT("PROXY UNKNOWN " FFFF " " FFFF " 65535 65535 and so on ever after"),
	    PROXY_BAD, "", "", 0, 0 },
	{ "unknown word", STR_INIT("PROXY UNKNOWNS\r\n"), PROXY_BAD, "", "", 0, 0 },
	{ "other protocol", STR_INIT("PROXY UDP4 192.0.2.7 192.0.2.1 1 2\r\n"), PROXY_BAD, "", "",
	    0, 0 },
	{ "lower case", STR_INIT("proxy UNKNOWN\r\n"), PROXY_BAD, "", "", 0, 0 },
	{ "bare LF", STR_INIT("PROXY UNKNOWN\n"), PROXY_BAD, "", "", 0, 0 },
	{ "bare CR", STR_INIT("PROXY UNKNOWN \r x\r\n"), PROXY_BAD, "", "", 0, 0 },
	{ "nothing", STR_INIT("PROXY \r\n"), PROXY_BAD, "", "", 0, 0 },
	{ "no addresses", STR_INIT("PROXY TCP4\r\n"), PROXY_BAD, "", "", 0, 0 },
	{ "two blanks", STR_INIT("PROXY TCP4 192.0.2.7  192.0.2.1 1 2\r\n"), PROXY_BAD, "", "", 0,
	    0 },
	{ "blank at the end", STR_INIT("PROXY TCP4 192.0.2.7 192.0.2.1 1 2 \r\n"), PROXY_BAD, "",
	    "", 0, 0 },
	{ "port missing", STR_INIT("PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n"), PROXY_BAD, "", "", 0,
	    0 },
	{ "port too high", STR_INIT("PROXY TCP4 192.0.2.7 192.0.2.1 65536 2\r\n"), PROXY_BAD, "",
	    "", 0, 0 },
	{ "port with a zero", STR_INIT("PROXY TCP4 192.0.2.7 192.0.2.1 1 025\r\n"), PROXY_BAD, "",
	    "", 0, 0 },
	{ "port of zeros", STR_INIT("PROXY TCP4 192.0.2.7 192.0.2.1 00 25\r\n"), PROXY_BAD, "", "",
	    0, 0 },
	{ "signed port", STR_INIT("PROXY TCP4 192.0.2.7 192.0.2.1 +1 25\r\n"), PROXY_BAD, "", "", 0,
	    0 },
	{ "number with a zero", STR_INIT("PROXY TCP4 192.0.02.7 192.0.2.1 1 2\r\n"), PROXY_BAD, "",
	    "", 0, 0 },
	{ "three numbers", STR_INIT("PROXY TCP4 192.0.7 192.0.2.1 1 2\r\n"), PROXY_BAD, "", "", 0,
	    0 },
	{ "IPv6 as IPv4", STR_INIT("PROXY TCP4 ::1 ::1 1 2\r\n"), PROXY_BAD, "", "", 0, 0 },
	{ "mapped as IPv4", STR_INIT("PROXY TCP4 ::ffff:192.0.2.7 192.0.2.1 1 2\r\n"), PROXY_BAD,
	    "", "", 0, 0 },
	{ "IPv4 as IPv6", STR_INIT("PROXY TCP6 192.0.2.7 192.0.2.1 1 2\r\n"), PROXY_BAD, "", "", 0,
	    0 },
	{ "another client", STR_INIT("EHLO me.example\r\n"), PROXY_BAD, "", "", 0, 0 },
	{ "TLS", STR_INIT("\x16\x03\x01\x00\xaa"), PROXY_BAD, "", "", 0, 0 },
	{ "empty line", STR_INIT("\r\n.\r\n"), PROXY_BAD, "", "", 0, 0 },

	{ "v2 IPv4",
	    STR_INIT(SIGNATURE "\x21\x11\0\x0c"
			       "\xc0\0\x02\x07\xc6\x33\x64\x01\xdc\x04\0\x19"),
	    PROXY_DONE, "192.0.2.7", "198.51.100.1", 56324, 25 },
	{ "v2 IPv6", STR_INIT(SIGNATURE "\x21\x21\0\x24" SIX_NINE), PROXY_DONE, "2001:db8::1",
	    "2001:db8::2", 65535, 256 },
	{ "v2 IPv4 in IPv6",
	    STR_INIT(SIGNATURE "\x21\x21\0\x24"
			       "\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\0\x02\x07" SIX("\x02") "\0\1\0\2"),
	    PROXY_DONE, "192.0.2.7", "2001:db8::2", 1, 2 },
	{ "v2 unix", STR_INIT(SIGNATURE "\x21\x31\0\xd8" ZEROS_108 ZEROS_108), PROXY_DONE, "local",
	    "local", 0, 0 },
	{ "v2 vectors",
	    STR_INIT(SIGNATURE "\x21\x11\0\x13"
			       "\xc0\0\x02\x07\xc6\x33\x64\x01\0\1\0\2"
			       "\x03\0\x04"
			       "\1\2\3\4"),
	    PROXY_DONE, "192.0.2.7", "198.51.100.1", 1, 2 },
	{ "v2 local", STR_INIT(SIGNATURE "\x20\0\0\0"), PROXY_DONE, "", "", 0, 0 },
	{ "v2 local with addresses",
	    STR_INIT(SIGNATURE "\x20\x11\0\x0c"
			       "\xc0\0\x02\x07\xc6\x33\x64\x01\0\1\0\2"),
	    PROXY_DONE, "", "", 0, 0 },
	{ "v2 local of no family", STR_INIT(SIGNATURE "\x20\xff\0\1x"), PROXY_DONE, "", "", 0, 0 },
	{ "v2 unspecified", STR_INIT(SIGNATURE "\x21\0\0\3abc"), PROXY_DONE, "", "", 0, 0 },
	{ "v2 datagram",
	    STR_INIT(SIGNATURE "\x21\x12\0\x0c"
			       "\xc0\0\x02\x07\xc6\x33\x64\x01\0\1\0\2"),
	    PROXY_DONE, "", "", 0, 0 },
	{ "v2 IPv4 too short",
	    STR_INIT(SIGNATURE "\x21\x11\0\x0b"
			       "\xc0\0\x02\x07\xc6\x33\x64\x01\0\1\0\2"),
	    PROXY_BAD, "", "", 0, 0 },
	{ "v2 IPv6 too short", STR_INIT(SIGNATURE "\x21\x21\0\x23" SIX_NINE), PROXY_BAD, "", "", 0,
	    0 },
	{ "v2 unix too short", STR_INIT(SIGNATURE "\x21\x31\0\xd7" ZEROS_108 ZEROS_108), PROXY_BAD,
	    "", "", 0, 0 },
	{ "v2 empty IPv4", STR_INIT(SIGNATURE "\x21\x11\0\0"), PROXY_BAD, "", "", 0, 0 },
	{ "v2 of version 1", STR_INIT(SIGNATURE "\x11\x11\0\0"), PROXY_BAD, "", "", 0, 0 },
	{ "v2 of version 3", STR_INIT(SIGNATURE "\x30\0\0\0"), PROXY_BAD, "", "", 0, 0 },
	{ "v2 other command", STR_INIT(SIGNATURE "\x22\0\0\0"), PROXY_BAD, "", "", 0, 0 },
	{ "v2 other family", STR_INIT(SIGNATURE "\x21\x41\0\0"), PROXY_BAD, "", "", 0, 0 },
	{ "v2 other transport", STR_INIT(SIGNATURE "\x21\x13\0\0"), PROXY_BAD, "", "", 0, 0 },
	{ "v2 too long", STR_INIT(SIGNATURE "\x20\0\x0f\xf1"), PROXY_BAD, "", "", 0, 0 },
	{ "v2 signature cut", STR_INIT("\r\n\r\n\0\r\nQUIT\r"), PROXY_BAD, "", "", 0, 0 },
};

static void
check_header(size_t row, const struct proxy_header *h)
{
	char text[NET_ADDRESS_TEXT_MAX];

	CHECK_NUM(h->n, rows[row].in.n);
	CHECK(h->is_relayed == (rows[row].from[0] != '\0'));
	CHECK_STR(net_address_text(&h->from, text), str_c(rows[row].from));
	CHECK_STR(net_address_text(&h->to, text), str_c(rows[row].to));
	CHECK_NUM(h->from.port, rows[row].from_port);
	CHECK_NUM(h->to.port, rows[row].to_port);
}

/* Whole, and after each byte: a header is not done before its end, what is bad stays bad. */
static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct proxy_header h;
		bool was_bad = false;

		TEST_ROW(rows[i].name);
		for (size_t n = 0; n < rows[i].in.n; n++) {
			enum proxy got = proxy_parse(str_head(rows[i].in, n), &h);

			CHECK(got != PROXY_DONE);
			CHECK(!was_bad || got == PROXY_BAD);
			CHECK(got == PROXY_MORE || rows[i].want == PROXY_BAD);
			was_bad = got == PROXY_BAD;
		}
		CHECK_NUM(proxy_parse(rows[i].in, &h), rows[i].want);
		if (rows[i].want == PROXY_DONE)
			check_header(i, &h);
	}
}

/* The client's bytes are not part of it. */
static void
test_behind(void)
{
	struct buf b;

	buf_init(&b, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct proxy_header h;

		if (rows[i].want != PROXY_DONE)
			continue;
		TEST_ROW(rows[i].name);
		buf_clear(&b);
		buf_add(&b, rows[i].in);
		buf_add_c(&b, "EHLO x\r\nPROXY UNKNOWN\r\n");
		CHECK_NUM(proxy_parse(buf_str(&b), &h), PROXY_DONE);
		check_header(i, &h);
	}
	buf_release(&b);
}

/* The longest that is taken, to the byte. */
static void
test_longest(void)
{
	static char p[PROXY_HEADER_MAX];
	struct proxy_header h;

	TEST_ROW("longest");
	memcpy(p, SIGNATURE "\x20\0\x0f\xf0", 16);
	CHECK_NUM(proxy_parse(str_of(p, sizeof p - 1), &h), PROXY_MORE);
	CHECK_NUM(proxy_parse(str_of(p, sizeof p), &h), PROXY_DONE);
	CHECK_NUM(h.n, sizeof p);
}

int
main(void)
{
	test_rows();
	test_behind();
	test_longest();
	return test_end();
}
