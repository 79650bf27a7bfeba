#include "message/text.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define BASE64 "Content-Transfer-Encoding: base64\r\n"
#define QP     "Content-Transfer-Encoding: quoted-printable\r\n"
#define UTF8   "Content-Type: text/plain; charset=utf-8\r\n"

static const struct {
	const char *name, *in;
	enum body_mode mode;
	const char *want;
	bool has_problem;
} rows[] = {
	{ "identity", "\r\na\r\nb", BODY_BYTES, "a\r\nb", false },
	{ "text", "\r\na\r\nb\r\n", BODY_TEXT, "a\nb\n", false },
	{ "bare CR", "\r\na\rb\r", BODY_TEXT, "a\rb\r", false },
	{ "base64", BASE64 "\r\naGVs\r\nbG8=\r\n", BODY_BYTES, "hello", false },
	{ "base64 with a footer", BASE64 "\r\naGVsbG8=\r\n-- x!\r\n", BODY_BYTES, NULL, true },
	{ "qp", QP "\r\na=3Db=\r\nc \r\n", BODY_BYTES, "a=bc\r\n", false },
	{ "qp damaged", QP "\r\na=ZZ", BODY_BYTES, "a=ZZ", true },
	{ "uuencode",
	    "Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n#0V%T\r\n`\r\nend\r\n",
	    BODY_BYTES, "Cat", false },
	{ "no uuencode", "Content-Transfer-Encoding: x-uuencode\r\n\r\nhello", BODY_BYTES, "",
	    true },
	{ "unknown encoding", "Content-Transfer-Encoding: x-new\r\n\r\na=3D", BODY_BYTES, "a=3D",
	    true },
	{ "utf-8", UTF8 "\r\ncaf\xc3\xa9", BODY_TEXT, "caf\xc3\xa9", false },
	{ "latin 1 in qp", "Content-Type: text/plain; charset=iso-8859-1\r\n" QP "\r\ncaf=E9",
	    BODY_TEXT, "caf\xc3\xa9", false },
	{ "broken utf-8", UTF8 "\r\ncaf\xe9", BODY_TEXT, "caf\xef\xbf\xbd", true },
	{ "8 bit without charset", "\r\ncaf\xe9", BODY_TEXT, "caf\xc3\xa9", true },
	{ "unknown charset", "Content-Type: text/plain; charset=nope\r\n\r\nabc", BODY_TEXT, "abc",
	    true },
	{ "html as text", "Content-Type: text/html\r\n\r\n<p>a &amp; b", BODY_TEXT, "<p>a &amp; b",
	    false },
	{ "html as plain", "Content-Type: text/html\r\n\r\n<p>a &amp; b", BODY_PLAIN, "a & b",
	    false },
	{ "empty", "\r\n", BODY_TEXT, "", false },
};

#define FORWARD \
	"Subject: =?utf-8?Q?Caf=C3=A9?= time\r\nFrom: Ann <ann@x.test>\r\n" \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" UTF8 QP \
	"\r\nGr=C3=BC=C3=9Fe aus K=\r\n=C3=B6ln\r\n--b\r\n" \
	"Content-Type: application/x; name=\"report.pdf\"\r\n" BASE64 "\r\nc2VjcmV0\r\n--b\r\n" \
	"Content-Type: message/rfc822\r\n\r\nSubject: inner words\r\n\r\nBODY OF IT\r\n--b--\r\n"

static const struct {
	const char *name, *needle;
	enum text_where where;
	const char *field;
	bool want;
} find_rows[] = {
	{ "decoded", "k\xc3\xb6ln", TEXT_BODY, "", true },
	{ "upper case accent", "K\xc3\x96LN", TEXT_BODY, "", true },
	{ "ascii", "aus", TEXT_BODY, "", true },
	{ "not raw", "=C3=B6", TEXT_BODY, "", false },
	{ "not in attachments", "secret", TEXT_BODY, "", false },
	{ "file name", "REPORT.pdf", TEXT_BODY, "", true },
	{ "embedded header", "Inner Words", TEXT_BODY, "", true },
	{ "embedded body", "body of it", TEXT_BODY, "", true },
	{ "header is not body", "time", TEXT_BODY, "", false },
	{ "header is text", "caf\xc3\xa9 TIME", TEXT_ALL, "", true },
	{ "field name is text", "subject: caf", TEXT_ALL, "", true },
	{ "body is text", "aus k", TEXT_ALL, "", true },
	{ "field", "CAF\xc3\x89", TEXT_HEADER, "subject", true },
	{ "other field", "caf", TEXT_HEADER, "from", false },
	{ "field exists", "", TEXT_HEADER, "from", true },
	{ "field does not", "", TEXT_HEADER, "cc", false },
	{ "nowhere", "xyzzy", TEXT_ALL, "", false },
};

static void
read_all(struct body_reader *r, struct buf *out)
{
	while (body_read(r, out))
		continue;
}

