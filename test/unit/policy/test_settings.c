#include "policy/settings.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "server/value.h"

/* The defaults of the table, and those in C, are the same. */
static void
test_defaults(void)
{
	struct policy_settings settings = { 0 };
	struct arena arena;
	struct buf why, want, got;

	arena_init(&arena, 1 << 16);
	buf_init(&why, 1000);
	buf_init(&want, 1000);
	buf_init(&got, 1000);
	for (size_t i = 0; i < policy_section.row_count; i++) {
		const struct setting *row = &policy_section.rows[i];

		TEST_ROW(row->name);
		CHECK_NUM(value_parse(row, &settings, str_c(row->fallback), &arena, &why),
		    FAIL_NONE);
		buf_clear(&want);
		buf_clear(&got);
		value_write(row, &settings, &want);
		value_write(row, &policy_settings_default, &got);
		CHECK_STR(buf_str(&got), buf_str(&want));
		CHECK(row->help != NULL && strlen(row->help) > 10);
	}
	buf_release(&why);
	buf_release(&want);
	buf_release(&got);
	arena_release(&arena);
}

#define PADDING (3 * 7) /* bytes behind the three booleans, at most */

/* Fill the struct with a pattern, then by the rows. */
static void
fill(unsigned char pattern, struct arena *arena, unsigned char *bytes_out)
{
	struct policy_settings settings;
	struct buf why;

	buf_init(&why, 1000);
	arena_reset(arena);
	memset(&settings, pattern, sizeof settings);
	for (size_t i = 0; i < policy_section.row_count; i++) {
		const struct setting *row = &policy_section.rows[i];

		CHECK_NUM(value_parse(row, &settings, str_c(row->fallback), arena, &why),
		    FAIL_NONE);
	}
	memcpy(bytes_out, &settings, sizeof settings);
	buf_release(&why);
}

/* Each field has a row: of two patterns, the rows leave the padding only. */
static void
test_all_fields(void)
{
	unsigned char a[sizeof(struct policy_settings)], b[sizeof a];
	struct arena arena;
	size_t left = 0;

	TEST_ROW("every field has a row");
	arena_init(&arena, 1 << 16);
	fill(0xa5, &arena, a);
	fill(0x5a, &arena, b);
	for (size_t i = 0; i < sizeof a; i++)
		left += a[i] == 0xa5 && b[i] == 0x5a;
	CHECK(left <= PADDING);
	arena_release(&arena);
}

/* Whatever the bounds of the table allow, waiting ends before its window does. */
static void
test_window(void)
{
	int64_t wait_max = 0, window_min = 0;

	TEST_ROW("greylist-wait fits in greylist-window");
	for (size_t i = 0; i < policy_section.row_count; i++) {
		const struct setting *row = &policy_section.rows[i];

		if (strcmp(row->name, "greylist-wait") == 0)
			wait_max = row->max;
		if (strcmp(row->name, "greylist-window") == 0)
			window_min = row->min;
	}
	CHECK(wait_max > 0 && wait_max < window_min);
}

int
main(void)
{
	test_defaults();
	test_all_fields();
	test_window();
	return test_end();
}
