#include "http/request.h"

/* base */
#include "base/buf.h"
#include "base/test.h"

/* Feed a head that is written with \n for line ends. */
static enum http_head
feed(struct http_request *r, const char *text)
{
	struct str cur = str_c(text), line;
	enum http_head said = HTTP_HEAD_MORE;

	while (said == HTTP_HEAD_MORE && str_take_until(&cur, '\n', &line))
		said = http_request_line(r, line);
	return said;
}

static const struct {
	const char *name, *in;
	enum http_head want;
	unsigned status; /* of a bad one */
} head_rows[] = {
	{ "plain", "GET / HTTP/1.1\nHost: a\n\n", HTTP_HEAD_DONE, 0 },
	{ "stops anywhere", "GET / HTTP/1.1\nHost: a\n", HTTP_HEAD_MORE, 0 },
	{ "empty lines before", "\n\nGET / HTTP/1.1\nHost: a\n\n", HTTP_HEAD_DONE, 0 },
	{ "too many empty lines", "\n\n\n\n\n", HTTP_HEAD_BAD, 400 },
	{ "HTTP/1.0 without host", "GET / HTTP/1.0\n\n", HTTP_HEAD_DONE, 0 },
	{ "HTTP/1.1 without host", "GET / HTTP/1.1\n\n", HTTP_HEAD_BAD, 400 },
	{ "two hosts", "GET / HTTP/1.1\nHost: a\nHost: a\n\n", HTTP_HEAD_BAD, 400 },
	{ "two hosts, the first empty", "GET / HTTP/1.1\nHost:\nHost: a\n\n", HTTP_HEAD_BAD, 400 },
	{ "two empty hosts", "GET / HTTP/1.1\nHost:\nHost:\n\n", HTTP_HEAD_BAD, 400 },
	{ "absolute target without a host", "GET http://b/x HTTP/1.1\n\n", HTTP_HEAD_BAD, 400 },
	{ "host with a user", "GET / HTTP/1.1\nHost: u@a\n\n", HTTP_HEAD_BAD, 400 },
	{ "host with a slash", "GET / HTTP/1.1\nHost: a/b\n\n", HTTP_HEAD_BAD, 400 },
	{ "IPv6 host", "GET / HTTP/1.1\nHost: [::1]:8080\n\n", HTTP_HEAD_DONE, 0 },
	{ "absolute target", "GET http://b/x HTTP/1.1\nHost: a\n\n", HTTP_HEAD_DONE, 0 },
	{ "absolute target, no path", "GET http://b HTTP/1.1\nHost: a\n\n", HTTP_HEAD_DONE, 0 },
	{ "asterisk", "OPTIONS * HTTP/1.1\nHost: a\n\n", HTTP_HEAD_DONE, 0 },
	{ "asterisk of GET", "GET * HTTP/1.1\nHost: a\n\n", HTTP_HEAD_BAD, 400 },
	{ "target without slash", "GET x HTTP/1.1\nHost: a\n\n", HTTP_HEAD_BAD, 400 },
	{ "HTTP/2", "GET / HTTP/2.0\nHost: a\n\n", HTTP_HEAD_BAD, 505 },
	{ "HTTP/0.9", "GET /\n\n", HTTP_HEAD_BAD, 400 },
	{ "lower case version", "GET / http/1.1\n\n", HTTP_HEAD_BAD, 400 },
	{ "blank behind version", "GET / HTTP/1.1 \n\n", HTTP_HEAD_BAD, 400 },
	{ "two blanks", "GET  / HTTP/1.1\n\n", HTTP_HEAD_BAD, 400 },
	{ "unknown method", "BREW / HTTP/1.1\n\n", HTTP_HEAD_BAD, 501 },
	{ "lower case method", "get / HTTP/1.1\n\n", HTTP_HEAD_BAD, 501 },
	{ "method is no token", "G@T / HTTP/1.1\n\n", HTTP_HEAD_BAD, 400 },
	{ "control character in target", "GET /\001 HTTP/1.1\n\n", HTTP_HEAD_BAD, 400 },
	{ "length", "POST / HTTP/1.1\nHost: a\nContent-Length: 12\n\n", HTTP_HEAD_DONE, 0 },
	{ "length twice", "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 1\n\n",
	    HTTP_HEAD_BAD, 400 },
	{ "lengths differ", "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 2\n\n",
	    HTTP_HEAD_BAD, 400 },
	{ "length list", "POST / HTTP/1.1\nHost: a\nContent-Length: 1, 1\n\n", HTTP_HEAD_BAD, 400 },
	{ "length with sign", "POST / HTTP/1.1\nHost: a\nContent-Length: +1\n\n", HTTP_HEAD_BAD,
	    400 },
	{ "negative length", "POST / HTTP/1.1\nHost: a\nContent-Length: -1\n\n", HTTP_HEAD_BAD,
	    400 },
	{ "empty length", "POST / HTTP/1.1\nHost: a\nContent-Length:\n\n", HTTP_HEAD_BAD, 400 },
	{ "hexadecimal length", "POST / HTTP/1.1\nHost: a\nContent-Length: 0x1\n\n", HTTP_HEAD_BAD,
	    400 },
	{ "huge length", "POST / HTTP/1.1\nHost: a\nContent-Length: 99999999999999999999\n\n",
	    HTTP_HEAD_BAD, 400 },
	{ "chunked", "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: Chunked\n\n", HTTP_HEAD_DONE,
	    0 },
	{ "chunked in HTTP/1.0", "POST / HTTP/1.0\nTransfer-Encoding: chunked\n\n", HTTP_HEAD_BAD,
	    400 },
	{ "chunked and length",
	    "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nContent-Length: 1\n\n",
	    HTTP_HEAD_BAD, 400 },
	{ "length and chunked",
	    "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nTransfer-Encoding: chunked\n\n",
	    HTTP_HEAD_BAD, 400 },
	{ "chunked twice",
	    "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked\n\n",
	    HTTP_HEAD_BAD, 400 },
	{ "coding before chunked", "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: gzip, chunked\n\n",
	    HTTP_HEAD_BAD, 501 },
	{ "identity", "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: identity\n\n", HTTP_HEAD_BAD,
	    501 },
	{ "blank before colon", "GET / HTTP/1.1\nHost : a\n\n", HTTP_HEAD_BAD, 400 },
	{ "folded header", "GET / HTTP/1.1\nHost: a\nX: b\n c\n\n", HTTP_HEAD_BAD, 400 },
	{ "header without colon", "GET / HTTP/1.1\nHost: a\nX\n\n", HTTP_HEAD_BAD, 400 },
	{ "header without name", "GET / HTTP/1.1\nHost: a\n: x\n\n", HTTP_HEAD_BAD, 400 },
	{ "control character in value", "GET / HTTP/1.1\nHost: a\nX: \001\n\n", HTTP_HEAD_BAD,
	    400 },
	{ "expect", "POST / HTTP/1.1\nHost: a\nExpect: 100-Continue\n\n", HTTP_HEAD_DONE, 0 },
	{ "expect more", "POST / HTTP/1.1\nHost: a\nExpect: wine\n\n", HTTP_HEAD_BAD, 417 },
};

