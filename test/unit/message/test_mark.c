/* Words marked in texts. */
#include "message/mark.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *text, *words[3];
	size_t max;
	const char *want;
	bool want_whole;
} rows[] = {
	{ "none", "Hello", { "x" }, 99, "Hello", true },
	{ "one", "Hello there", { "hello" }, 99, "<mark>Hello</mark> there", true },
	{ "within a word", "Football", { "BALL" }, 99, "Foot<mark>ball</mark>", true },
	{ "each time", "aba a", { "a" }, 99, "<mark>a</mark>b<mark>a</mark> <mark>a</mark>", true },
	{ "side by side", "abcd", { "ab", "cd" }, 99, "<mark>abcd</mark>", true },
	{ "over each other", "abcd", { "abc", "bcd" }, 99, "<mark>abcd</mark>", true },
	{ "phrase", "to be or not", { "be or" }, 99, "to <mark>be or</mark> not", true },
	{ "entities", "a<b>&c", { "<b" }, 99, "a<mark>&lt;b</mark>&gt;&amp;c", true },
	{ "other case",
	    "STRASSE \xc3\x9c"
	    "bel",
	    { "\xc3\xbc" }, 99, "STRASSE <mark>\xc3\x9c</mark>bel", true },
	{ "whole characters", "caf\xc3\xa9s", { "cafe" }, 99, "<mark>caf\xc3\xa9</mark>s", true },
	{ "longer form", "\xe2\x84\xab.", { "\xc3\xa5" }, 99, "<mark>\xe2\x84\xab</mark>.", true },
	{ "no text", "", { "a" }, 99, "", true },
	{ "empty word", "a", { "", NULL }, 99, "a", true },
	{ "damaged",
	    "a\xff"
	    "b",
	    { "b" }, 99, "a\xff<mark>b</mark>", true },
	{ "cut", "abcdef", { "x" }, 3, "abc", false },
	{ "cut between characters", "\xc3\xa9\xc3\xa9", { "x" }, 3, "\xc3\xa9", false },
	{ "cut before a mark", "abc", { "bc" }, 14, "a", false },
	{ "cut in a mark", "abcd", { "bcd" }, 15, "a<mark>b</mark>", false },
	{ "just fits", "abcd", { "bcd" }, 17, "a<mark>bcd</mark>", true },
	{ "cut before an entity", "a&b", { "x" }, 5, "a", false },
};

int
main(void)
{
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str words[3];
		size_t count = 0;

		while (count < 3 && rows[i].words[count]) {
			words[count] = str_c(rows[i].words[count]);
			count++;
		}
		TEST_ROW(rows[i].name);
		buf_clear(&out);
		CHECK(mark_write(&out, str_c(rows[i].text), words, count, rows[i].max) ==
		    rows[i].want_whole);
		CHECK_STR(buf_str(&out), str_c(rows[i].want));
		CHECK(out.n <= rows[i].max);
	}
	TEST_ROW("first of all");
	struct str words[] = { STR("you"), STR("THERE"), STR("") };
	CHECK_NUM(mark_find(STR("\xc3\xa9 there, you"), words, 3), 3);
	CHECK(mark_find(STR("nobody"), words, 3) == STR_NONE);
	CHECK(mark_find(STR(""), words, 3) == STR_NONE);
	buf_release(&out);
	return test_end();
}
