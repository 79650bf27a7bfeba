#include "imap/append_parse.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

/*
 * What lines give: B begin, T text, U URL, L literal URL, C complete, O over, W wrong. Lines are separated by "|"; a
 * literal's bytes are not there, as in life.
 */
static const struct {
	const char *name, *lines, *want;
} rows[] = {
	{ "one", " {3}|", "BTCO" },
	{ "options", " (\\Seen $A) \"17-Jul-1996 02:44:25 -0700\" ~{3+}|", "BTCO" },
	{ "many", " {3}| (\\Seen) {4+}| \"17-Jul-1996 02:44:25 -0700\" {1}|", "BTCBTCBTCO" },
	{ "nothing", "", "W" },
	{ "blank", " ", "BW" },
	{ "no literal", " (\\Seen) ", "BW" },
	{ "quoted message", " \"abc\"", "W" },
	{ "flag of none", " (\\Foo) {3}", "W" },
	{ "date first", " \"17-Jul-1996 02:44:25 -0700\" (\\Seen) {3}", "BW" },
	{ "behind it", " {3}|x", "BTCW" },
	{ "parts", " CATENATE (TEXT {3}| URL \"/a\" URL b TEXT {4+}|)", "BTUUTCO" },
	{ "literal URL", " catenate (url {3}| text {3}|)", "BLTCO" },
	{ "two of parts", " CATENATE (URL a) CATENATE (URL b)", "BUCBUCO" },
	{ "parts, then whole", " CATENATE (URL a) {3}|", "BUCBTCO" },
	{ "no parts", " CATENATE ()", "BW" },
	{ "not closed", " CATENATE (URL a", "BUW" },
	{ "no blank", " CATENATE (URL aTEXT {3}|)", "BUW" },
	{ "text in quotes", " CATENATE (TEXT \"a\")", "BW" },
	{ "unknown part", " CATENATE (FOO a)", "BW" },
	{ "UTF8", " UTF8 (~{3}|)", "BTCO" },
	{ "UTF8 without ~", " UTF8 ({3}|)", "BW" },
	{ "UTF8 not closed", " UTF8 (~{3}|", "BTW" },
	{ "UTF8 part", " CATENATE (UTF8 (~{3}|) URL a UTF8 (~{3}|))", "BTUTCO" },
	{ "UTF8 part not closed", " CATENATE (UTF8 (~{3}| URL a)", "BTW" },
};

static void
play(struct append_parser *p, const char *lines, struct buf *out)
{
	static const char letters[] = "BTULCOW";
	struct str rest = str_c(lines), line;
	struct append_item item;
	enum append_what what = APPEND_BEGIN;

	while (what != APPEND_WRONG && what != APPEND_OVER && str_next_part(&rest, '|', &line)) {
		struct imap_literal literal = { 0 };
		struct imap_cursor c = { line, &arena, false };

		if (!imap_literal_suffix(line, &literal))
			literal.mark = 0;
		do {
			what = append_next(p, &c, literal.mark, &item);
			buf_add_char(out, letters[what]);
		} while (what == APPEND_BEGIN || what == APPEND_URL || what == APPEND_COMPLETE);
	}
}

static void
test_rows(void)
{
	struct buf out;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct append_parser p = { true, true, true, APPEND_AT_FIRST };

		TEST_ROW(rows[i].name);
		buf_init(&out, 1000);
		play(&p, rows[i].lines, &out);
		CHECK_STR(buf_str(&out), str_c(rows[i].want));
		buf_release(&out);
	}
}

/* What is not offered is not known. */
static void
test_without(void)
{
	static const char *const lines[][2] = {
		{ " CATENATE (URL a)", "BW" },
		{ " UTF8 (~{3}|)", "BW" },
		{ " {3}| {3}|", "BTCW" },
	};
	struct buf out;

	TEST_ROW("without");
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct append_parser p = { false, false, false, APPEND_AT_FIRST };

		buf_init(&out, 1000);
		play(&p, lines[i][0], &out);
		CHECK_STR(buf_str(&out), str_c(lines[i][1]));
		buf_release(&out);
	}
}

int
main(void)
{
	arena_init(&arena, 1000000);
	test_rows();
	test_without();
	arena_release(&arena);
	return test_end();
}
