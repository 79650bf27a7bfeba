#include "message/seven.h"

/* system */
#include <dirent.h>
#include <stdio.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/test.h"

/* rooms */
#include "lib/seven_check.h"
#include "message/header.h"
#include "message/message.h"
#include "message/seven_inner.h"

#define DATA_FOLDER  "../shared/data/mime"
#define FILE_MAX     (1024 * 1024)
#define CUTS_MAX     60 /* places where a file is cut */
#define RANDOM_COUNT 3000
#define LONG_LINE    "0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 "

/* Seen from the tree, and from a work tree beside it. */
static const char *const data_folders[] = { "../shared/data/mime", "../../shared/data/mime" };

/* --- seven_needs ----------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	struct str in;
	unsigned want;
} needs_rows[] = {
	{ "empty", STR_INIT(""), 0 },
	{ "plain", STR_INIT("A: b\r\n\r\nhello\r\n"), 0 },
	{ "no line end", STR_INIT("hello"), 0 },
	{ "eight bits", STR_INIT("h\xc3\xa9llo\r\n"), SEVEN_NEEDS_8BIT },
	{ "eight bits at the end", STR_INIT("12345678901234567\x80"), SEVEN_NEEDS_8BIT },
	{ "NUL", STR_INIT("a\0b\r\n"), SEVEN_NEEDS_BINARY },
	{ "bare LF", STR_INIT("a\nb\r\n"), SEVEN_NEEDS_BINARY },
	{ "LF first", STR_INIT("\na\r\n"), SEVEN_NEEDS_BINARY },
	{ "bare CR", STR_INIT("a\rb\r\n"), SEVEN_NEEDS_BINARY },
	{ "CR at the end", STR_INIT("a\r"), SEVEN_NEEDS_BINARY },
	{ "two CR", STR_INIT("a\r\r\n"), SEVEN_NEEDS_BINARY },
	{ "both", STR_INIT("\xff\n"), SEVEN_NEEDS_8BIT | SEVEN_NEEDS_BINARY },
	{ "DEL and TAB", STR_INIT("\x7f\t\x01\r\n"), 0 },
};

static void
test_needs(void)
{
	struct buf b;

	for (size_t i = 0; i < ARRAY_LEN(needs_rows); i++) {
		TEST_ROW(needs_rows[i].name);
		CHECK_NUM(seven_needs(needs_rows[i].in), needs_rows[i].want);
	}
	TEST_ROW("long line");
	buf_init(&b, 2000);
	while (b.n < 998)
		buf_add_char(&b, 'x');
	CHECK_NUM(seven_needs(buf_str(&b)), 0);
	buf_add_c(&b, "\r\n");
	CHECK_NUM(seven_needs(buf_str(&b)), 0);
	buf_truncate(&b, 998);
	buf_add_c(&b, "x\r\n");
	CHECK_NUM(seven_needs(buf_str(&b)), SEVEN_NEEDS_BINARY);
	buf_release(&b);
}

/* --- rows ------------------------------------------------------------------------------------------ */

#define MIXED     "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n"
#define QP_FIELD  "Content-Transfer-Encoding: quoted-printable\r\n"
#define B64_FIELD "Content-Transfer-Encoding: base64\r\n"
#define MIME      "MIME-Version: 1.0\r\n"

