/* A JMAP request over a WebSocket that takes many turns: what is answered in them, and what waits for its end. */

/* base */
#include "base/clock.h"
#include "base/test.h"

/* rooms */
#include "lib/http_stage.h"
#include "net/memory.h"
#include "unit/http/frames.h"

#define CALLS     16  /* of the long request, a turn each at least */
#define TURNS_MAX 200 /* then it hangs */

/* A Request with so many calls, in one frame. */
static void
add_request(struct buf *out, const char *id, unsigned calls)
{
	struct buf text;

	buf_init(&text, 1 << 16);
	buf_add_c(&text,
	    "{\"@type\":\"Request\",\"using\":[\"urn:ietf:params:jmap:core\"],\"id\":\"");
	buf_add_c(&text, id);
	buf_add_c(&text, "\",\"methodCalls\":[");
	for (unsigned i = 0; i < calls; i++) {
		buf_add_c(&text, i > 0 ? "," : "");
		buf_add_c(&text, "[\"Core/echo\",{},\"c\"]");
	}
	buf_add_c(&text, "]}");
	add_frame(out, 0x81, buf_str(&text));
	buf_release(&text);
}

/* Turns until the client has seen this. */
static unsigned
turns_until(struct dialogue_peer *p, struct str what)
{
	unsigned turns = 0;

	while (str_find(buf_str(&p->seen), what) == STR_NONE && turns++ < TURNS_MAX) {
		loop_turn(&dialogue.loop, 0);
		dialogue_collect();
	}
	return turns;
}

static void
test_ping(void)
{
	struct dialogue_peer *p;
	struct buf frames;

	dialogue_open(&http_stage_room, DIALOGUE_WHOLE);
	p = dialogue_peer(1);
	conn_memory_feed(p->conn,
	    STR("GET /jmap/ws HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n"
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: jmap\r\n\r\n"));
	dialogue_settle();
	CHECK(str_starts(buf_str(&p->seen), STR("HTTP/1.1 101 ")));
	buf_clear(&p->seen);
	clock_fake_step(LOOP_SLICE_US); /* each step is as short as it may be */

	TEST_ROW("a Ping is answered while the request before it runs");
	buf_init(&frames, 1 << 16);
	add_request(&frames, "long", CALLS);
	add_frame(&frames, 0x89, STR("now"));
	add_request(&frames, "next", 1);
	add_frame(&frames, 0x89, STR("later"));
	conn_memory_feed(p->conn, buf_str(&frames));
	CHECK(turns_until(p, STR("\x8a\x03now")) < CALLS / 2);
	CHECK_STR(buf_str(&p->seen), STR("\x8a\x03now"));

	TEST_ROW("what is behind the next request waits for the end");
	CHECK(turns_until(p, STR("\"requestId\":\"long\"")) >= CALLS / 2);
	CHECK(str_find(buf_str(&p->seen), STR("\x8a\x05later")) == STR_NONE);
	CHECK(turns_until(p, STR("\"requestId\":\"next\"")) < TURNS_MAX);
	CHECK(turns_until(p, STR("\x8a\x05later")) < TURNS_MAX);
	buf_clear(&p->seen);
	buf_release(&frames);
	dialogue_close();
}

int
main(void)
{
	test_ping();
	return test_end();
}
