#include "base/log.h"

/* system */
#include <string.h>

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

static void
take(struct str line, void *arg)
{
	buf_add(arg, line);
}

static const struct log context = { .room = "smtp",
	.session = 7,
	.peer = STR_INIT("192.0.2.1"),
	.doing = "looking up a recipient" };

static const struct {
	const char *name, *value;
	size_t n;
	const char *want;
} values[] = {
	{ "plain", "abc", 3, "\"abc\"" },
	{ "quotes", "a\"b\\c", 5, "\"a\\\"b\\\\c\"" },
	{ "line ends cannot forge a line", "a\r\nb", 4, "\"a\\u000d\\u000ab\"" },
	{ "NUL and 8 bit", "\0\xc3", 2, "\"\\u0000\\u00c3\"" },
	{ "UTF-8 stays", "j\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80", 16,
	    "\"j\xc3\xbcrgen \xe2\x82\xac \xf0\x9f\x98\x80\"" },
	{ "the first and the last of each length",
	    "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 18,
	    "\"\xc2\xa0\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"" },
	{ "latin-1", "j\xfcrgen", 6, "\"j\\u00fcrgen\"" },
	{ "longer than need be", "\xc0\xaf\xe0\x9f\xbf\xf0\x8f\xbf\xbf", 9,
	    "\"\\u00c0\\u00af\\u00e0\\u009f\\u00bf\\u00f0\\u008f\\u00bf\\u00bf\"" },
	{ "half a pair, and beyond the last", "\xed\xa0\x80\xf4\x90\x80\x80", 7,
	    "\"\\u00ed\\u00a0\\u0080\\u00f4\\u0090\\u0080\\u0080\"" },
	{ "cut", "\xe2\x82", 2, "\"\\u00e2\\u0082\"" },
	{ "a letter in place of a continuation", "\xe2\x82x", 3, "\"\\u00e2\\u0082x\"" },
	{ "controls of Unicode", "\x7f\xc2\x85\xe2\x80\xa8\xe2\x80\xae", 9,
	    "\"\\u007f\\u0085\\u2028\\u202e\"" },
	{ "empty", "", 0, "\"\"" },
};

static void
test_values(struct buf *seen)
{
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		struct buf want;

		TEST_ROW(values[i].name);
		buf_clear(seen);
		log_info(&context, "smtp.x", LOG_TEXT("rcpt", str_of(values[i].value, values[i].n)),
		    LOG_NUM("tries", -3));
		buf_init(&want, 1000);
		buf_add(&want,
		    STR("<6>smtp.x session=7 peer=\"192.0.2.1\" "
			"doing=\"looking up a recipient\" rcpt="));
		buf_add_c(&want, values[i].want);
		buf_add(&want, STR(" tries=-3\n"));
		CHECK_STR(buf_str(seen), buf_str(&want));
		buf_release(&want);
	}
}

static void
test_forms(struct buf *seen)
{
	char huge[9000];

	TEST_ROW("json");
	buf_clear(seen);
	log_set_json(true);
	log_warn(&context, "smtp.x", LOG_TEXT("a", STR("b\n")));
	CHECK_STR(buf_str(seen),
	    STR("{\"level\":\"warn\",\"event\":\"smtp.x\",\"session\":7,"
		"\"peer\":\"192.0.2.1\",\"doing\":\"looking up a recipient\","
		"\"a\":\"b\\u000a\"}\n"));
	log_set_json(false);

	TEST_ROW("levels and debug rooms");
	buf_clear(seen);
	log_set_level(LOG_LEVEL_WARN);
	log_info(&context, "smtp.x");
	log_debug(&context, "smtp.y");
	CHECK_NUM(seen->n, 0);
	log_set_debug(STR("imap smtp"));
	CHECK(log_debug_on("smtp") && log_debug_on("imap") && !log_debug_on("jmap"));
	log_debug(&context, "smtp.y");
	CHECK(str_starts(buf_str(seen), STR("<7>smtp.y")));
	log_set_debug(STR("*"));
	CHECK(log_debug_on("jmap"));
	log_set_debug(STR(""));
	log_set_level(LOG_LEVEL_INFO);

	TEST_ROW("a huge value is cut, the line stays whole");
	memset(huge, 'x', sizeof huge);
	buf_clear(seen);
	log_info(NULL, "x", LOG_TEXT("a", str_of(huge, sizeof huge)), LOG_NUM("b", 1));
	CHECK(seen->n < 1000 && str_ends(buf_str(seen), STR("\" b=1\n")));

	TEST_ROW("what is cut in a character is still a line of JSON");
	for (size_t i = 0; i + 1 < sizeof huge; i += 2) {
		huge[i] = '\xc3';
		huge[i + 1] = '\xbc';
	}
	buf_clear(seen);
	log_info(NULL, "x", LOG_TEXT("a", str_of(huge + 1, sizeof huge - 1)));
	CHECK(str_starts(buf_str(seen), STR("<6>x a=\"\\u00bc\xc3\xbc")));
	CHECK(str_ends(buf_str(seen), STR("\xc3\xbc\\u00c3\"\n")));

	TEST_ROW("fail_because");
	buf_clear(seen);
	CHECK_NUM(fail_because(NULL, FAIL_TEMP, "blob.write", 28), FAIL_TEMP);
	CHECK_STR(buf_str(seen),
	    STR("<4>blob.write fail=\"temporary\" error=\"No space left on device\"\n"));
}

int
main(void)
{
	struct buf seen;

	buf_init(&seen, 100000);
	log_capture(take, &seen);
	test_values(&seen);
	test_forms(&seen);
	log_capture(NULL, NULL);
	buf_release(&seen);
	return test_end();
}
