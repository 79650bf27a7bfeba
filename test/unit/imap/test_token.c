#include "imap/token.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

typedef bool token_fn(struct imap_cursor *c, struct str *out);

static const struct {
	const char *name;
	token_fn *parse;
	struct str in;
	bool want;
	struct str out, rest;
} rows[] = {
	{ "tag", imap_tag, STR_INIT("a1 X"), true, STR_INIT("a1"), STR_INIT(" X") },
	{ "tag ]", imap_tag, STR_INIT("]1 X"), true, STR_INIT("]1"), STR_INIT(" X") },
	{ "tag +", imap_tag, STR_INIT("a+ X"), false, { 0 }, { 0 } },
	{ "tag *", imap_tag, STR_INIT("* X"), false, { 0 }, { 0 } },
	{ "no tag", imap_tag, STR_INIT(" X"), false, { 0 }, { 0 } },
	{ "atom", imap_atom, STR_INIT("x-y/z)"), true, STR_INIT("x-y/z"), STR_INIT(")") },
	{ "atom ]", imap_atom, STR_INIT("x]"), true, STR_INIT("x"), STR_INIT("]") },
	{ "atom 8bit", imap_atom, STR_INIT("\xc3\xa4"), false, { 0 }, { 0 } },
	{ "atom %", imap_atom, STR_INIT("a%"), true, STR_INIT("a"), STR_INIT("%") },
	{ "atom backslash", imap_atom, STR_INIT("\\Seen"), false, { 0 }, { 0 } },
	{ "astring atom", imap_astring, STR_INIT("INBOX"), true, STR_INIT("INBOX"), { 0 } },
	{ "astring ]", imap_astring, STR_INIT("a]b c"), true, STR_INIT("a]b"), STR_INIT(" c") },
	{ "quoted", imap_astring, STR_INIT("\"a b\" c"), true, STR_INIT("a b"), STR_INIT(" c") },
	{ "quoted empty", imap_astring, STR_INIT("\"\""), true, STR_INIT(""), { 0 } },
	{ "quoted escapes", imap_astring, STR_INIT("\"a\\\"b\\\\\""), true, STR_INIT("a\"b\\"),
	    { 0 } },
	{ "quoted wrong escape", imap_astring, STR_INIT("\"a\\n\""), false, { 0 }, { 0 } },
	{ "quoted UTF-8", imap_astring, STR_INIT("\"\xc3\xa4\""), true, STR_INIT("\xc3\xa4"),
	    { 0 } },
	{ "quoted open", imap_astring, STR_INIT("\"abc"), false, { 0 }, { 0 } },
	{ "quoted open escape", imap_astring, STR_INIT("\"abc\\"), false, { 0 }, { 0 } },
	{ "quoted NUL", imap_astring, STR_INIT("\"a\0b\""), false, { 0 }, { 0 } },
	{ "quoted CR", imap_astring, STR_INIT("\"a\rb\""), false, { 0 }, { 0 } },
	{ "literal", imap_astring, STR_INIT("{3}\r\na\"b c"), true, STR_INIT("a\"b"),
	    STR_INIT(" c") },
	{ "literal+", imap_astring, STR_INIT("{2+}\r\n\r\n)"), true, STR_INIT("\r\n"),
	    STR_INIT(")") },
	{ "literal empty", imap_astring, STR_INIT("{0}\r\n"), true, STR_INIT(""), { 0 } },
	{ "literal short", imap_astring, STR_INIT("{4}\r\nabc"), false, { 0 }, { 0 } },
	{ "literal NUL", imap_astring, STR_INIT("{1}\r\n\0"), false, { 0 }, { 0 } },
	{ "literal huge", imap_astring, STR_INIT("{99999999999999999999999}\r\n"), false, { 0 },
	    { 0 } },
	{ "literal without CRLF", imap_astring, STR_INIT("{3}abc"), false, { 0 }, { 0 } },
	{ "NIL", imap_nstring, STR_INIT("nil)"), true, STR_INIT(""), STR_INIT(")") },
	{ "NIL as string", imap_nstring, STR_INIT("\"NIL\""), true, STR_INIT("NIL"), { 0 } },
	{ "nstring atom", imap_nstring, STR_INIT("abc"), false, { 0 }, { 0 } },
	{ "list wildcards", imap_list_mailbox, STR_INIT("a/%*]"), true, STR_INIT("a/%*]"), { 0 } },
	{ "list paren", imap_list_mailbox, STR_INIT("(a"), false, { 0 }, { 0 } },
};