static const struct {
	const char *name;
	enum seven_target target;
	struct str in, want;
} rows[] = {
	/* bodies */
	{ "fits", SEVEN_FOR_7BIT, STR_INIT("A: b\r\n\r\nhello\r\n"),
	    STR_INIT("A: b\r\n\r\nhello\r\n") },
	{ "8 bits fit", SEVEN_FOR_8BIT, STR_INIT("A: \xff\r\n\r\nh\xe9\r\n"),
	    STR_INIT("A: \xff\r\n\r\nh\xe9\r\n") },
	{ "text", SEVEN_FOR_7BIT, STR_INIT("A: b\r\n\r\nh\xe9llo all of you=\r\n"),
	    STR_INIT("A: b\r\n" MIME QP_FIELD "\r\nh=E9llo all of you=3D\r\n") },
	{ "no header at all", SEVEN_FOR_7BIT, STR_INIT("\xe9 hello all of you"),
	    STR_INIT(MIME QP_FIELD "\r\n=E9 hello all of you") },
	{ "header only", SEVEN_FOR_7BIT, STR_INIT("Subject: \xc3\xa9"),
	    STR_INIT("Subject: =?UTF-8?Q?=C3=A9?=\r\n") },
	{ "after the type", SEVEN_FOR_7BIT,
	    STR_INIT(MIME
		"Content-Type: text/plain; charset=utf-8\r\nX: y\r\n\r\ncaf\xc3\xa9 for all\r\n"),
	    STR_INIT(MIME "Content-Type: text/plain; charset=utf-8\r\n" QP_FIELD
			  "X: y\r\n\r\ncaf=C3=A9 for all\r\n") },
	{ "label replaced", SEVEN_FOR_7BIT,
	    STR_INIT(MIME "content-transfer-encoding: 8bit\r\nX: y\r\n\r\ncaf\xc3\xa9 for all\r\n"),
	    STR_INIT(MIME QP_FIELD "X: y\r\n\r\ncaf=C3=A9 for all\r\n") },
	{ "two labels", SEVEN_FOR_7BIT,
	    STR_INIT(MIME "Content-Transfer-Encoding: 8bit\r\nX: y\r\n"
			  "Content-Transfer-Encoding: base64\r\n\r\ncaf\xc3\xa9 for all\r\n"),
	    STR_INIT(MIME QP_FIELD "X: y\r\n\r\ncaf=C3=A9 for all\r\n") },
	{ "mostly 8 bits", SEVEN_FOR_7BIT,
	    STR_INIT(MIME "Content-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa9\xc3\xa9\r\n"),
	    STR_INIT(
		MIME "Content-Type: text/plain; charset=utf-8\r\n" B64_FIELD "\r\nw6nDqQ0K\r\n") },
	{ "base64 of text has CRLF", SEVEN_FOR_7BIT,
	    STR_INIT(MIME "Content-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa9\xc3\xa9\n"),
	    STR_INIT(
		MIME "Content-Type: text/plain; charset=utf-8\r\n" B64_FIELD "\r\nw6nDqQ0K\r\n") },
	{ "LF in text", SEVEN_FOR_7BIT, STR_INIT("A: b\n c\n\nhello\r\nall\n"),
	    STR_INIT("A: b\r\n c\r\n\r\nhello\r\nall\r\n") },
	{ "LF in text, labelled", SEVEN_FOR_7BIT,
	    STR_INIT("Content-Transfer-Encoding: binary\r\n\r\nhello\nall\n"),
	    STR_INIT(MIME "Content-Transfer-Encoding: 7bit\r\n\r\nhello\r\nall\r\n") },
	{ "LF in text, labelled, for 8 bits", SEVEN_FOR_8BIT,
	    STR_INIT(MIME "Content-Transfer-Encoding: binary\r\n\r\nh\xe9llo\nall\n"),
	    STR_INIT(MIME "Content-Transfer-Encoding: 8bit\r\n\r\nh\xe9llo\r\nall\r\n") },
	{ "LF in a picture", SEVEN_FOR_8BIT, STR_INIT(MIME "Content-Type: image/png\r\n\r\na\nb"),
	    STR_INIT(MIME "Content-Type: image/png\r\n" B64_FIELD "\r\nYQpi\r\n") },
	{ "CR in text", SEVEN_FOR_8BIT, STR_INIT(MIME "\r\nhello\rall of you\r\n"),
	    STR_INIT(MIME QP_FIELD "\r\nhello=0Dall of you\r\n") },
	{ "NUL in text", SEVEN_FOR_8BIT, STR_INIT(MIME "\r\na\0b\n"),
	    STR_INIT(MIME B64_FIELD "\r\nYQBiCg==\r\n") },
	{ "UTF-16", SEVEN_FOR_8BIT,
	    STR_INIT(MIME "Content-Type: text/plain; charset=UTF-16LE\r\n\r\na\x0a\x0a\x0b"),
	    STR_INIT(MIME "Content-Type: text/plain; charset=UTF-16LE\r\n" B64_FIELD
			  "\r\nYQoKCw==\r\n") },
	{ "no blank line", SEVEN_FOR_7BIT, STR_INIT(MIME "R\xe9sum\xe9: all about me\r\n"),
	    STR_INIT(MIME QP_FIELD "\r\nR=E9sum=E9: all about me\r\n") },
	{ "no blank line, LF", SEVEN_FOR_7BIT, STR_INIT(MIME "no field\n"),
	    STR_INIT(MIME "\r\nno field\r\n") },
	/* encodings that do not fit */
	{ "8 bits in base64", SEVEN_FOR_7BIT, STR_INIT(MIME B64_FIELD "\r\naGVs\xe9 bG8=\r\n"),
	    STR_INIT(MIME B64_FIELD "\r\naGVsbG8=\r\n") },
	{ "8 bits in quoted-printable", SEVEN_FOR_7BIT,
	    STR_INIT(MIME QP_FIELD "\r\na=E9\xe9 and more =\r\nb\r\n"),
	    STR_INIT(MIME QP_FIELD "\r\na=E9=E9 and more b\r\n") },
	{ "LF in base64", SEVEN_FOR_8BIT,
	    STR_INIT(MIME "Content-Type: image/png\r\n" B64_FIELD "\r\naGVs\nbG8=\n"),
	    STR_INIT(MIME "Content-Type: image/png\r\n" B64_FIELD "\r\naGVs\r\nbG8=\r\n") },
	{ "uuencode", SEVEN_FOR_7BIT,
	    STR_INIT(MIME
		"Content-Transfer-Encoding: x-uuencode\r\n\r\n\xe9\r\nbegin 644 a\r\n#0V%T\r\n`\r\n"
		"end\r\n"),
	    STR_INIT(MIME B64_FIELD "\r\nQ2F0\r\n") },
	{ "uuencode without a beginning", SEVEN_FOR_7BIT,
	    STR_INIT(MIME "Content-Transfer-Encoding: x-uuencode\r\n\r\n\xe9\r\n"),
	    STR_INIT(MIME B64_FIELD "\r\n6Q0K\r\n") },
	{ "unknown encoding", SEVEN_FOR_7BIT,
	    STR_INIT(MIME "Content-Transfer-Encoding: x-new\r\n\r\n\xe9\r\n"),
	    STR_INIT(MIME B64_FIELD "\r\n6Q0K\r\n") },
	{ "8 bits in the label", SEVEN_FOR_7BIT,
	    STR_INIT(MIME "Content-Transfer-Encoding: Base64 (\xe9)\r\n\r\naGVsbG8=\r\n"),
	    STR_INIT(MIME "Content-Transfer-Encoding: BASE64\r\n\r\naGVsbG8=\r\n") },
	/* multiparts and messages */
	{ "multipart", SEVEN_FOR_7BIT,
	    STR_INIT(MIXED
		"Content-Transfer-Encoding: 8bit\r\n\r\npre\xe9\r\n--x\r\n--b\r\n\r\nplain\r\n--b\r\n"
		"\r\ncaf\xe9 for all\r\n--b\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\nend\r\n"),
	    STR_INIT(MIXED
		"Content-Transfer-Encoding: 7bit\r\n\r\npre?\r\n?-x\r\n--b\r\n\r\nplain\r\n--b\r\n" QP_FIELD
		"\r\ncaf=E9 for all\r\n--b\r\nContent-Type: image/png\r\n" B64_FIELD
		"\r\niVBORw==\r\n\r\n--b--\r\nend\r\n") },
	{ "label of a multipart that fits", SEVEN_FOR_7BIT,
	    STR_INIT(MIXED "Content-Transfer-Encoding: 8bit\r\n\r\n--b\r\n\r\nplain\r\n--b--\r\n"),
	    STR_INIT(
		MIXED "Content-Transfer-Encoding: 8bit\r\n\r\n--b\r\n\r\nplain\r\n--b--\r\n") },
	{ "signed part that fits", SEVEN_FOR_7BIT,
	    STR_INIT(MIXED
		"\r\n--b\r\nContent-Type: multipart/signed; boundary=s\r\nContent-Transfer-Encoding: 8bit\r\n"
		"\r\n--s\r\n\r\nsigned  \r\n--s\r\n\r\nsignature\r\n--s--\r\n--b\r\n\r\n\xe9 and more\r\n--b--"),
	    STR_INIT(MIXED
		"\r\n--b\r\nContent-Type: multipart/signed; boundary=s\r\nContent-Transfer-Encoding: 8bit\r\n"
		"\r\n--s\r\n\r\nsigned  \r\n--s\r\n\r\nsignature\r\n--s--\r\n--b\r\n" QP_FIELD
		"\r\n=E9 and more\r\n--b--") },
	{ "binary for 8 bits", SEVEN_FOR_8BIT,
	    STR_INIT(MIXED
		"Content-Transfer-Encoding: binary\r\n\r\n--b\r\n\r\nh\xe9\r\n--b\r\nContent-Type: image/png\r\n"
		"Content-Transfer-Encoding: binary\r\n\r\n\x89P\0G\r\n--b--\r\n"),
	    STR_INIT(MIXED
		"Content-Transfer-Encoding: 8bit\r\n\r\n--b\r\n\r\nh\xe9\r\n--b\r\nContent-Type: image/png\r\n" B64_FIELD
		"\r\niVAARw==\r\n\r\n--b--\r\n") },
	{ "embedded message", SEVEN_FOR_7BIT,
	    STR_INIT(MIME
		"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSubject: caf\xc3\xa9\r\n\r\n"
		"caf\xe9 for all\r\n"),
	    STR_INIT(
		MIME "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
		     "Subject: =?UTF-8?Q?caf=C3=A9?=\r\n" MIME QP_FIELD "\r\ncaf=E9 for all\r\n") },
	{ "boundary in a soft break", SEVEN_FOR_7BIT,
	    STR_INIT(MIXED "\r\n--b\r\n\r\n\xe9"
			   "23456789012345678901234567890123456789012345678901234567890123456789012"
			   "3--b\r\n--b--\r\n"),
	    STR_INIT(MIXED "\r\n--b\r\n" QP_FIELD "\r\n=E9"
			   "23456789012345678901234567890123456789012345678901234567890123456789012"
			   "3=\r\n=2D-b\r\n--b--\r\n") },
	{ "8 bits in the boundary", SEVEN_FOR_7BIT,
	    STR_INIT(
		"Content-Type: multipart/mixed; boundary=\"\xe9\"\r\n\r\n--\xe9\r\n\r\none\r\n--\xe9--\r\n"),
	    STR_INIT(
		"Content-Type: multipart/mixed; boundary=\"=_seven.1.0\"\r\n\r\n--=_seven.1.0\r\n\r\none\r\n"
		"--=_seven.1.0--\r\n") },
	{ "8 bits behind a delimiter", SEVEN_FOR_7BIT,
	    STR_INIT(
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b \xe9\r\n\r\n=_seven.7.0\r\n--b--\r\n"),
	    STR_INIT(
		"Content-Type: multipart/mixed; boundary=\"=_seven.8.0\"\r\n\r\n--=_seven.8.0\r\n\r\n=_seven.7.0\r\n"
		"--=_seven.8.0--\r\n") },
	{ "multipart that never began", SEVEN_FOR_7BIT, STR_INIT(MIXED "\r\nno \xe9 delimiter\r\n"),
	    STR_INIT(MIME "Content-Type: multipart/mixed; boundary=\"=_seven.1.0\"\r\n" QP_FIELD
			  "\r\nno =E9 delimiter\r\n") },
	/* header fields */
	{ "other fields stay", SEVEN_FOR_7BIT,
	    STR_INIT("a :  b\r\n\tc \r\nSubject: \xc3\xa9\r\n\r\n"),
	    STR_INIT("a :  b\r\n\tc \r\nSubject: =?UTF-8?Q?=C3=A9?=\r\n\r\n") },
	{ "not UTF-8", SEVEN_FOR_7BIT, STR_INIT("Subject: caf\xe9 time\r\n\r\n"),
	    STR_INIT("Subject: =?UTF-8?Q?caf=C3=A9?= time\r\n\r\n") },
	{ "addresses", SEVEN_FOR_7BIT,
	    STR_INIT("To: Andr\xc3\xa9 <a@b>,\r\n c@b\xc3\xbc"
		     "cher.test, \xc3\xa4@x.test\r\n\r\n"),
	    STR_INIT("To: =?UTF-8?Q?Andr=C3=A9?= <a@b>, c@xn--bcher-kva.test, ??@x.test\r\n\r\n") },
	{ "structured", SEVEN_FOR_7BIT, STR_INIT("Message-ID: <\xc3\xa9@x>\r\n\r\n"),
	    STR_INIT("Message-ID: <??@x>\r\n\r\n") },
	{ "a name of its own", SEVEN_FOR_7BIT, STR_INIT("X-Note: \xc3\xa9\r\n\r\n"),
	    STR_INIT("X-Note: =?UTF-8?Q?=C3=A9?=\r\n\r\n") },
	{ "file name", SEVEN_FOR_7BIT,
	    STR_INIT("Content-Type: image/png; NAME=\"caf\xc3\xa9.png\"; x=y (comment)\r\n"
		     "Content-Disposition: attachment; filename=caf\xc3\xa9.png; size=5\r\n\r\n"),
	    STR_INIT(
		"Content-Type: image/png; name*=UTF-8''caf%C3%A9.png; x=\"y\"\r\n"
		"Content-Disposition: attachment; filename*=UTF-8''caf%C3%A9.png; size=\"5\"\r\n\r\n") },
	{ "plain and extended", SEVEN_FOR_7BIT,
	    STR_INIT("Content-Type: image/png; name=\"caf\xc3\xa9\"; name*=utf-8''x%C3%A9\r\n\r\n"),
	    STR_INIT("Content-Type: image/png; name*=UTF-8''x%C3%A9\r\n\r\n") },
	{ "8 bits in a type", SEVEN_FOR_7BIT,
	    STR_INIT("Content-Type: message/rfc822\xe9\r\n\r\nA: b\r\n"),
	    STR_INIT("Content-Type: message/rfc822_\r\n\r\nA: b\r\n") },
	{ "NUL in a type", SEVEN_FOR_7BIT,
	    STR_INIT("Content-Type: multipart/\0; boundary=b\r\n\r\n--b\r\n"),
	    STR_INIT("Content-Type: multipart/?; boundary=\"b\"\r\n\r\n--b\r\n") },
	{ "CR and NUL in text", SEVEN_FOR_8BIT, STR_INIT("Subject: a\rb\0c d\xc3\xa9\r\n\r\n"),
	    STR_INIT("Subject: abc =?UTF-8?B?ZMOp?=\r\n\r\n") },
	{ "CR and NUL in a path", SEVEN_FOR_8BIT,
	    STR_INIT("Return-Path: <a\rb\0\xc3\xa9@x>\r\n\r\n"),
	    STR_INIT("Return-Path: <ab?\xc3\xa9@x>\r\n\r\n") },
	{ "byte order mark", SEVEN_FOR_7BIT,
	    STR_INIT("\xef\xbb\xbf"
		     "A: b\r\n\r\n"),
	    STR_INIT("A: b\r\n\r\n") },
	{ "rubbish line", SEVEN_FOR_7BIT,
	    STR_INIT("From m\xe9\r\nA: b\r\nr\xe9\r\nSubject: c\r\n\r\n"),
	    STR_INIT("From m?\r\nA: b\r\nr?\r\nSubject: c\r\n\r\n") },
};

static void
test_rows(struct buf *out)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK_NUM(seven_check(rows[i].in, rows[i].target, out), FAIL_NONE);
		CHECK_STR(buf_str(out), rows[i].want);
	}
}

