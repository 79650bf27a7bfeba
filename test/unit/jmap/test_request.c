#include "jmap/request.h"

/* base */
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "jmap/limits.h"
#include "lib/whole_request.h"

#define USING "\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"]"

#define TEN(x)     x x x x x x x x x x
#define MANY_TEXTS TEN(TEN("\"urn:ietf:params:jmap:core\",")) "\"urn:ietf:params:jmap:core\""

static const struct {
	const char *name, *in;
	enum jmap_refusal want;
	unsigned calls;
} rows[] = {
	{ "two calls", "{" USING ",\"methodCalls\":[[\"a\",{\"x\":1},\"c1\"],[\"b\",{},\"c2\"]]}",
	    JMAP_TAKEN, 2 },
	{ "no calls", "{" USING ",\"methodCalls\":[]}", JMAP_TAKEN, 0 },
	{ "nothing used", "{\"using\":[],\"methodCalls\":[]}", JMAP_TAKEN, 0 },
	{ "created ids", "{" USING ",\"methodCalls\":[],\"createdIds\":{\"a\":\"e1\"}}", JMAP_TAKEN,
	    0 },
	{ "empty", "", JMAP_NOT_JSON, 0 },
	{ "half", "{" USING ",\"methodCalls\":[", JMAP_NOT_JSON, 0 },
	{ "name twice", "{" USING ",\"methodCalls\":[],\"methodCalls\":[]}", JMAP_NOT_JSON, 0 },
	{ "bad UTF-8", "{" USING ",\"methodCalls\":[[\"\xff\",{},\"c\"]]}", JMAP_NOT_JSON, 0 },
	{ "something behind", "{" USING ",\"methodCalls\":[]} x", JMAP_NOT_JSON, 0 },
	{ "no object", "[]", JMAP_NOT_REQUEST, 0 },
	{ "number", "12", JMAP_NOT_REQUEST, 0 },
	{ "no using", "{\"methodCalls\":[]}", JMAP_NOT_REQUEST, 0 },
	{ "no methodCalls", "{" USING "}", JMAP_NOT_REQUEST, 0 },
	{ "using is a text", "{\"using\":\"x\",\"methodCalls\":[]}", JMAP_NOT_REQUEST, 0 },
	{ "using has a number", "{\"using\":[1],\"methodCalls\":[]}", JMAP_NOT_REQUEST, 0 },
	{ "unknown capability", "{\"using\":[\"urn:x\"],\"methodCalls\":[]}",
	    JMAP_UNKNOWN_CAPABILITY, 0 },
	{ "call of two", "{" USING ",\"methodCalls\":[[\"a\",{}]]}", JMAP_NOT_REQUEST, 0 },
	{ "call without arguments", "{" USING ",\"methodCalls\":[[\"a\",null,\"c\"]]}",
	    JMAP_NOT_REQUEST, 0 },
	{ "call id is a number", "{" USING ",\"methodCalls\":[[\"a\",{},1]]}", JMAP_NOT_REQUEST,
	    0 },
	{ "using is too long", "{\"using\":[" MANY_TEXTS "],\"methodCalls\":[]}",
	    JMAP_UNKNOWN_CAPABILITY, 0 },
	{ "created ids of numbers", "{" USING ",\"methodCalls\":[],\"createdIds\":{\"a\":1}}",
	    JMAP_NOT_REQUEST, 0 },
};

static void
test_envelopes(void)
{
	struct arena a;

	arena_init(&a, JMAP_TREE_MAX);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct jmap_request r;

		TEST_ROW(rows[i].name);
		arena_reset(&a);
		CHECK_NUM(whole_request(str_c(rows[i].in), &a, &r), rows[i].want);
		if (rows[i].want == JMAP_TAKEN)
			CHECK_NUM(r.call_count, rows[i].calls);
	}
	arena_release(&a);
}

