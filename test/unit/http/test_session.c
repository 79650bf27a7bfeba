/* Whole dialogues over a connection in memory: at once, and one byte at a time. */

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "http/server.h"
#include "net/memory.h"

static struct loop loop;
static struct net net;
static struct http_service service;

/* --- handlers ---------------------------------------------------------------------------------- */

struct echo {
	struct http_handler handler;
	struct buf body;
	unsigned steps;
};
static unsigned handlers_alive;

static void
echo_release(struct http_handler *h)
{
	struct echo *e = container_of(h, struct echo, handler);

	handlers_alive--;
	buf_release(&e->body);
	mem_free(e);
}

static struct echo *echo_new(enum http_step (*step)(struct http_handler *, struct http_exchange *))
{
	struct echo *e = mem_new(1, sizeof(*e));

	handlers_alive++;
	e->handler.step = step;
	e->handler.release = echo_release;
	buf_init(&e->body, 1 << 20);
	return e;
}

static enum http_step
echo_step(struct http_handler *h, struct http_exchange *x)
{
	struct echo *e = container_of(h, struct echo, handler);
	struct str piece;

	for (;;) {
		switch (http_body_next(x, &piece)) {
		case HTTP_BODY_WAIT: return HTTP_WAIT;
		case HTTP_BODY_BROKEN: return HTTP_DONE;
		case HTTP_BODY_PIECE: buf_add(&e->body, piece); break;
		case HTTP_BODY_END:
			http_reply_whole(x, 200, "text/plain", buf_str(&e->body));
			return HTTP_DONE;
		}
	}
}

static struct http_handler *
echo_open(void *room, struct http_exchange *x)
{
	(void)room;
	(void)x;
	return &echo_new(echo_step)->handler;
}

/* Three pieces without a length, one per turn. */
static enum http_step
stream_step(struct http_handler *h, struct http_exchange *x)
{
	struct echo *e = container_of(h, struct echo, handler);

	if (e->steps == 0)
		http_reply_start(x, 200, "text/plain");
	http_reply_body(x, STR("piece;"));
	return ++e->steps == 3 ? HTTP_DONE : HTTP_YIELD;
}

static struct http_handler *
stream_open(void *room, struct http_exchange *x)
{
	(void)room;
	(void)x;
	return &echo_new(stream_step)->handler;
}

#define BIG_BYTES 300000

static enum http_step
big_step(struct http_handler *h, struct http_exchange *x)
{
	struct echo *e = container_of(h, struct echo, handler);

	while (buf_str(&e->body).n < BIG_BYTES)
		buf_add_char(&e->body, 'x');
	http_reply_start(x, 200, "text/plain");
	http_reply_buf(x, &e->body);
	return HTTP_DONE;
}

static struct http_handler *
big_open(void *room, struct http_exchange *x)
{
	(void)room;
	(void)x;
	return &echo_new(big_step)->handler;
}

/* Answers without reading the body. */
static enum http_step
lazy_step(struct http_handler *h, struct http_exchange *x)
{
	(void)h;
	http_reply_problem(x, 413, NULL, "Too much.");
	return HTTP_DONE;
}

static struct http_handler *
lazy_open(void *room, struct http_exchange *x)
{
	(void)room;
	(void)x;
	return &echo_new(lazy_step)->handler;
}

static enum http_step
mute_step(struct http_handler *h, struct http_exchange *x)
{
	(void)h;
	(void)x;
	return HTTP_DONE;
}

static struct http_handler *
mute_open(void *room, struct http_exchange *x)
{
	(void)room;
	(void)x;
	return &echo_new(mute_step)->handler;
}

/* Takes as long as a slice has. */
static enum http_step
long_step(struct http_handler *h, struct http_exchange *x)
{
	int64_t end_us = clock_precise_us() + LOOP_SLICE_US;

	(void)h;
	while (clock_precise_us() < end_us)
		continue;
	http_reply_whole(x, 200, "text/plain", STR("long"));
	return HTTP_DONE;
}

static struct http_handler *
long_open(void *room, struct http_exchange *x)
{
	(void)room;
	(void)x;
	return &echo_new(long_step)->handler;
}

/* Takes several turns until it has something to say. */
static enum http_step
work_step(struct http_handler *h, struct http_exchange *x)
{
	struct echo *e = container_of(h, struct echo, handler);

	if (++e->steps < 4)
		return HTTP_YIELD;
	http_reply_whole(x, 200, "text/plain", STR("worked"));
	return HTTP_DONE;
}

