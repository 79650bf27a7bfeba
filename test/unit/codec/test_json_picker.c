#include "codec/json_picker.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define LONG_BYTES 400000

#define DOC \
	"{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"m~n\":8,\"*\":9," \
	"\"list\":[{\"id\":\"a\",\"t\":[1,2]},{\"id\":\"b\",\"t\":[3]},{\"id\":\"c\",\"t\":[]}]," \
	"\"deep\":[[[1],[2]],[[3]]],\"none\":[]}"

static const struct {
	const char *path;
	enum fail want;
	const char *out;
} pointer_rows[] = {
	/* the first ones after RFC 6901 section 5 and RFC 8620 3.7 */
	{ "/foo", FAIL_NONE, "[\"bar\",\"baz\"]" },
	{ "/foo/0", FAIL_NONE, "\"bar\"" },
	{ "/foo/1", FAIL_NONE, "\"baz\"" },
	{ "/foo/2", FAIL_MISSING, NULL },
	{ "/foo/01", FAIL_MISSING, NULL },
	{ "/foo/-", FAIL_MISSING, NULL },
	{ "/foo/0x", FAIL_MISSING, NULL },
	{ "/foo/", FAIL_MISSING, NULL },
	{ "/foo/99999999999999999999", FAIL_MISSING, NULL },
	{ "/", FAIL_NONE, "0" },
	{ "/a~1b", FAIL_NONE, "1" },
	{ "/m~0n", FAIL_NONE, "8" },
	{ "/*", FAIL_NONE, "9" },
	{ "/list/*/id", FAIL_NONE, "[\"a\",\"b\",\"c\"]" },
	{ "/list/*/t", FAIL_NONE, "[1,2,3]" },
	{ "/list/*/t/*", FAIL_NONE, "[1,2,3]" },
	{ "/list/*/x", FAIL_MISSING, NULL },
	{ "/list/1/t/*", FAIL_NONE, "[3]" },
	{ "/none/*/x", FAIL_NONE, "[]" },
	{ "/none/*", FAIL_NONE, "[]" },
	{ "/foo/*/x", FAIL_MISSING, NULL },
	{ "/foo/*", FAIL_NONE, "[\"bar\",\"baz\"]" },
	{ "/deep/*", FAIL_NONE, "[[1],[2],[3]]" },
	{ "/deep/*/*", FAIL_NONE, "[1,2,3]" },
	{ "/deep/*/*/*", FAIL_NONE, "[1,2,3]" },
	{ "/deep/*/0", FAIL_NONE, "[1,3]" },
	{ "/x", FAIL_MISSING, NULL },
	{ "/foo/bar/x", FAIL_MISSING, NULL },
	{ "foo", FAIL_SYNTAX, NULL },
	{ "/~2", FAIL_SYNTAX, NULL },
	{ "/~", FAIL_SYNTAX, NULL },
};

static void
test_pointer(void)
{
	for (size_t i = 0; i < ARRAY_LEN(pointer_rows); i++) {
		struct buf out;

		TEST_ROW(pointer_rows[i].path);
		buf_init(&out, 1 << 20);
		CHECK_NUM(json_pick(STR(DOC), str_c(pointer_rows[i].path), &out),
		    pointer_rows[i].want);
		if (pointer_rows[i].want == FAIL_NONE)
			CHECK_STR(buf_str(&out), str_c(pointer_rows[i].out));
		buf_release(&out);
	}
}

/* Blanks, escaped names, and a text that ends on the way. */
static void
test_pointer_text(void)
{
	static const char text[] = " { \"\\u0061\" : [ { \"b\" : [ 1 , [ ] ] } , { \"b\" : [ ] } , "
				   "{ \"b\" : { \"c\" : null } } ] , \"d\" : 1.50 } ";
	struct buf out;

	TEST_ROW("blanks and escapes");
	buf_init(&out, 1000);
	CHECK_NUM(json_pick(str_c(text), STR("/a/*/b"), &out), FAIL_NONE);
	CHECK_STR(buf_str(&out), STR("[1 , [ ],{ \"c\" : null }]"));
	buf_clear(&out);
	CHECK_NUM(json_pick(str_c(text), STR("/d"), &out), FAIL_NONE);
	CHECK_STR(buf_str(&out), STR("1.50"));
	TEST_ROW("no room");
	buf_release(&out);
	buf_init(&out, 10);
	CHECK_NUM(json_pick(str_c(text), STR("/a/*/b"), &out), FAIL_LIMIT);
	buf_release(&out);
	TEST_ROW("cut");
	buf_init(&out, 1000);
	for (size_t n = 0; n < sizeof text - 2; n++) {
		buf_clear(&out);
		CHECK_NUM(json_pick(str_of(text, n), STR("/x"), &out), FAIL_SYNTAX);
	}
	buf_release(&out);
}

/* A picker pauses, too, and finds the same. */
static void
test_picker_steps(void)
{
	struct json_picker *p;
	struct buf text, out;
	bool is_done = false;
	unsigned steps = 0;

	TEST_ROW("steps of a picker");
	buf_init(&text, 1 << 24);
	buf_init(&out, 1000);
	buf_add_c(&text, "{\"long\":\"");
	for (unsigned i = 0; i < LONG_BYTES; i++)
		buf_add_char(&text, 'x');
	buf_add_c(&text, "\",\"list\":[{\"id\":1},{\"long\":[");
	for (unsigned i = 0; i < LONG_BYTES / 3; i++)
		buf_add_c(&text, "[],");
	buf_add_c(&text, "0],\"id\":2}]}");
	p = json_picker_new(buf_str(&text), STR("/list/*/id"));
	while (!is_done && CHECK_NUM(json_picker_step(p, &out, &is_done), FAIL_NONE))
		steps++;
	CHECK(steps >= text.n / JSON_PICKER_WORK);
	CHECK_STR(buf_str(&out), STR("[1,2]"));
	json_picker_free(&p);
	buf_release(&out);
	buf_release(&text);
}

int
main(void)
{
	test_pointer();
	test_pointer_text();
	test_picker_steps();
	return test_end();
}
