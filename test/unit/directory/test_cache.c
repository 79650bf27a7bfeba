#include "directory/cache.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

enum what { PUT, FIND, CLEAR };

/* One after another on one cache. */
static const struct {
	enum what what;
	int64_t time;
	const char *key, *value; /* NULL: not there */
} rows[] = {
	{ FIND, 0, "a", NULL },
	{ PUT, 10, "a", "1" },
	{ PUT, 20, "b", "2" },
	{ FIND, 9, "a", "1" },
	{ FIND, 9, "b", "2" },
	{ FIND, 10, "a", NULL }, /* its time is over */
	{ FIND, 9, "a", NULL },  /* and it is gone */
	{ PUT, 20, "b", "3" },   /* replaced */
	{ FIND, 0, "b", "3" },
	{ PUT, 20, "empty", "" },
	{ FIND, 0, "empty", "" },
	{ CLEAR, 0, "", NULL },
	{ FIND, 0, "b", NULL },
	{ CLEAR, 0, "", NULL },
	{ PUT, 20, "b", "4" }, /* usable again */
	{ FIND, 0, "b", "4" },
};

static void
test_rows(void)
{
	struct cache c = { 0 };
	struct str value;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str key = str_c(rows[i].key);

		TEST_ROW(rows[i].key);
		switch (rows[i].what) {
		case PUT: cache_put(&c, key, str_c(rows[i].value), rows[i].time); break;
		case CLEAR: cache_clear(&c); break;
		case FIND:
			if (CHECK(cache_find(&c, key, rows[i].time, &value) ==
				(rows[i].value != NULL)) &&
			    rows[i].value)
				CHECK_STR(value, str_c(rows[i].value));
			break;
		}
	}
	cache_clear(&c);
}

/* The oldest entries make room, and what is too long is not kept. */
static void
test_limits(void)
{
	struct cache c = { 0 };
	char *huge = mem_new(CACHE_VALUE_MAX + 1, 1);
	struct str value;

	TEST_ROW("limits");
	for (uint32_t i = 0; i < CACHE_ENTRIES_MAX + 10; i++)
		cache_put(&c, str_of(&i, sizeof i), STR("x"), 100);
	CHECK_NUM(c.count, CACHE_ENTRIES_MAX);
	for (uint32_t i = 0; i < 20; i++)
		CHECK(cache_find(&c, str_of(&i, sizeof i), 0, &value) == (i >= 10));
	cache_put(&c, STR("huge"), str_of(huge, CACHE_VALUE_MAX + 1), 100);
	CHECK(!cache_find(&c, STR("huge"), 0, &value));
	cache_clear(&c);
	CHECK_NUM(c.count, 0);
	mem_free(huge);
}

int
main(void)
{
	test_rows();
	test_limits();
	return test_end();
}