static struct http_handler *
work_open(void *room, struct http_exchange *x)
{
	(void)room;
	(void)x;
	return &echo_new(work_step)->handler;
}

static const struct http_route routes[] = {
	{ HTTP_BIT(HTTP_POST), STR_INIT("/echo"), echo_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/stream"), stream_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/big"), big_open },
	{ HTTP_BIT(HTTP_GET) | HTTP_BIT(HTTP_POST), STR_INIT("/below/"), lazy_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/mute"), mute_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/long"), long_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/work"), work_open },
};

/* --- running ----------------------------------------------------------------------------------- */

static struct buf seen;

static void
turn(struct conn *c)
{
	loop_turn(&loop, 0);
	if (list_empty(&service.sessions))
		return;
	buf_clear(&seen);
	buf_add(&seen, conn_memory_sent(c));
}

/* Feed `in`, `piece` bytes at a time, and give the reply; the Date header is cut out. */
static struct str
talk(const char *in, size_t piece, bool *is_open_out)
{
	struct conn *c = conn_memory(&net, NULL, STR("192.0.2.1"));
	struct str left = str_c(in);
	struct buf plain;
	static char kept[2 * BIG_BYTES];
	struct str text, line;

	buf_clear(&seen);
	service.service.accept(&service.service, NULL, c);
	turn(c);
	while (left.n > 0 && !list_empty(&service.sessions)) {
		conn_memory_feed(c, str_head(left, piece));
		left = str_from(left, piece);
		turn(c);
	}
	for (unsigned i = 0; i < 20 && !list_empty(&service.sessions); i++)
		turn(c);
	*is_open_out = !list_empty(&service.sessions);
	if (*is_open_out) {
		conn_memory_end(c);
		for (unsigned i = 0; i < 5; i++)
			loop_turn(&loop, 0);
	}
	CHECK(list_empty(&service.sessions));
	CHECK_NUM(handlers_alive, 0);
	buf_init(&plain, sizeof(kept));
	text = buf_str(&seen);
	while (str_take_until(&text, '\n', &line))
		if (!str_starts(line, STR("Date: "))) {
			buf_add(&plain, line);
			buf_add_char(&plain, '\n');
		}
	buf_add(&plain, text);
	text = buf_str(&plain);
	for (size_t i = 0; i < text.n; i++)
		kept[i] = text.p[i];
	buf_release(&plain);
	return str_of(kept, text.n);
}

#define OK(n, body) \
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " n "\r\n\r\n" body
#define OK_CLOSE(n, body) \
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " n \
	"\r\nConnection: close\r\n\r\n" body
#define PROBLEM "\r\nContent-Type: application/problem+json\r\nContent-Length: "

static const struct {
	const char *name, *in, *want; /* `want`: the reply begins so */
	bool is_open;                 /* the connection stays open behind it */
	bool is_whole;                /* and it is the whole reply */
} rows[] = {
	{ "length", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
	    OK("5", "hello"), true, true },
	{ "no body", "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", OK("0", ""), true, true },
	{ "chunked",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3;x=y\r\nhel\r\n02\r\nlo\r\n0\r\nTrailer: x\r\n\r\n",
	    OK("5", "hello"), true, true },
	{ "pipelined",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na"
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n"
	    "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nc",
	    OK("1", "a") OK("1", "b") OK_CLOSE("1", "c"), false, true },
	{ "continue",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
	    "HTTP/1.1 100 Continue\r\n\r\n" OK("1", "x"), true, true },
	{ "expectation refused",
	    "POST /below/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
	    "HTTP/1.1 413 Content Too Large" PROBLEM, false, false },
	{ "unread body is dropped",
	    "POST /below/x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
	    "HTTP/1.1 413 Content Too Large" PROBLEM, true, false },
	{ "HTTP/1.0", "POST /echo HTTP/1.0\r\nContent-Length: 1\r\n\r\nx", OK_CLOSE("1", "x"),
	    false, true },
	{ "stream", "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "6\r\npiece;\r\n6\r\npiece;\r\n6\r\npiece;\r\n0\r\n\r\n",
	    true, true },
	{ "stream to HTTP/1.0", "GET /stream HTTP/1.0\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
	    "piece;piece;piece;",
	    false, true },
	{ "HEAD of a stream", "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", true, true },
	{ "HEAD of a length", "HEAD /big HTTP/1.1\r\nHost: a\r\n\r\n", OK("300000", ""), true,
	    true },
	{ "options", "OPTIONS /below/x HTTP/1.1\r\nHost: a\r\n\r\n",
	    "HTTP/1.1 204 No Content\r\nAllow: GET, HEAD, POST, OPTIONS\r\n\r\n", true, true },
	{ "options of all", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
	    "HTTP/1.1 204 No Content\r\nAllow: OPTIONS\r\n\r\n", true, true },
	{ "wrong method", "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n",
	    "HTTP/1.1 405 Method Not Allowed\r\nContent-Type: application/problem+json\r\n"
	    "Allow: POST, OPTIONS\r\n",
	    true, false },
	{ "nothing there", "GET /echo/x HTTP/1.1\r\nHost: a\r\n\r\n",
	    "HTTP/1.1 404 Not Found" PROBLEM, true, false },
	{ "handler without an answer", "GET /mute HTTP/1.1\r\nHost: a\r\n\r\n",
	    "HTTP/1.1 500 Internal Server Error" PROBLEM, true, false },
	{ "bare LF", "GET /big HTTP/1.1\nHost: a\n\n", "HTTP/1.1 400 Bad Request" PROBLEM, false,
	    false },
	{ "smuggled length",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	    "HTTP/1.1 400 Bad Request" PROBLEM, false, false },
	{ "bad chunk size",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n",
	    "HTTP/1.1 400 Bad Request" PROBLEM, false, false },
	{ "chunk longer than said",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
	    "HTTP/1.1 400 Bad Request" PROBLEM, false, false },
	{ "chunk line with bare LF",
	    "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
	    "HTTP/1.1 400 Bad Request" PROBLEM, false, false },
};

