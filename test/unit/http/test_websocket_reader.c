/* Frames into messages: at once, and one byte at a time. */
#include "http/websocket_reader.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#include "frames.h"

#define MESSAGE_MAX 1000

/* What the reader says to these bytes, `piece` at a time, as text. */
static void
hear(struct str bytes, size_t piece, struct buf *said)
{
	struct websocket_reader r;
	bool is_over = false;

	websocket_reader_init(&r, MESSAGE_MAX, true);
	while (bytes.n > 0 && !is_over) {
		struct str some = str_head(bytes, piece), left = some;
		enum websocket_event event = websocket_read(&r, &left);

		bytes = str_from(bytes, some.n - left.n);
		switch (event) {
		case WEBSOCKET_MORE: break;
		case WEBSOCKET_MESSAGE:
			buf_add_c(said, r.is_binary ? "binary:" : "text:");
			if (r.is_binary)
				buf_add_hex(said, buf_str(&r.message));
			else
				buf_add(said, buf_str(&r.message));
			buf_add_c(said, ";");
			websocket_reader_clear(&r);
			break;
		case WEBSOCKET_PING:
		case WEBSOCKET_PONG:
			buf_add_c(said, event == WEBSOCKET_PING ? "ping:" : "pong:");
			buf_add(said, str_of(r.control, r.control_count));
			buf_add_c(said, ";");
			break;
		case WEBSOCKET_CLOSE:
		case WEBSOCKET_BAD:
			buf_add_c(said, event == WEBSOCKET_BAD ? "bad:" : "close:");
			buf_add_u64(said, r.code);
			buf_add_c(said, ";");
			is_over = true;
			CHECK(websocket_read(&r, &bytes) == WEBSOCKET_MORE);
			break;
		}
	}
	if (websocket_reader_is_inside(&r) && !is_over)
		buf_add_c(said, "inside;");
	websocket_reader_release(&r);
}

