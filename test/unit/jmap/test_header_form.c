#include "jmap/header_form.h"

/* base */
#include "base/test.h"

static const struct {
	const char *in;
	bool want;
	const char *field;
	enum header_form form;
	bool is_all;
} property_rows[] = {
	{ "header:Subject", true, "Subject", HEADER_RAW, false },
	{ "header:subject:asText", true, "subject", HEADER_TEXT, false },
	{ "header:X:all", true, "X", HEADER_RAW, true },
	{ "header:From:asAddresses:all", true, "From", HEADER_ADDRESSES, true },
	{ "header:To:asGroupedAddresses", true, "To", HEADER_GROUPED, false },
	{ "header:X-Any:asDate", true, "X-Any", HEADER_DATE, false },
	{ "header:X-Any:asURLs:all", true, "X-Any", HEADER_URLS, true },
	{ "header:References:asMessageIds", true, "References", HEADER_MESSAGE_IDS, false },
	{ "header:Received", true, "Received", HEADER_RAW, false },
	{ "header:List-Id:asText", true, "List-Id", HEADER_TEXT, false },
	{ "header:List-Id:asURLs", true, "List-Id", HEADER_URLS, false },
	{ "header:X:asRaw:all", true, "X", HEADER_RAW, true },
	{ "header:all", true, "all", HEADER_RAW, false },
	{ .in = "subject" },
	{ .in = "header:" },
	{ .in = "header:Subject:" },
	{ .in = "header:Subject:asRubbish" },
	{ .in = "header:Subject:all:asText" },
	{ .in = "header:Subject:asText:all:all" },
	{ .in = "header:Subject:asText:rest" },
	{ .in = "header:Subject:asDate" },
	{ .in = "header:From:asText" },
	{ .in = "header:Date:asAddresses" },
	{ .in = "header:Received:asText" },
	{ .in = "header:bad name" },
};

static void
test_properties(void)
{
	for (size_t i = 0; i < sizeof(property_rows) / sizeof(property_rows[0]); i++) {
		struct header_property p;

		TEST_ROW(property_rows[i].in);
		CHECK(
		    header_property_parse(str_c(property_rows[i].in), &p) == property_rows[i].want);
		if (!property_rows[i].want)
			continue;
		CHECK_STR(p.name, str_c(property_rows[i].field));
		CHECK_NUM(p.form, property_rows[i].form);
		CHECK_NUM(p.is_all, property_rows[i].is_all);
		CHECK_STR(p.property, str_c(property_rows[i].in));
	}
}

#define SMYTHE \
	" \"  James Smythe\" <james@example.com>, Friends:\r\n  jane@example.com, " \
	"=?UTF-8?Q?John_Sm=C3=AEth?=\r\n  <john@example.com>;"
#define JAMES "{\"name\":\"James Smythe\",\"email\":\"james@example.com\"}"
#define JANE  "{\"name\":null,\"email\":\"jane@example.com\"}"
#define JOHN  "{\"name\":\"John Sm\xc3\xaeth\",\"email\":\"john@example.com\"}"

