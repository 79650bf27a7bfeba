/* A WebSocket on a connection in memory: opening, echoes, control frames, deadlines, slow readers. */
#include "http/websocket.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "frames.h"
#include "net/memory.h"

#define MESSAGE_MAX 400000

static struct loop loop;
static struct net net;
static struct http_service service;
static unsigned handlers_alive;
static struct conn *conn;

/* --- a handler that sends back what it gets ------------------------------------------------------ */

struct mirror {
	struct http_handler handler;
	struct websocket ws;
	struct str text; /* borrow: the socket's, in between .. */
	unsigned work;   /* .. so many more steps */
};

/* "work" takes some steps, as a request does. */
#define WORK_STEPS 40 /* more than the bytes of a script, which may come one in each turn */

static enum http_step
mirror_work(struct mirror *m, struct http_exchange *x)
{
	enum websocket_said heard = websocket_meanwhile(&m->ws, x);
	struct buf copy;

	if (heard == WEBSOCKET_SAID_OVER)
		return HTTP_DONE;
	if (--m->work > 0)
		return HTTP_YIELD;
	buf_init(&copy, MESSAGE_MAX);
	buf_add(&copy, m->text);
	websocket_send(&m->ws, x, &copy);
	return HTTP_YIELD;
}

static enum http_step
mirror_step(struct http_handler *h, struct http_exchange *x)
{
	struct mirror *m = container_of(h, struct mirror, handler);
	struct str text;
	struct buf copy;

	if (!m->ws.is_open && !websocket_accept(&m->ws, x, STR("mirror"), MESSAGE_MAX))
		return HTTP_DONE;
	if (m->work > 0)
		return mirror_work(m, x);
	switch (websocket_next(&m->ws, x, &text)) {
	case WEBSOCKET_SAID_WAIT: return HTTP_WAIT;
	case WEBSOCKET_SAID_YIELD: return HTTP_YIELD;
	case WEBSOCKET_SAID_OVER: return HTTP_DONE;
	case WEBSOCKET_SAID_TOO_BIG:
		buf_init(&copy, MESSAGE_MAX);
		buf_add_c(&copy, "large");
		websocket_close_with(&m->ws, x, &copy, WEBSOCKET_TOO_BIG);
		return HTTP_DONE;
	case WEBSOCKET_SAID_TEXT: break;
	}
	if (str_eq(text, STR("bye"))) {
		websocket_close(&m->ws, x, WEBSOCKET_POLICY);
		return HTTP_DONE;
	}
	if (str_eq(text, STR("work"))) {
		m->text = text;
		m->work = WORK_STEPS;
		return HTTP_YIELD;
	}
	buf_init(&copy, MESSAGE_MAX);
	buf_add(&copy, text);
	websocket_send(&m->ws, x, &copy);
	return HTTP_YIELD;
}

static void
mirror_release(struct http_handler *h)
{
	struct mirror *m = container_of(h, struct mirror, handler);

	handlers_alive--;
	websocket_release(&m->ws);
	mem_free(m);
}

static struct http_handler *
mirror_open(void *room, struct http_exchange *x)
{
	struct mirror *m = mem_new(1, sizeof(*m));

	(void)room;
	(void)x;
	handlers_alive++;
	m->handler = (struct http_handler){ mirror_step, mirror_release };
	return &m->handler;
}

static const struct http_route routes[] = {
	{ HTTP_BIT(HTTP_GET), STR_INIT("/mirror"), mirror_open },
};

/* --- running ------------------------------------------------------------------------------------- */

#define HEAD \
	"GET /mirror HTTP/1.1\r\nHost: a:8080\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" \
	"Sec-WebSocket-Protocol: other, mirror\r\n"
#define DEFLATE "Sec-WebSocket-Extensions: permessage-deflate\r\n"

static struct buf seen; /* all that the peer was sent since the last forget() */

static bool
is_open(void)
{
	return !list_empty(&service.sessions);
}

static void
turns(unsigned n)
{
	while (n-- > 0) {
		loop_turn(&loop, 0);
		if (!is_open())
			return;
		buf_add(&seen, conn_memory_sent(conn));
		conn_memory_forget(conn);
	}
}

/* Connect and send this head. */
static void
open_with(const char *head)
{
	buf_clear(&seen);
	conn = conn_memory(&net, NULL, STR("192.0.2.1"));
	service.service.accept(&service.service, NULL, conn);
	conn_memory_feed(conn, str_c(head));
	conn_memory_feed(conn, STR("\r\n"));
	turns(4);
}

