#include "base/str.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *a, *b;
	int order, order_nocase; /* sign */
} compared[] = {
	{ "", "", 0, 0 },
	{ "a", "", 1, 1 },
	{ "abc", "abd", -1, -1 },
	{ "abc", "ABC", 1, 0 },
	{ "ab", "abc", -1, -1 },
	{ "\xff", "a", 1, 1 },
	{ "Z", "a", -1, 1 },
};

static int
sign(int n)
{
	return (n > 0) - (n < 0);
}

static void
test_compare(void)
{
	for (size_t i = 0; i < ARRAY_LEN(compared); i++) {
		struct str a = str_c(compared[i].a), b = str_c(compared[i].b);

		TEST_ROW(compared[i].a);
		CHECK_NUM(sign(str_cmp(a, b)), compared[i].order);
		CHECK_NUM(sign(str_cmp(b, a)), -compared[i].order);
		CHECK_NUM(sign(str_cmp_nocase(a, b)), compared[i].order_nocase);
		CHECK(str_eq(a, b) == (compared[i].order == 0));
		CHECK(str_eq_nocase(a, b) == (compared[i].order_nocase == 0));
	}
}

static const struct {
	const char *in, *needle;
	long at, at_nocase; /* -1: not there */
} found[] = {
	{ "hello", "l", 2, 2 },
	{ "hello", "", 0, 0 },
	{ "hello", "LO", -1, 3 },
	{ "", "x", -1, -1 },
	{ "ab", "abc", -1, -1 },
	{ "aab", "ab", 1, 1 },
	{ "xAB", "ab", -1, 1 },
};

static void
test_find(void)
{
	for (size_t i = 0; i < ARRAY_LEN(found); i++) {
		struct str s = str_c(found[i].in), needle = str_c(found[i].needle);

		TEST_ROW(found[i].in);
		CHECK(str_find(s, needle) == (size_t)found[i].at);
		CHECK(str_find_nocase(s, needle) == (size_t)found[i].at_nocase);
	}
	CHECK_NUM(str_find_char(STR("a:b:c"), ':'), 1);
	CHECK_NUM(str_rfind_char(STR("a:b:c"), ':'), 3);
	CHECK(str_find_char(STR("abc"), '\0') == STR_NONE);
	CHECK(str_starts(STR("abc"), STR("ab")) && !str_starts(STR("ab"), STR("abc")));
	CHECK(str_ends(STR("abc"), STR("bc")) && str_ends_nocase(STR("abc"), STR("BC")));
}

static void
test_slices(void)
{
	TEST_ROW("slices");
	CHECK_STR(str_from(STR("abc"), 1), STR("bc"));
	CHECK_STR(str_from(STR("abc"), 9), STR(""));
	CHECK_STR(str_head(STR("abc"), 9), STR("abc"));
	CHECK_STR(str_slice(STR("abcdef"), 2, 3), STR("cde"));
	CHECK_STR(str_slice(STR("abc"), STR_NONE, STR_NONE), STR(""));
	CHECK_STR(str_trim(STR(" \t a b\r\n")), STR("a b"));
	CHECK_STR(str_trim(STR("  ")), STR(""));
	CHECK_STR(str_from((struct str){ 0 }, 3), STR(""));
}

static const struct {
	const char *in;
	uint32_t max;
	bool ok;
	uint32_t want;
	const char *rest;
} numbers[] = {
	{ "0", 10, true, 0, "" },
	{ "10x", 10, true, 10, "x" },
	{ "11", 10, false, 0, "11" },
	{ "007", 10, true, 7, "" },
	{ "4294967295", UINT32_MAX, true, UINT32_MAX, "" },
	{ "4294967296", UINT32_MAX, false, 0, "4294967296" },
	{ "99999999999999999999999", UINT32_MAX, false, 0, "99999999999999999999999" },
	{ "-1", 10, false, 0, "-1" },
	{ "+1", 10, false, 0, "+1" },
	{ "", 10, false, 0, "" },
	{ "x", 10, false, 0, "x" },
};

static void
test_numbers(void)
{
	uint64_t big;
	struct str cur;

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		uint32_t n = 0;

		TEST_ROW(numbers[i].in);
		cur = str_c(numbers[i].in);
		CHECK(str_u32(&cur, numbers[i].max, &n) == numbers[i].ok);
		CHECK_NUM(n, numbers[i].want);
		CHECK_STR(cur, str_c(numbers[i].rest));
	}
	cur = STR("18446744073709551615");
	CHECK(str_u64(&cur, UINT64_MAX, &big) && big == UINT64_MAX);
	cur = STR("18446744073709551616");
	CHECK(!str_u64(&cur, UINT64_MAX, &big));
	cur = STR("fFz");
	CHECK(str_hex(&cur, 255, &big) && big == 255);
	CHECK_STR(cur, STR("z"));
}

static void
test_cursors(void)
{
	struct str cur = STR("a,b,,c"), part;
	const char *want[] = { "a", "b", "", "c" };
	struct str_set digits = { { 0 } };

	TEST_ROW("parts");
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		CHECK(str_next_part(&cur, ',', &part));
		CHECK_STR(part, str_c(want[i]));
	}
	CHECK(!str_next_part(&cur, ',', &part));
	TEST_ROW("skip and take");
	cur = STR("Fetch 12 rest");
	CHECK(!str_skip(&cur, STR("FETCH")) && str_skip_nocase(&cur, STR("FETCH")));
	CHECK(!str_skip_char(&cur, 'x') && str_skip_char(&cur, ' '));
	for (unsigned c = '0'; c <= '9'; c++)
		digits.bits[c >> 5] |= 1u << (c & 31);
	CHECK_STR(str_take_set(&cur, &digits), STR("12"));
	CHECK(!str_take(&cur, 6, &part) && str_take(&cur, 5, &part));
	CHECK_STR(part, STR(" rest"));
	CHECK(cur.n == 0);
	cur = STR("key:value");
	CHECK(str_take_until(&cur, ':', &part) && !str_take_until(&cur, ':', &part));
	CHECK_STR(cur, STR("value"));
}

int
main(void)
{
	test_compare();
	test_find();
	test_slices();
	test_numbers();
	test_cursors();
	return test_end();
}
