#include "message/compose.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "message/header.h"
#include "message/mime.h"

#define LONG "0123456789012345678901234567890123456789"

static const struct {
	const char *name, *text;
	enum fail fail;
	const char *want; /* NULL: only the way back is looked at */
} rows[] = {
	{ "plain", "hello", FAIL_NONE, "Subject: hello\r\n" },
	{ "empty", "", FAIL_NONE, "Subject:\r\n" },
	{ "folded", LONG " " LONG " " LONG, FAIL_NONE,
	    "Subject: " LONG "\r\n " LONG "\r\n " LONG "\r\n" },
	{ "accent", "caf\xc3\xa9 time", FAIL_NONE, "Subject: =?UTF-8?Q?caf=C3=A9?= time\r\n" },
	{ "two accents", "\xc3\xa9 b \xc3\xa9", FAIL_NONE,
	    "Subject: =?UTF-8?Q?=C3=A9_b_=C3=A9?=\r\n" },
	{ "looks encoded", "=?utf-8?Q?a?=", FAIL_NONE, NULL },
	{ "japanese",
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"
	    "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
	    FAIL_NONE, NULL },
	{ "injection", "a\r\nBcc: x", FAIL_SYNTAX, "" },
	{ "LF", "a\nb", FAIL_SYNTAX, "" },
};

static const struct {
	const char *name, *in, *want;
} phrase_rows[] = {
	{ "atoms", "Ann Smith", "Ann Smith" },
	{ "dot", "Ann B. Smith", "\"Ann B. Smith\"" },
	{ "quotes", "A \"B\" \\", "\"A \\\"B\\\" \\\\\"" },
	{ "accent", "Andr\xc3\xa9", "=?UTF-8?Q?Andr=C3=A9?=" },
	{ "empty", "", "\"\"" },
};

static const struct {
	const char *name, *in, *want;
} param_rows[] = {
	{ "plain", "a.txt", "; filename=\"a.txt\"" },
	{ "quotes", "a\"b\\", "; filename=\"a\\\"b\\\\\"" },
	{ "accent", "caf\xc3\xa9", "; filename*=UTF-8''caf%C3%A9" },
	{ "long", LONG LONG,
	    "; filename*0*=UTF-8''" LONG "01234567; filename*1*=8901234567890123456789"
	    "0123456789" },
	{ "empty", "", "; filename=\"\"" },
};

static void
test_headers(struct arena *a, struct buf *b)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str cur, line;
		struct header h;

		TEST_ROW(rows[i].name);
		buf_clear(b);
		CHECK_NUM(header_write(b, STR("Subject"), str_c(rows[i].text)), rows[i].fail);
		if (rows[i].want)
			CHECK_STR(buf_str(b), str_c(rows[i].want));
		if (rows[i].fail != FAIL_NONE)
			continue;
		cur = buf_str(b);
		CHECK(header_next(&cur, &h) && cur.n == 0);
		CHECK_STR(header_text(h.value, a), str_c(rows[i].text));
		cur = buf_str(b);
		while (str_take_until(&cur, '\n', &line))
			CHECK(line.n <= 79);
	}
	TEST_ROW("names");
	CHECK_NUM(header_write(b, STR("a:b"), STR("x")), FAIL_SYNTAX);
	CHECK_NUM(header_write(b, STR(""), STR("x")), FAIL_SYNTAX);
	CHECK_NUM(header_write_raw(b, STR("A"), STR("x\0y")), FAIL_SYNTAX);
}

static void
test_long_words(struct arena *a, struct buf *b)
{
	struct buf word;
	struct header h;
	struct str cur;

	TEST_ROW("long word");
	buf_init(&word, 10000);
	while (word.n < 3000)
		buf_add_char(&word, 'x');
	buf_clear(b);
	CHECK_NUM(header_write_raw(b, STR("A"), buf_str(&word)), FAIL_LIMIT);
	CHECK_NUM(b->n, 0);
	CHECK_NUM(header_write(b, STR("A"), buf_str(&word)), FAIL_NONE);
	cur = buf_str(b);
	CHECK(header_next(&cur, &h));
	CHECK_STR(header_text(h.value, a), buf_str(&word));
	buf_release(&word);
}