static void
test_dialogues(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (unsigned way = 0; way < 2; way++) {
			bool is_open;
			struct str got, want = str_c(rows[i].want);

			TEST_ROW(rows[i].name);
			got = talk(rows[i].in, way ? 1 : 65536, &is_open);
			CHECK_STR(rows[i].is_whole ? got : str_head(got, want.n), want);
			CHECK_NUM(is_open, rows[i].is_open);
		}
	}
}

/* --- pages of other origins --------------------------------------------------------------------- */

#define PAGE(method, more) \
	method " /echo HTTP/1.1\r\nHost: a\r\nOrigin: https://web.test\r\n" more "\r\n"
#define READS \
	"Access-Control-Expose-Headers: Content-Disposition, Content-Length, ETag, " \
	"WWW-Authenticate\r\n"
#define MAY \
	"Access-Control-Allow-Methods: POST, OPTIONS\r\nAccess-Control-Allow-Headers: " \
	"Authorization, Content-Type, If-None-Match, Cache-Control, Last-Event-ID\r\n" \
	"Access-Control-Max-Age: 86400\r\n"
#define ALLOWED \
	"Access-Control-Allow-Origin: https://web.test\r\nAccess-Control-Allow-Credentials: true\r\n"
#define REST "Content-Type: text/plain\r\nContent-Length: 0\r\n\r\n"

static const struct {
	const char *name, *origins, *in, *want;
} origin_rows[] = {
	{ "none is allowed", "", PAGE("POST", ""), "HTTP/1.1 200 OK\r\n" REST },
	{ "one is", "https://x.test https://WEB.test", PAGE("POST", ""),
	    "HTTP/1.1 200 OK\r\nVary: Origin\r\n" READS ALLOWED REST },
	{ "another is", "https://x.test https://web.test.x http://web.test", PAGE("POST", ""),
	    "HTTP/1.1 200 OK\r\nVary: Origin\r\n" REST },
	{ "no page", "https://web.test", "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nVary: Origin\r\n" REST },
	{ "any is", "*", PAGE("POST", ""),
	    "HTTP/1.1 200 OK\r\n" READS "Access-Control-Allow-Origin: *\r\n" REST },
	{ "any is, and one beside", "* https://web.test", PAGE("POST", ""),
	    "HTTP/1.1 200 OK\r\n" READS "Access-Control-Allow-Origin: *\r\n" REST },
	{ "one that calls itself any", "*", "POST /echo HTTP/1.1\r\nHost: a\r\nOrigin: *\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" READS "Access-Control-Allow-Origin: *\r\n" REST },
	{ "asked before", "https://web.test",
	    PAGE("OPTIONS", "Access-Control-Request-Method: POST\r\n"),
	    "HTTP/1.1 204 No Content\r\nVary: Origin\r\n" READS ALLOWED
	    "Allow: POST, OPTIONS\r\n" MAY "\r\n" },
	{ "asked before, refused", "https://x.test",
	    PAGE("OPTIONS", "Access-Control-Request-Method: POST\r\n"),
	    "HTTP/1.1 204 No Content\r\nVary: Origin\r\nAllow: POST, OPTIONS\r\n\r\n" },
	{ "OPTIONS of a page that does not ask", "https://web.test", PAGE("OPTIONS", ""),
	    "HTTP/1.1 204 No Content\r\nVary: Origin\r\n" READS ALLOWED
	    "Allow: POST, OPTIONS\r\n\r\n" },
	{ "a refusal can be read", "https://web.test", PAGE("GET", ""),
	    "HTTP/1.1 405 Method Not Allowed\r\nVary: Origin\r\n" READS ALLOWED },
};

