#include "codec/deflate.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* Compress `in` in pieces into an output that is drained whenever it is full. */
static void
compress(struct str in, enum deflate_format format, size_t step, size_t room, struct buf *all)
{
	struct deflate_stream s = { 0 };
	struct buf out;

	buf_init(&out, room);
	deflate_start(&s, format, room < 100);
	while (!s.has_ended) {
		struct str piece = str_head(in, step);
		enum deflate_flush flush = in.n <= step ? DEFLATE_END : DEFLATE_MORE;
		size_t n = piece.n;
		enum fail fail = deflate_feed(&s, &piece, flush, &out);

		CHECK(fail == FAIL_NONE || fail == FAIL_LIMIT);
		in = str_from(in, n - piece.n);
		buf_add(all, buf_str(&out));
		buf_clear(&out);
	}
	CHECK_NUM(s.made, all->n);
	deflate_release(&s);
	buf_release(&out);
}

static enum fail
expand(struct str in, enum deflate_format format, size_t step, size_t room, struct buf *all)
{
	struct deflate_stream s = { 0 };
	enum fail fail = FAIL_NONE;
	struct buf out;

	buf_init(&out, room);
	inflate_start(&s, format);
	while ((in.n > 0 || fail == FAIL_LIMIT) && !s.has_ended) {
		struct str piece = str_head(in, step);
		size_t n = piece.n;

		fail = inflate_feed(&s, &piece, &out);
		if (fail == FAIL_SYNTAX)
			break;
		in = str_from(in, n - piece.n);
		buf_add(all, buf_str(&out));
		buf_clear(&out);
	}
	if (fail == FAIL_NONE && !s.has_ended)
		fail = FAIL_MISSING;
	deflate_release(&s);
	deflate_release(&s);
	buf_release(&out);
	return fail;
}

static const struct {
	const char *name;
	enum deflate_format format;
	size_t step, room;
} rows[] = {
	{ "raw, whole", DEFLATE_RAW, 100000, 1 << 20 },
	{ "zlib, whole", DEFLATE_ZLIB, 100000, 1 << 20 },
	{ "gzip, whole", DEFLATE_GZIP, 100000, 1 << 20 },
	{ "one byte in", DEFLATE_RAW, 1, 1 << 20 },
	{ "one byte out", DEFLATE_RAW, 100000, 1 },
	{ "one byte each way", DEFLATE_ZLIB, 1, 1 },
	{ "odd", DEFLATE_GZIP, 777, 99 },
};

static void
test_rows(void)
{
	struct buf text;

	buf_init(&text, 100000);
	for (unsigned i = 0; i < 6000; i++) {
		buf_add_u64(&text, i * i);
		buf_add_char(&text, (char)(i * 37));
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf packed, back;

		TEST_ROW(rows[i].name);
		buf_init(&packed, 1 << 20);
		buf_init(&back, 1 << 20);
		compress(buf_str(&text), rows[i].format, rows[i].step, rows[i].room, &packed);
		CHECK(packed.n < text.n);
		CHECK_NUM(
		    expand(buf_str(&packed), rows[i].format, rows[i].step, rows[i].room, &back),
		    FAIL_NONE);
		CHECK_STR(buf_str(&back), buf_str(&text));
		buf_release(&packed);
		buf_release(&back);
	}
	buf_release(&text);
}

/* After a sync flush the other side can read all that was given, and the stream goes on. */
static void
test_sync(void)
{
	struct deflate_stream d = { 0 }, i = { 0 };
	struct buf packed, back;

	TEST_ROW("sync");
	buf_init(&packed, 10000);
	buf_init(&back, 10000);
	deflate_start(&d, DEFLATE_RAW, true);
	inflate_start(&i, DEFLATE_RAW);
	for (int n = 0; n < 5; n++) {
		struct str in = STR("a001 NOOP\r\n"), packed_in;

		CHECK(deflate_feed(&d, &in, DEFLATE_SYNC, &packed) == FAIL_NONE);
		packed_in = buf_str(&packed);
		CHECK(inflate_feed(&i, &packed_in, &back) == FAIL_NONE);
		CHECK_STR(buf_str(&back), STR("a001 NOOP\r\n"));
		buf_clear(&packed);
		buf_clear(&back);
	}
	deflate_release(&d);
	deflate_release(&i);
	buf_release(&packed);
	buf_release(&back);
}