static const struct {
	const char *name;
	enum header_form form;
	const char *raw, *want;
} form_rows[] = {
	{ "raw keeps blanks and folds", HEADER_RAW, " a\r\n  b ", "\" a\\r\\n  b \"" },
	{ "text unfolds", HEADER_TEXT, " a\r\n  b ", "\"a  b \"" },
	{ "text decodes", HEADER_TEXT, " =?utf-8?q?caf=C3=A9?=", "\"caf\xc3\xa9\"" },
	{ "text is composed", HEADER_TEXT,
	    " cafe\xcc\x81 =?utf-8?q?u=CC=88?=", "\"caf\xc3\xa9 \xc3\xbc\"" },
	{ "names are composed", HEADER_GROUPED, " =?utf-8?q?u=CC=88?=: o\xcc\x88 <a@b>;",
	    "[{\"name\":\"\xc3\xbc\",\"addresses\":[{\"name\":\"\xc3\xb6\",\"email\":\"a@b\"}]}]" },
	/* 4.1.2.2, rule by rule */
	{ "1: unfolded", HEADER_TEXT, " a\r\n\tb\r\n c", "\"a\\tb c\"" },
	{ "1: by bare LF", HEADER_TEXT, " a\n  b", "\"a  b\"" },
	{ "2: blanks at the end stay", HEADER_TEXT, " a \t ", "\"a \\t \"" },
	{ "3: spaces in front go", HEADER_TEXT, "   a", "\"a\"" },
	{ "3: folded ones, too", HEADER_TEXT, "\r\n  \r\n  a", "\"a\"" },
	{ "3: a tab stays", HEADER_TEXT, " \ta", "\"\\ta\"" },
	{ "3: nothing but blanks", HEADER_TEXT, "  \r\n ", "\"\"" },
	{ "3: encoded ones stay", HEADER_TEXT, " =?utf-8?q?__a_?=", "\"  a \"" },
	{ "4: blanks between two go", HEADER_TEXT, " =?utf-8?q?a?= \r\n =?utf-8?b?Yg==?= c",
	    "\"ab c\"" },
	{ "4: not beside text", HEADER_TEXT,
	    " x=?utf-8?q?a?= =?utf-8?q?b?=y =?utf-8?q?c?=", "\"x=?utf-8?q?a?= =?utf-8?q?b?=y c\"" },
	{ "4: not beside each other", HEADER_TEXT,
	    " =?utf-8?q?a?==?utf-8?q?b?=", "\"=?utf-8?q?a?==?utf-8?q?b?=\"" },
	{ "4: quotes and brackets are text", HEADER_TEXT, " \"=?utf-8?q?a?=\" (=?utf-8?q?b?=)",
	    "\"\\\"=?utf-8?q?a?=\\\" (=?utf-8?q?b?=)\"" },
	{ "4: no such charset", HEADER_TEXT, " =?x-none?q?a?=", "\"=?x-none?q?a?=\"" },
	{ "4: no such encoding", HEADER_TEXT, " =?utf-8?x?a?=", "\"=?utf-8?x?a?=\"" },
	{ "4: blanks in it", HEADER_TEXT, " =?utf-8?q?a b?=", "\"=?utf-8?q?a b?=\"" },
	{ "4: it does not end", HEADER_TEXT, " =?utf-8?q?a", "\"=?utf-8?q?a\"" },
	{ "4: with a language", HEADER_TEXT, " =?utf-8*de?q?a?=", "\"a\"" },
	{ "4: encoded control characters go", HEADER_TEXT,
	    " =?utf-8?q?a=00=01=09=0D=0A=7F=C2=85b?=", "\"ab\"" },
	{ "4: others stay", HEADER_TEXT, " a\x01\x7f=b", "\"a\\u0001\x7f=b\"" },
	{ "a decoding fails", HEADER_TEXT, " =?utf-8?q?a=FFb?=",
	    "\"a\xef\xbf\xbd"
	    "b\"" },
	{ "half a character", HEADER_TEXT, " =?utf-8?q?a=C3?= b", "\"a\xef\xbf\xbd b\"" },
	{ "8-bit is guessed", HEADER_TEXT, " caf\xe9", "\"caf\xc3\xa9\"" },
	/* 4.1.2.1 */
	{ "raw: all bytes", HEADER_RAW, "\t a\r\n\t\r\n =?utf-8?q?b?= \x01\t",
	    "\"\\t a\\r\\n\\t\\r\\n =?utf-8?q?b?= \\u0001\\t\"" },
	{ "raw: none", HEADER_RAW, "", "\"\"" },
	{ "raw: no UTF-8", HEADER_RAW, " a\xff\xc3(\xe2\x82\xac",
	    "\" a\xef\xbf\xbd\xef\xbf\xbd(\xe2\x82\xac\"" },
	{ "raw is not", HEADER_RAW, " cafe\xcc\x81", "\" cafe\xcc\x81\"" },
	{ "addresses", HEADER_ADDRESSES, " Ann <ann@example.org>, bob@example.org",
	    "[{\"name\":\"Ann\",\"email\":\"ann@example.org\"},"
	    "{\"name\":null,\"email\":\"bob@example.org\"}]" },
	/* RFC 8621 4.1.2.3 and 4.1.2.4: the same field in both forms. */
	{ "groups flat", HEADER_ADDRESSES, SMYTHE, "[" JAMES "," JANE "," JOHN "]" },
	{ "groups", HEADER_GROUPED, SMYTHE,
	    "[{\"name\":null,\"addresses\":[" JAMES "]},"
	    "{\"name\":\"Friends\",\"addresses\":[" JANE "," JOHN "]}]" },
	{ "empty group", HEADER_GROUPED, " none:;", "[{\"name\":\"none\",\"addresses\":[]}]" },
	/* 4.1.2.3 */
	{ "a comment as name", HEADER_ADDRESSES, " a@b (Ann \r\n (x)), c@d (=?utf-8?q?=C3=A9?=)",
	    "[{\"name\":\"Ann  (x)\",\"email\":\"a@b\"},{\"name\":\"\xc3\xa9\",\"email\":\"c@d\"}]" },
	{ "a name before a comment", HEADER_ADDRESSES, " Ann <a@b> (Bob)",
	    "[{\"name\":\"Ann\",\"email\":\"a@b\"}]" },
	{ "quoted pairs", HEADER_ADDRESSES, " \" a \\\"b\\\\\r\n c \" <a@b>",
	    "[{\"name\":\"a \\\"b\\\\ c\",\"email\":\"a@b\"}]" },
	{ "a quoted local part", HEADER_ADDRESSES, " <\"a b\"@c>",
	    "[{\"name\":null,\"email\":\"\\\"a b\\\"@c\"}]" },
	{ "no addresses", HEADER_ADDRESSES, " , ;", "[]" },
	{ "a draft", HEADER_ADDRESSES, " Ann, bob@",
	    "[{\"name\":null,\"email\":\"Ann\"},"
	    "{\"name\":null,\"email\":\"bob\"}]" },
	{ "message ids with comments", HEADER_MESSAGE_IDS,
	    " (<x@y> (z)) <a@b>\r\n (\\) <q@r>) <(c)@d>,", "[\"a@b\",\"(c)@d\"]" },
	{ "words between", HEADER_MESSAGE_IDS, " Your message of today <a@b> and <c@d>",
	    "[\"a@b\",\"c@d\"]" },
	{ "a comment that does not end", HEADER_MESSAGE_IDS, " <a@b> (<c@d>", "[\"a@b\",\"c@d\"]" },
	{ "message ids", HEADER_MESSAGE_IDS, " <a@b> <c@d>", "[\"a@b\",\"c@d\"]" },
	{ "no message id", HEADER_MESSAGE_IDS, " ", "null" },
	{ "date", HEADER_DATE, " Thu, 30 Oct 2014 14:12:00 +0800",
	    "\"2014-10-30T14:12:00+08:00\"" },
	{ "date in UTC", HEADER_DATE, " 30 Oct 2014 06:12:00 GMT", "\"2014-10-30T06:12:00Z\"" },
	{ "no date", HEADER_DATE, " soon", "null" },
	{ "urls", HEADER_URLS, " <mailto:a@b>, <https://c/d>", "[\"mailto:a@b\",\"https://c/d\"]" },
	{ "no urls", HEADER_URLS, " NO", "null" },
	/* RFC 2369 2 and 3 */
	{ "urls with comments", HEADER_URLS,
	    " (Use <x:y> to\r\n leave) <ftp://c/d> (FTP),\r\n <mailto:a@b?subject=(x)> (mail <z:>)",
	    "[\"ftp://c/d\",\"mailto:a@b?subject=(x)\"]" },
	{ "broken in two", HEADER_URLS, " <https://c/\r\n \td> ", "[\"https://c/d\"]" },
	{ "1: another beginning", HEADER_URLS, " NO <mailto:a@b>", "null" },
	{ "2: no comma", HEADER_URLS, " <mailto:a@b> <https://c>", "[\"mailto:a@b\"]" },
	{ "3: another item", HEADER_URLS, " <mailto:a@b>, https://c, <https://d>",
	    "[\"mailto:a@b\"]" },
	{ "it does not end", HEADER_URLS, " <mailto:a@b", "null" },
	{ "empty ones", HEADER_URLS, " <>, < >, <x:y>,", "[\"x:y\"]" },
	{ "date with comments", HEADER_DATE,
	    " Thu,\r\n 30 Oct (Halloween is near) 2014 14:12:00 +0800 (SGT)",
	    "\"2014-10-30T14:12:00+08:00\"" },
	{ "unknown zone", HEADER_DATE, " 30 Oct 2014 06:12 -0000", "\"2014-10-30T06:12:00Z\"" },
};

