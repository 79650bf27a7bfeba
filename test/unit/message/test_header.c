#include "message/header.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"
#include "base/test.h"

/* Fields written as name=value; separated by "|", values raw; then what is left. */
static const struct {
	const char *name, *in, *fields, *rest;
} next_rows[] = {
	{ "plain", "A: 1\r\nB: 2\r\n\r\nbody", "A= 1|B= 2|", "\r\nbody" },
	{ "bare LF", "A: 1\nB: 2\n\nbody", "A= 1|B= 2|", "\nbody" },
	{ "no end", "A: 1", "A= 1|", "" },
	{ "empty value", "A:\r\n\r\n", "A=|", "\r\n" },
	{ "fold", "A: 1\r\n\t2\r\n 3\r\n\r\n", "A= 1\r\n\t2\r\n 3|", "\r\n" },
	{ "blank before colon", "A : 1\r\n\r\n", "A= 1|", "\r\n" },
	{ "missing blank line", "A: 1\r\nhello there\r\n", "A= 1|", "hello there\r\n" },
	{ "delimiter", "A: 1\r\n--x\r\nSubject: a\r\n", "A= 1|", "--x\r\nSubject: a\r\n" },
	{ "mbox line", "From a@b Mon Jan\r\nA: 1\r\n\r\n", "A= 1|", "\r\n" },
	{ "quoted mbox line", ">From a@b\r\nA: 1\r\n\r\n", "A= 1|", "\r\n" },
	{ "stray line before a known field", "A: 1\r\nnonsense\r\nSubject: x\r\n\r\n",
	    "A= 1|Subject= x|", "\r\n" },
	{ "stray line before text", "A: 1\r\nnonsense\r\nNote: x\r\n\r\n", "A= 1|",
	    "nonsense\r\nNote: x\r\n\r\n" },
	{ "byte order mark",
	    "\xef\xbb\xbf"
	    "A: 1\r\n\r\n",
	    "A= 1|", "\r\n" },
	{ "8 bit value", "A: \xe9\r\n\r\n", "A= \xe9|", "\r\n" },
	{ "empty", "", "", "" },
	{ "only body", "\r\nbody", "", "\r\nbody" },
	{ "continuation without a field", " x\r\nA: 1\r\n", "", " x\r\nA: 1\r\n" },
};

/* The same, for header_next_any(). */
static const struct {
	const char *name, *in, *fields, *rest;
} any_rows[] = {
	{ "plain", "A: 1\r\nB: 2\r\n\r\nC: 3", "A= 1|B= 2|", "\r\nC: 3" },
	{ "bare LF", "A: 1\nno field\nB: 2\n\nC: 3", "A= 1|B= 2|", "\nC: 3" },
	{ "lines that are none", "no\r\n--x\r\nA: 1\r\n: 2\r\n\x01: 3\r\nB: 2\r\nno\r\n\r\nC: 3",
	    "A= 1|B= 2|", "\r\nC: 3" },
	{ "a blank in front", " x\r\nA: 1\r\n", "A= 1|", "" },
	{ "no fields", "no\r\nno", "", "" },
	{ "empty", "", "", "" },
	{ "only body", "\r\nA: 1\r\n", "", "\r\nA: 1\r\n" },
};

static const struct {
	const char *name, *in, *want;
} unfold_rows[] = {
	{ "plain", " x ", "x" },
	{ "one fold", " a\r\n b", "a b" },
	{ "tab", " a\r\n\tb", "a\tb" },
	{ "empty", " \r\n ", "" },
	{ "LF", "a\n b", "a b" },
};

