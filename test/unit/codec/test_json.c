#include "codec/json.h"

/* system */
#include <math.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"
#include "base/test.h"

#define NEST16  "[[[[[[[[[[[[[[[["
#define CLOSE16 "]]]]]]]]]]]]]]]]"

static const struct {
	const char *name, *in;
	enum fail want;
	const char *out; /* NULL: as in */
} rows[] = {
	{ "null", "null", FAIL_NONE, NULL },
	{ "blanks", " \t\r\n[ 1 , 2 ]\n", FAIL_NONE, "[1,2]" },
	{ "words", "[true,false,null]", FAIL_NONE, NULL },
	{ "empty array", "[]", FAIL_NONE, NULL },
	{ "empty object", "{}", FAIL_NONE, NULL },
	{ "nested", "{\"a\":[{\"b\":{}},[]],\"c\":\"d\"}", FAIL_NONE, NULL },
	{ "numbers", "[0,-0,1,-1,9223372036854775807,-9223372036854775808]", FAIL_NONE,
	    "[0,0,1,-1,9223372036854775807,-9223372036854775808]" },
	{ "doubles", "[1.5,-0.25,1e3,1E-2,2.5e+1,9223372036854775808]", FAIL_NONE,
	    "[1.5,-0.25,1000,0.01,25,9.223372036854776e+18]" },
	{ "escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"", FAIL_NONE,
	    "\"\\\"\\\\/\\u0008\\u000c\\n\\r\\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"" },
	{ "NUL", "\"a\\u0000b\"", FAIL_NONE, NULL },
	{ "escaped name", "{\"\\u0061\":1}", FAIL_NONE, "{\"a\":1}" },
	{ "noncharacter", "\"\xef\xbf\xbe\"", FAIL_NONE, NULL },
	{ "DEL", "\"\x7f\"", FAIL_NONE, NULL },
	{ "nothing", "", FAIL_SYNTAX, NULL },
	{ "blanks only", "  ", FAIL_SYNTAX, NULL },
	{ "two values", "1 2", FAIL_SYNTAX, NULL },
	{ "trailing comma", "[1,]", FAIL_SYNTAX, NULL },
	{ "leading comma", "[,1]", FAIL_SYNTAX, NULL },
	{ "comma in an object", "{\"a\":1,}", FAIL_SYNTAX, NULL },
	{ "no comma", "[1 2]", FAIL_SYNTAX, NULL },
	{ "no colon", "{\"a\" 1}", FAIL_SYNTAX, NULL },
	{ "no value", "{\"a\":}", FAIL_SYNTAX, NULL },
	{ "no name", "{1:1}", FAIL_SYNTAX, NULL },
	{ "not closed", "[1", FAIL_SYNTAX, NULL },
	{ "closed twice", "[1]]", FAIL_SYNTAX, NULL },
	{ "wrong close", "[1}", FAIL_SYNTAX, NULL },
	{ "wrong close of an object", "{\"a\":1]", FAIL_SYNTAX, NULL },
	{ "upper case word", "TRUE", FAIL_SYNTAX, NULL },
	{ "cut word", "tru", FAIL_SYNTAX, NULL },
	{ "long word", "truex", FAIL_SYNTAX, NULL },
	{ "leading zero", "01", FAIL_SYNTAX, NULL },
	{ "plus", "+1", FAIL_SYNTAX, NULL },
	{ "minus alone", "-", FAIL_SYNTAX, NULL },
	{ "no digits before the point", ".5", FAIL_SYNTAX, NULL },
	{ "no digits after the point", "1.", FAIL_SYNTAX, NULL },
	{ "no exponent", "1e", FAIL_SYNTAX, NULL },
	{ "hex", "0x10", FAIL_SYNTAX, NULL },
	{ "NaN", "NaN", FAIL_SYNTAX, NULL },
	{ "single quotes", "'a'", FAIL_SYNTAX, NULL },
	{ "comment", "1 // one", FAIL_SYNTAX, NULL },
	{ "byte order mark",
	    "\xef\xbb\xbf"
	    "1",
	    FAIL_SYNTAX, NULL },
	{ "string not closed", "\"a", FAIL_SYNTAX, NULL },
	{ "string ends in an escape", "\"a\\", FAIL_SYNTAX, NULL },
	{ "unknown escape", "\"\\x\"", FAIL_SYNTAX, NULL },
	{ "short escape", "\"\\u12\"", FAIL_SYNTAX, NULL },
	{ "wrong escape", "\"\\u12g4\"", FAIL_SYNTAX, NULL },
	{ "raw line end", "\"a\nb\"", FAIL_SYNTAX, NULL },
	{ "raw tab", "\"12345678\tb\"", FAIL_SYNTAX, NULL },
	{ "raw control", "\"abcdefgh\x01\"", FAIL_SYNTAX, NULL },
	{ "lone high surrogate", "\"\\ud83d\"", FAIL_PERM, NULL },
	{ "lone low surrogate", "\"\\ude00\"", FAIL_PERM, NULL },
	{ "high surrogate, then text", "\"\\ud83dabcdef\"", FAIL_PERM, NULL },
	{ "two high surrogates", "\"\\ud83d\\ud83d\"", FAIL_PERM, NULL },
	{ "bad UTF-8", "\"\xff\"", FAIL_PERM, NULL },
	{ "raw surrogate", "\"\xed\xa0\x80\"", FAIL_PERM, NULL },
	{ "overlong", "\"\xc0\x80\"", FAIL_PERM, NULL },
	{ "name twice", "{\"a\":1,\"a\":2}", FAIL_PERM, NULL },
	{ "name twice by escape", "{\"a\":1,\"\\u0061\":2}", FAIL_PERM, NULL },
	{ "name twice in different objects", "[{\"a\":1},{\"a\":{\"a\":2}}]", FAIL_NONE, NULL },
	{ "too large", "1e400", FAIL_PERM, NULL },
	{ "tiny is zero", "1e-400", FAIL_NONE, "0" },
	{ "deep enough", NEST16 NEST16 NEST16 NEST16 CLOSE16 CLOSE16 CLOSE16 CLOSE16, FAIL_NONE,
	    NULL },
	{ "too deep", NEST16 NEST16 NEST16 NEST16 "[]" CLOSE16 CLOSE16 CLOSE16 CLOSE16, FAIL_PERM,
	    NULL },
};

#define DOC \
	"{\"foo\":[\"bar\",\"baz\"],\"\":0,\"a/b\":1,\"m~n\":8,\"*\":9," \
	"\"list\":[{\"id\":\"a\",\"t\":[1,2]},{\"id\":\"b\",\"t\":[3]},{\"id\":\"c\",\"t\":[]}]," \
	"\"deep\":[[[1],[2]],[[3]]],\"none\":[]}"

static void
check_written(const struct json *v, struct str want)
{
	struct buf out;
	struct json_writer w = { .out = &out };

	buf_init(&out, 1 << 20);
	json_write_value(&w, v);
	CHECK_STR(buf_str(&out), want);
	buf_release(&out);
}

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct json *v = NULL;
		struct arena a;

		TEST_ROW(rows[i].name);
		arena_init(&a, 1 << 20);
		CHECK_NUM(json_parse(str_c(rows[i].in), &a, &v), rows[i].want);
		if (rows[i].want == FAIL_NONE && v)
			check_written(v, str_c(rows[i].out ? rows[i].out : rows[i].in));
		arena_release(&a);
	}
}