/* --- long lines and fields -------------------------------------------------------------------------- */

static void
add_times(struct buf *b, const char *text, size_t bytes)
{
	size_t before = b->n;

	while (b->n - before < bytes)
		buf_add_c(b, text);
}

/* What a long field becomes: folded where it has blanks, broken where it has none, words of its own kept. */
static void
test_long(struct buf *in, struct buf *out)
{
	static const char *const names[] = { "Subject", "References", "To", "X-Own", "Content-Type",
		"Content-Disposition", "Content-Transfer-Encoding" };
	struct header h;
	struct arena a;

	arena_init(&a, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		for (size_t k = 0; k < 2; k++) {
			TEST_ROW(names[i]);
			buf_clear(in);
			buf_add_c(in, names[i]);
			buf_add_c(in, ": ");
			add_times(in, k ? LONG_LINE : "abcdefghijklmnop", 3000);
			buf_add_c(in, "\r\n\r\nhello\r\n");
			CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_8BIT, out), FAIL_NONE);
			CHECK(header_find(buf_str(out), str_c(names[i]), &h));
		}
	}
	TEST_ROW("text of one long word stays whole");
	buf_clear(in);
	buf_add_c(in, "Subject: ");
	add_times(in, "\xe6\x97\xa5", 2000);
	buf_add_c(in, "\r\n\r\n");
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_7BIT, out), FAIL_NONE);
	CHECK(header_find(buf_str(out), STR("Subject"), &h));
	CHECK_STR(header_text(h.value, &a), str_trim(str_slice(buf_str(in), 9, in->n - 13)));
	TEST_ROW("long name");
	buf_clear(in);
	add_times(in, "X-Name", 2000);
	buf_add_c(in, ": \xe9\r\n\r\n");
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_7BIT, out), FAIL_NONE);
	TEST_ROW("long lines of text");
	buf_clear(in);
	buf_add_c(in, MIXED "\r\n");
	add_times(in, LONG_LINE, 3000);
	buf_add_c(in, "\r\n--b\r\n\r\n");
	add_times(in, LONG_LINE, 3000);
	buf_add_c(in, "\r\n--b--\r\n");
	add_times(in, "\xe9", 3000);
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_8BIT, out), FAIL_NONE);
	CHECK(str_find(buf_str(out), STR("--b\r\n" QP_FIELD "\r\n")) != STR_NONE);
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_7BIT, out), FAIL_NONE);
	TEST_ROW("long boundary");
	buf_clear(in);
	buf_add_c(in, "X: \xe9\r\nContent-Type: multipart/mixed; boundary=");
	add_times(in, "x", 1200);
	buf_add_c(in, "\r\n\r\n--");
	add_times(in, "x", 1200);
	buf_add_c(in, "\r\n\r\none\r\n");
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_8BIT, out), FAIL_NONE);
	CHECK(str_find(buf_str(out), STR("\r\n--=_seven.1.0\r\n\r\none\r\n")) != STR_NONE);
	arena_release(&a);
}