static void
send_frames(const char *script)
{
	struct buf bytes;

	buf_init(&bytes, 1 << 16);
	play(script, &bytes);
	conn_memory_feed(conn, buf_str(&bytes));
	buf_release(&bytes);
}

static void
end(void)
{
	if (is_open()) {
		conn_memory_end(conn);
		conn_memory_accept(conn, SIZE_MAX);
	}
	turns(20);
	CHECK(!is_open());
	CHECK_NUM(handlers_alive, 0);
}

/* What was sent, in hexadecimal, must be this. */
static void
check_seen(const char *want)
{
	struct buf hex;

	buf_init(&hex, 1 << 16);
	buf_add_hex(&hex, buf_str(&seen));
	CHECK_STR(buf_str(&hex), str_c(want));
	buf_release(&hex);
	buf_clear(&seen);
}

static const struct {
	const char *name, *head, *want; /* the reply begins so, and holds .. */
	const char *holds;
} open_rows[] = {
	{ "switch", HEAD, "HTTP/1.1 101 Switching Protocols\r\n",
	    "Upgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: mirror\r\n"
	    "\r\n" },
	{ "with deflate", HEAD DEFLATE, "HTTP/1.1 101 ",
	    "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
	    "client_no_context_takeover\r\n\r\n" },
	{ "same origin", HEAD "Origin: http://a:8080\r\n", "HTTP/1.1 101 ", "" },
	{ "same host over TLS before us", HEAD "Origin: https://A:8080\r\n", "HTTP/1.1 101 ", "" },
	{ "other origin", HEAD "Origin: http://b:8080\r\n", "HTTP/1.1 403 ", "other sites" },
	{ "other port", HEAD "Origin: http://a\r\n", "HTTP/1.1 403 ", "other sites" },
	{ "no origin to speak of", HEAD "Origin: null\r\n", "HTTP/1.1 403 ", "other sites" },
	{ "not an upgrade", "GET /mirror HTTP/1.1\r\nHost: a\r\n",
	    "HTTP/1.1 426 Upgrade Required\r\n",
	    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" },
	{ "no subprotocol of ours",
	    "GET /mirror HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Protocol: other\r\n",
	    "HTTP/1.1 400 ", "subprotocol" },
	{ "ours in other letters, which is another one",
	    "GET /mirror HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	    "Sec-WebSocket-Protocol: Mirror\r\n",
	    "HTTP/1.1 400 ", "subprotocol" },
};

static void
test_open(void)
{
	for (size_t i = 0; i < ARRAY_LEN(open_rows); i++) {
		struct str got;

		TEST_ROW(open_rows[i].name);
		open_with(open_rows[i].head);
		got = buf_str(&seen);
		CHECK(str_starts(got, str_c(open_rows[i].want)));
		CHECK(str_find(got, str_c(open_rows[i].holds)) != STR_NONE);
		CHECK_NUM(handlers_alive, str_starts(got, STR("HTTP/1.1 101")));
		end();
	}
}

static const struct {
	const char *name, *origins, *head, *want;
	bool is_for_pages;
} origin_rows[] = {
	{ "named", "https://web.test", HEAD "Origin: https://web.test\r\n", "HTTP/1.1 101 ", true },
	{ "named, not for pages", "https://web.test", HEAD "Origin: https://web.test\r\n",
	    "HTTP/1.1 403 ", false },
	{ "another is named", "https://web.test", HEAD "Origin: https://web.test.x\r\n",
	    "HTTP/1.1 403 ", true },
	{ "any may ask, with its own password only", "*", HEAD "Origin: https://web.test\r\n",
	    "HTTP/1.1 403 ", true },
	{ "any and one", "* https://web.test", HEAD "Origin: https://web.test\r\n", "HTTP/1.1 101 ",
	    true },
	{ "calls itself any", "*", HEAD "Origin: *\r\n", "HTTP/1.1 403 ", true },
	{ "over TLS, the page not", "",
	    HEAD "X-Forwarded-Proto: https\r\nOrigin: http://a:8080\r\n", "HTTP/1.1 403 ", false },
	{ "over TLS, the page too", "",
	    HEAD "X-Forwarded-Proto: https\r\nOrigin: https://a:8080\r\n", "HTTP/1.1 101 ", false },
};

static void
test_origins(void)
{
	service.settings.trust_forwarded = true;
	for (size_t i = 0; i < ARRAY_LEN(origin_rows); i++) {
		TEST_ROW(origin_rows[i].name);
		service.settings.origins = str_c(origin_rows[i].origins);
		service.routes[0].is_cross_origin = origin_rows[i].is_for_pages;
		open_with(origin_rows[i].head);
		CHECK(str_starts(buf_str(&seen), str_c(origin_rows[i].want)));
		end();
	}
	service.settings.trust_forwarded = false;
	service.settings.origins = STR("");
	service.routes[0].is_cross_origin = false;
}

static const struct {
	const char *name, *in, *want; /* frames, and the answer in hexadecimal */
	bool stays;
} talk_rows[] = {
	{ "echo", "81:hello", "810568656c6c6f", true },
	{ "in pieces", "01:he 80:llo", "810568656c6c6f", true },
	{ "one after the other", "81:a 81:b",
	    "8101618101"
	    "62",
	    true },
	{ "ping", "89:xy", "8a027879", true },
	{ "ping within a message", "01:he 89: 80:llo", "8a00810568656c6c6f", true },
	{ "pong is nothing", "8a:x", "", true },
	{ "close", "88:=03e8", "880203e8", false },
	{ "close without a code", "88:", "8800", false },
	{ "nothing behind a close", "88:=03e8 81:a", "880203e8", false },
	{ "not masked", "raw:8100", "880203ea", false },
	{ "binary", "82:=00", "880203eb", false },
	{ "no UTF-8", "81:=ff", "880203ef", false },
	{ "too big", "raw:81ff000000010000000037fa213d", "81056c61726765880203f1", false },
	{ "pings while the handler works", "81:work 89:a 8a:x 89:b", "8a01618a01628104776f726b",
	    true },
	{ "a message behind a ping waits for the end of the work", "81:work 89:a 81:b 89:d",
	    "8a01618104776f726b8a0164810162", true },
	{ "so does a close, before the answer", "81:work 89:a 88:=03e8 89:b", "8a0161880203e8",
	    false },
	{ "but not a frame that is wrong", "81:work 89:a raw:89ff01020304", "8a0161880203ea",
	    false },
	{ "the handler closes", "81:a 81:bye 81:b", "810161880203f0", false },
};

static void
test_talk(void)
{
	struct buf bytes;

	buf_init(&bytes, 1 << 16);
	for (size_t i = 0; i < 2 * ARRAY_LEN(talk_rows); i++) {
		size_t row = i / 2, piece = i % 2 ? 1 : SIZE_MAX;
		struct str left;

		TEST_ROW(talk_rows[row].name);
		open_with(HEAD);
		buf_clear(&seen);
		buf_clear(&bytes);
		play(talk_rows[row].in, &bytes);
		for (left = buf_str(&bytes); left.n > 0 && is_open();
		     left = str_from(left, piece)) {
			conn_memory_feed(conn, str_head(left, piece));
			turns(1);
		}
		turns(WORK_STEPS + 10);
		check_seen(talk_rows[row].want);
		CHECK_NUM(is_open(), talk_rows[row].stays);
		end();
	}
	buf_release(&bytes);
}

static void
test_meanwhile(void)
{
	TEST_ROW("a ping is answered before the work is done");
	open_with(HEAD);
	buf_clear(&seen);
	send_frames("81:work 89:a");
	turns(WORK_STEPS / 2);
	check_seen("8a0161");
	turns(WORK_STEPS);
	check_seen("8104776f726b");
	end();
}

/* Frames of ours to one text again; RSV1 says that it is compressed. Empty when they break a rule. */
static void
join(struct str frames, struct buf *out, unsigned *frames_out)
{
	bool is_packed = false, is_final = false;
	struct deflate_stream z = { 0 };
	struct buf joined;
	struct str in;

	buf_init(&joined, MESSAGE_MAX);
	*frames_out = 0;
	while (frames.n >= 2 && !is_final) {
		unsigned first = (unsigned char)frames.p[0], n = (unsigned char)frames.p[1];
		size_t head = 2, length = n;

		if (n == 126) {
			length =
			    (size_t)(unsigned char)frames.p[2] << 8 | (unsigned char)frames.p[3];
			head = 4;
		}
		CHECK(n <= 126 && head + length <= frames.n);
		CHECK_NUM(first & 0x0f, *frames_out == 0 ? 1 : 0);
		is_final = (first & 0x80) != 0;
		is_packed = is_packed || (*frames_out == 0 && (first & 0x40));
		buf_add(&joined, str_slice(frames, head, length));
		frames = str_from(frames, head + length);
		++*frames_out;
	}
	CHECK(is_final && frames.n == 0);
	if (is_packed)
		buf_add(&joined, STR("\x00\x00\xff\xff"));
	in = buf_str(&joined);
	if (is_packed) {
		inflate_start(&z, DEFLATE_RAW);
		CHECK(inflate_feed(&z, &in, out) == FAIL_NONE);
		deflate_release(&z);
	} else {
		buf_add(out, in);
	}
	buf_release(&joined);
}

/* A text of n bytes that does not compress to nothing. */
static void
make_text(struct buf *out, size_t n)
{
	uint32_t x = 1;

	while (buf_str(out).n < n) {
		x = x * 1103515245u + 12345u;
		buf_add_char(out, (char)('a' + (x >> 16) % 26));
	}
}

/* Long texts there and back, in fragments, plain and compressed. */
static void
test_long(void)
{
	static const struct {
		const char *name, *head;
		size_t bytes;
		unsigned frames; /* of the answer at least */
		bool is_packed;
	} long_rows[] = {
		{ "one frame", HEAD, WEBSOCKET_FRAME_BYTES, 1, false },
		{ "two frames", HEAD, WEBSOCKET_FRAME_BYTES + 1, 2, false },
		{ "many frames", HEAD, 300000, 10, false },
		{ "short, compressed", HEAD DEFLATE, WEBSOCKET_DEFLATE_MIN, 1, true },
		{ "too short to compress", HEAD DEFLATE, WEBSOCKET_DEFLATE_MIN - 1, 1, false },
		{ "long, compressed", HEAD DEFLATE, 300000, 5, true },
	};
	struct buf text, bytes, got;

	buf_init(&text, MESSAGE_MAX);
	buf_init(&bytes, 2 * MESSAGE_MAX);
	buf_init(&got, MESSAGE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(long_rows); i++) {
		unsigned frames;

		TEST_ROW(long_rows[i].name);
		buf_clear(&text);
		buf_clear(&bytes);
		buf_clear(&got);
		make_text(&text, long_rows[i].bytes);
		for (size_t at = 0; at < long_rows[i].bytes; at += 60000) {
			struct str part = str_slice(buf_str(&text), at, 60000);
			bool is_last = at + part.n == long_rows[i].bytes;

			add_frame(&bytes, (is_last ? 0x80u : 0) | (at == 0), part);
		}
		open_with(long_rows[i].head);
		buf_clear(&seen);
		conn_memory_feed(conn, buf_str(&bytes));
		turns(1000);
		CHECK((buf_str(&seen).p[0] & 0x40) == (long_rows[i].is_packed ? 0x40 : 0));
		join(buf_str(&seen), &got, &frames);
		CHECK_STR(buf_str(&got), buf_str(&text));
		CHECK(frames >= long_rows[i].frames);
		end();
	}
	buf_release(&text);
	buf_release(&bytes);
	buf_release(&got);
}

static void
pass(int64_t ms)
{
	clock_fake(clock_mono_ms() + ms, clock_wall_ms() + ms);
	turns(4);
}

static void
test_deadlines(void)
{
	TEST_ROW("a silent peer is asked, and stays when it answers");
	open_with(HEAD);
	buf_clear(&seen);
	pass(WEBSOCKET_PING_MS - 1000);
	check_seen("");
	pass(2000);
	check_seen("8900");
	send_frames("8a:");
	turns(2);
	pass(WEBSOCKET_PONG_MS + 1000);
	CHECK(is_open());
	pass(WEBSOCKET_PING_MS);
	check_seen("8900");
	TEST_ROW("and is gone when it does not");
	pass(WEBSOCKET_PONG_MS + 1000);
	CHECK(!is_open());
	end();

	TEST_ROW("a message that stops in its middle");
	open_with(HEAD);
	send_frames("01:hel");
	turns(2);
	pass(HTTP_RATE_MS + 1000);
	CHECK(!is_open());
	end();

	TEST_ROW("pings do not keep half a message alive");
	open_with(HEAD);
	send_frames("01:hel");
	turns(2);
	pass(HTTP_RATE_MS / 2);
	send_frames("89:");
	turns(2);
	CHECK(is_open());
	pass(HTTP_RATE_MS / 2 + 1000);
	CHECK(!is_open());
	end();
}

static void
test_slow_reader(void)
{
	struct buf text, bytes;

	TEST_ROW("a peer that does not read holds no more than its buffer");
	buf_init(&text, MESSAGE_MAX);
	buf_init(&bytes, MESSAGE_MAX);
	make_text(&text, 60000);
	for (unsigned i = 0; i < 4; i++)
		add_frame(&bytes, i == 0 ? 1 : i == 3 ? 0x80 : 0, buf_str(&text));
	open_with(HEAD);
	conn_memory_accept(conn, 10);
	conn_memory_feed(conn, buf_str(&bytes));
	turns(500);
	CHECK(buf_str(conn_out(conn)).n <= 3 * CONN_OUT_HIGH);
	CHECK(is_open());
	TEST_ROW("and is gone in the end");
	pass(HTTP_RATE_MS + 1000);
	pass(HTTP_HEAD_MS + 1000);
	CHECK(!is_open());
	end();

	TEST_ROW("a flood of pings is read as fast as the answers are");
	open_with(HEAD);
	conn_memory_accept(conn, 10);
	buf_clear(&bytes);
	while (buf_str(&bytes).n < 350000)
		add_frame(&bytes, 0x89, STR("0123456789012345678901234567890123456789"));
	conn_memory_feed(conn, buf_str(&bytes));
	turns(500);
	CHECK(buf_str(conn_out(conn)).n <= 3 * CONN_OUT_HIGH);
	end();
	buf_release(&text);
	buf_release(&bytes);
}

/* 5.5: what stands between the frames of a long text that a slow peer takes. */
static void
test_between(void)
{
	struct buf text, bytes;
	size_t at;

	buf_init(&text, MESSAGE_MAX);
	buf_init(&bytes, MESSAGE_MAX);
	make_text(&text, 60000);
	for (unsigned i = 0; i < 5; i++)
		add_frame(&bytes, i == 0 ? 1 : i == 4 ? 0x80 : 0, buf_str(&text));

	TEST_ROW("a ping is answered while a text is under way");
	open_with(HEAD);
	buf_clear(&seen);
	conn_memory_accept(conn, 10);
	conn_memory_feed(conn, buf_str(&bytes));
	turns(100);
	send_frames("89:still-there 81:next");
	conn_memory_accept(conn, 100000);
	turns(100);
	at = str_find(buf_str(&seen), STR("\x8a\x0bstill-there"));
	CHECK(at != STR_NONE && at < 200000);
	CHECK(str_find(buf_str(&seen), STR("\x81\x04next")) == STR_NONE);
	conn_memory_accept(conn, SIZE_MAX);
	turns(100);
	TEST_ROW("what else the peer says has its turn behind it");
	CHECK(str_ends(buf_str(&seen), STR("\x81\x04next")));
	CHECK(buf_str(&seen).n > 300000);
	end();

	TEST_ROW("a close ends a text that is under way");
	open_with(HEAD);
	buf_clear(&seen);
	conn_memory_accept(conn, 10);
	conn_memory_feed(conn, buf_str(&bytes));
	turns(100);
	send_frames("88:=03e8");
	conn_memory_accept(conn, SIZE_MAX);
	turns(100);
	CHECK(str_ends(buf_str(&seen), STR("\x88\x02\x03\xe8")));
	CHECK(buf_str(&seen).n < 200000);
	CHECK(!is_open());
	end();
	buf_release(&text);
	buf_release(&bytes);
}

static void
test_ends(void)
{
	TEST_ROW("the server stops");
	open_with(HEAD);
	buf_clear(&seen);
	http_service_stop(&service);
	turns(4);
	check_seen("880203e9");
	CHECK(!is_open());
	service.is_stopping = false;
	end();

	TEST_ROW("the peer leaves");
	open_with(HEAD);
	send_frames("01:hel");
	end();
}

int
main(void)
{
	static const struct http_settings settings = { .idle_ms = 60 * 1000 };

	clock_fake(1000000, 1700000000000);
	CHECK(loop_init(&loop) == FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	http_service_init(&service, &loop, &settings);
	http_service_routes(&service, routes, ARRAY_LEN(routes), NULL);
	buf_init(&seen, 1 << 20);
	test_open();
	test_origins();
	test_talk();
	test_meanwhile();
	test_long();
	test_deadlines();
	test_slow_reader();
	test_between();
	test_ends();
	buf_release(&seen);
	net_release(&net);
	loop_release(&loop);
	return test_end();
}