static const struct {
	const char *name, *in, *want;
} text_rows[] = {
	/* examples of RFC 2047 section 8 */
	{ "q", "=?ISO-8859-1?Q?a?=", "a" },
	{ "two words", "(=?ISO-8859-1?Q?a?= b)", "(a b)" },
	{ "adjacent", "=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab" },
	{ "adjacent, two blanks", "=?ISO-8859-1?Q?a?=  =?ISO-8859-1?Q?b?=", "ab" },
	{ "adjacent, folded", "=?ISO-8859-1?Q?a?=\r\n     =?ISO-8859-1?Q?b?=", "ab" },
	{ "blank inside", "=?ISO-8859-1?Q?a_b?=", "a b" },
	{ "blank word", "=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=", "a b" },
	{ "latin 1", "=?ISO-8859-1?Q?Andr=E9?= Pirard", "Andr\xc3\xa9 Pirard" },
	{ "base64",
	    "=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=", "If you can read this yo" },
	{ "language", "=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore" },
	{ "cut character", "=?utf-8?B?w6nD?= =?utf-8?B?qQ==?=", "\xc3\xa9\xc3\xa9" },
	{ "iso-2022-jp", "=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "\xe6\x97\xa5\xe6\x9c\xac" },
	{ "without blanks", "=?utf-8?Q?a?==?utf-8?Q?b?=", "ab" },
	{ "not at a word's begin", "x=?utf-8?Q?a?=", "x=?utf-8?Q?a?=" },
	{ "not at a word's end", "=?utf-8?Q?a?=x", "=?utf-8?Q?a?=x" },
	{ "unknown charset", "=?nope?Q?a?=", "=?nope?Q?a?=" },
	{ "unknown encoding", "=?utf-8?X?a?=", "=?utf-8?X?a?=" },
	{ "unclosed", "=?utf-8?Q?a", "=?utf-8?Q?a" },
	{ "blank in it", "=?utf-8?Q?a b?=", "=?utf-8?Q?a b?=" },
	{ "nothing in it", "x =?utf-8?Q?\?= y", "x  y" },
	{ "8 bit utf-8", "caf\xc3\xa9", "caf\xc3\xa9" },
	{ "8 bit latin 1", "caf\xe9", "caf\xc3\xa9" },
	{ "fold", " a\r\n b", "a b" },
	{ "control",
	    "a\x01"
	    "b =?utf-8?Q?c=00=0Ad?=",
	    "ab cd" },
	{ "trailing blank stays", " a ", "a " },
	{ "empty", "", "" },
};

static const struct {
	const char *name, *block, *names;
	bool is_not;
	const char *want;
} subset_rows[] = {
	{ "two", "A: 1\r\nB: 2\r\n x\r\nC: 3\r\n\r\n", "c b", false, "B: 2\r\n x\r\nC: 3\r\n\r\n" },
	{ "not", "A: 1\r\nB: 2\r\n x\r\nC: 3\r\n\r\n", "b", true, "A: 1\r\nC: 3\r\n\r\n" },
	{ "none", "A: 1\r\n\r\n", "x", false, "\r\n" },
	{ "no line end", "A: 1", "a", false, "A: 1\r\n\r\n" },
};

static void
test_next(void)
{
	for (size_t i = 0; i < ARRAY_LEN(next_rows); i++) {
		struct str cur = str_c(next_rows[i].in);
		struct header h;
		struct buf b;

		TEST_ROW(next_rows[i].name);
		buf_init(&b, 1000);
		while (header_next(&cur, &h)) {
			buf_add(&b, h.name);
			buf_add_char(&b, '=');
			buf_add(&b, h.value);
			buf_add_char(&b, '|');
		}
		CHECK_STR(buf_str(&b), str_c(next_rows[i].fields));
		CHECK_STR(cur, str_c(next_rows[i].rest));
		buf_release(&b);
	}
}

static void
test_next_any(void)
{
	for (size_t i = 0; i < ARRAY_LEN(any_rows); i++) {
		struct str cur = str_c(any_rows[i].in);
		struct header h;
		struct buf b;

		TEST_ROW(any_rows[i].name);
		buf_init(&b, 1000);
		while (header_next_any(&cur, &h)) {
			buf_add(&b, h.name);
			buf_add_char(&b, '=');
			buf_add(&b, h.value);
			buf_add_char(&b, '|');
		}
		CHECK_STR(buf_str(&b), str_c(any_rows[i].fields));
		CHECK_STR(cur, str_c(any_rows[i].rest));
		buf_release(&b);
	}
}

static void
test_find(void)
{
	struct str block = STR("A: 1\r\nb: 2\r\na: 3\r\n\r\nA: 4\r\n"), url, urls;
	struct header h;
	struct arena a;

	TEST_ROW("find");
	CHECK(header_find(block, STR("a"), &h) && str_eq(h.value, STR(" 1")));
	CHECK(header_find_last(block, STR("a"), &h) && str_eq(h.value, STR(" 3")));
	CHECK(!header_find(block, STR("c"), &h));
	CHECK_NUM(header_size(block), 20);
	arena_init(&a, 10000);
	urls = header_uncomment(STR(" <mailto:a@b>, (or)\r\n <http://c/ >"), &a);
	CHECK(header_next_url(&urls, &a, &url) && str_eq(url, STR("mailto:a@b")));
	CHECK(header_next_url(&urls, &a, &url) && str_eq(url, STR("http://c/")));
	CHECK(!header_next_url(&urls, &a, &url));
	arena_release(&a);
}

static void
test_block_end(void)
{
	static const struct {
		const char *in;
		size_t from, want;
	} ends[] = {
		{ "A: b\r\n\r\nbody", 0, 8 },
		{ "A: b\r\nno field\r\n\r\nbody\r\n\r\n", 0, 18 },
		{ "\r\nA: b\r\n\r\n", 0, 2 },
		{ "A: b\r\n", 0, 0 },
		{ "", 0, 0 },
		{ "\r", 0, 0 },
		{ "A: b\n\nbody", 0, 0 },
		{ "A: b\r\n \r\n\r\n", 0, 11 },
		{ "A: b\r\n\r\nbody", 5, 8 },
		{ "A: b\r\n\r\nbody", 7, 8 },
		{ "A: b\r\n\r\nbody", 11, 0 },
	};

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		TEST_ROW(ends[i].in);
		CHECK_NUM(header_block_end(str_c(ends[i].in), ends[i].from), ends[i].want);
	}
}