static void
test_heads(void)
{
	for (size_t i = 0; i < sizeof(head_rows) / sizeof(head_rows[0]); i++) {
		struct http_request r;

		TEST_ROW(head_rows[i].name);
		http_request_init(&r);
		CHECK_NUM(feed(&r, head_rows[i].in), head_rows[i].want);
		CHECK_NUM(r.status, head_rows[i].status);
		http_request_release(&r);
	}
}

static void
test_fields(void)
{
	struct http_request r;

	TEST_ROW("fields");
	http_request_init(&r);
	CHECK_NUM(
	    feed(&r,
		"POST /a%20b/c?x=1&y=2%2f3 HTTP/1.1\nhOST: mail.example:8\nCONTENT-length: 42\n"
		"X-One:  two \t\nConnection: keep-alive, Close\nexpect: 100-continue\n\n"),
	    HTTP_HEAD_DONE);
	CHECK_NUM(r.method, HTTP_POST);
	CHECK_STR(r.path, STR("/a%20b/c"));
	CHECK_STR(r.query, STR("x=1&y=2%2f3"));
	CHECK_STR(r.host, STR("mail.example:8"));
	CHECK_NUM(r.length, 42);
	CHECK(r.has_length && !r.is_chunked && r.expects_continue && r.is_last);
	CHECK_STR(http_request_header(&r, STR("x-one")), STR("two"));
	CHECK(http_request_header(&r, STR("x-two")).p == NULL);

	TEST_ROW("absolute target wins over Host");
	http_request_reset(&r);
	CHECK_NUM(feed(&r, "GET http://b:1?q HTTP/1.1\nHost: a\n\n"), HTTP_HEAD_DONE);
	CHECK_STR(r.host, STR("b:1"));
	CHECK_STR(r.query, STR("q"));
	CHECK_STR(r.path, STR("/"));
	CHECK(!r.is_last);
	http_request_release(&r);
}

