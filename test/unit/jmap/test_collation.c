/* Which of two texts comes first by each collation. */
#include "base/mem.h"
#include "base/test.h"
#include "jmap/collation.h"

static const struct {
	const char *name;
	enum collation by;
	const char *a, *b;
	int want;
} rows[] = {
	{ "case does not count", COLLATION_ASCII, "Anna", "aNNA", 0 },
	{ "only ASCII is folded", COLLATION_ASCII, "\xc3\x84", "\xc3\xa4", -1 },
	{ "letters", COLLATION_ASCII, "anna", "Bob", -1 },
	{ "the shorter one first", COLLATION_ASCII, "ann", "anna", -1 },
	{ "all letters are folded", COLLATION_UNICODE, "\xc3\x84rger", "\xc3\xa4RGER", 0 },
	{ "numbers", COLLATION_NUMERIC, "9 lives", "10 lives", -1 },
	{ "only the digits in front", COLLATION_NUMERIC, "7a1", "7b2", 0 },
	{ "zeros in front", COLLATION_NUMERIC, "007", "7", 0 },
	{ "zero", COLLATION_NUMERIC, "000", "1", -1 },
	{ "no number is last", COLLATION_NUMERIC, "x1", "99999999999999999999999999", 1 },
	{ "all without are the same", COLLATION_NUMERIC, "x1", "", 0 },
	{ "larger than any integer", COLLATION_NUMERIC, "99999999999999999999998",
	    "99999999999999999999999", -1 },
};

int
main(void)
{
	char digits[COLLATION_TEXT_MAX + 2];
	struct arena a;
	struct str longest, none;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct str one, other;
		int order;

		TEST_ROW(rows[i].name);
		CHECK_NUM(collation_key(rows[i].by, str_c(rows[i].a), &a, &one), FAIL_NONE);
		CHECK_NUM(collation_key(rows[i].by, str_c(rows[i].b), &a, &other), FAIL_NONE);
		order = str_cmp(one, other);
		CHECK_NUM((order > 0) - (order < 0), rows[i].want);
	}
	TEST_ROW("the longest number is before none");
	memset(digits, '9', sizeof(digits));
	CHECK_NUM(collation_key(COLLATION_NUMERIC, str_of(digits, sizeof(digits)), &a, &longest),
	    FAIL_NONE);
	CHECK_NUM(collation_key(COLLATION_NUMERIC, STR("none"), &a, &none), FAIL_NONE);
	CHECK(str_cmp(longest, none) < 0);
	TEST_ROW("no room");
	arena_release(&a);
	arena_init(&a, 1);
	CHECK_NUM(collation_key(COLLATION_ASCII, STR("text that does not fit"), &a, &none),
	    FAIL_LIMIT);
	arena_release(&a);
	return test_end();
}