static void
test_limits(void)
{
	struct jmap_request r;
	struct arena a;
	struct buf text;

	arena_init(&a, JMAP_TREE_MAX);
	buf_init(&text, JMAP_REQUEST_MAX);
	TEST_ROW("too many calls");
	buf_add_c(&text, "{" USING ",\"methodCalls\":[[\"a\",{},\"c\"]");
	for (unsigned i = 0; i < JMAP_CALLS_MAX; i++)
		buf_add_c(&text, ",[\"a\",{},\"c\"]");
	buf_add_c(&text, "]}");
	CHECK_NUM(whole_request(buf_str(&text), &a, &r), JMAP_LIMIT_CALLS);

	TEST_ROW("a tree that does not fit");
	arena_release(&a);
	arena_init(&a, 1000);
	CHECK_NUM(whole_request(buf_str(&text), &a, &r), JMAP_LIMIT_SIZE);
	arena_release(&a);
	arena_init(&a, JMAP_TREE_MAX);

	TEST_ROW("too deep");
	buf_clear(&text);
	arena_reset(&a);
	for (unsigned i = 0; i < 100000; i++)
		buf_add_char(&text, '[');
	CHECK_NUM(whole_request(buf_str(&text), &a, &r), JMAP_NOT_JSON);

	buf_release(&text);
	arena_release(&a);
}

static void
add_many(struct buf *text, const char *piece)
{
	size_t n = str_c(piece).n;

	while (buf_str(text).n + n + 100 < JMAP_REQUEST_MAX)
		buf_add_c(text, piece);
}

/* Ten megabytes of one kind are read in many slices, the clock going on with each look at it. */
static void
test_slices(void)
{
	static const struct {
		const char *name, *begin, *piece, *end;
		enum jmap_refusal want;
	} large[] = {
		{ "arrays", "[", "[],", "1]", JMAP_TAKEN },
		{ "longer items", "[", "\"one of 300 000 texts that are longer\",", "1]",
		    JMAP_TAKEN },
		{ "numbers", "[", "1,", "1]", JMAP_LIMIT_SIZE },
		{ "a text", "[\"", "some text ", "\"]", JMAP_TAKEN },
		{ "a text with escapes", "[\"", "\\n", "\"]", JMAP_TAKEN },
		{ "blanks", "[", "          ", "1]", JMAP_TAKEN },
		{ "names twice", "{", "\"a\":1,", "\"b\":1}", JMAP_NOT_JSON },
	};
	struct buf text;

	clock_fake_step(LOOP_SLICE_US); /* each slice is over behind its first step */
	buf_init(&text, JMAP_REQUEST_MAX);
	for (size_t i = 0; i < ARRAY_LEN(large); i++) {
		const struct json *root = NULL;
		enum jmap_refusal refusal;
		struct json_maker *m;
		unsigned slices = 0;
		struct arena a;

		TEST_ROW(large[i].name);
		arena_init(&a, JMAP_TREE_MAX);
		buf_clear(&text);
		buf_add_c(&text, large[i].begin);
		add_many(&text, large[i].piece);
		buf_add_c(&text, large[i].end);
		m = json_maker_new(buf_str(&text), &a);
		do {
			refusal = jmap_request_json(m, &root);
			slices++;
		} while (refusal == JMAP_TAKEN && !root);
		CHECK_NUM(refusal, large[i].want);
		CHECK(slices >= (large[i].want == JMAP_TAKEN ? text.n / JSON_MAKER_WORK : 10));
		json_maker_free(&m);
		arena_release(&a);
	}
	buf_release(&text);
}

/* References to two answers: Email/query c1 and Email/get c2 (RFC 8620 3.7). */
static const char query_answer[] = "{\"ids\":[\"e1\",\"e2\"],\"total\":2}";
static const char get_answer[] = "{\"list\":[{\"id\":\"e1\",\"threadId\":\"t1\",\"all\":[1,2]},"
				 "{\"id\":\"e2\",\"threadId\":\"t2\",\"all\":[3]}]}";