/* --- limits ---------------------------------------------------------------------------------------- */

/* Parts past the limits belong to the last one, which is encoded whole; so is what is too deep. */
static void
test_limits(struct buf *in, struct buf *out)
{
	struct seven s = { 0 };

	TEST_ROW("too many parts");
	buf_clear(in);
	buf_add_c(in, MIXED "\r\n");
	for (size_t i = 0; i < MESSAGE_PARTS_MAX + 10; i++)
		buf_add_c(in, "--b\r\n\r\npart \xe9 of many\r\n");
	buf_add_c(in, "--b--\r\n");
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_7BIT, out), FAIL_NONE);
	TEST_ROW("too deep");
	buf_clear(in);
	for (size_t i = 0; i < MESSAGE_DEPTH_MAX + 10; i++)
		buf_add_c(in, "Content-Type: message/rfc822\r\n\r\n");
	buf_add_c(in, "\r\n\xe9 and more\r\n");
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_7BIT, out), FAIL_NONE);
	TEST_ROW("multiparts too deep");
	buf_clear(in);
	for (size_t i = 0; i < MESSAGE_DEPTH_MAX + 10; i++) {
		buf_add_c(in, "Content-Type: multipart/mixed; boundary=b");
		buf_add_u64(in, i);
		buf_add_c(in, "\r\n\r\n--b");
		buf_add_u64(in, i);
		buf_add_c(in, "\r\n");
	}
	buf_add_c(in, "\r\n\xe9 and more\r\n");
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_7BIT, out), FAIL_NONE);
	TEST_ROW("header over the limit");
	buf_clear(in);
	while (in->n < MESSAGE_HEADER_MAX)
		buf_add_c(in, "X-Padding: " LONG_LINE "\r\n");
	buf_add_c(in, "\r\nhello\r\n");
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_7BIT, out), FAIL_NONE);
	buf_add_c(in, "\xe9\r\n");
	CHECK_NUM(seven_check(buf_str(in), SEVEN_FOR_7BIT, out), FAIL_LIMIT);
	TEST_ROW("parameters over the limit");
	buf_clear(in);
	buf_add_c(in, MIXED "\r\n");
	for (size_t i = 0; i < 1990; i++) {
		buf_add_c(in, "--b\r\nContent-Type: \xe9/x; A=B");
		for (size_t k = 0; k < 99; k++) {
			buf_add_c(in, ";\r\n P");
			buf_add_u64(in, k);
			buf_add_c(in, "=\"\\\\0123456789012345678901234567890123456789\"");
		}
		buf_add_c(in, "\r\n\r\n\r\n");
	}
	CHECK_NUM(seven_init(&s, buf_str(in), SEVEN_FOR_7BIT), FAIL_LIMIT);
	seven_release(&s);
	CHECK(s.inner == NULL);
}