/* A text cut anywhere is no JSON, and no byte behind the cut is looked at (under ASan). */
static void
test_cut(void)
{
	struct str text = STR(DOC);

	TEST_ROW("cut");
	for (size_t n = 0; n < text.n; n++) {
		const struct json *v;
		struct arena a;
		char *copy = mem_new(n + !n, 1);

		for (size_t i = 0; i < n; i++)
			copy[i] = text.p[i];
		arena_init(&a, 1 << 20);
		CHECK_NUM(json_parse(str_of(copy, n), &a, &v), FAIL_SYNTAX);
		arena_release(&a);
		mem_free(copy);
	}
}

static void
test_views(void)
{
	const struct json *v = NULL;
	struct str text = { 0 };
	struct arena a;
	int64_t n = 0;
	double d = 0;
	bool b = false;

	TEST_ROW("views");
	arena_init(&a, 1 << 20);
	CHECK(json_parse(STR("{\"t\":\"x\",\"i\":7,\"d\":2.0,\"f\":2.5,\"b\":true,\"big\":1e17}"),
		  &a, &v) == FAIL_NONE);
	CHECK(json_get_text(json_find(v, STR("t")), &text) && str_eq(text, STR("x")));
	CHECK(json_get_int(json_find(v, STR("i")), &n) && n == 7);
	CHECK(json_get_int(json_find(v, STR("d")), &n) && n == 2);
	CHECK(!json_get_int(json_find(v, STR("f")), &n));
	CHECK(!json_get_int(json_find(v, STR("big")), &n));
	CHECK(json_get_double(json_find(v, STR("i")), &d) && d > 6.9 && d < 7.1);
	CHECK(json_get_bool(json_find(v, STR("b")), &b) && b);
	CHECK(!json_get_text(json_find(v, STR("i")), &text));
	CHECK(!json_get_bool(json_find(v, STR("nothing")), &b));
	CHECK(json_find(NULL, STR("t")) == NULL);
	CHECK(json_find(json_find(v, STR("t")), STR("t")) == NULL);
	arena_release(&a);
}

static const struct {
	const char *a, *b;
	bool is_equal;
} equal_rows[] = {
	{ "1", "1.0", true },
	{ "1", "2", false },
	{ "\"a\"", "\"\\u0061\"", true },
	{ "[1,2]", "[2,1]", false },
	{ "[1]", "[1,2]", false },
	{ "{\"a\":1,\"b\":[]}", "{\"b\":[],\"a\":1}", true },
	{ "{\"a\":1}", "{\"b\":1}", false },
	{ "true", "false", false },
	{ "null", "false", false },
	{ "null", "null", true },
};