static const struct {
	const char *name, *in, *want;
} rows[] = {
	{ "text", "81:hello", "text:hello;" },
	{ "the example of RFC 6455 5.7", "raw:818537fa213d7f9f4d5158", "text:Hello;" },
	{ "empty text", "81:", "text:;" },
	{ "binary", "82:=000102", "binary:000102;" },
	{ "two messages", "81:a 81:b", "text:a;text:b;" },
	{ "fragments", "01:hel 00: 80:lo", "text:hello;" },
	{ "ping between fragments", "01:hel 89:x 80:lo", "ping:x;text:hello;" },
	{ "pong", "8a:x 8a:", "pong:x;pong:;" },
	{ "part of a head", "raw:81", "inside;" },
	{ "part of a message", "01:hel", "inside;" },
	{ "close without code", "88: 81:x", "close:1005;" },
	{ "close", "88:=03e8627965", "close:1000;" },
	{ "close inside a message", "01:hel 88:=03e9", "close:1001;" },
	{ "close of an application", "88:=0bb8", "close:3000;" },
	{ "close of half a code", "88:=03", "bad:1002;" },
	{ "close with a code never sent", "88:=03ed", "bad:1002;" },
	{ "close with a reserved code", "88:=03ec", "bad:1002;" },
	{ "close with a small code", "88:=03e7", "bad:1002;" },
	{ "close with a large code", "88:=1388", "bad:1002;" },
	{ "close, unassigned below 3000", "88:=07d0", "bad:1002;" },
	{ "close with a reason that is no text", "88:=03e8ff", "bad:1007;" },
	{ "not masked", "raw:810568656c6c6f", "bad:1002;" },
	{ "reserved bit", "a1:x", "bad:1002;" },
	{ "other reserved bit", "91:x", "bad:1002;" },
	{ "unknown opcode", "83:x", "bad:1002;" },
	{ "unknown control opcode", "8b:x", "bad:1002;" },
	{ "continuation of nothing", "80:x", "bad:1002;" },
	{ "text within a message", "01:x 81:y", "bad:1002;" },
	{ "binary within a message", "01:x 02:y", "bad:1002;" },
	{ "ping in fragments", "09:x", "bad:1002;" },
	{ "long ping", "raw:89fe007e", "bad:1002;" },
	{ "compressed ping", "c9:x", "bad:1002;" },
	{ "length of 16 bits for a small one", "raw:81fe007d37fa213d", "bad:1002;" },
	{ "length of 64 bits for a small one", "raw:81ff000000000000ffff37fa213d", "bad:1002;" },
	{ "length with its highest bit", "raw:81ff800000000000000037fa213d", "bad:1002;" },
	{ "longer than allowed", "raw:81ff000000000001000037fa213d", "bad:1009;" },
	{ "one byte longer than allowed", "raw:81fe03e937fa213d", "bad:1009;" },
	{ "as long as allowed", "raw:81fe03e837fa213d", "inside;" },
	{ "longer by its fragments", "01:x raw:80fe03e837fa213d", "bad:1009;" },
	{ "UTF-8", "81:=c3a4e282acf09f9880", "text:\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80;" },
	{ "UTF-8 cut by fragments", "01:=c3 00:=a4e2 00:=82 00: 80:=ac",
	    "text:\xc3\xa4\xe2\x82\xac;" },
	{ "UTF-8 that stays open", "81:=c3", "bad:1007;" },
	{ "overlong UTF-8", "01:=c0af", "bad:1007;" },
	{ "a surrogate", "81:=eda080", "bad:1007;" },
	{ "wrong before its end", "01:=ff 80:x", "bad:1007;" },
	{ "binary need not be UTF-8", "82:=ff", "binary:ff;" },
	/* RFC 7692 7.2.3.1: one block, "Hello". */
	{ "compressed", "c1:=f248cdc9c90700", "text:Hello;" },
	{ "compressed fragments", "41:=f248cd 80:=c9c90700", "text:Hello;" },
	{ "ping between compressed fragments", "41:=f248cd 89:x 80:=c9c90700",
	    "ping:x;text:Hello;" },
	/* 7.2.3.3: a block without compression; 7.2.3.4: a last block; 7.2.3.5: two blocks. */
	{ "stored block", "c1:=000500faff48656c6c6f00", "text:Hello;" },
	{ "last block", "c1:=f348cdc9c9070000", "text:Hello;" },
	{ "rubbish behind a block", "c1:=f248050000", "bad:1007;" },
	{ "two blocks", "c1:=f24805000000ffffcac9c90700", "text:Hello;" },
	{ "compressed, empty", "c1:=00", "text:;" },
	{ "the window is not kept", "c1:=f248cdc9c90700 c1:=f200110000", "text:Hello;bad:1007;" },
	{ "no deflate data", "c1:=ffffff", "bad:1007;" },
	{ "compressed, no UTF-8", "c1:=000100feffff00", "bad:1007;" },
	{ "bit in a continuation", "41:=f248cd c0:=c9c90700", "bad:1002;" },
	{ "after a compressed one a plain one", "c1:=f248cdc9c90700 81:x", "text:Hello;text:x;" },
};

static void
test_rows(void)
{
	struct buf bytes, whole, bytewise;

	buf_init(&bytes, 1 << 16);
	buf_init(&whole, 1 << 16);
	buf_init(&bytewise, 1 << 16);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		buf_clear(&bytes);
		buf_clear(&whole);
		buf_clear(&bytewise);
		play(rows[i].in, &bytes);
		hear(buf_str(&bytes), SIZE_MAX, &whole);
		hear(buf_str(&bytes), 1, &bytewise);
		CHECK_STR(buf_str(&bytewise), buf_str(&whole));
		CHECK_STR(buf_str(&whole), str_c(rows[i].want));
	}
	buf_release(&bytes);
	buf_release(&whole);
	buf_release(&bytewise);
}

/* A megabyte of blanks in a kilobyte: refused at the limit, without a megabyte of memory. */
static void
test_bomb(void)
{
	struct deflate_stream z;
	struct buf packed, bytes, said, text;
	struct str in;

	TEST_ROW("bomb");
	buf_init(&packed, 1 << 16);
	buf_init(&bytes, 1 << 16);
	buf_init(&said, 1024);
	buf_init(&text, 1 << 20);
	while (buf_str(&text).n < 1 << 20)
		buf_add_char(&text, ' ');
	in = buf_str(&text);
	deflate_start(&z, DEFLATE_RAW, false);
	CHECK(deflate_feed(&z, &in, DEFLATE_SYNC, &packed) == FAIL_NONE);
	deflate_release(&z);
	CHECK(buf_str(&packed).n < 4096);
	in = buf_str(&packed);
	add_frame(&bytes, 0x41, str_head(in, 500));
	add_frame(&bytes, 0x80, str_from(in, 500));
	hear(buf_str(&bytes), SIZE_MAX, &said);
	CHECK_STR(buf_str(&said), STR("bad:1009;"));
	buf_release(&packed);
	buf_release(&bytes);
	buf_release(&said);
	buf_release(&text);
}

