/* Deflate on a connection: pieces of any size, slow peers, rests, bombs, garbage. In memory. */
#include "net/compress.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/deflate.h"
#include "net/filter.h"
#include "net/memory.h"
#include "net/private.h"

static struct loop loop;
static struct net net;
static int64_t now_ms = 1000000;

/* A connection with a session that does nothing, and the streams of its client. */
struct pair {
	struct conn *conn;
	struct task task;
	struct deflate_stream out, in; /* the client's */
	struct buf told;               /* what it read */
};

static enum step
sleep_step(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
pair_open(struct pair *p)
{
	*p = (struct pair){ .conn = conn_memory(&net, NULL, STR("192.0.2.1")) };
	buf_init(&p->told, 1 << 22);
	loop_task(&loop, &p->task, sleep_step, NULL);
	conn_attach(p->conn, &p->task);
	CHECK(!conn_is_compressed(p->conn));
	buf_add_c(conn_out(p->conn), "a OK\r\n");
	CHECK_NUM(conn_compress(p->conn), FAIL_NONE);
	CHECK(conn_is_compressed(p->conn));
	loop_turn(&loop, 0);
	CHECK_STR(conn_memory_sent(p->conn), STR("a OK\r\n")); /* as it is */
	conn_memory_forget(p->conn);
	deflate_start(&p->out, DEFLATE_RAW, false);
	inflate_start(&p->in, DEFLATE_RAW);
}

static void
pair_close(struct pair *p)
{
	conn_free(&p->conn);
	task_cancel(&p->task);
	deflate_release(&p->out);
	deflate_release(&p->in);
	buf_release(&p->told);
}

/* The client's bytes, compressed. */
static void
pack(struct pair *p, struct str text, struct buf *packed)
{
	buf_init(packed, 1 << 22);
	CHECK_NUM(deflate_feed(&p->out, &text, DEFLATE_SYNC, packed), FAIL_NONE);
}

static void
say(struct pair *p, struct str text)
{
	struct buf packed;

	pack(p, text, &packed);
	conn_memory_feed(p->conn, buf_str(&packed));
	buf_release(&packed);
}

/* What the client can read of what was sent. */
static struct str
hear(struct pair *p)
{
	struct str sent = conn_memory_sent(p->conn);

	CHECK_NUM(inflate_feed(&p->in, &sent, &p->told), FAIL_NONE);
	conn_memory_forget(p->conn);
	return buf_str(&p->told);
}

static void
test_talk(void)
{
	struct pair p;
	struct buf packed;
	struct str line;
	unsigned lines = 0;

	TEST_ROW("talk");
	pair_open(&p);
	say(&p, STR("b NOOP\r\nc NOOP\r\n"));
	CHECK_NUM(conn_line(p.conn, 100, &line), LINE_READY);
	CHECK_STR(line, STR("b NOOP"));
	CHECK_NUM(conn_line(p.conn, 100, &line), LINE_READY);
	CHECK_STR(line, STR("c NOOP"));
	CHECK_NUM(conn_line(p.conn, 100, &line), LINE_NONE);
	buf_add_c(conn_out(p.conn), "b OK\r\n");
	CHECK(!conn_drained(p.conn));
	loop_turn(&loop, 0);
	CHECK(conn_drained(p.conn));
	CHECK_STR(hear(&p), STR("b OK\r\n"));
	buf_add_c(conn_out(p.conn), "c OK\r\n");
	loop_turn(&loop, 0);
	CHECK_STR(hear(&p), STR("b OK\r\nc OK\r\n"));

	TEST_ROW("byte by byte");
	pack(&p, STR("d SELECT INBOX\r\n"), &packed);
	for (size_t i = 0; i < packed.n; i++) {
		conn_memory_feed(p.conn, str_slice(buf_str(&packed), i, 1));
		if (conn_line(p.conn, 100, &line) == LINE_NONE)
			continue;
		CHECK_STR(line, STR("d SELECT INBOX"));
		lines++;
	}
	CHECK_NUM(lines, 1);
	buf_release(&packed);

	TEST_ROW("end");
	conn_memory_end(p.conn);
	CHECK_NUM(conn_line(p.conn, 100, &line), LINE_NONE);
	CHECK(conn_closed(p.conn) && !conn_broken(p.conn));
	pair_close(&p);
}

/* A peer that takes little at a time gets all of it, and ours is told to pause. */
static void
test_slow_peer(void)
{
	struct pair p;
	struct buf text;
	uint32_t seed = 7;

	TEST_ROW("slow peer");
	pair_open(&p);
	buf_init(&text, 1 << 20);
	while (text.n < 300000) {
		seed = seed * 1664525 + 1013904223;
		buf_add_char(&text, (char)(seed >> 24));
	}
	conn_memory_accept(p.conn, 0);
	buf_add(conn_out(p.conn), buf_str(&text));
	CHECK(conn_is_high(p.conn));
	loop_turn(&loop, 0);
	CHECK(conn_is_high(p.conn));
	CHECK_NUM(conn_memory_sent(p.conn).n, 0);
	for (int i = 0; i < 400 && !conn_drained(p.conn); i++) {
		conn_memory_accept(p.conn, 1000);
		loop_turn(&loop, 0);
		hear(&p);
	}
	CHECK(conn_drained(p.conn) && !conn_is_high(p.conn));
	CHECK_STR(hear(&p), buf_str(&text));

	TEST_ROW("goodbye");
	buf_add_c(conn_out(p.conn), "* BYE\r\n");
	conn_finish(p.conn);
	conn_memory_accept(p.conn, SIZE_MAX);
	loop_turn(&loop, 0);
	CHECK(conn_memory_finished(p.conn));
	CHECK(str_ends(hear(&p), STR("* BYE\r\n")));
	buf_release(&text);
	pair_close(&p);
}

/* After a rest both sides go on, and the client may refer to what it sent before. */
static void
test_rest(void)
{
	struct pair p;
	struct str line;
	struct buf first, again;

	TEST_ROW("rest");
	pair_open(&p);
	pack(&p, STR("a UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)\r\n"), &first);
	conn_memory_feed(p.conn, buf_str(&first));
	CHECK_NUM(conn_line(p.conn, 100, &line), LINE_READY);
	buf_add_c(conn_out(p.conn), "* 1 FETCH (FLAGS ())\r\n");
	for (int i = 0; i < 3; i++) {
		loop_turn(&loop, 0);
		now_ms += COMPRESS_REST_MS;
		clock_fake(now_ms, now_ms);
	}
	CHECK_STR(hear(&p), STR("* 1 FETCH (FLAGS ())\r\n"));
	CHECK_NUM(loop.timer_count, 0); /* nobody wakes an idle machine */
	pack(&p, STR("b UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)\r\n"), &again);
	CHECK(again.n < first.n / 2);
	conn_memory_feed(p.conn, buf_str(&again));
	CHECK_NUM(conn_line(p.conn, 100, &line), LINE_READY);
	CHECK(str_starts(line, STR("b UID FETCH 1:* (UID ")));
	buf_add_c(conn_out(p.conn), "b OK\r\n");
	loop_turn(&loop, 0);
	CHECK_STR(hear(&p), STR("* 1 FETCH (FLAGS ())\r\nb OK\r\n"));
	CHECK_NUM(loop.timer_count, 1);

	TEST_ROW("a rest in the middle of a block");
	conn_memory_feed(p.conn, STR("\x4a")); /* the first byte of a block with fixed codes */
	CHECK_NUM(conn_line(p.conn, 100, &line), LINE_NONE);
	for (int i = 0; i < 3; i++) {
		loop_turn(&loop, 0);
		now_ms += COMPRESS_REST_MS;
		clock_fake(now_ms, now_ms);
	}
	conn_memory_feed(p.conn, STR("\xe4\xe5\x02\x00\x00\x00\xff\xff")); /* "a\r\n", flushed */
	CHECK_NUM(conn_line(p.conn, 100, &line), LINE_READY);
	CHECK_STR(line, STR("a"));
	buf_release(&first);
	buf_release(&again);
	pair_close(&p);
	CHECK_NUM(loop.timer_count, 0);
}

static void
test_hostile(void)
{
	char *zeros = mem_new(1 << 20, 1);
	struct buf packed;
	struct pair p;
	struct str line;
	size_t got = 0, n;

	TEST_ROW("bomb");
	pair_open(&p);
	pack(&p, str_of(zeros, 1 << 20), &packed);
	CHECK(packed.n < 2000);
	conn_memory_feed(p.conn, buf_str(&packed));
	while ((n = conn_take(p.conn, 1 << 20).n) > 0) {
		CHECK(n <= CONN_READ_BYTES && p.conn->in.cap <= CONN_IN_MAX + CONN_READ_BYTES);
		got += n;
	}
	CHECK_NUM(got, 1 << 20);
	conn_memory_feed(p.conn, buf_str(&packed)); /* the same stream again: as an endless line */
	CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_NONE);
	CHECK(p.conn->in.cap <= CONN_IN_MAX + CONN_READ_BYTES);
	buf_release(&packed);
	pair_close(&p);

	TEST_ROW("blocks with nothing in them");
	pair_open(&p);
	for (int i = 0; i < 100000; i++)
		conn_memory_feed(p.conn, STR("\0\0\0\xff\xff"));
	CHECK_NUM(conn_take(p.conn, 100).n, 0);
	CHECK(list_linked(&p.task.node)); /* others first, then again */
	for (int i = 0; i < 10; i++)
		CHECK_NUM(conn_take(p.conn, 100).n, 0);
	say(&p, STR("x\r\n"));
	CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_READY);
	pair_close(&p);

	TEST_ROW("garbage");
	pair_open(&p);
	conn_memory_feed(p.conn, STR("\x07 NOOP\r\n"));
	CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_NONE);
	CHECK(conn_broken(p.conn));
	pair_close(&p);

	TEST_ROW("the stream ends, the connection does not");
	pair_open(&p);
	conn_memory_feed(p.conn,
	    STR("\x03\x00"
		"b NOOP\r\n"));
	CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_NONE);
	CHECK(conn_closed(p.conn));
	pair_close(&p);

	TEST_ROW("bytes before it");
	pair_open(&p);
	say(&p, STR("x\r\ny\r\n"));
	CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_READY);
	CHECK_NUM(conn_compress(p.conn), FAIL_PERM);
	CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_READY);
	CHECK_STR(line, STR("y"));
	pair_close(&p);
	mem_free(zeros);
}