static void
test_limits(void)
{
	struct http_request r;
	struct buf line;
	enum http_head said = HTTP_HEAD_MORE;

	http_request_init(&r);
	buf_init(&line, 2 * HTTP_LINE_MAX);
	buf_add_c(&line, "GET /");
	while (buf_str(&line).n <= HTTP_LINE_MAX)
		buf_add_char(&line, 'x');

	TEST_ROW("request line too long");
	CHECK_NUM(http_request_line(&r, buf_str(&line)), HTTP_HEAD_BAD);
	CHECK_NUM(r.status, 414);

	TEST_ROW("too many headers");
	http_request_reset(&r);
	CHECK_NUM(http_request_line(&r, STR("GET / HTTP/1.1")), HTTP_HEAD_MORE);
	for (unsigned i = 0; i < HTTP_HEADERS_MAX; i++)
		CHECK_NUM(http_request_line(&r, STR("a: b")), HTTP_HEAD_MORE);
	CHECK_NUM(http_request_line(&r, STR("a: b")), HTTP_HEAD_BAD);
	CHECK_NUM(r.status, 431);

	TEST_ROW("too many bytes");
	http_request_reset(&r);
	CHECK_NUM(http_request_line(&r, STR("GET / HTTP/1.1")), HTTP_HEAD_MORE);
	buf_clear(&line);
	buf_add_c(&line, "x: ");
	while (buf_str(&line).n < 4000)
		buf_add_char(&line, 'x');
	for (unsigned i = 0; i < 10 && said == HTTP_HEAD_MORE; i++)
		said = http_request_line(&r, buf_str(&line));
	CHECK_NUM(said, HTTP_HEAD_BAD);
	CHECK_NUM(r.status, 431);
	buf_release(&line);
	http_request_release(&r);
}

static const struct {
	const char *in;
	bool want;
	uint64_t size;
} chunk_rows[] = {
	{ "0", true, 0 },
	{ "1aF", true, 0x1af },
	{ "0000005", true, 5 },
	{ "5;name=value", true, 5 },
	{ "5 ; name", true, 5 },
	{ "", false, 0 },
	{ " 5", false, 0 },
	{ "+5", false, 0 },
	{ "-5", false, 0 },
	{ "0x5", false, 0 },
	{ "5 6", false, 0 },
	{ "5,6", false, 0 },
	{ "5\t\001", false, 0 },
	{ "fffffffffffffffff", false, 0 },
	{ "1000000000001", false, 0 },
};

static const struct {
	const char *in, *want; /* NULL: refused */
} escape_rows[] = {
	{ "abc", "abc" },
	{ "a%20b%2Fc%c3%a9", "a b/c\xc3\xa9" },
	{ "a+b", "a+b" },
	{ "", "" },
	{ "%", NULL },
	{ "%4", NULL },
	{ "%4g", NULL },
	{ "a%00b", NULL },
};

static void
test_pieces(void)
{
	struct arena a;
	struct str out;
	uint64_t size;

	arena_init(&a, 65536);
	for (size_t i = 0; i < sizeof(chunk_rows) / sizeof(chunk_rows[0]); i++) {
		TEST_ROW(chunk_rows[i].in);
		size = 0;
		CHECK(http_chunk_size(str_c(chunk_rows[i].in), &size) == chunk_rows[i].want);
		CHECK_NUM(size, chunk_rows[i].size);
	}
	for (size_t i = 0; i < sizeof(escape_rows) / sizeof(escape_rows[0]); i++) {
		bool ok;

		TEST_ROW(escape_rows[i].in);
		ok = http_unescape(str_c(escape_rows[i].in), &a, &out);
		CHECK(ok == (escape_rows[i].want != NULL));
		if (ok)
			CHECK_STR(out, str_c(escape_rows[i].want));
	}
	TEST_ROW("query");
	CHECK(http_query_find(STR("a=1&b=2%20x&ab=3"), STR("b"), &a, &out));
	CHECK_STR(out, STR("2 x"));
	CHECK(http_query_find(STR("accept=text/html"), STR("accept"), &a, &out));
	CHECK(!http_query_find(STR("a=1&b"), STR("b"), &a, &out));
	CHECK(!http_query_find((struct str){ 0 }, STR("b"), &a, &out));
	arena_release(&a);
}

int
main(void)
{
	test_heads();
	test_fields();
	test_limits();
	test_pieces();
	return test_end();
}
