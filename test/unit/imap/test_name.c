#include "imap/name.h"

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
};

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
		CHECK(imap_name_matches(str_c(match_rows[i].pattern), str_c(match_rows[i].path)) ==
		    match_rows[i].want);
	}
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