/* How a client goes on behind the last line that it compressed. */
static const struct {
	const char *name;
	const char *with, *later; /* plain bytes that come with that line, and behind our answer */
	bool ends_with;           /* its stream ends with that line */
	const char *want;         /* the next line */
} endings[] = {
	{ "it waits", "", "next\r\n", false, "next" },
	{ "it ends its stream, and waits", "", "next\r\n", true, "next" },
	{ "it ends its stream, and does not wait", "next\r\n", "", true, "next" },
	{ "it does not wait for all", "ne", "xt\r\n", true, "next" },
	{ "it ends its stream later", "", "\x03|next\r\n", false, "next" }, /* the bar is a zero */
	{ "it has an odd line", "", "\x03\r\n", false, "\x03" },
};

static void
say_last(struct pair *p, const char *with, bool ends)
{
	struct str line = STR("last\r\n");
	struct buf packed;

	buf_init(&packed, 1000);
	CHECK_NUM(deflate_feed(&p->out, &line, ends ? DEFLATE_END : DEFLATE_SYNC, &packed),
	    FAIL_NONE);
	buf_add_c(&packed, with);
	conn_memory_feed(p->conn, buf_str(&packed));
	buf_release(&packed);
}

/* Byte by byte; the next line that comes of it. */
static struct str
say_plain(struct pair *p, const char *text)
{
	struct str line = STR(""), got;

	for (; *text; text++) {
		conn_memory_feed(p->conn, str_of(*text == '|' ? "" : text, 1));
		if (conn_line(p->conn, 1000, &got) == LINE_READY)
			line = got;
	}
	return line;
}

