#include "imap/flag.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "mail/keyword.h"

static const struct {
	const char *name, *in;
	bool is_store, want;
	uint64_t bits;
	size_t keywords;
} rows[] = {
	{ "none", "()", false, true, 0, 0 },
	{ "system", "(\\Seen \\DELETED)", false, true, FLAG_SEEN | FLAG_DELETED, 0 },
	{ "keywords", "($Junk x \\Draft)", false, true, FLAG_DRAFT, 2 },
	{ "twice", "(x X x)", false, true, 0, 1 },
	{ "recent", "(\\Recent)", false, true, 0, 0 },
	{ "unknown", "(\\Foo)", false, false, 0, 0 },
	{ "star", "(\\*)", false, false, 0, 0 },
	{ "bare list", "\\Seen x", false, false, 0, 0 },
	{ "store bare", "\\Seen x", true, true, FLAG_SEEN, 1 },
	{ "store list", "(\\Flagged)", true, true, FLAG_FLAGGED, 0 },
	{ "open", "(\\Seen", false, false, 0, 0 },
	{ "quoted", "(\"x\")", false, false, 0, 0 },
};

int
main(void)
{
	struct imap_flags flags;
	struct arena arena;

	arena_init(&arena, 100000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imap_cursor c = { str_c(rows[i].in), &arena, false };
		bool is_ok =
		    rows[i].is_store ? imap_store_flags(&c, &flags) : imap_flag_list(&c, &flags);

		TEST_ROW(rows[i].name);
		CHECK((is_ok && imap_at_end(&c)) == rows[i].want);
		if (!rows[i].want)
			continue;
		CHECK(flags.bits == rows[i].bits);
		CHECK_NUM(flags.keyword_count, rows[i].keywords);
	}
	arena_release(&arena);
	return test_end();
}
