#include "message/imap_structure.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "message/imap_string.h"

static const struct {
	const char *name, *in, *want;
} envelope_rows[] = {
	{ "all",
	    "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nSubject: IMAP4rev2 WG mtg\r\n"
	    "From: Terry Gray <gray@cac.washington.edu>\r\nTo: imap@cac.washington.edu\r\n"
	    "Cc: minutes@CNRI.Reston.VA.US,\r\n John Klensin <KLENSIN@MIT.EDU>\r\n"
	    "Message-Id: <B27397-0100000@cac.washington.ed>\r\n\r\n",
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"IMAP4rev2 WG mtg\" "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((NIL NIL \"imap\" \"cac.washington.edu\")) "
	    "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")(\"John Klensin\" NIL \"KLENSIN\" "
	    "\"MIT.EDU\")) NIL NIL \"<B27397-0100000@cac.washington.ed>\")" },
	{ "nothing", "\r\n", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ "empty subject", "Subject:\r\n\r\n", "(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ "group", "To: g: a@b, C <c@d>;\r\n\r\n",
	    "(NIL NIL NIL NIL NIL ((NIL NIL \"g\" NIL)(NIL NIL \"a\" \"b\")(\"C\" NIL \"c\" \"d\")"
	    "(NIL NIL NIL NIL)) NIL NIL NIL NIL)" },
	{ "no domain", "From: ann\r\nSender: b@c\r\nReply-To:\r\n\r\n",
	    "(NIL NIL ((NIL NIL \"ann\" \"\")) ((NIL NIL \"b\" \"c\")) ((NIL NIL \"ann\" \"\")) NIL "
	    "NIL NIL NIL NIL)" },
	{ "8 bit and quotes", "Subject: a\"\\\xe9\r\n\r\n",
	    "(NIL {4}\r\na\"\\\xe9 NIL NIL NIL NIL NIL NIL NIL NIL)" },
	{ "folded", "Subject: a\r\n b\r\nIn-Reply-To: <a@b>\r\n\r\n",
	    "(NIL \"a b\" NIL NIL NIL NIL NIL NIL \"<a@b>\" NIL)" },
	{ "encoded words stay", "From: =?utf-8?Q?Caf=C3=A9?= <a@b>\r\n\r\n",
	    "(NIL NIL ((\"=?utf-8?Q?Caf=C3=A9?=\" NIL \"a\" \"b\")) ((\"=?utf-8?Q?Caf=C3=A9?=\" NIL "
	    "\"a\" \"b\")) ((\"=?utf-8?Q?Caf=C3=A9?=\" NIL \"a\" \"b\")) NIL NIL NIL NIL NIL)" },
};

static const struct {
	const char *name, *in, *body, *extended;
} structure_rows[] = {
	{ "plain", "\r\nab\r\n", "(\"text\" \"plain\" NIL NIL NIL \"7BIT\" 4 1)",
	    "(\"text\" \"plain\" NIL NIL NIL \"7BIT\" 4 1 NIL NIL NIL NIL)" },
	{ "all fields",
	    "Content-Type: Application/X; a=b; C=\"d e\"\r\nContent-ID: <i>\r\n"
	    "Content-Description: some\r\n thing\r\nContent-Transfer-Encoding: base64\r\n"
	    "Content-MD5: abc=\r\nContent-Disposition: inline; filename=\"x\\\"y\"\r\n"
	    "Content-Language: en, de\r\nContent-Location: http://x/\r\n\r\nYQ==",
	    "(\"application\" \"x\" (\"a\" \"b\" \"c\" \"d e\") \"<i>\" \"some thing\" \"BASE64\" 4)",
	    "(\"application\" \"x\" (\"a\" \"b\" \"c\" \"d e\") \"<i>\" \"some thing\" \"BASE64\" 4 "
	    "\"abc=\" (\"inline\" (\"filename\" \"x\\\"y\")) (\"en\" \"de\") \"http://x/\")" },
	{ "multipart",
	    "Content-Type: multipart/mixed; boundary=b\r\nContent-Language: en\r\n\r\n--b\r\n\r\nx\r\n"
	    "--b\r\nContent-Type: a/b\r\n\r\ny\r\n--b--",
	    "((\"text\" \"plain\" NIL NIL NIL \"7BIT\" 1 0)(\"a\" \"b\" NIL NIL NIL \"7BIT\" 1) \"mixed\")",
	    "((\"text\" \"plain\" NIL NIL NIL \"7BIT\" 1 0 NIL NIL NIL NIL)(\"a\" \"b\" NIL NIL NIL "
	    "\"7BIT\" 1 NIL NIL NIL NIL) \"mixed\" (\"boundary\" \"b\") NIL \"en\" NIL)" },
	{ "message", "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n",
	    "(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 17 (NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL) "
	    "(\"text\" \"plain\" NIL NIL NIL \"7BIT\" 3 1) 3)",
	    "(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 17 (NIL \"x\" NIL NIL NIL NIL NIL NIL NIL NIL) "
	    "(\"text\" \"plain\" NIL NIL NIL \"7BIT\" 3 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL)" },
	{ "encoded message",
	    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n",
	    "(\"message\" \"rfc822\" NIL NIL NIL \"BASE64\" 6 (NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL) "
	    "(\"text\" \"plain\" NIL NIL NIL \"7BIT\" 0 0) 1)",
	    NULL },
	{ "RFC 2231", "Content-Type: a/b; name*0*=utf-8''a%20; name*1=b\r\n\r\n",
	    "(\"a\" \"b\" (\"name*\" \"utf-8''a%20b\") NIL NIL \"7BIT\" 0)", NULL },
};

static const struct {
	const char *name, *in, *string, *astring, *utf8;
} string_rows[] = {
	{ "word", "abc", "\"abc\"", "abc", "\"abc\"" },
	{ "empty", "", "\"\"", "\"\"", "\"\"" },
	{ "nil", "nil", "\"nil\"", "\"nil\"", "\"nil\"" },
	{ "bracket", "a]b", "\"a]b\"", "a]b", "\"a]b\"" },
	{ "blank", "a b", "\"a b\"", "\"a b\"", "\"a b\"" },
	{ "quotes", "a\"\\", "\"a\\\"\\\\\"", "\"a\\\"\\\\\"", "\"a\\\"\\\\\"" },
	{ "wildcards", "a*%", "\"a*%\"", "\"a*%\"", "\"a*%\"" },
	{ "line end", "a\r\nb", "{4}\r\na\r\nb", "{4}\r\na\r\nb", "{4}\r\na\r\nb" },
	{ "utf-8", "\xc3\xa9", "{2}\r\n\xc3\xa9", "{2}\r\n\xc3\xa9", "\"\xc3\xa9\"" },
	{ "latin 1", "\xe9", "{1}\r\n\xe9", "{1}\r\n\xe9", "{1}\r\n\xe9" },
};

/* Each byte at each place of a string, alone and in a list: as RFC 9051 section 9 has it of a quoted string. */
static void
test_each_byte(struct buf *b)
{
	char text[21];
	struct str s = str_of(text, sizeof(text)), two[] = { s, { NULL, 0 } };
	struct buf want;

	buf_init(&want, 100);
	memset(text, 'x', sizeof(text));
	for (unsigned at = 0; at < sizeof(text); at++) {
		for (unsigned c = 1; c < 256; c++) {
			bool is_plain = c == '\t' || (c >= 32 && c < 127 && c != '"' && c != '\\');

			text[at] = (char)(unsigned char)c;
			buf_clear(&want);
			buf_add_c(&want, is_plain || c == '"' || c == '\\' ? "\"" : "{21}\r\n");
			buf_add(&want, str_head(s, at));
			buf_add_c(&want, c == '"' || c == '\\' ? "\\" : "");
			buf_add(&want, str_from(s, at));
			buf_add_c(&want, is_plain || c == '"' || c == '\\' ? "\"" : "");
			buf_clear(b);
			imap_string_write(b, s);
			CHECK_STR(buf_str(b), buf_str(&want));
			buf_clear(b);
			imap_nstrings_write(b, two, ARRAY_LEN(two));
			buf_add_c(&want, " NIL");
			CHECK_STR(buf_str(b), buf_str(&want));
		}
		text[at] = 'x';
	}
	buf_release(&want);
}

/* What does not fit is not begun, and that is told. */
static void
test_full(void)
{
	struct str two[] = { STR("ab"), STR("cd") };
	struct buf b;

	TEST_ROW("no room");
	buf_init(&b, 8);
	imap_nstrings_write(&b, two, ARRAY_LEN(two));
	CHECK(!buf_ok(&b) && b.n == 0);
	buf_release(&b);
}

int
main(void)
{
	struct message m;
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, 10000);
	for (size_t i = 0; i < ARRAY_LEN(envelope_rows); i++) {
		TEST_ROW(envelope_rows[i].name);
		buf_clear(&b);
		message_parse(&m, str_c(envelope_rows[i].in), &a);
		envelope_write(&b, &m.root);
		CHECK_STR(buf_str(&b), str_c(envelope_rows[i].want));
	}
	for (size_t i = 0; i < ARRAY_LEN(structure_rows); i++) {
		TEST_ROW(structure_rows[i].name);
		buf_clear(&b);
		message_parse(&m, str_c(structure_rows[i].in), &a);
		bodystructure_write(&b, &m.root, false);
		CHECK_STR(buf_str(&b), str_c(structure_rows[i].body));
		buf_clear(&b);
		bodystructure_write(&b, &m.root, true);
		if (structure_rows[i].extended)
			CHECK_STR(buf_str(&b), str_c(structure_rows[i].extended));
	}
	for (size_t i = 0; i < ARRAY_LEN(string_rows); i++) {
		struct str in = str_c(string_rows[i].in);

		TEST_ROW(string_rows[i].name);
		buf_clear(&b);
		imap_string_write(&b, in);
		CHECK_STR(buf_str(&b), str_c(string_rows[i].string));
		buf_clear(&b);
		imap_astring_write(&b, in);
		CHECK_STR(buf_str(&b), str_c(string_rows[i].astring));
		buf_clear(&b);
		imap_utf8_write(&b, in);
		CHECK_STR(buf_str(&b), str_c(string_rows[i].utf8));
	}
	TEST_ROW("nul and nil");
	buf_clear(&b);
	imap_string_write(&b, STR("a\0b"));
	imap_nstring_write(&b, (struct str){ NULL, 0 });
	CHECK_STR(buf_str(&b), STR("{3}\r\na?bNIL"));
	TEST_ROW("each byte");
	test_each_byte(&b);
	test_full();
	buf_release(&b);
	arena_release(&a);
	return test_end();
}