static void
test_rows(struct arena *a, struct buf *b)
{
	struct body_reader *one_for_all = NULL;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct body_reader *r;
		struct message m;

		TEST_ROW(rows[i].name);
		buf_clear(b);
		message_parse(&m, str_c(rows[i].in), a);
		r = body_reader_new(&m, &m.root, rows[i].mode);
		read_all(r, b);
		if (rows[i].want)
			CHECK_STR(buf_str(b), str_c(rows[i].want));
		CHECK(body_has_problem(r) == rows[i].has_problem);
		if (rows[i].mode == BODY_BYTES)
			CHECK_NUM(body_decoded_size(&m, &m.root), b->n);
		body_reader_free(&r);
		CHECK(r == NULL);
		if (one_for_all)
			body_reader_renew(one_for_all, &m, &m.root, rows[i].mode);
		else
			one_for_all = body_reader_new(&m, &m.root, rows[i].mode);
		buf_clear(b);
		read_all(one_for_all, b);
		if (rows[i].want)
			CHECK_STR(buf_str(b), str_c(rows[i].want));
		CHECK(body_has_problem(one_for_all) == rows[i].has_problem);
	}
	body_reader_free(&one_for_all);
}

/* Pieces: a large body gives the same bytes, and words across two pieces are found. */
static void
test_pieces(struct arena *a, struct buf *b)
{
	struct buf in;
	struct body_reader *r;
	struct message m;
	bool ok = true;

	TEST_ROW("pieces");
	buf_init(&in, 1 << 20);
	buf_add_c(&in, UTF8 "\r\n");
	for (int i = 0; i < 60000; i++)
		buf_add_c(&in, i % 7 == 0 ? "\r\n" : "\xc3\xa9");
	message_parse(&m, buf_str(&in), a);
	r = body_reader_new(&m, &m.root, BODY_TEXT);
	buf_clear(b);
	read_all(r, b);
	CHECK(!body_has_problem(r));
	body_reader_free(&r);
	for (size_t i = 0; i < b->n; i++)
		ok &= buf_str(b).p[i] != '\r';
	CHECK(ok);
	TEST_ROW("across pieces");
	for (size_t at = BODY_PIECE_BYTES - 8; at < BODY_PIECE_BYTES + 2; at++) {
		buf_clear(&in);
		buf_add_c(&in, "\r\n");
		while (in.n < at + 2)
			buf_add_char(&in, '.');
		buf_add_c(&in, "needle");
		while (in.n < 2 * BODY_PIECE_BYTES)
			buf_add_char(&in, '.');
		message_parse(&m, buf_str(&in), a);
		CHECK(message_contains(&m, STR("NEEDLE"), TEXT_BODY, STR("")));
	}
	buf_release(&in);
}

/* Every text of a message in its place: "H" header, "B" body, "+" goes on. */
static void
test_walk(struct arena *a)
{
	static const struct {
		enum text_where where;
		const char *name, *want;
	} walks[] = {
		{ TEXT_ALL, "",
		    "H[Subject: one]H[Content-Type: multipart/mixed; boundary=b]"
		    "B[Content-Type: text/plain]B[two]"
		    "B[Content-Type: image/png; name=three]"
		    "B[Content-Type: message/rfc822]B[Subject: four]B[five]" },
		{ TEXT_BODY, "",
		    "B[Content-Type: text/plain]B[two]"
		    "B[Content-Type: image/png; name=three]"
		    "B[Content-Type: message/rfc822]B[Subject: four]B[five]" },
		{ TEXT_HEADER, "subject", "H[one]" },
		{ TEXT_HEADER, "none", "" },
	};
	struct message m;
	struct text_walk w;
	struct str text;
	struct buf seen;

	message_parse(&m,
	    STR("Subject: =?utf-8?q?o?= =?utf-8?q?ne?=\r\nContent-Type: multipart/mixed;\r\n boundary=b\r\n\r\n"
		"--b\r\nContent-Type: text/plain\r\n\r\ntwo\r\n"
		"--b\r\nContent-Type: image/png; name=three\r\n\r\nnot looked at\r\n"
		"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: four\r\n\r\nfive\r\n--b--\r\n"),
	    a);
	buf_init(&seen, 10000);
	for (size_t i = 0; i < ARRAY_LEN(walks); i++) {
		TEST_ROW(walks[i].want);
		buf_clear(&seen);
		text_walk_init(&w, &m, walks[i].where, str_c(walks[i].name));
		while (text_walk_next(&w, &text)) {
			if (text.n == 0)
				continue;
			buf_add_c(&seen, w.is_body ? "B" : "H");
			buf_add_c(&seen, w.goes_on ? "+[" : "[");
			buf_add(&seen, text);
			buf_add_c(&seen, "]");
		}
		CHECK(!text_walk_next(&w, &text));
		text_walk_release(&w);
		CHECK_STR(buf_str(&seen), str_c(walks[i].want));
	}
	buf_release(&seen);
}

int
main(void)
{
	struct message m;
	struct arena a;
	struct buf b;

	arena_init(&a, 4 << 20);
	buf_init(&b, 4 << 20);
	test_rows(&a, &b);
	message_parse(&m, str_c(FORWARD), &a);
	for (size_t i = 0; i < ARRAY_LEN(find_rows); i++) {
		TEST_ROW(find_rows[i].name);
		CHECK(message_contains(&m, str_c(find_rows[i].needle), find_rows[i].where,
			  str_c(find_rows[i].field)) == find_rows[i].want);
	}
	TEST_ROW("text_contains");
	CHECK(text_contains(STR("Caf\xc3\xa9"), STR("AF\xc3\x89")));
	CHECK(!text_contains(STR("Cafe"), STR("x")));
	test_pieces(&a, &b);
	test_walk(&a);
	buf_release(&b);
	arena_release(&a);
	return test_end();
}