#define REF(of, name, path) "{\"resultOf\":\"" of "\",\"name\":\"" name "\",\"path\":\"" path "\"}"

static const struct {
	const char *name, *args;
	enum fail want;
	const char *resolved;
} reference_rows[] = {
	{ "none", "{\"ids\":[\"e9\"]}", FAIL_NONE, "{\"ids\":[\"e9\"]}" },
	{ "plain", "{\"#ids\":" REF("c1", "Email/query", "/ids") ",\"a\":1}", FAIL_NONE,
	    "{\"ids\":[\"e1\",\"e2\"],\"a\":1}" },
	{ "one item", "{\"#x\":" REF("c1", "Email/query", "/ids/1") "}", FAIL_NONE,
	    "{\"x\":\"e2\"}" },
	{ "star", "{\"#ids\":" REF("c2", "Email/get", "/list/*/threadId") "}", FAIL_NONE,
	    "{\"ids\":[\"t1\",\"t2\"]}" },
	{ "star flattens", "{\"#ids\":" REF("c2", "Email/get", "/list/*/all") "}", FAIL_NONE,
	    "{\"ids\":[1,2,3]}" },
	{ "with and without #", "{\"ids\":[],\"#ids\":" REF("c1", "Email/query", "/ids") "}",
	    FAIL_SYNTAX, NULL },
	{ "no such call", "{\"#ids\":" REF("c3", "Email/query", "/ids") "}", FAIL_MISSING, NULL },
	{ "other method", "{\"#ids\":" REF("c1", "Email/get", "/ids") "}", FAIL_MISSING, NULL },
	{ "leads nowhere", "{\"#ids\":" REF("c1", "Email/query", "/list") "}", FAIL_MISSING, NULL },
	{ "no pointer", "{\"#ids\":" REF("c1", "Email/query", "ids") "}", FAIL_MISSING, NULL },
	{ "star on no array", "{\"#ids\":" REF("c1", "Email/query", "/total/*") "}", FAIL_MISSING,
	    NULL },
	{ "no reference", "{\"#ids\":[\"e1\"]}", FAIL_MISSING, NULL },
	{ "two, and others around",
	    "{\"a\":1,\"#x\":" REF("c2", "Email/get", "/list/1/id") ",\"b\":2,\"#y\":" REF("c1",
		"Email/query", "/total") ",\"c\":3}",
	    FAIL_NONE, "{\"a\":1,\"x\":\"e2\",\"b\":2,\"y\":2,\"c\":3}" },
};

static void
test_references(void)
{
	for (size_t i = 0; i < sizeof(reference_rows) / sizeof(reference_rows[0]); i++) {
		struct jmap_answer answers[] = {
			{ .name = STR("Email/query"),
			    .id = STR("c1"),
			    .text = str_c(query_answer) },
			{ .name = STR("Email/get"), .id = STR("c2"), .text = str_c(get_answer) },
		};
		const struct json *args, *out = NULL;
		struct json_writer w;
		struct arena a;
		struct buf text;

		TEST_ROW(reference_rows[i].name);
		arena_init(&a, 1 << 20);
		buf_init(&text, 1 << 16);
		w = (struct json_writer){ .out = &text };
		CHECK_NUM(json_parse(str_c(reference_rows[i].args), &a, &args), FAIL_NONE);
		CHECK_NUM(whole_resolve(args, answers, 2, &a, &out), reference_rows[i].want);
		if (reference_rows[i].resolved && out) {
			json_write_value(&w, out);
			CHECK_STR(buf_str(&text), str_c(reference_rows[i].resolved));
		}
		buf_release(&text);
		arena_release(&a);
	}
}

int
main(void)
{
	test_envelopes();
	test_limits();
	test_slices();
	test_references();
	return test_end();
}