static void
test_uncompress(void)
{
	struct pair p;
	struct str line;

	for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
		TEST_ROW(endings[i].name);
		pair_open(&p);
		say_last(&p, endings[i].with, endings[i].ends_with);
		CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_READY);
		CHECK_STR(line, STR("last"));
		buf_add_c(conn_out(p.conn), "OK\r\n");
		CHECK_NUM(conn_uncompress(p.conn), FAIL_NONE);
		CHECK(!conn_is_compressed(p.conn));
		CHECK_NUM(conn_compress(p.conn), FAIL_PERM); /* the OK has not left */
		CHECK(!conn_drained(p.conn));
		loop_turn(&loop, 0);
		CHECK(conn_drained(p.conn));
		CHECK_STR(hear(&p), STR("OK\r\n"));
		CHECK(p.in.has_ended);
		line = say_plain(&p, endings[i].later);
		if (line.n == 0)
			CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_READY);
		CHECK_STR(line, str_c(endings[i].want));
		buf_add_c(conn_out(p.conn), "plain\r\n");
		loop_turn(&loop, 0);
		CHECK_STR(conn_memory_sent(p.conn), STR("plain\r\n"));
		CHECK(!conn_closed(p.conn));
		CHECK_NUM(conn_compress(p.conn), FAIL_NONE); /* again */
		pair_close(&p);
	}

	TEST_ROW("more that is compressed");
	pair_open(&p);
	say(&p, STR("last\r\nnext\r\n"));
	CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_READY);
	CHECK_NUM(conn_uncompress(p.conn), FAIL_PERM);
	CHECK(conn_is_compressed(p.conn));
	CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_READY);
	CHECK_STR(line, STR("next"));
	pair_close(&p);
}

