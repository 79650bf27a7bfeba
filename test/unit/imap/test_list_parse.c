#include "imap/list.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

static const struct {
	const char *name, *in;
	bool want;
	unsigned selects, returns, status;
	size_t patterns;
	const char *last;
} rows[] = {
	{ "plain", "\"\" *", true, 0, 0, 0, 1, "*" },
	{ "quoted", "\"a/\" \"%\"", true, 0, 0, 0, 1, "%" },
	{ "subscribed", "(SUBSCRIBED) \"\" *", true, LIST_SUBSCRIBED, 0, 0, 1, "*" },
	{ "no options", "() \"\" *", true, 0, 0, 0, 1, "*" },
	{ "recursive", "(RECURSIVEMATCH SUBSCRIBED) \"\" *", true, LIST_SUBSCRIBED | LIST_RECURSIVE,
	    0, 0, 1, "*" },
	{ "recursive alone", "(RECURSIVEMATCH) \"\" *", false, 0, 0, 0, 0, "" },
	{ "recursive remote", "(RECURSIVEMATCH REMOTE) \"\" *", false, 0, 0, 0, 0, "" },
	{ "patterns", "\"\" (INBOX a/%)", true, 0, 0, 0, 2, "a/%" },
	{ "returns", "\"\" % RETURN (SUBSCRIBED CHILDREN)", true, 0,
	    LIST_SUBSCRIBED | LIST_CHILDREN, 0, 1, "%" },
	{ "returns none", "\"\" % RETURN ()", true, 0, 0, 0, 1, "%" },
	{ "status", "\"\" % RETURN (STATUS (MESSAGES SIZE) SPECIAL-USE)", true, 0,
	    LIST_STATUS | LIST_SPECIAL_USE, STATUS_MESSAGES | STATUS_SIZE, 1, "%" },
	{ "status without items", "\"\" % RETURN (STATUS)", false, 0, 0, 0, 0, "" },
	{ "unknown option", "(FOO) \"\" *", false, 0, 0, 0, 0, "" },
	{ "no pattern", "\"\"", false, 0, 0, 0, 0, "" },
	{ "empty patterns", "\"\" ()", false, 0, 0, 0, 0, "" },
	{ "more", "\"\" * x", false, 0, 0, 0, 0, "" },
};

int
main(void)
{
	struct imap_list list;

	arena_init(&arena, 100000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imap_cursor c = { str_c(rows[i].in), &arena, false };

		TEST_ROW(rows[i].name);
		CHECK(imap_list_parse(&c, &list) == rows[i].want);
		if (!rows[i].want)
			continue;
		CHECK_NUM(list.selects, rows[i].selects);
		CHECK_NUM(list.returns, rows[i].returns);
		CHECK_NUM(list.status, rows[i].status);
		CHECK_NUM(list.pattern_count, rows[i].patterns);
		CHECK_STR(list.patterns[list.pattern_count - 1], str_c(rows[i].last));
	}
	arena_release(&arena);
	return test_end();
}
