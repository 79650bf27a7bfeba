#include "imap/partial.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* first and last place; 0: none. Of `count` things. */
static const struct {
	const char *name, *in;
	uint64_t count, first, last;
} rows[] = {
	{ "first", "1:5", 10, 1, 5 },
	{ "turned", "5:1", 10, 1, 5 },
	{ "over the end", "8:12", 10, 8, 10 },
	{ "behind the end", "11:12", 10, 0, 0 },
	{ "last", "-1:-3", 10, 8, 10 },
	{ "last turned", "-3:-1", 10, 8, 10 },
	{ "before the last", "-2:-3", 10, 8, 9 },
	{ "over the beginning", "-9:-20", 10, 1, 2 },
	{ "before the beginning", "-11:-20", 10, 0, 0 },
	{ "of nothing", "1:1", 0, 0, 0 },
	{ "of nothing from the last", "-1:-1", 0, 0, 0 },
	{ "large", "1:4294967295", 10, 1, 10 },
	{ "large from the last", "-1:-4294967295", 10, 1, 10 },
};

static const char *const wrong[] = { "", "1", "1:", ":1", "-1:1", "1:-1", "0:1", "-0:-1", "1:*",
	"1:4294967296", "--1:-1" };

int
main(void)
{
	struct imap_partial p;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct imap_cursor c = { str_c(rows[i].in), NULL, false };
		uint64_t first = 0, last = 0;

		TEST_ROW(rows[i].name);
		CHECK(imap_partial_parse(&c, &p) && imap_at_end(&c));
		CHECK_STR(p.text, str_c(rows[i].in));
		CHECK(imap_partial_places(&p, rows[i].count, &first, &last) == (rows[i].first > 0));
		CHECK_NUM(first, rows[i].first);
		CHECK_NUM(last, rows[i].last);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct imap_cursor c = { str_c(wrong[i]), NULL, false };

		TEST_ROW(wrong[i]);
		CHECK(!imap_partial_parse(&c, &p));
		CHECK_NUM(c.at.n, str_c(wrong[i]).n);
	}
	return test_end();
}
