/* The opening of a WebSocket: what is refused, what is agreed on. */
#include "http/websocket_handshake.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* A head whose lines end with \n; it must be a good one. */
static void
read_head(struct http_request *r, const char *line, const char *headers)
{
	struct str cur = str_c(headers), part;

	http_request_init(r);
	CHECK(http_request_line(r, str_c(line)) == HTTP_HEAD_MORE);
	while (str_take_until(&cur, '\n', &part))
		CHECK(http_request_line(r, part) == HTTP_HEAD_MORE);
	CHECK(http_request_line(r, STR("")) == HTTP_HEAD_DONE);
}

#define KEY        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n"
#define UPGRADE    "Host: a\nUpgrade: websocket\nConnection: Upgrade\n"
#define VERSION    "Sec-WebSocket-Version: 13\n"
#define EXTENSIONS "Sec-WebSocket-Extensions: "

static const struct {
	const char *name, *line, *headers;
	unsigned want;
} status_rows[] = {
	{ "good", "GET /x HTTP/1.1", UPGRADE KEY VERSION, 0 },
	{ "lists and case", "GET /x HTTP/1.1",
	    "Host: a\nupgrade: h2c, WebSocket\nCONNECTION: keep-alive\nConnection: x, upgrade\n" KEY
		VERSION,
	    0 },
	{ "POST", "POST /x HTTP/1.1", UPGRADE KEY VERSION, 426 },
	{ "no upgrade", "GET /x HTTP/1.1", "Host: a\nConnection: Upgrade\n" KEY VERSION, 426 },
	{ "other upgrade", "GET /x HTTP/1.1",
	    "Host: a\nUpgrade: websockets\nConnection: Upgrade\n" KEY VERSION, 426 },
	{ "no connection", "GET /x HTTP/1.1", "Host: a\nUpgrade: websocket\n" KEY VERSION, 426 },
	{ "no version", "GET /x HTTP/1.1", UPGRADE KEY, 426 },
	{ "old version", "GET /x HTTP/1.1", UPGRADE KEY "Sec-WebSocket-Version: 8\n", 426 },
	{ "no key", "GET /x HTTP/1.1", UPGRADE VERSION, 400 },
	{ "short key", "GET /x HTTP/1.1", UPGRADE VERSION "Sec-WebSocket-Key: dGhlIA==\n", 400 },
	{ "long key", "GET /x HTTP/1.1",
	    UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZWFh\n", 400 },
	{ "key that is no base64", "GET /x HTTP/1.1",
	    UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ!!\n", 400 },
	{ "with a body", "GET /x HTTP/1.1", UPGRADE KEY VERSION "Content-Length: 1\n", 400 },
	{ "with an empty body", "GET /x HTTP/1.1", UPGRADE KEY VERSION "Content-Length: 0\n", 0 },
	{ "chunked", "GET /x HTTP/1.1", UPGRADE KEY VERSION "Transfer-Encoding: chunked\n", 400 },
	{ "HTTP/1.0", "GET /x HTTP/1.0", UPGRADE KEY VERSION, 400 },
	/* 11.3.1, 11.3.5: no more than once */
	{ "two keys", "GET /x HTTP/1.1", UPGRADE KEY KEY VERSION, 400 },
	{ "two versions", "GET /x HTTP/1.1", UPGRADE KEY VERSION "Sec-WebSocket-Version: 8\n",
	    400 },
	/* 9.1: what breaks the grammar */
	{ "extension with a blank", "GET /x HTTP/1.1", UPGRADE KEY VERSION EXTENSIONS "a b\n",
	    400 },
	{ "parameter without a name", "GET /x HTTP/1.1", UPGRADE KEY VERSION EXTENSIONS "a; =1\n",
	    400 },
	{ "parameter without a value", "GET /x HTTP/1.1", UPGRADE KEY VERSION EXTENSIONS "a; b=\n",
	    400 },
	{ "no parameter behind a semicolon", "GET /x HTTP/1.1",
	    UPGRADE KEY VERSION EXTENSIONS "a;\n", 400 },
	{ "no token in quotes", "GET /x HTTP/1.1",
	    UPGRADE KEY VERSION EXTENSIONS "a; b=\"c, permessage-deflate, d\"\n", 400 },
	{ "half a quote", "GET /x HTTP/1.1", UPGRADE KEY VERSION EXTENSIONS "a; b=\"1\n", 400 },
	{ "only a quote", "GET /x HTTP/1.1", UPGRADE KEY VERSION EXTENSIONS "a; b=\"\n", 400 },
	{ "in the second header", "GET /x HTTP/1.1",
	    UPGRADE KEY VERSION EXTENSIONS "a\n" EXTENSIONS "=\n", 400 },
	{ "extensions that we do not know", "GET /x HTTP/1.1",
	    UPGRADE KEY VERSION EXTENSIONS "a;b;c=1 ; d=\"2\" , , e\n" EXTENSIONS "\n", 0 },
};

#define AGREED "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

static const struct {
	const char *name, *offers, *want;
} deflate_rows[] = {
	{ "nothing offered", "", NULL },
	{ "plain", "Sec-WebSocket-Extensions: permessage-deflate\n", AGREED },
	{ "as browsers offer it",
	    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\n", AGREED },
	{ "case", "Sec-Websocket-Extensions: PerMessage-Deflate;Server_No_Context_Takeover\n",
	    AGREED },
	{ "all of them",
	    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=10; "
	    "server_max_window_bits=15; client_no_context_takeover; server_no_context_takeover\n",
	    AGREED "; server_max_window_bits=12" },
	{ "in quotes",
	    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\"12\"\n",
	    AGREED "; server_max_window_bits=12" },
	{ "a window that we do not make",
	    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=11\n", NULL },
	{ ".. with a second choice",
	    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10, "
	    "permessage-deflate\n",
	    AGREED },
	{ "second header",
	    "Sec-WebSocket-Extensions: x-other\nSec-WebSocket-Extensions: y, "
	    "permessage-deflate\n",
	    AGREED },
	{ "other extension", "Sec-WebSocket-Extensions: permessage-bzip2\n", NULL },
	{ "unknown parameter", "Sec-WebSocket-Extensions: permessage-deflate; x=1\n", NULL },
	{ "twice",
	    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; "
	    "client_no_context_takeover\n",
	    NULL },
	{ "value where none is",
	    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover=1\n", NULL },
	{ "no value where one is",
	    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits\n", NULL },
	{ "bits too large",
	    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=16\n", NULL },
	{ "bits too small",
	    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=7\n", NULL },
	{ "bits with a zero before",
	    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=012\n", NULL },
	{ "half a quote",
	    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=\"12\n", NULL },
};

int
main(void)
{
	struct http_request r;
	struct buf out, headers;

	buf_init(&out, 256);
	buf_init(&headers, 1024);
	for (size_t i = 0; i < ARRAY_LEN(status_rows); i++) {
		TEST_ROW(status_rows[i].name);
		read_head(&r, status_rows[i].line, status_rows[i].headers);
		CHECK_NUM(websocket_request_status(&r), status_rows[i].want);
		http_request_release(&r);
	}
	for (size_t i = 0; i < ARRAY_LEN(deflate_rows); i++) {
		TEST_ROW(deflate_rows[i].name);
		buf_clear(&out);
		buf_add_c(&headers, "Host: a\n");
		buf_add_c(&headers, deflate_rows[i].offers);
		read_head(&r, "GET / HTTP/1.1", buf_c(&headers));
		buf_clear(&headers);
		CHECK_NUM(websocket_deflate_write(&r, &out), deflate_rows[i].want != NULL);
		CHECK_STR(buf_str(&out), str_c(deflate_rows[i].want));
		http_request_release(&r);
	}
	TEST_ROW("the example of RFC 6455 1.3");
	buf_clear(&out);
	read_head(&r, "GET / HTTP/1.1", UPGRADE KEY VERSION);
	websocket_accept_write(&r, &out);
	CHECK_STR(buf_str(&out), STR("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
	http_request_release(&r);
	buf_release(&out);
	buf_release(&headers);
	return test_end();
}
