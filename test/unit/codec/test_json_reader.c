/* A reader that pauses behind every byte gives the same tokens, and the same mistakes, as one that never does. */
#include "codec/json_reader.h"

/* base */
#include "base/test.h"

static const char *const texts[] = {
	"{\"a\":[1,-2.5e3,true,false,null,\"x\"],\"\":{\"b\":{}},\"c\":[]}",
	" { \"a b\" : [ 1 , \"two\" , [ ] ] , \"c\" : { } } ",
	"[\"\\u00e4\\ud83d\\ude00\\n\\\\\\\"\",\"\xc3\xa4\xf0\x9f\x98\x80\",\"plain text that is longer\"]",
	"\"only a text\"",
	"12",
	"",
	"   ",
	"[1,2",
	"[1,,2]",
	"{\"a\" 1}",
	"{\"a\":1,}",
	"{1:2}",
	"[\"\\ud83d\"]",
	"[\"\\x\"]",
	"[\"\xc3\"]",
	"[\"\xff\"]",
	"[\"a\nb\"]",
	"[\"open",
	"[1] x",
	"[tru]",
	"]",
};

static void
check_same(struct str text)
{
	struct json_reader whole, pausing;
	struct json_token a = { .type = JSON_TOKEN_PAUSE }, b = { .type = JSON_TOKEN_PAUSE };
	enum fail fail, paused_fail;
	unsigned pauses = 0;

	json_reader_init(&whole, text);
	json_reader_init(&pausing, text);
	do {
		fail = json_next(&whole, &a);
		do {
			pausing.pause = pausing.at + 1;
			paused_fail = json_next(&pausing, &b);
			pauses++;
		} while (paused_fail == FAIL_NONE && b.type == JSON_TOKEN_PAUSE &&
		    pauses <= text.n + 100);
		CHECK_NUM(paused_fail, fail);
		if (fail || paused_fail || !CHECK_NUM(b.type, a.type))
			return;
		if (a.type == JSON_TOKEN_END)
			return;
		CHECK_NUM(b.start, a.start);
		if (a.type == JSON_TOKEN_STRING || a.type == JSON_TOKEN_NAME) {
			CHECK_STR(b.raw, a.raw);
			CHECK_NUM(b.has_escapes, a.has_escapes);
		}
	} while (a.type != JSON_TOKEN_END);
}

/* Escapes are undone in pieces as they are in one. */
static void
check_unescape(void)
{
	static const char text[] = "a\\nb\\u00e4\\ud83d\\ude00 plain \\\"end\\\\";
	char whole[64], pieces[64];
	struct str raw = str_c(text);
	size_t n = json_unescape(&raw, raw.n, whole);

	CHECK_NUM(raw.n, 0);
	for (size_t step = 1; step < sizeof text; step++) {
		size_t at = 0;

		for (raw = str_c(text); raw.n > 0;)
			at += json_unescape(&raw, step, pieces + at);
		CHECK_STR(str_of(pieces, at), str_of(whole, n));
	}
	CHECK_STR(str_of(whole, n), STR("a\nb\xc3\xa4\xf0\x9f\x98\x80 plain \"end\\"));
}

int
main(void)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		TEST_ROW(texts[i]);
		check_same(str_c(texts[i]));
	}
	TEST_ROW("unescape");
	check_unescape();
	return test_end();
}
