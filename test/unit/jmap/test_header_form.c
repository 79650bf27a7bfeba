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
	{ "message ids", HEADER_MESSAGE_IDS, " <a@b> <c@d>", "[\"a@b\",\"c@d\"]" },
	{ "no message id", HEADER_MESSAGE_IDS, " ", "null" },
	{ "date", HEADER_DATE, " Thu, 30 Oct 2014 14:12:00 +0800",
	    "\"2014-10-30T14:12:00+08:00\"" },
	{ "date in UTC", HEADER_DATE, " 30 Oct 2014 06:12:00 GMT", "\"2014-10-30T06:12:00Z\"" },
	{ "no date", HEADER_DATE, " soon", "null" },
	{ "urls", HEADER_URLS, " <mailto:a@b>, <https://c/d>", "[\"mailto:a@b\",\"https://c/d\"]" },
	{ "no urls", HEADER_URLS, " NO", "null" },
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
