#include "imap/set.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

static struct arena arena;

static const struct {
	const char *name, *in;
	uint32_t largest;
	bool want;
	const char *out; /* resolved */
} rows[] = {
	{ "one", "7", 9, true, "7" },
	{ "range", "2:4", 9, true, "2:4" },
	{ "backwards", "4:2", 9, true, "2:4" },
	{ "list", "9,1,5", 9, true, "1,5,9" },
	{ "merge neighbours", "1,2,3", 9, true, "1:3" },
	{ "merge overlaps", "5:9,1:6", 9, true, "1:9" },
	{ "star", "*", 9, true, "9" },
	{ "open end", "3:*", 9, true, "3:9" },
	{ "beyond the end", "12:*", 9, true, "9:12" },
	{ "star first", "*:4", 9, true, "4:9" },
	{ "star twice", "*:*", 9, true, "9" },
	{ "star of nothing", "*", 0, true, "" },
	{ "open of nothing", "1:*", 0, true, "" },
	{ "largest number", "4294967294", 9, true, "4294967294" },
	{ "zero", "0", 9, false, "" },
	{ "zero in range", "1:0", 9, false, "" },
	{ "too large", "4294967296", 9, false, "" },
	{ "empty", "", 9, false, "" },
	{ "comma at end", "1,", 9, false, "" },
	{ "colon at end", "1:", 9, false, "" },
	{ "letters", "a", 9, false, "" },
	{ "duplicates", "3,3,3:3", 9, true, "3" },
	{ "end of numbers", "4294967294:*,1", 4294967295, true, "1,4294967294:4294967295" },
};

static void
test_row_at(size_t i)
{
	struct imap_cursor c = { str_c(rows[i].in), &arena, false };
	struct imap_ranges written = { 0 };
	struct imap_set set;
	struct buf text;
	bool is_ok;

	TEST_ROW(rows[i].name);
	is_ok = imap_set_parse(&c, &set) && imap_at_end(&c);
	CHECK(is_ok == rows[i].want);
	if (!is_ok)
		return;
	imap_set_resolve(&set, rows[i].largest);
	written.ranges = set.ranges;
	written.count = set.count;
	buf_init(&text, 1000);
	imap_ranges_write(&text, &written);
	CHECK_STR(buf_str(&text), str_c(rows[i].out));
	buf_release(&text);
	arena_reset(&arena);
}

static void
test_questions(void)
{
	struct imap_cursor c = { STR("3:5,9,12:14"), &arena, false };
	struct imap_set set;

	TEST_ROW("questions");
	CHECK(imap_set_parse(&c, &set));
	imap_set_resolve(&set, 20);
	CHECK(!imap_set_has(&set, 2) && imap_set_has(&set, 3) && imap_set_has(&set, 5));
	CHECK(!imap_set_has(&set, 6) && imap_set_has(&set, 9) && !imap_set_has(&set, 15));
	CHECK_NUM(imap_set_last(&set), 14);
	CHECK_NUM(imap_set_from(&set, 6)->first, 9);
	CHECK_NUM(imap_set_from(&set, 13)->first, 12);
	CHECK(imap_set_from(&set, 15) == NULL);
	c.at = STR("$ x");
	CHECK(imap_set_parse(&c, &set) && set.is_saved && imap_sp(&c));
}

static void
test_ranges(void)
{
	struct imap_ranges r = { 0 };
	struct buf text;

	TEST_ROW("made by us");
	buf_init(&text, 1000);
	imap_ranges_add(&r, 4);
	imap_ranges_add(&r, 5);
	imap_ranges_add(&r, 7);
	imap_ranges_add(&r, 2);
	imap_ranges_write(&text, &r);
	CHECK_STR(buf_str(&text), STR("4:5,7,2"));
	for (uint32_t i = 0; i < IMAP_RANGES_MAX + 5; i++)
		imap_ranges_add(&r, 10 + 2 * i);
	CHECK(r.is_over && r.count == IMAP_RANGES_MAX);
	imap_ranges_release(&r);
	buf_release(&text);
}

int
main(void)
{
	arena_init(&arena, 100000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		test_row_at(i);
	test_questions();
	test_ranges();
	TEST_ROW("full arena");
	arena_release(&arena);
	arena_init(&arena, 8);
	struct imap_cursor c = { STR("1,2,3,4"), &arena, false };
	struct imap_set set;
	CHECK(!imap_set_parse(&c, &set) && imap_cursor_fail(&c) == FAIL_LIMIT);
	arena_release(&arena);
	return test_end();
}
