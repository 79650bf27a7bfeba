#include "search/grams.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/utf8.h"
#include "message/text.h"

#define TEXTS 300 /* random ones */

static uint32_t state = 1;

static uint32_t
random_below(uint32_t limit)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % limit;
}

/* The list of the grams of a text as a header, given in pieces of whole characters. */
static void
list_of(struct buf *out, struct str text, size_t piece)
{
	struct grams g;
	bool goes_on = false;

	grams_init(&g);
	while (text.n > 0) {
		struct str head = utf8_cut(text, piece);

		if (head.n == 0)
			head = text;
		grams_add(&g, GRAM_HEADER, head, goes_on);
		text = str_from(text, head.n);
		goes_on = true;
	}
	buf_clear(out);
	grams_write(&g, out);
	grams_release(&g);
}

static bool
list_has(struct str list, uint32_t gram)
{
	struct gram_cursor c;

	gram_cursor_init(&c, list);
	while (c.gram < gram)
		gram_cursor_next(&c);
	return c.gram == gram;
}

/* Does the list let the needle through? */
static bool
lets_through(struct str list, struct str needle)
{
	uint32_t grams[GRAMS_NEEDLE];
	size_t count = grams_of_needle(needle, grams);

	for (size_t i = 0; i < count; i++)
		if (!list_has(list, GRAM_HEADER | grams[i]))
			return false;
	return true;
}

/* Letters in two cases, blanks, accents that decompose, Greek, Chinese, broken bytes, NUL. */
static void
write_random(struct buf *out)
{
	static const char *const pieces[] = { "a", "B", "e", "E", " ", "\n", "\"", "\xc3\xa9",
		"\xc3\x89", "\xc3\x9f", "\xce\xb1", "\xce\x91", "\xe4\xb8\xad", "\xed\x95\x9c",
		"\xf0\x9f\x98\x80", "\xff", "\xc3", "0" };
	uint32_t length = 1 + random_below(60);

	buf_clear(out);
	for (uint32_t i = 0; i < length; i++) {
		uint32_t n = random_below((uint32_t)ARRAY_LEN(pieces) + 1);

		if (n == ARRAY_LEN(pieces))
			buf_add_char(out, '\0');
		else
			buf_add_c(out, pieces[n]);
	}
}

/* Whatever the comparison finds in a text, its grams let through: every substring of it, in each case. */
static void
check_substrings(void)
{
	struct buf text, list, pieced, needle;
	unsigned found = 0;

	buf_init(&text, 1000);
	buf_init(&list, GRAMS_LIST_MAX);
	buf_init(&pieced, GRAMS_LIST_MAX);
	buf_init(&needle, 1000);
	for (unsigned i = 0; i < TEXTS; i++) {
		write_random(&text);
		list_of(&list, buf_str(&text), 1000);
		list_of(&pieced, buf_str(&text), 4);
		if (utf8_is_valid(buf_str(&text)))
			CHECK_STR(buf_str(&pieced), buf_str(&list));
		for (size_t at = 0; at < text.n; at++) {
			struct str sub = str_head(str_from(buf_str(&text), at),
			    3 + random_below((uint32_t)(text.n)));

			buf_clear(&needle);
			utf8_lower(&needle, sub);
			if (!text_contains(buf_str(&text), buf_str(&needle)))
				continue; /* it begins in the middle of a character */
			found++;
			CHECK(lets_through(buf_str(&list), buf_str(&needle)));
		}
	}
	CHECK(found > TEXTS * 5);
	buf_release(&text);
	buf_release(&list);
	buf_release(&pieced);
	buf_release(&needle);
}

static const struct {
	const char *name, *text, *needle;
	bool is_through;
} rows[] = {
	{ "word", "some words here", "words", true },
	{ "other case", "Some WORDS here", "wOrDs", true },
	{ "not there", "some words here", "sword", false },
	{ "letters of two words", "abc bcd", "abcd", true },
	{ "accents of two forms", "caf\xc3\xa9", "cafe\xcc\x81", true },
	{ "one Chinese character", "\xe4\xb8\xad\xe6\x96\x87", "\xe6\x96\x87", true },
	{ "another one", "\xe4\xb8\xad\xe6\x96\x87", "\xe4\xba\xba", false },
	{ "too short", "abc", "xy", true },
	{ "three bytes", "abc", "bcd", false },
	{ "long, wrong at its end", "the quick brown fox jumps over it",
	    "the quick brown fox jumps over me", false },
};

static void
check_rows(void)
{
	struct buf list;

	buf_init(&list, GRAMS_LIST_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		list_of(&list, str_c(rows[i].text), 1000);
		CHECK(lets_through(buf_str(&list), str_c(rows[i].needle)) == rows[i].is_through);
	}
	TEST_ROW(NULL);
	buf_release(&list);
}

/* More different grams, or more text, than is kept: not cut off, but said. */
static void
check_limits(void)
{
	struct grams g;
	struct buf text, list;
	struct gram_cursor c;

	buf_init(&text, GRAMS_TEXT_MAX + 10);
	buf_init(&list, GRAMS_LIST_MAX);
	grams_init(&g);
	for (uint32_t i = 0; i < GRAMS_MAX; i++) {
		char three[] = { (char)('0' + i % 64), (char)(0x20 + i / 64 % 64),
			(char)(1 + i / 4096), '\0' };

		buf_add_c(&text, three);
	}
	grams_add(&g, GRAM_BODY, buf_str(&text), false);
	CHECK(g.is_cut);
	CHECK(g.count <= GRAMS_MAX);
	grams_write(&g, &list);
	gram_cursor_init(&c, buf_str(&list));
	CHECK_NUM(c.gram, GRAM_CUT);
	gram_cursor_next(&c);
	CHECK_NUM(c.gram, GRAM_END);
	grams_release(&g);

	grams_init(&g);
	buf_clear(&text);
	while (text.n < GRAMS_TEXT_MAX)
		buf_add_c(&text, "aaaaaaaaaaaaaaaa");
	grams_add(&g, GRAM_BODY, buf_str(&text), false);
	CHECK(!g.is_cut);
	grams_add(&g, GRAM_BODY, STR("b"), true);
	CHECK(g.is_cut);
	grams_release(&g);
	buf_release(&text);
	buf_release(&list);
}

/* Damaged lists end, and never go past the last gram. */
static void
check_damage(void)
{
	static const struct str lists[] = { STR_INIT("\xff\xff\xff\xff\xff\xff\xff"),
		STR_INIT("\x80"), STR_INIT("\xff\xff\xff\x0f\x7f\x7f"),
		STR_INIT("\xff\xff\xff\xff\x7f\x01") };

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct gram_cursor c;
		unsigned steps = 0;

		gram_cursor_init(&c, lists[i]);
		for (; c.gram < GRAM_END; steps++)
			gram_cursor_next(&c);
		CHECK(steps <= lists[i].n);
		CHECK_NUM(c.gram, GRAM_END);
	}
}

int
main(void)
{
	check_rows();
	check_substrings();
	check_limits();
	check_damage();
	return test_end();
}