/* Parked streams hold nothing of zlib, go on, and remember what may be referred to. */
static void
test_park(void)
{
	static const char line[] = "a001 UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE)\r\n";
	struct deflate_stream d = { 0 }, i = { 0 }, ours = { 0 };
	struct buf packed, back;
	size_t first = 0;

	TEST_ROW("park");
	buf_init(&packed, 10000);
	buf_init(&back, 10000);
	deflate_start(&d, DEFLATE_RAW, false);
	inflate_start(&i, DEFLATE_RAW);
	CHECK(deflate_park(&i) && i.z == NULL && i.history.n == 0);
	for (int n = 0; n < 4; n++) {
		struct str in = str_c(line), packed_in;

		CHECK_NUM(deflate_feed(&d, &in, DEFLATE_SYNC, &packed), FAIL_NONE);
		CHECK(n == 0 || packed.n < first / 2); /* it refers back */
		first = n == 0 ? packed.n : first;
		packed_in = buf_str(&packed);
		CHECK_NUM(inflate_feed(&i, &packed_in, &back), FAIL_NONE);
		CHECK_STR(buf_str(&back), str_c(line));
		CHECK(deflate_park(&i) && i.z == NULL);
		CHECK_NUM(i.history.n, (size_t)(n + 1) * str_c(line).n);
		buf_clear(&packed);
		buf_clear(&back);
	}
	TEST_ROW("park the one that compresses");
	deflate_start(&ours, DEFLATE_RAW, true);
	for (int n = 0; n < 3; n++) {
		struct str in = str_c(line);

		CHECK_NUM(deflate_feed(&ours, &in, DEFLATE_SYNC, &packed), FAIL_NONE);
		CHECK(deflate_park(&ours) && ours.z == NULL);
		CHECK(deflate_park(&ours));
	}
	deflate_release(&i);
	inflate_start(&i, DEFLATE_RAW);
	CHECK_NUM(inflate_feed(&i, &(struct str){ buf_str(&packed).p, packed.n }, &back),
	    FAIL_NONE);
	CHECK_NUM(back.n, 3 * str_c(line).n);
	TEST_ROW("not in the middle, not with a wrapping");
	CHECK_NUM(inflate_feed(&i, &STR("\x4a"), &back), FAIL_NONE);
	CHECK(!deflate_park(&i) && i.z != NULL);
	deflate_release(&i);
	inflate_start(&i, DEFLATE_ZLIB);
	CHECK(!deflate_park(&i));
	deflate_release(&d);
	deflate_release(&i);
	deflate_release(&ours);
	buf_release(&packed);
	buf_release(&back);
}

/* A bomb fills the buffer given, no more; damage is told; what follows the end is left. */
static void
test_hostile(void)
{
	char *zeros = mem_new(1 << 20, 1);
	struct deflate_stream s = { 0 };
	struct buf packed, small, back;
	struct str in;

	buf_init(&packed, 1 << 20);
	buf_init(&small, 4096);
	buf_init(&back, 1 << 21);
	compress(str_of(zeros, 1 << 20), DEFLATE_ZLIB, 1 << 20, 1 << 20, &packed);
	TEST_ROW("bomb");
	inflate_start(&s, DEFLATE_ZLIB);
	in = buf_str(&packed);
	CHECK(inflate_feed(&s, &in, &small) == FAIL_LIMIT);
	CHECK_NUM(small.n, 4096);
	deflate_release(&s);
	TEST_ROW("damage");
	CHECK_NUM(expand(STR("hello, this is no zlib"), DEFLATE_ZLIB, 100, 100, &back),
	    FAIL_SYNTAX);
	TEST_ROW("cut");
	in = str_head(buf_str(&packed), packed.n / 2);
	CHECK_NUM(expand(in, DEFLATE_ZLIB, 100, 1 << 20, &back), FAIL_MISSING);
	TEST_ROW("more behind the end");
	buf_add(&packed, STR("rest"));
	buf_clear(&back);
	inflate_start(&s, DEFLATE_ZLIB);
	in = buf_str(&packed);
	CHECK(inflate_feed(&s, &in, &back) == FAIL_NONE && s.has_ended);
	CHECK_STR(in, STR("rest"));
	CHECK_NUM(back.n, 1 << 20);
	deflate_release(&s);
	buf_release(&packed);
	buf_release(&small);
	buf_release(&back);
	mem_free(zeros);
}

int
main(void)
{
	test_rows();
	test_sync();
	test_park();
	test_hostile();
	return test_end();
}