/* --- size ------------------------------------------------------------------------------------------ */

#define BIG (50 * 1024 * 1024) /* bytes of the attachment */

/* A large attachment comes in small pieces, and nobody holds more than a few. */
static void
test_big(void)
{
	static const char head[] = MIXED "\r\n--b\r\nContent-Type: application/x\r\n\r\n";
	struct buf in, piece;
	const struct seven_inner *inner;
	struct seven s = { 0 };
	size_t total = 0, pieces = 0, most = 0;

	TEST_ROW("50 MB");
	buf_init(&in, BIG + 1000);
	buf_add_c(&in, head);
	buf_room(&in, BIG);
	for (size_t i = 0; i < BIG; i++)
		in.p[in.n + i] = (char)(unsigned char)(i * 2654435761u >> 13 & 0xff);
	buf_grow(&in, BIG);
	buf_add_c(&in, "\r\n--b--\r\n");
	buf_init(&piece, SEVEN_PIECE_MAX);
	CHECK_NUM(seven_init(&s, buf_str(&in), SEVEN_FOR_7BIT), FAIL_NONE);
	while (seven_next(&s, &piece)) {
		total += piece.n;
		inner = s.inner;
		most = size_max(most,
		    piece.cap + inner->held.cap + inner->piece.cap + inner->arena.used);
		pieces++;
		buf_clear(&piece);
	}
	CHECK(buf_ok(&piece));
	CHECK(most <= 4 * SEVEN_PIECE_MAX);
	CHECK(total > BIG / 3 * 4 && total < BIG / 3 * 4 + BIG / 20);
	CHECK(pieces > total / SEVEN_PIECE_MAX);
	seven_release(&s);
	TEST_ROW("a full buffer ends it");
	CHECK_NUM(seven_init(&s, buf_str(&in), SEVEN_FOR_7BIT), FAIL_NONE);
	while (seven_next(&s, &piece))
		continue;
	CHECK(!buf_ok(&piece));
	seven_release(&s);
	buf_release(&piece);
	buf_release(&in);
}

