#include "http/url.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *in;
	enum fail want;
	bool is_tls, is_address;
	const char *host;
	unsigned port;
	const char *target;
} rows[] = {
	{ "http://example.org", FAIL_NONE, false, false, "example.org", 80, "" },
	{ "HTTPS://Example.ORG/a?b=c#d", FAIL_NONE, true, false, "Example.ORG", 443, "/a?b=c" },
	{ "https://a.b.:8443?q", FAIL_NONE, true, false, "a.b", 8443, "?q" },
	{ "http://a:/x", FAIL_NONE, false, false, "a", 80, "/x" },
	{ "http://192.0.2.1:65535/", FAIL_NONE, false, true, "192.0.2.1", 65535, "/" },
	{ "http://[2001:db8::1]/", FAIL_NONE, false, true, "2001:db8::1", 80, "/" },
	{ "http://[::ffff:127.0.0.1]:81/", FAIL_NONE, false, true, "::ffff:127.0.0.1", 81, "/" },
	{ "http://a_b-c.1d/", FAIL_NONE, false, false, "a_b-c.1d", 80, "/" },
	{ "http://a//../%2e/", FAIL_NONE, false, false, "a", 80, "//../%2e/" },
	{ "http://a/x@y:z", FAIL_NONE, false, false, "a", 80, "/x@y:z" },
	{ "", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http:/a", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http:///x", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://.", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "ftp://a/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "file:///etc/passwd", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ " http://a/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a/ b", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a/\r\nX: y", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a/\xc3\xa9", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a/#\n", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://u@a/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://u:p@a/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a\\@b/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a/\\b", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a%2eb/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a:0/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a:65536/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a:8x/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://a:-1/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://[::1/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://[::1]x/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://[127.0.0.1]/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://[fe80::1%25eth0]/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://::1/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://2130706433/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://127.1/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://0x7f.0x1/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://127.0.0.1./", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
	{ "http://017700000001/", FAIL_SYNTAX, 0, 0, 0, 0, 0 },
};

int
main(void)
{
	struct buf text = { .max = 20000 };
	struct http_url url;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].in);
		CHECK_NUM(http_url_parse(str_c(rows[i].in), &url), rows[i].want);
		if (rows[i].want != FAIL_NONE)
			continue;
		CHECK(url.is_tls == rows[i].is_tls && url.is_address == rows[i].is_address);
		CHECK_STR(url.host, str_c(rows[i].host));
		CHECK_NUM(url.port, rows[i].port);
		CHECK_STR(url.target, str_c(rows[i].target));
		CHECK_NUM(url.address.port, rows[i].is_address ? rows[i].port : 0);
	}
	TEST_ROW("long");
	buf_add_c(&text, "http://");
	while (text.n < 7 + HTTP_HOST_MAX)
		buf_add_char(&text, 'a');
	CHECK_NUM(http_url_parse(buf_str(&text), &url), FAIL_NONE);
	buf_add_char(&text, 'a');
	CHECK_NUM(http_url_parse(buf_str(&text), &url), FAIL_SYNTAX);
	buf_clear(&text);
	buf_add_c(&text, "http://a/");
	while (text.n <= HTTP_URL_MAX)
		buf_add_char(&text, 'a');
	CHECK_NUM(http_url_parse(buf_str(&text), &url), FAIL_SYNTAX);
	CHECK_NUM(http_url_parse(str_head(buf_str(&text), HTTP_URL_MAX), &url), FAIL_NONE);
	CHECK_NUM(http_url_parse(str_of("http://a/\0", 10), &url), FAIL_SYNTAX);
	buf_release(&text);
	return test_end();
}
