#include "imap/name.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *pattern, *path;
	bool want;
} match_rows[] = {
	{ "*", "INBOX", true },
	{ "*", "a/b/c", true },
	{ "%", "a", true },
	{ "%", "a/b", false },
	{ "%/%", "a/b", true },
	{ "a/%", "a/b/c", false },
	{ "a/*", "a/b/c", true },
	{ "a/*", "a", false },
	{ "a*", "a", true },
	{ "*c", "a/b/c", true },
	{ "*b%", "a/b/bc", true },
	{ "*b%", "a/b/c", false },
	{ "%b*d", "ab/c/d", true },
	{ "inbox", "INBOX", true },
	{ "InBoX/%", "INBOX/a", true },
	{ "inboxes", "INBOXES", false },
	{ "in*", "INBOX", true },
	{ "inbox/A", "INBOX/a", false },
	{ "", "a", false },
	{ "", "", true },
	{ "***", "a", true },
	{ "%%", "", true },
	{ "%*%", "a/b", true },
	{ "%*", "/", true },
	{ "%/%*", "a/", true },
	{ "*%/", "a/b", false },
	{ "*%b", "a/ab", true },
	{ "a%c", "a/c", false },
	{ "i*x", "INBOX", true },
	{ "*x", "INBOX/x", true },
	{ "*/x", "INBOX/X", false },
	{ "@nbox", "INBOX", false },
};

/* Asked twice: nothing is left of a path that was compared before. */
static bool
matches(struct str pattern, struct str path)
{
	struct imap_pattern p;
	bool is_match;

	imap_pattern_init(&p, pattern);
	is_match = imap_pattern_matches(&p, path);
	CHECK(imap_pattern_matches(&p, path) == is_match);
	imap_pattern_release(&p);
	return is_match;
}

/* As they are told by the words of the RFC, without regard to time: for short ones. */
static bool
matches_plainly(struct str pattern, struct str path)
{
	if (pattern.n == 0)
		return path.n == 0;
	if (pattern.p[0] == '*' || pattern.p[0] == '%') {
		bool can_take = path.n > 0 && (pattern.p[0] == '*' || path.p[0] != '/');

		return matches_plainly(str_from(pattern, 1), path) ||
		    (can_take && matches_plainly(pattern, str_from(path, 1)));
	}
	return path.n > 0 && path.p[0] == pattern.p[0] &&
	    matches_plainly(str_from(pattern, 1), str_from(path, 1));
}

/* The n-th text of some letters; false when all of that length are through. */
static bool
nth_text(size_t n, const char *letters, size_t size, char *out)
{
	size_t base = strlen(letters);

	for (size_t i = 0; i < size; i++, n /= base)
		out[i] = letters[n % base];
	return n == 0;
}

static void
test_all_short(void)
{
	char pattern[5], path[4];

	TEST_ROW("all short patterns");
	for (size_t i = 0; nth_text(i, "a/*%", sizeof pattern, pattern); i++)
		for (size_t k = 0; nth_text(k, "ab/", sizeof path, path); k++)
			CHECK(matches(str_of(pattern, sizeof pattern), str_of(path, sizeof path)) ==
			    matches_plainly(str_of(pattern, sizeof pattern),
				str_of(path, sizeof path)));
}

/* The same behind so many bytes that sets have several words, at each place of a word. */
static void
test_long(void)
{
	char pattern[200], path[200];

	TEST_ROW("over the ends of words");
	memset(pattern, 'x', sizeof pattern);
	memset(path, 'x', sizeof path);
	for (size_t at = 0; at + 4 < sizeof pattern; at++) {
		pattern[at] = '%';
		pattern[at + 1] = 'y';
		path[at] = 'z';
		path[at + 1] = 'y';
		CHECK(matches(str_of(pattern, at + 4), str_of(path, at + 4)));
		CHECK(matches(str_of(pattern, at + 1), str_of(path, at + 4)));
		CHECK(!matches(str_of(pattern, at + 4), str_of(path, at + 3)));
		pattern[at] = pattern[at + 1] = path[at] = path[at + 1] = 'x';
	}
}

/* 32 levels of 255 bytes, and what trying each way through them would take a day for. */
static void
test_costly(void)
{
	enum { LEVEL = 255, LEVELS = 32, TAIL = 1000 };
	static char path[LEVELS * (LEVEL + 1) - 1], pattern[2 * TAIL + 3];

	TEST_ROW("costly");
	memset(path, 'a', sizeof path);
	for (size_t i = LEVEL; i < sizeof path; i += LEVEL + 1)
		path[i] = '/';
	memset(pattern, 'a', sizeof pattern);
	for (size_t i = 0; i < sizeof pattern; i += 2)
		pattern[i] = i % 4 == 0 ? '*' : '%';
	pattern[sizeof pattern - 1] = 'b';
	for (int i = 0; i < 50; i++)
		CHECK(!matches(str_of(pattern, sizeof pattern), str_of(path, sizeof path)));
}

static const struct {
	const char *name, *in;
	bool is_utf8;
	enum fail want;
	const char *path;
} name_rows[] = {
	{ "plain", "Sent", false, FAIL_NONE, "Sent" },
	{ "utf-7", "Entw&APw-rfe", false, FAIL_NONE, "Entw\xc3\xbcrfe" },
	{ "ampersand", "a&-b", false, FAIL_NONE, "a&b" },
	{ "broken", "a&b", false, FAIL_SYNTAX, "" },
	{ "utf-8 in rev1", "\xc3\xbc", false, FAIL_NONE, "\xc3\xbc" },
	{ "utf-8", "\xc3\xbc&-", true, FAIL_NONE, "\xc3\xbc&-" },
	{ "not utf-8", "\xfc", true, FAIL_SYNTAX, "" },
	{ "latin-1 in rev1", "\xfc", false, FAIL_SYNTAX, "" },
	{ "pattern", "&APw-/*%", false, FAIL_NONE, "\xc3\xbc/*%" },
};

static void
test_turn(struct arena *arena)
{
	TEST_ROW("turn");
	CHECK_STR(imap_name_turn(arena, STR("a.b/c..d")), STR("a/b.c//d"));
	CHECK_STR(imap_name_turn(arena, STR("")), STR(""));
}

int
main(void)
{
	struct arena arena;
	struct buf out;

	arena_init(&arena, 100000);
	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(match_rows); i++) {
		TEST_ROW(match_rows[i].pattern);
		CHECK(matches(str_c(match_rows[i].pattern), str_c(match_rows[i].path)) ==
		    match_rows[i].want);
	}
	test_all_short();
	test_long();
	test_costly();
	for (size_t i = 0; i < ARRAY_LEN(name_rows); i++) {
		struct str path = { 0 };

		TEST_ROW(name_rows[i].name);
		CHECK_NUM(
		    imap_name_parse(&arena, str_c(name_rows[i].in), name_rows[i].is_utf8, &path),
		    name_rows[i].want);
		if (name_rows[i].want == FAIL_NONE)
			CHECK_STR(path, str_c(name_rows[i].path));
	}
	TEST_ROW("write");
	imap_name_write(&out, STR("Entw\xc3\xbcrfe"), false);
	buf_add_char(&out, ' ');
	imap_name_write(&out, STR("Entw\xc3\xbcrfe"), true);
	CHECK_STR(buf_str(&out), STR("Entw&APw-rfe \"Entw\xc3\xbcrfe\""));
	buf_release(&out);
	test_turn(&arena);
	arena_release(&arena);
	return test_end();
}