static const struct {
	const char *name;
	struct str in;
	bool want, is_sync, is_binary;
	uint64_t bytes;
	size_t mark;
} literal_rows[] = {
	{ "sync", STR_INIT("a LOGIN {5}"), true, true, false, 5, 3 },
	{ "not sync", STR_INIT("a LOGIN {15+}"), true, false, false, 15, 5 },
	{ "binary", STR_INIT("a APPEND x ~{7+}"), true, false, true, 7, 5 },
	{ "zero", STR_INIT("{0}"), true, true, false, 0, 3 },
	{ "empty", STR_INIT("{}"), false, true, false, 0, 0 },
	{ "plus alone", STR_INIT("{+}"), false, true, false, 0, 0 },
	{ "letters", STR_INIT("{a}"), false, true, false, 0, 0 },
	{ "minus", STR_INIT("{-1}"), false, true, false, 0, 0 },
	{ "in quotes", STR_INIT("\"{5}\""), false, true, false, 0, 0 },
	{ "behind it", STR_INIT("{5} "), false, true, false, 0, 0 },
	{ "huge", STR_INIT("{9223372036854775808}"), true, true, false, UINT64_MAX, 21 },
	{ "very huge", STR_INIT("{99999999999999999999999+}"), true, false, false, UINT64_MAX, 26 },
	{ "two", STR_INIT("{{5}"), true, true, false, 5, 3 },
};

int
main(void)
{
	struct imap_literal literal;
	uint64_t n;

	arena_init(&arena, 10000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imap_cursor c = { rows[i].in, &arena, false };
		struct str out = { 0 };

		TEST_ROW(rows[i].name);
		CHECK(rows[i].parse(&c, &out) == rows[i].want);
		CHECK_STR(c.at, rows[i].want ? rows[i].rest : rows[i].in);
		if (rows[i].want)
			CHECK_STR(out, rows[i].out);
	}
	for (size_t i = 0; i < ARRAY_LEN(literal_rows); i++) {
		TEST_ROW(literal_rows[i].name);
		CHECK(imap_literal_suffix(literal_rows[i].in, &literal) == literal_rows[i].want);
		if (!literal_rows[i].want)
			continue;
		CHECK(literal.is_sync == literal_rows[i].is_sync);
		CHECK(literal.is_binary == literal_rows[i].is_binary);
		CHECK(literal.bytes == literal_rows[i].bytes);
		CHECK_NUM(literal.mark, literal_rows[i].mark);
	}
	TEST_ROW("words");
	struct imap_cursor c = { STR("return (5) \"\\\\\""), &arena, false };
	struct str out;
	CHECK(!imap_keyword(&c, STR("RET")));
	CHECK(imap_keyword(&c, STR("RETURN")) && imap_sp(&c) && imap_char(&c, '('));
	CHECK(!imap_number(&c, 6, 9, &n) && !imap_number(&c, 0, 4, &n));
	CHECK(imap_number(&c, 1, 9, &n) && n == 5 && imap_char(&c, ')') && imap_sp(&c));
	arena_release(&arena);
	arena_init(&arena, 1);
	CHECK(!imap_string(&c, &out) && imap_cursor_fail(&c) == FAIL_LIMIT);
	arena_release(&arena);
	return test_end();
}