static void
test_origins(void)
{
	bool is_open;

	for (size_t i = 0; i < sizeof(origin_rows) / sizeof(origin_rows[0]); i++) {
		struct str want = str_c(origin_rows[i].want);

		TEST_ROW(origin_rows[i].name);
		service.settings.origins = str_c(origin_rows[i].origins);
		service.routes[0].is_cross_origin = false;
		CHECK(str_find(talk(origin_rows[i].in, 65536, &is_open), STR("Access-Control")) ==
		    STR_NONE);
		http_service_cross_origin(&service);
		CHECK_STR(str_head(talk(origin_rows[i].in, 65536, &is_open), want.n), want);
	}
	service.settings.origins = STR("");
}

static void
test_big(void)
{
	bool is_open;
	struct str got;

	TEST_ROW("a big reply leaves whole");
	got = talk("GET /big HTTP/1.1\r\nHost: a\r\n\r\n", 65536, &is_open);
	CHECK(str_starts(got,
	    STR("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
		"300000\r\n\r\nxxxx")));
	CHECK_NUM(got.n, BIG_BYTES + str_c(OK("300000", "")).n);

	TEST_ROW("a slow reader costs its own buffer and no more");
	{
		struct conn *c = conn_memory(&net, NULL, STR("192.0.2.1"));

		service.service.accept(&service.service, NULL, c);
		conn_memory_accept(c, 10);
		conn_memory_feed(c, STR("GET /big HTTP/1.1\r\nHost: a\r\n\r\n"));
		for (unsigned i = 0; i < 10; i++)
			loop_turn(&loop, 0);
		CHECK(buf_str(conn_out(c)).n <= 3 * CONN_OUT_HIGH);
		TEST_ROW("and loses when it is too slow");
		clock_fake(clock_mono_ms() + HTTP_RATE_MS + 1, clock_wall_ms());
		for (unsigned i = 0; i < 10; i++)
			loop_turn(&loop, 0);
		CHECK(list_empty(&service.sessions));
	}
}

/* Requests without end from a client that takes no replies: they wait, in its own socket. */
static void
test_pipeline(void)
{
	static const char one[] = "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n";
	const size_t count = 3000;
	struct conn *c = conn_memory(&net, NULL, STR("192.0.2.1"));
	struct str rest, line;
	size_t answers = 0;

	TEST_ROW("replies that nobody takes");
	service.service.accept(&service.service, NULL, c);
	conn_memory_accept(c, 0);
	for (size_t i = 0; i < count; i++) {
		conn_memory_feed(c, str_c(one));
		if (i % 10 == 0)
			loop_turn(&loop, 0);
		CHECK(buf_str(conn_out(c)).n <= 2 * CONN_OUT_HIGH);
	}
	TEST_ROW("each is answered when they are taken");
	conn_memory_accept(c, SIZE_MAX);
	for (unsigned i = 0; i < 2000; i++)
		loop_turn(&loop, 0);
	rest = conn_memory_sent(c);
	while (str_take_until(&rest, ' ', &line)) /* behind each body the next reply begins */
		answers += str_ends(line, STR("HTTP/1.1"));
	CHECK_NUM(answers, count);
	TEST_ROW("and who never takes them is gone in time");
	conn_memory_accept(c, 0);
	for (size_t i = 0; i < count; i++)
		conn_memory_feed(c, str_c(one));
	for (unsigned i = 0; i < 100; i++)
		loop_turn(&loop, 0);
	conn_memory_end(c); /* it says no more, but may listen */
	for (unsigned i = 0; i < 100; i++)
		loop_turn(&loop, 0);
	CHECK(!list_empty(&service.sessions));
	clock_fake(clock_mono_ms() + HTTP_RATE_MS + 1, clock_wall_ms());
	for (unsigned i = 0; i < 10; i++)
		loop_turn(&loop, 0);
	CHECK(list_empty(&service.sessions));
}

