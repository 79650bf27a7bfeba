#include "message/lines.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define PIECE ((size_t)128 * 1024) /* so much is looked at in one step */

/* What is wrong, in pieces; *count_out of them, *odd_out bytes. */
static unsigned
scan(struct str s, size_t *count_out, size_t *odd_out)
{
	struct lines_scan x = { .rest = s, .counts_odd = true };

	*count_out = 1;
	while (lines_scan_next(&x))
		++*count_out;
	*odd_out = x.odd;
	return x.bad;
}

/* Lines of ASCII, with `what` put in at `at`. */
static void
fill(struct buf *out, size_t n, size_t at, struct str what)
{
	buf_clear(out);
	while (out->n < at)
		buf_add(out, at - out->n > 80 ? STR("some text, some text\r\n") : STR("x"));
	buf_truncate(out, at);
	buf_add(out, what);
	while (out->n < n)
		buf_add(out, STR("\r\nsome more text"));
}

/* Wherever a piece ends, the answer is that of the whole. */
static void
test_pieces(void)
{
	static const struct str rows[] = { STR_INIT("\r\n"), STR_INIT("\r\n\r\n"), STR_INIT("\r"),
		STR_INIT("\n"), STR_INIT("\n\r"), STR_INIT("\0"), STR_INIT("\xe2\x82\xac"),
		STR_INIT("=") };
	struct buf text;
	size_t pieces, odd;

	buf_init(&text, 4 * PIECE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (size_t at = PIECE - 4; at < PIECE + 4; at++) {
			TEST_ROW("around the end of a piece");
			fill(&text, 3 * PIECE, at, rows[i]);
			CHECK_NUM(scan(buf_str(&text), &pieces, &odd), lines_scan(buf_str(&text)));
			CHECK(pieces >= 3);
			CHECK_NUM(odd, i == 6 ? 3 : i == 5 || i == 7);
		}
	buf_release(&text);
}

static void
test_long_lines(void)
{
	char *bytes = mem_new(3 * PIECE, 1);
	size_t pieces, odd;

	for (size_t i = 0; i < 3 * PIECE; i++)
		bytes[i] = 'x';
	TEST_ROW("no line end");
	CHECK_NUM(scan(str_of(bytes, 3 * PIECE), &pieces, &odd), BAD_LONG);
	for (size_t at = PIECE - 3; at < PIECE + 2; at++) {
		TEST_ROW("one long line");
		bytes[at] = '\r';
		bytes[at + 1] = '\n';
		CHECK_NUM(scan(str_of(bytes, at + 2), &pieces, &odd), BAD_LONG);
		CHECK_NUM(scan(str_of(bytes, 3 * PIECE), &pieces, &odd), BAD_LONG);
		bytes[at + 1] = 'x';
		CHECK_NUM(scan(str_of(bytes, 3 * PIECE), &pieces, &odd), BAD_LONG | BAD_CR);
		bytes[at] = 'x';
	}
	TEST_ROW("a CR at the very end");
	bytes[PIECE] = '\r';
	CHECK_NUM(scan(str_of(bytes, PIECE + 1), &pieces, &odd), BAD_LONG | BAD_CR);
	TEST_ROW("nothing");
	CHECK_NUM(scan(STR(""), &pieces, &odd), 0);
	mem_free(bytes);
}

int
main(void)
{
	test_pieces();
	test_long_lines();
	return test_end();
}