static void
test_forms(void)
{
	struct arena a;
	struct buf text;

	arena_init(&a, 1 << 20);
	buf_init(&text, 1 << 16);
	for (size_t i = 0; i < sizeof(form_rows) / sizeof(form_rows[0]); i++) {
		struct json_writer w = { .out = &text };

		TEST_ROW(form_rows[i].name);
		buf_clear(&text);
		header_form_write(&w, form_rows[i].form, str_c(form_rows[i].raw), &a);
		CHECK_STR(buf_str(&text), str_c(form_rows[i].want));
	}
	buf_release(&text);
	arena_release(&a);
}

static void
test_blocks(void)
{
	static const char *const asked[] = { "header:subject:asText", "header:subject:asText:all",
		"header:y", "header:y:all" };
	static const char block[] = "Subject: one\r\nX: 1\r\nSubject: two\r\n\r\n";
	struct header_property p;
	struct arena a;
	struct buf text;
	struct json_writer w = { .out = &text };

	arena_init(&a, 1 << 20);
	buf_init(&text, 1 << 16);
	TEST_ROW("the last one, all, none");
	json_array_begin(&w);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		CHECK(header_property_parse(str_c(asked[i]), &p));
		header_property_write(&w, &p, str_c(block), &a);
	}
	json_array_end(&w);
	CHECK_STR(buf_str(&text), STR("[\"two\",[\"one\",\"two\"],null,[]]"));

	TEST_ROW("headers");
	buf_clear(&text);
	w = (struct json_writer){ .out = &text };
	header_list_write(&w, str_c(block));
	CHECK_STR(buf_str(&text),
	    STR("[{\"name\":\"Subject\",\"value\":\" one\"},{\"name\":\"X\",\"value\":\" 1\"},"
		"{\"name\":\"Subject\",\"value\":\" two\"}]"));
	buf_release(&text);
	arena_release(&a);
}

int
main(void)
{
	test_properties();
	test_forms();
	test_blocks();
	return test_end();
}
