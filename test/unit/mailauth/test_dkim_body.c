/* Bodies in canonical form, in all pieces, and what l= takes of them. */
#include "mailauth/dkim_body.h"

/* system */
#include <string.h>

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name;
	enum dkim_canon canon;
	struct str body, want;
} rows[] = {
#define S(literal) STR_INIT(literal)
	{ "one line", DKIM_SIMPLE, S("a\r\n"), S("a\r\n") },
	{ "nothing", DKIM_SIMPLE, S(""), S("\r\n") },
	{ "an empty line", DKIM_SIMPLE, S("\r\n"), S("\r\n") },
	{ "empty lines", DKIM_SIMPLE, S("\r\n\r\n\r\n"), S("\r\n") },
	{ "empty lines at the end", DKIM_SIMPLE, S("a\r\n\r\n\r\n"), S("a\r\n") },
	{ "and in between", DKIM_SIMPLE, S("a\r\n\r\n\r\nb\r\n"), S("a\r\n\r\n\r\nb\r\n") },
	{ "no line end", DKIM_SIMPLE, S("a"), S("a\r\n") },
	{ "blanks stay", DKIM_SIMPLE, S(" a \t b \r\n \r\n"), S(" a \t b \r\n \r\n") },
	{ "CR alone", DKIM_SIMPLE, S("a\rb\r\r\nc\r"), S("a\rb\r\r\nc\r\r\n") },
	{ "LF alone", DKIM_SIMPLE, S("a\n\n"), S("a\n\n\r\n") },
	{ "one line, relaxed", DKIM_RELAXED, S("a\r\n"), S("a\r\n") },
	{ "nothing, relaxed", DKIM_RELAXED, S(""), S("") },
	{ "an empty line, relaxed", DKIM_RELAXED, S("\r\n"), S("") },
	{ "blank lines", DKIM_RELAXED, S(" \r\n\t\r\n"), S("") },
	{ "blanks", DKIM_RELAXED, S(" a \t b \t\r\n"), S(" a b\r\n") },
	{ "a line that begins with blanks", DKIM_RELAXED, S("a\r\n  b\r\n"), S("a\r\n b\r\n") },
	{ "a blank line in between", DKIM_RELAXED, S("a\r\n  \r\nb\r\n \r\n"),
	    S("a\r\n\r\nb\r\n") },
	{ "no line end, relaxed", DKIM_RELAXED, S("a "), S("a\r\n") },
	{ "a blank last line", DKIM_RELAXED, S("a\r\n "), S("a\r\n") },
	{ "CR and LF alone", DKIM_RELAXED, S("a \r b \n\r\n"), S("a \r b \n\r\n") },
	{ "RFC 6376 3.4.5", DKIM_RELAXED, S(" C \r\nD \t E\r\n\r\n\r\n"), S(" C\r\nD E\r\n") },
	{ "RFC 6376 3.4.5, simple", DKIM_SIMPLE, S(" C \r\nD \t E\r\n\r\n\r\n"),
	    S(" C \r\nD \t E\r\n") },
};

static void
check_digest(const struct dkim_body *b, uint64_t length, struct str want)
{
	unsigned char digest[DKIM_DIGEST_BYTES];
	const unsigned char *got = dkim_body_digest(b, length);

	hash_once(HASH_SHA256, want, digest);
	if (CHECK(got != NULL))
		CHECK(memcmp(got, digest, sizeof digest) == 0);
}

/* Every length that there is, and one that is not; `cut` bytes come first, then pieces of `step`. */
static void
play(size_t row, size_t cut, size_t step)
{
	struct str body = rows[row].body, want = rows[row].want;
	struct dkim_body b = { .canon = rows[row].canon };
	size_t count = want.n + 1 < DKIM_LENGTHS_MAX - 2 ? want.n + 1 : DKIM_LENGTHS_MAX - 2;

	for (size_t n = 0; n < count; n++)
		CHECK_NUM(dkim_body_want(&b, n), FAIL_NONE);
	CHECK_NUM(dkim_body_want(&b, DKIM_LENGTH_ALL), FAIL_NONE);
	CHECK_NUM(dkim_body_want(&b, want.n + 100), FAIL_NONE);
	dkim_body_add(&b, str_head(body, cut));
	for (body = str_from(body, cut); body.n > 0; body = str_from(body, step))
		dkim_body_add(&b, str_head(body, step));
	dkim_body_end(&b);
	CHECK_NUM(b.bytes, want.n);
	check_digest(&b, DKIM_LENGTH_ALL, want);
	for (size_t n = 0; n < count; n++)
		check_digest(&b, n, str_head(want, n));
	CHECK(dkim_body_digest(&b, want.n + 100) == NULL);
	CHECK(dkim_body_digest(&b, want.n + 99) == NULL);
}

/* Longer than what is staged, with runs of what is held back. */
static void
test_long(enum dkim_canon canon)
{
	struct dkim_body whole = { .canon = canon }, pieces = { .canon = canon };
	struct buf body, want;

	TEST_ROW("a long one");
	buf_init(&body, 1 << 20);
	buf_init(&want, 1 << 20);
	for (size_t line = 0; line < 300; line++) {
		for (size_t n = 0; n < line * 7 % 2000; n++) {
			buf_add_c(&body, n % 9 == 8 ? " \t" : "x");
			buf_add_c(&want, n % 9 != 8 ? "x" : canon == DKIM_SIMPLE ? " \t" : " ");
		}
		buf_add_c(&body, "y \r\n");
		buf_add_c(&want, canon == DKIM_SIMPLE ? "y \r\n" : "y\r\n");
		for (size_t n = 0; n < line % 50 && line < 299; n++) {
			buf_add_c(&body, "\r\n");
			buf_add_c(&want, "\r\n");
		}
	}
	CHECK_NUM(dkim_body_want(&whole, DKIM_LENGTH_ALL), FAIL_NONE);
	CHECK_NUM(dkim_body_want(&whole, 5000), FAIL_NONE);
	CHECK_NUM(dkim_body_want(&pieces, DKIM_LENGTH_ALL), FAIL_NONE);
	CHECK_NUM(dkim_body_want(&pieces, 5000), FAIL_NONE);
	dkim_body_add(&whole, buf_str(&body));
	for (struct str s = buf_str(&body); s.n > 0; s = str_from(s, 7))
		dkim_body_add(&pieces, str_head(s, 7));
	dkim_body_end(&whole);
	dkim_body_end(&pieces);
	check_digest(&whole, DKIM_LENGTH_ALL, buf_str(&want));
	check_digest(&pieces, DKIM_LENGTH_ALL, buf_str(&want));
	check_digest(&whole, 5000, str_head(buf_str(&want), 5000));
	check_digest(&pieces, 5000, str_head(buf_str(&want), 5000));
	buf_release(&body);
	buf_release(&want);
}

static void
test_limit(void)
{
	struct dkim_body b = { .canon = DKIM_SIMPLE };

	TEST_ROW("lengths");
	for (uint64_t n = 0; n < DKIM_LENGTHS_MAX; n++)
		CHECK_NUM(dkim_body_want(&b, n), FAIL_NONE);
	CHECK_NUM(dkim_body_want(&b, 3), FAIL_NONE);
	CHECK_NUM(dkim_body_want(&b, DKIM_LENGTHS_MAX), FAIL_LIMIT);
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		for (size_t cut = 0; cut <= rows[i].body.n; cut++) {
			for (size_t step = 1; step < 4; step++)
				play(i, cut, step);
		}
	}
	test_long(DKIM_SIMPLE);
	test_long(DKIM_RELAXED);
	test_limit();
	return test_end();
}
