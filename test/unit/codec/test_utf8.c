#include "codec/utf8.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *in;
	bool is_valid;
	const char *replaced; /* NULL: as in */
	size_t length;
} rows[] = {
	{ "empty", "", true, NULL, 0 },
	{ "ascii", "hello, world and more", true, NULL, 21 },
	{ "two bytes", "caf\xc3\xa9", true, NULL, 4 },
	{ "three bytes", "\xe2\x82\xac", true, NULL, 1 },
	{ "four bytes", "\xf0\x9f\x98\x80", true, NULL, 1 },
	{ "last", "\xf4\x8f\xbf\xbf", true, NULL, 1 },
	{ "too large", "\xf4\x90\x80\x80", false,
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 4 },
	{ "overlong two", "\xc0\xaf", false, "\xef\xbf\xbd\xef\xbf\xbd", 2 },
	{ "overlong three", "\xe0\x80\xaf", false, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3 },
	{ "surrogate", "\xed\xa0\x80", false, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3 },
	{ "below the surrogates", "\xed\x9f\xbf", true, NULL, 1 },
	{ "cut sequence is one",
	    "\xe2\x82"
	    "a",
	    false,
	    "\xef\xbf\xbd"
	    "a",
	    2 },
	{ "cut at the end", "a\xf0\x9f\x98", false, "a\xef\xbf\xbd", 2 },
	{ "lone continuation", "\x80", false, "\xef\xbf\xbd", 1 },
	{ "fe", "\xfe", false, "\xef\xbf\xbd", 1 },
	{ "bad after eight", "abcdefghi\xff", false, "abcdefghi\xef\xbf\xbd", 10 },
};

static const struct {
	const char *name, *in, *casemap, *lower;
} case_rows[] = {
	{ "ascii", "Hello 1", "HELLO 1", "hello 1" },
	{ "accent", "Caf\xc3\xa9", "CAFE\xcc\x81", "caf\xc3\xa9" },
	{ "decomposed accent", "Cafe\xcc\x81", "CAFE\xcc\x81", "cafe\xcc\x81" },
	{ "upper accent", "\xc3\x89", "E\xcc\x81", "\xc3\xa9" },
	{ "greek", "\xce\xa3\xcf\x83", "\xce\xa3\xce\xa3", "\xcf\x83\xcf\x83" },
	{ "cyrillic", "\xd0\x96\xd0\xb6", "\xd0\x96\xd0\x96", "\xd0\xb6\xd0\xb6" },
	{ "sharp s", "\xc3\x9f", "\xc3\x9f", "\xc3\x9f" },
	{ "digraph", "\xc7\x86", "Dz\xcc\x8c", "\xc7\x86" }, /* titlecase, not upper case */
	{ "full width", "\xef\xbd\x81", "A", "\xef\xbd\x81" },
	{ "hangul", "\xea\xb0\x81", "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81" },
	{ "hangul without end", "\xea\xb0\x80", "\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80" },
	{ "dotted I", "\xc4\xb0", "I\xcc\x87", "i" },
	{ "latin extended, odd", "\xc4\x81\xc4\x80",
	    "A\xcc\x84"
	    "A\xcc\x84",
	    "\xc4\x81\xc4\x81" },
	{ "deseret", "\xf0\x90\x90\xa8", "\xf0\x90\x90\x80", "\xf0\x90\x90\xa8" },
	{ "malformed", "a\xff", "A\xef\xbf\xbd", "a\xef\xbf\xbd" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str in = str_c(rows[i].in), cur = in;
		struct buf out;
		uint32_t c;
		size_t count = 0;

		TEST_ROW(rows[i].name);
		buf_init(&out, 1000);
		CHECK(utf8_is_valid(in) == rows[i].is_valid);
		CHECK_NUM(utf8_length(in), rows[i].length);
		utf8_write_valid(&out, in);
		CHECK_STR(buf_str(&out), str_c(rows[i].replaced ? rows[i].replaced : rows[i].in));
		while (utf8_next(&cur, &c))
			count++;
		CHECK((cur.n == 0) == rows[i].is_valid);
		CHECK(!rows[i].is_valid || count == rows[i].length);
		buf_release(&out);
	}
}

static void
test_case(void)
{
	for (size_t i = 0; i < ARRAY_LEN(case_rows); i++) {
		struct buf out;

		TEST_ROW(case_rows[i].name);
		buf_init(&out, 1000);
		utf8_casemap(&out, str_c(case_rows[i].in));
		CHECK_STR(buf_str(&out), str_c(case_rows[i].casemap));
		buf_clear(&out);
		utf8_lower(&out, str_c(case_rows[i].in));
		CHECK_STR(buf_str(&out), str_c(case_rows[i].lower));
		buf_release(&out);
	}
}

/* Every code point is written and read back as itself. */
static void
test_all(void)
{
	size_t wrong = 0;
	struct buf out;

	TEST_ROW("all code points");
	buf_init(&out, 100);
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		struct str cur;
		uint32_t back = 0;
		bool is_surrogate = c >= 0xd800 && c < 0xe000;

		buf_clear(&out);
		utf8_write(&out, c);
		cur = buf_str(&out);
		wrong += !utf8_next(&cur, &back) || cur.n != 0 ||
		    back != (is_surrogate ? UTF8_REPLACEMENT : c);
	}
	CHECK_NUM(wrong, 0);
	buf_release(&out);
}

static void
test_slices(void)
{
	struct str s = STR("a\xc3\xa9\xe2\x82\xac");

	TEST_ROW("slices");
	CHECK_STR(utf8_head(s, 2), STR("a\xc3\xa9"));
	CHECK_STR(utf8_head(s, 9), s);
	CHECK_STR(utf8_cut(s, 2), STR("a"));
	CHECK_STR(utf8_cut(s, 3), STR("a\xc3\xa9"));
	CHECK_STR(utf8_cut(s, 5), STR("a\xc3\xa9"));
	CHECK_STR(utf8_cut(s, 6), s);
	CHECK_STR(utf8_cut(STR("\x80\x80\x80\x80\x80\x80"), 5), STR("\x80\x80\x80\x80\x80"));
}

/* One line, whatever was in it. */
static void
test_plain(void)
{
	static const struct {
		const char *name, *in, *out;
	} plain[] = {
		{ "text", "caf\xc3\xa9 ok", "caf\xc3\xa9 ok" },
		{ "C0 and DEL", "a\r\n\tb\x7f\x1b[2J", "a???b??[2J" },
		{ "C1",
		    "a\xc2\x9b"
		    "2Jb",
		    "a?2Jb" },
		{ "separators of lines",
		    "a\xe2\x80\xa8"
		    "b\xe2\x80\xa9",
		    "a?b?" },
		{ "directions",
		    "\xe2\x80\xae"
		    "a\xe2\x81\xa6\xe2\x80\x8f",
		    "?a??" },
		{ "malformed",
		    "a\xff"
		    "b",
		    "a\xef\xbf\xbd"
		    "b" },
	};
	struct buf out;

	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		TEST_ROW(plain[i].name);
		buf_init(&out, 100);
		utf8_write_plain(&out, str_c(plain[i].in));
		CHECK_STR(buf_str(&out), str_c(plain[i].out));
		buf_release(&out);
	}
}

int
main(void)
{
	test_rows();
	test_case();
	test_all();
	test_slices();
	test_plain();
	return test_end();
}
