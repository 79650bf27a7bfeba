#include "imap/metadata.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

static const struct {
	const char *name, *in;
	bool want;
	const char *mailbox, *last;
	size_t count;
	uint32_t depth;
	uint64_t size_max;
} get_rows[] = {
	{ "one", "INBOX /private/a", true, "INBOX", "/private/a", 1, 0, UINT64_MAX },
	{ "several", "x (/private/a /shared)", true, "x", "/shared", 2, 0, UINT64_MAX },
	{ "server", "\"\" \"/Shared/a b\"", true, "", "/Shared/a b", 1, 0, UINT64_MAX },
	{ "size", "(MAXSIZE 10) x /shared", true, "x", "/shared", 1, 0, 10 },
	{ "both", "(depth infinity maxsize 0) x /shared", true, "x", "/shared", 1,
	    IMAP_DEPTH_INFINITY, 0 },
	{ "behind", "x (DEPTH 1) (/shared/m)", true, "x", "/shared/m", 1, 1, UINT64_MAX },
	{ "depth 2", "(DEPTH 2) x /shared", false, "", "", 0, 0, 0 },
	{ "no options", "() x /shared", false, "", "", 0, 0, 0 },
	{ "unknown option", "(FOO) x /shared", false, "", "", 0, 0, 0 },
	{ "huge", "(MAXSIZE 4294967296) x /shared", false, "", "", 0, 0, 0 },
	{ "no entry", "x", false, "", "", 0, 0, 0 },
	{ "no entries", "x ()", false, "", "", 0, 0, 0 },
	{ "open", "x (/shared", false, "", "", 0, 0, 0 },
	{ "more", "x /shared y", false, "", "", 0, 0, 0 },
	{ "other scope", "x /sharedness", false, "", "", 0, 0, 0 },
	{ "star", "x \"/shared/*\"", false, "", "", 0, 0, 0 },
	{ "control", "x \"/shared/\x01\"", false, "", "", 0, 0, 0 },
	{ "not ASCII", "x \"/shared/\xc3\xa4\"", false, "", "", 0, 0, 0 },
};

static void
test_get(void)
{
	for (size_t i = 0; i < ARRAY_LEN(get_rows); i++) {
		struct imap_cursor c = { .at = str_c(get_rows[i].in), .arena = &arena };
		struct imap_entries entries;
		struct str mailbox;

		TEST_ROW(get_rows[i].name);
		arena_reset(&arena);
		CHECK(imap_getmetadata_parse(&c, &mailbox, &entries) == get_rows[i].want);
		if (!get_rows[i].want)
			continue;
		CHECK_STR(mailbox, str_c(get_rows[i].mailbox));
		CHECK_NUM(entries.count, get_rows[i].count);
		CHECK_STR(entries.names[entries.count - 1], str_c(get_rows[i].last));
		CHECK_NUM(entries.depth, get_rows[i].depth);
		CHECK(entries.size_max == get_rows[i].size_max);
	}
}

static const struct {
	const char *name;
	struct str in;
	bool want;
	size_t count;
	struct str last;
} set_rows[] = {
	{ "one", STR_INIT("(/private/a \"x\")"), true, 1, STR_INIT("x") },
	{ "two", STR_INIT("(/private/a NIL /shared/b {3}\r\nab))"), true, 2, STR_INIT("ab)") },
	{ "literal8", STR_INIT("(/private/a ~{3}\r\na\0b)"), true, 1, STR_INIT("a\0b") },
	{ "NUL in a literal", STR_INIT("(/private/a {3}\r\na\0b)"), false, 0, STR_INIT("") },
	{ "empty", STR_INIT("(/private/a \"\")"), true, 1, STR_INIT("") },
	{ "no value", STR_INIT("(/private/a)"), false, 0, STR_INIT("") },
	{ "no list", STR_INIT("/private/a \"x\""), false, 0, STR_INIT("") },
	{ "nothing", STR_INIT("()"), false, 0, STR_INIT("") },
	{ "more", STR_INIT("(/private/a \"x\") y"), false, 0, STR_INIT("") },
};

static void
test_set(void)
{
	for (size_t i = 0; i < ARRAY_LEN(set_rows); i++) {
		struct imap_cursor c = { .at = set_rows[i].in, .arena = &arena };
		struct imap_notes notes;

		TEST_ROW(set_rows[i].name);
		arena_reset(&arena);
		CHECK(imap_entry_values_parse(&c, &notes) == set_rows[i].want);
		if (!set_rows[i].want)
			continue;
		CHECK_NUM(notes.count, set_rows[i].count);
		CHECK_STR(notes.list[notes.count - 1].value, set_rows[i].last);
		CHECK(notes.list[notes.count - 1].value.p != NULL);
	}
}

static void
test_too_many(void)
{
	struct imap_cursor c = { .arena = &arena };
	struct imap_entries entries;
	struct imap_notes notes;
	struct str mailbox;
	struct buf text;

	TEST_ROW("too many");
	arena_reset(&arena);
	buf_init(&text, 100000);
	buf_add_c(&text, "x (");
	for (size_t i = 0; i < IMAP_ENTRIES_MAX; i++)
		buf_add_c(&text, "/shared/a ");
	buf_add_c(&text, "/shared/a)");
	c.at = buf_str(&text);
	CHECK(!imap_getmetadata_parse(&c, &mailbox, &entries) && c.is_over);
	buf_clear(&text);
	buf_add_c(&text, "(");
	for (size_t i = 0; i < IMAP_ENTRIES_MAX; i++)
		buf_add_c(&text, "/shared/a NIL ");
	buf_add_c(&text, "/shared/a NIL)");
	c = (struct imap_cursor){ .at = buf_str(&text), .arena = &arena };
	CHECK(!imap_entry_values_parse(&c, &notes) && c.is_over);
	buf_release(&text);
}

static void
test_depth(void)
{
	TEST_ROW("depth");
	CHECK_NUM(imap_entry_depth(STR("/shared/a"), STR("/shared/a")), 0);
	CHECK_NUM(imap_entry_depth(STR("/SHARED"), STR("/shared/a")), 1);
	CHECK_NUM(imap_entry_depth(STR("/shared"), STR("/shared/a/b/c")), 3);
	CHECK_NUM(imap_entry_depth(STR("/shared/a"), STR("/shared/ab")), UINT32_MAX);
	CHECK_NUM(imap_entry_depth(STR("/shared/ab"), STR("/shared/a")), UINT32_MAX);
	CHECK_NUM(imap_entry_depth(STR("/private"), STR("/shared/a")), UINT32_MAX);
}

int
main(void)
{
	arena_init(&arena, 1 << 20);
	test_get();
	test_set();
	test_too_many();
	test_depth();
	arena_release(&arena);
	return test_end();
}