static void
test_uncomment(void)
{
	static const struct {
		const char *in, *want;
	} rows[] = { { "", "" }, { "a b", "a b" }, { "a(b)c", "a c" }, { "(a(b)\\)c)", " " },
		{ "<(a)> (b)", "<(a)>  " }, { "\"(a)\"(b)", "\"(a)\" " }, { "a (b", "a (b" },
		{ "a (b) (c <d> (e)", "a   (c <d> (e)" }, { "\\(a(b)", "\\(a " }, { "(\\", "(\\" },
		{ "a)b", "a)b" }, { "()", " " } };
	struct arena a;

	arena_init(&a, 10000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].in);
		CHECK_STR(header_uncomment(str_c(rows[i].in), &a), str_c(rows[i].want));
	}
	arena_release(&a);
}

static void
test_text(void)
{
	struct arena a;

	arena_init(&a, 10000);
	for (size_t i = 0; i < ARRAY_LEN(unfold_rows); i++) {
		TEST_ROW(unfold_rows[i].name);
		CHECK_STR(header_unfold(str_c(unfold_rows[i].in), &a), str_c(unfold_rows[i].want));
	}
	for (size_t i = 0; i < ARRAY_LEN(text_rows); i++) {
		TEST_ROW(text_rows[i].name);
		arena_reset(&a);
		CHECK_STR(header_text(str_c(text_rows[i].in), &a), str_c(text_rows[i].want));
	}
	TEST_ROW("raw");
	CHECK_STR(header_raw_utf8(STR(" a\0b\xff"), &a), STR(" ab\xef\xbf\xbd"));
	arena_release(&a);
}

static void
test_subset(void)
{
	for (size_t i = 0; i < ARRAY_LEN(subset_rows); i++) {
		struct str words = str_c(subset_rows[i].names), names[4];
		size_t count = 0;
		struct buf b;

		TEST_ROW(subset_rows[i].name);
		while (count < 4 && str_next_part(&words, ' ', &names[count]))
			count++;
		buf_init(&b, 1000);
		header_subset_write(&b, str_c(subset_rows[i].block), names, count,
		    subset_rows[i].is_not);
		CHECK_STR(buf_str(&b), str_c(subset_rows[i].want));
		buf_release(&b);
	}
}

/* As many fields as there is room for, and names by the hundred: what would take a minute, one by one. */
static void
test_subset_long(void)
{
	static struct str names[5000];
	struct buf block, out;

	TEST_ROW("many fields, many names");
	buf_init(&block, 64 * MESSAGE_HEADER_MAX);
	while (block.n < 60 * MESSAGE_HEADER_MAX)
		buf_add_c(&block, "a:\nb:\n");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		names[i] = i == 0 ? STR("B") : STR("c");
	buf_init(&out, MESSAGE_HEADER_MAX);
	header_subset_write(&out, buf_str(&block), names, ARRAY_LEN(names), false);
	CHECK(buf_ok(&out) && str_starts(buf_str(&out), STR("b:\nb:\n")));
	/* what is behind the limit is not parsed anywhere */
	CHECK(out.n > MESSAGE_HEADER_MAX / 2 - 10 && out.n < MESSAGE_HEADER_MAX / 2 + 10);
	CHECK(str_find(buf_str(&out), STR("a")) == STR_NONE);
	CHECK(str_ends(buf_str(&out), STR("b:\n\r\n")));
	buf_release(&block);
	buf_release(&out);
}

int
main(void)
{
	test_next();
	test_next_any();
	test_find();
	test_block_end();
	test_uncomment();
	test_text();
	test_subset();
	test_subset_long();
	return test_end();
}