/* Requests that take long, in one go: others have their turn in between. */
static void
test_slices(void)
{
	static const char one[] = "GET /long HTTP/1.1\r\nHost: a\r\n\r\n";
	struct conn *c = conn_memory(&net, NULL, STR("192.0.2.1"));
	size_t before = 0;

	TEST_ROW("one long request in a turn");
	service.service.accept(&service.service, NULL, c);
	loop_turn(&loop, 0);
	for (unsigned i = 0; i < 4; i++)
		conn_memory_feed(c, str_c(one));
	for (unsigned i = 0; i < 4; i++) {
		size_t now;

		loop_turn(&loop, 0);
		now = conn_memory_sent(c).n;
		CHECK(i == 0 ? now > 0 : now == (i + 1) * before / i);
		before = now;
	}
	conn_memory_end(c);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&loop, 0);
	CHECK(list_empty(&service.sessions));
}

static void
test_deadlines(void)
{
	struct conn *c = conn_memory(&net, NULL, STR("192.0.2.1"));

	TEST_ROW("a head that drips");
	service.service.accept(&service.service, NULL, c);
	conn_memory_feed(c, STR("GET / HT"));
	turn(c);
	clock_fake(clock_mono_ms() + HTTP_HEAD_MS + 1, clock_wall_ms());
	turn(c); /* the timer wakes the session */
	turn(c); /* its answer is there */
	CHECK(str_starts(buf_str(&seen), STR("HTTP/1.1 408 ")));
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&loop, 0);
	CHECK(list_empty(&service.sessions));

	TEST_ROW("an idle connection");
	c = conn_memory(&net, NULL, STR("192.0.2.1"));
	service.service.accept(&service.service, NULL, c);
	turn(c);
	clock_fake(clock_mono_ms() + service.settings.idle_ms + 1, clock_wall_ms());
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&loop, 0);
	CHECK(list_empty(&service.sessions));

	TEST_ROW("a peer that leaves in the middle of a body");
	c = conn_memory(&net, NULL, STR("192.0.2.1"));
	service.service.accept(&service.service, NULL, c);
	conn_memory_feed(c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"));
	turn(c);
	CHECK_NUM(handlers_alive, 1);
	conn_memory_end(c);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&loop, 0);
	CHECK(list_empty(&service.sessions));
	CHECK_NUM(handlers_alive, 0);

	TEST_ROW("a body that does not come");
	c = conn_memory(&net, NULL, STR("192.0.2.1"));
	service.service.accept(&service.service, NULL, c);
	conn_memory_feed(c, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"));
	turn(c);
	clock_fake(clock_mono_ms() + HTTP_RATE_MS + 1, clock_wall_ms());
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&loop, 0);
	CHECK(list_empty(&service.sessions));
	CHECK_NUM(handlers_alive, 0);

	TEST_ROW("work of ours takes its time");
	c = conn_memory(&net, NULL, STR("192.0.2.1"));
	service.service.accept(&service.service, NULL, c);
	conn_memory_feed(c, STR("GET /work HTTP/1.1\r\nHost: a\r\n\r\n"));
	for (unsigned i = 0; i < 6; i++) {
		turn(c);
		clock_fake(clock_mono_ms() + HTTP_RATE_MS + 1, clock_wall_ms());
	}
	CHECK(str_ends(buf_str(&seen), STR("worked")));
	conn_memory_end(c);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&loop, 0);
	CHECK(list_empty(&service.sessions));

	TEST_ROW("stop");
	c = conn_memory(&net, NULL, STR("192.0.2.1"));
	service.service.accept(&service.service, NULL, c);
	turn(c);
	http_service_stop(&service);
	for (unsigned i = 0; i < 5; i++)
		loop_turn(&loop, 0);
	CHECK(list_empty(&service.sessions));
}

int
main(void)
{
	static const struct http_settings settings = { .idle_ms = 300000 };

	clock_fake(1000000, 1700000000000);
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	http_service_init(&service, &loop, &settings);
	http_service_routes(&service, routes, sizeof(routes) / sizeof(routes[0]), NULL);
	buf_init(&seen, 1 << 20);
	test_dialogues();
	test_origins();
	test_big();
	test_pipeline();
	test_slices();
	test_deadlines();
	buf_release(&seen);
	net_release(&net);
	loop_release(&loop);
	return test_end();
}
