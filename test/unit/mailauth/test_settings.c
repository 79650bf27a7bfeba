/* [mailauth]: the defaults of the table and those in C are the same; domains come in any form. */
#include "mailauth/settings.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "server/value.h"

static void
test_defaults(void)
{
	struct mailauth_settings settings = { 0 };
	struct arena arena;
	struct buf why, want, got;

	arena_init(&arena, 1 << 16);
	buf_init(&why, 1000);
	buf_init(&want, 1000);
	buf_init(&got, 1000);
	for (size_t i = 0; i < mailauth_section.row_count; i++) {
		const struct setting *row = &mailauth_section.rows[i];

		TEST_ROW(row->name);
		CHECK_NUM(value_parse(row, &settings, str_c(row->fallback), &arena, &why),
		    FAIL_NONE);
		buf_clear(&want);
		buf_clear(&got);
		value_write(row, &settings, &want);
		value_write(row, &mailauth_settings_default, &got);
		CHECK_STR(buf_str(&got), buf_str(&want));
	}
	buf_release(&why);
	buf_release(&want);
	buf_release(&got);
	arena_release(&arena);
}

static const struct {
	const char *name, *text;
	enum fail want;
	const char *kept;
} sealer_rows[] = {
	{ "none", "", FAIL_NONE, "" },
	{ "two", "lists.example.org  Example.NET", FAIL_NONE, "lists.example.org example.net" },
	{ "in Unicode",
	    "b\xc3\xbc"
	    "cher.example",
	    FAIL_NONE, "xn--bcher-kva.example" },
	{ "an address", "ann@example.org", FAIL_SYNTAX, "" },
	{ "a path", "../x", FAIL_SYNTAX, "" },
};

static void
test_sealers(void)
{
	const struct setting *row = NULL;
	struct arena arena;

	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < mailauth_section.row_count; i++) {
		if (str_eq(str_c(mailauth_section.rows[i].name), STR("trusted-sealers")))
			row = &mailauth_section.rows[i];
	}
	invariant(row != NULL);
	for (size_t i = 0; i < ARRAY_LEN(sealer_rows); i++) {
		struct mailauth_settings settings = { 0 };
		struct buf why;

		TEST_ROW(sealer_rows[i].name);
		buf_init(&why, 1000);
		CHECK_NUM(value_parse(row, &settings, str_c(sealer_rows[i].text), &arena, &why),
		    sealer_rows[i].want);
		if (sealer_rows[i].want == FAIL_NONE)
			CHECK_STR(settings.trusted_sealers, str_c(sealer_rows[i].kept));
		buf_release(&why);
	}
	arena_release(&arena);
}

int
main(void)
{
	test_defaults();
	test_sealers();
	return test_end();
}