static void
test_others(struct arena *a, struct buf *b)
{
	const struct received r = { .from = STR_INIT("evil)\r\nX: y"),
		.from_name = STR_INIT("host.test"),
		.from_ip = STR_INIT("192.0.2.1"),
		.by = STR_INIT("mx.test"),
		.with = STR_INIT("ESMTPS"),
		.tls = STR_INIT("TLSv1.2 AES"),
		.id = STR_INIT("q1"),
		.for_ = STR_INIT("a@b"),
		.unix_s = 784111777 };
	struct address_list list;

	for (size_t i = 0; i < ARRAY_LEN(phrase_rows); i++) {
		TEST_ROW(phrase_rows[i].name);
		buf_clear(b);
		CHECK_NUM(phrase_write(b, str_c(phrase_rows[i].in)), FAIL_NONE);
		CHECK_STR(buf_str(b), str_c(phrase_rows[i].want));
	}
	for (size_t i = 0; i < ARRAY_LEN(param_rows); i++) {
		struct param *params;
		struct str value;
		uint32_t count;

		TEST_ROW(param_rows[i].name);
		buf_clear(b);
		CHECK_NUM(param_write(b, STR("filename"), str_c(param_rows[i].in)), FAIL_NONE);
		CHECK_STR(buf_str(b), str_c(param_rows[i].want));
		params_parse(buf_str(b), a, &value, &params, &count);
		CHECK_STR(param_text(params, count, STR("filename"), a), str_c(param_rows[i].in));
	}
	TEST_ROW("addresses");
	buf_clear(b);
	address_parse(STR("\"A. B\" <a@b>, g: c@d;, \"x y\"@z"), a, &list);
	CHECK_NUM(header_write_addresses(b, STR("To"), list.items, list.count), FAIL_NONE);
	CHECK_STR(buf_str(b), STR("To: \"A. B\" <a@b>, g: c@d;, \"x y\"@z\r\n"));
	TEST_ROW("received");
	buf_clear(b);
	received_write(b, &r);
	CHECK_STR(buf_str(b),
	    STR("Received: from evil???X:?y (host.test [192.0.2.1]) by mx.test (TLSv1.2 AES)\r\n"
		" with ESMTPS id q1 for <a@b>; Sun, 6 Nov 1994 08:49:37 +0000\r\n"));
	TEST_ROW("message-id");
	buf_clear(b);
	CHECK_NUM(message_id_write(b, 5, STR("\x01\xff"), STR("mx.test")), FAIL_NONE);
	CHECK_STR(buf_str(b), STR("<5.01ff@mx.test>"));
	CHECK_NUM(message_id_write(b, 5, STR("x"), STR("a>b")), FAIL_SYNTAX);
	buf_clear(b);
	CHECK_NUM(header_write_message_id(b, 5, STR("x"), STR("mx.test")), FAIL_NONE);
	CHECK_NUM(header_write_message_id(b, 5, STR("x"), STR("a>b")), FAIL_NONE);
	CHECK_STR(buf_str(b),
	    STR("Message-ID: <5.78@mx.test>\r\nMessage-ID: <5.78@localhost>\r\n"));
	TEST_ROW("date");
	buf_clear(b);
	CHECK_NUM(header_write_date(b, STR("Date"), 784111777, 60), FAIL_NONE);
	CHECK_STR(buf_str(b), STR("Date: Sun, 6 Nov 1994 09:49:37 +0100\r\n"));
}

int
main(void)
{
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, 100000);
	test_headers(&a, &b);
	test_long_words(&a, &b);
	test_others(&a, &b);
	buf_release(&b);
	arena_release(&a);
	return test_end();
}