/* --- many messages --------------------------------------------------------------------------------- */

static bool
read_file(const char *folder, const char *name, struct buf *out)
{
	char path[600];
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	file = fopen(path, "rb");
	if (file == NULL)
		return false;
	buf_clear(out);
	n = fread(buf_room(out, FILE_MAX), 1, FILE_MAX, file);
	buf_grow(out, n);
	fclose(file);
	return n > 0;
}

static void
check_both(struct str in, struct buf *out)
{
	CHECK_NUM(seven_check(in, SEVEN_FOR_7BIT, out), FAIL_NONE);
	CHECK_NUM(seven_check(in, SEVEN_FOR_8BIT, out), FAIL_NONE);
}

/* As it is, with eight bits or something binary here and there, and cut at places. */
static void
check_variants(struct buf *in, struct buf *out)
{
	static const char marks[] = { '\xe9', '\n', '\r', '\0', '-' };
	size_t step = in->n / CUTS_MAX + 1;

	check_both(buf_str(in), out);
	for (size_t at = step / 2; at < in->n; at += step) {
		char was = in->p[at];

		in->p[at] = marks[at / step % sizeof marks];
		check_both(buf_str(in), out);
		in->p[at] = was;
		check_both(str_head(buf_str(in), at), out);
	}
}

/* The messages of other programs' tests. */
static bool
test_files(const char *path, struct buf *in, struct buf *out)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	if (folder == NULL)
		return false;
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.' || !read_file(path, entry->d_name, in))
			continue;
		TEST_ROW(entry->d_name);
		check_variants(in, out);
	}
	closedir(folder);
	return true;
}

