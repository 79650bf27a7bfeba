/* Long texts become trees in steps of bounded work; what becomes of them is test_json.c's. */
#include "codec/json_maker.h"

/* system */
#include <stdio.h>

/* base */
#include "base/test.h"

#define LONG_ITEMS  400000
#define TOKEN_BYTES 150 /* a number or an escape is read to its end */

/* Texts that are long in one way each. */
static void
long_text(struct buf *out, unsigned kind)
{
	static const char *const pieces[] = { "x", "\\n", "\xc3\xa4", " ", "1,", "[],", "7" };
	bool is_string = kind < 3;

	buf_add_c(out, is_string ? "[\"" : kind == 6 ? "[1." : "[");
	for (unsigned i = 0; i < LONG_ITEMS; i++)
		buf_add_c(out, pieces[kind]);
	buf_add_c(out, is_string ? "\"]" : kind == 6 ? "]" : "null]");
}

static void
long_object(struct buf *out, bool is_twice)
{
	struct json_writer w = { .out = out };
	char name[20];

	json_object_begin(&w);
	for (int i = 0; i < LONG_ITEMS / 10; i++) {
		snprintf(name, sizeof name, "n%d", i);
		json_name_int(&w, str_c(name), i);
	}
	if (is_twice)
		json_name_null(&w, STR("n7"));
	json_object_end(&w);
}

/* The steps that it takes; what comes of it is what one go gives. */
static void
check_steps(struct str text, enum fail want)
{
	struct json_maker *m;
	const struct json *v = NULL, *whole = NULL;
	unsigned steps = 0;
	size_t before = 0;
	struct arena a, b;
	enum fail fail;

	arena_init(&a, 1 << 27);
	arena_init(&b, 1 << 27);
	m = json_maker_new(text, &a);
	do {
		fail = json_maker_step(m, &v);
		CHECK(json_maker_at(m) - before <= JSON_MAKER_WORK + TOKEN_BYTES);
		before = json_maker_at(m);
		steps++;
	} while (fail == FAIL_NONE && !v);
	CHECK_NUM(fail, want);
	CHECK(steps >= text.n / JSON_MAKER_WORK);
	CHECK_NUM(json_parse(text, &b, &whole), want);
	if (want == FAIL_NONE && v && whole)
		CHECK(json_equal(v, whole));
	json_maker_free(&m);
	arena_release(&a);
	arena_release(&b);
}

static void
test_steps(void)
{
	struct buf text;

	TEST_ROW("steps");
	buf_init(&text, 1 << 24);
	for (unsigned kind = 0; kind < 6; kind++) {
		buf_clear(&text);
		long_text(&text, kind);
		check_steps(buf_str(&text), FAIL_NONE);
	}
	for (int is_twice = 0; is_twice < 2; is_twice++) {
		buf_clear(&text);
		long_object(&text, is_twice);
		check_steps(buf_str(&text), is_twice ? FAIL_PERM : FAIL_NONE);
	}
	TEST_ROW("a long number is not read to its end");
	buf_clear(&text);
	long_text(&text, 6);
	{
		const struct json *v;
		struct arena a;
		size_t at = 0;

		arena_init(&a, 1 << 20);
		CHECK_NUM(json_parse_at(buf_str(&text), &a, &v, &at), FAIL_PERM);
		CHECK(at < 200);
		arena_release(&a);
	}
	buf_release(&text);
}

int
main(void)
{
	test_steps();
	return test_end();
}