static void
test_equal(void)
{
	for (size_t i = 0; i < ARRAY_LEN(equal_rows); i++) {
		const struct json *x, *y;
		struct arena a;

		TEST_ROW(equal_rows[i].a);
		arena_init(&a, 1 << 20);
		CHECK(json_parse(str_c(equal_rows[i].a), &a, &x) == FAIL_NONE);
		CHECK(json_parse(str_c(equal_rows[i].b), &a, &y) == FAIL_NONE);
		CHECK(json_equal(x, y) == equal_rows[i].is_equal);
		CHECK(json_equal(y, x) == equal_rows[i].is_equal);
		arena_release(&a);
	}
}

/* Objects with many members: names twice are found, wherever they stand. */
static void
test_many(void)
{
	TEST_ROW("many members");
	for (size_t count = 2; count <= 2000; count = count * 2 - 1) {
		const struct json *v = NULL;
		struct arena a;
		struct buf text;
		struct json_writer w = { .out = &text };

		buf_init(&text, 1 << 20);
		arena_init(&a, 1 << 20);
		json_object_begin(&w);
		for (size_t i = 0; i < count; i++) {
			char name[3] = { (char)('a' + i % 26), (char)('a' + i / 26 % 26),
				(char)('a' + i / 676) };

			json_name_int(&w, str_of(name, 3), (int64_t)i);
		}
		json_object_end(&w);
		CHECK(json_parse(buf_str(&text), &a, &v) == FAIL_NONE && v->count == count);
		buf_truncate(&text, text.n - 1);
		json_name_null(&w, STR("baa"));
		json_object_end(&w);
		CHECK(json_parse(buf_str(&text), &a, &v) == FAIL_PERM);
		arena_release(&a);
		buf_release(&text);
	}
}

/* A small arena refuses instead of growing, and the place of a mistake is told. */
static void
test_limits(void)
{
	const struct json *v;
	struct arena a;
	struct buf text;
	size_t at = 0;

	TEST_ROW("limits");
	buf_init(&text, 1 << 20);
	buf_add_c(&text, "[1");
	for (int i = 0; i < 100000; i++)
		buf_add_c(&text, ",1");
	buf_add_c(&text, "]");
	arena_init(&a, 10000);
	CHECK_NUM(json_parse(buf_str(&text), &a, &v), FAIL_LIMIT);
	CHECK_NUM(json_parse_at(STR("{\"a\":tru}"), &a, &v, &at), FAIL_SYNTAX);
	CHECK_NUM(at, 5);
	arena_release(&a);
	buf_release(&text);
}

static void
test_writer(void)
{
	struct buf out;
	struct json_writer w = { .out = &out };

	TEST_ROW("writer");
	buf_init(&out, 1000);
	json_array_begin(&w);
	json_object_begin(&w);
	json_name_string(&w, STR("a\"b"), STR("x\xffy\r\n\t\x01\\"));
	json_name_bool(&w, STR("c"), false);
	json_name(&w, STR("d"));
	json_array_begin(&w);
	json_array_end(&w);
	json_object_end(&w);
	json_double(&w, 0.1);
	json_double(&w, (double)INFINITY);
	json_u64(&w, UINT64_MAX);
	json_raw(&w, STR("{}"));
	json_string_begin(&w);
	json_string_piece(&w, STR("one "));
	json_string_piece(&w, STR("two"));
	json_string_end(&w);
	json_array_end(&w);
	CHECK_STR(buf_str(&out),
	    STR("[{\"a\\\"b\":\"x\xef\xbf\xbdy\\r\\n\\t\\u0001\\\\\",\"c\":false,\"d\":[]},0.1,null,"
		"18446744073709551615,{},\"one two\"]"));
	buf_release(&out);
}

/* Whatever stands wherever in a string comes back. */
static void
test_strings(void)
{
	TEST_ROW("strings");
	for (unsigned c = 0; c < 0x100; c++) {
		for (size_t at = 0; at < 20; at++) {
			char text[21] = "xxxxxxxxxxxxxxxxxxxx";
			struct str in = str_of(text, 20);
			const struct json *back;
			struct arena a;
			struct buf out;
			struct json_writer w = { .out = &out };

			text[at] = (char)c;
			if (c >= 0x80) { /* U+0080 .. U+00FF, or cut off at the end */
				text[at] = (char)(0xc0 | c >> 6);
				text[at + 1] = (char)(0x80 | (c & 0x3f));
			}
			arena_init(&a, 1 << 16);
			buf_init(&out, 1000);
			json_string(&w, in);
			if (CHECK_NUM(json_parse(buf_str(&out), &a, &back), FAIL_NONE))
				CHECK_STR(back->text,
				    c >= 0x80 && at == 19 ? STR("xxxxxxxxxxxxxxxxxxx\xef\xbf\xbd")
							  : in);
			buf_release(&out);
			arena_release(&a);
		}
	}
}

int
main(void)
{
	test_rows();
	test_cut();
	test_views();
	test_equal();
	test_many();
	test_limits();
	test_writer();
	test_strings();
	return test_end();
}