/* Messages made of pieces that mean something, in any order. */
static void
test_random(struct buf *in, struct buf *out)
{
	static const char *const pieces[] = { "Content-Type: multipart/mixed; boundary=b\r\n",
		"Content-Type: multipart/mixed; boundary=\"b\xe9\"\n",
		"Content-Type: multipart/digest; boundary=c\r\n",
		"Content-Type: message/rfc822\r\n", "Content-Type: text/plain; charset=utf-8\r\n",
		"Content-Type: image/png; name=\"\xe9\"\r\n", "Content-Transfer-Encoding: 8bit\r\n",
		"Content-Transfer-Encoding: base64\r\n",
		"Content-Transfer-Encoding: quoted-printable\n",
		"Content-Transfer-Encoding: x-uue\xe9\r\n", "Subject: caf\xc3\xa9 time\r\n",
		"To: \"\xc3\xa9\" <a@b>, c\xff@d\r\n", "\r\n", "\r\n", "\n", "--b\r\n",
		"--b\xe9\r\n", "--c\n", "--b--\r\n", "--c--\r\n", "hello all\r\n", "caf\xe9\r\n",
		"a=3D=\r\n", "aGVsbG8=\r\n", "\r", "--", "b", "\xe9", "r\xe9sum\xe9: x\r\n",
		"From x\r\n", "begin 644 a\r\n#0V%T\r\n`\r\nend\r\n" };
	uint32_t seed = 1;

	TEST_ROW("random");
	for (int i = 0; i < RANDOM_COUNT; i++) {
		buf_clear(in);
		for (int k = 0; k < 24; k++) {
			seed = seed * 1664525 + 1013904223;
			buf_add_c(in, pieces[(seed >> 16) % ARRAY_LEN(pieces)]);
		}
		check_both(buf_str(in), out);
	}
}

int
main(void)
{
	struct buf in, out;

	buf_init(&in, 64 << 20);
	buf_init(&out, 64 << 20);
	test_needs();
	test_rows(&out);
	test_long(&in, &out);
	test_limits(&in, &out);
	test_random(&in, &out);
	if (!test_files(data_folders[0], &in, &out) && !test_files(data_folders[1], &in, &out))
		printf("skip: there is no folder %s with sample messages\n", data_folders[0]);
	buf_release(&in);
	buf_release(&out);
	test_big();
	return test_end();
}