/* The end leaves as the peer takes it; nothing is read before. Who hangs up meanwhile leaves nothing behind. */
static void
test_uncompress_slowly(void)
{
	struct pair p;
	struct str line;

	for (unsigned taken = 0; taken < 2; taken++) {
		TEST_ROW(taken ? "a slow peer at the end" : "a peer that goes at the end");
		pair_open(&p);
		conn_memory_accept(p.conn, taken);
		say_last(&p, "next\r\n", true);
		CHECK_NUM(conn_line(p.conn, 1000, &line), LINE_READY);
		buf_add_c(conn_out(p.conn), "OK\r\n");
		CHECK_NUM(conn_uncompress(p.conn), FAIL_NONE);
		buf_add_c(conn_out(p.conn), "plain\r\n");
		for (unsigned i = 0; i < 60; i++) {
			conn_memory_accept(p.conn, taken);
			conn_want_flush(p.conn);
			loop_turn(&loop, 0);
		}
		CHECK(conn_drained(p.conn) == (taken > 0));
		if (taken) {
			struct str sent = conn_memory_sent(p.conn);

			CHECK_NUM(inflate_feed(&p.in, &sent, &p.told), FAIL_NONE);
			CHECK_STR(buf_str(&p.told), STR("OK\r\n"));
			CHECK_STR(sent, STR("plain\r\n"));
		}
		pair_close(&p);
	}
}

int
main(void)
{
	clock_fake(now_ms, now_ms);
	CHECK_NUM(loop_init(&loop), FAIL_NONE);
	net_init(&net, &loop, &net_settings_default);
	test_talk();
	test_slow_peer();
	test_rest();
	test_hostile();
	test_uncompress();
	test_uncompress_slowly();
	net_release(&net);
	loop_release(&loop);
	return test_end();
}