/* While a message is kept, control frames are read byte by byte, and nothing of the next message. */
static void
test_kept(void)
{
	struct websocket_reader r;
	struct str in, left;
	struct buf bytes;

	TEST_ROW("a message is kept");
	buf_init(&bytes, 1000);
	websocket_reader_init(&r, MESSAGE_MAX, false);
	play("81:hello 89:xy 81:next", &bytes);
	in = buf_str(&bytes);
	CHECK(websocket_read(&r, &in) == WEBSOCKET_MESSAGE);
	for (int i = 0; i < 7; i++) { /* a head of six bytes, and one of two */
		left = str_head(in, 1);
		CHECK(websocket_read(&r, &left) == WEBSOCKET_MORE && left.n == 0);
		in = str_from(in, 1);
	}
	left = str_head(in, 1);
	CHECK(websocket_read(&r, &left) == WEBSOCKET_PING && left.n == 0);
	CHECK_STR(str_of((const char *)r.control, r.control_count), STR("xy"));
	in = left = str_from(in, 1);
	CHECK(websocket_read(&r, &left) == WEBSOCKET_MORE && left.n == in.n);
	CHECK_STR(buf_str(&r.message), STR("hello"));
	websocket_reader_clear(&r);
	CHECK(websocket_read(&r, &in) == WEBSOCKET_MESSAGE);
	CHECK_STR(buf_str(&r.message), STR("next"));

	TEST_ROW("it is forgotten in the middle of a ping");
	buf_clear(&bytes);
	play("89:xy 81:last", &bytes);
	in = buf_str(&bytes);
	left = str_head(in, 7);
	CHECK(websocket_read(&r, &left) == WEBSOCKET_MORE && left.n == 0);
	websocket_reader_clear(&r);
	in = str_from(in, 7);
	CHECK(websocket_reader_is_inside(&r));
	CHECK(websocket_read(&r, &in) == WEBSOCKET_PING);
	CHECK(websocket_read(&r, &in) == WEBSOCKET_MESSAGE);
	CHECK_STR(buf_str(&r.message), STR("last"));

	TEST_ROW("a ping that is none");
	in = STR("\x89\xff\x01\x02\x03\x04");
	CHECK(websocket_read(&r, &in) == WEBSOCKET_BAD);
	CHECK_NUM(r.code, WEBSOCKET_PROTOCOL_ERROR);
	websocket_reader_release(&r);
	buf_release(&bytes);
}

static void
test_not_agreed(void)
{
	struct websocket_reader r;
	struct str in = STR("\xc1\x80\x01\x02\x03\x04");

	TEST_ROW("compressed though it was not agreed on");
	websocket_reader_init(&r, MESSAGE_MAX, false);
	CHECK(websocket_read(&r, &in) == WEBSOCKET_BAD);
	CHECK_NUM(r.code, WEBSOCKET_PROTOCOL_ERROR);
	websocket_reader_release(&r);
}

static void
test_write(void)
{
	static const struct {
		const char *name, *want;
		size_t n;
		enum websocket_opcode opcode;
		bool is_final, is_compressed;
	} heads[] = {
		{ "small", "817d", 125, WEBSOCKET_OP_TEXT, true, false },
		{ "16 bits", "017e007e", 126, WEBSOCKET_OP_TEXT, false, false },
		{ "16 bits, largest", "c17effff", 65535, WEBSOCKET_OP_TEXT, true, true },
		{ "64 bits", "807f0000000000010000", 65536, WEBSOCKET_OP_CONTINUATION, true,
		    false },
		{ "ping", "8900", 0, WEBSOCKET_OP_PING, true, false },
	};
	struct buf got, hex;

	buf_init(&got, 64);
	buf_init(&hex, 64);
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		TEST_ROW(heads[i].name);
		buf_clear(&got);
		buf_clear(&hex);
		websocket_frame_write(&got, heads[i].opcode, heads[i].is_final,
		    heads[i].is_compressed, heads[i].n);
		buf_add_hex(&hex, buf_str(&got));
		CHECK_STR(buf_str(&hex), str_c(heads[i].want));
	}
	buf_release(&got);
	buf_release(&hex);
}

int
main(void)
{
	test_rows();
	test_bomb();
	test_not_agreed();
	test_kept();
	test_write();
	return test_end();
}
