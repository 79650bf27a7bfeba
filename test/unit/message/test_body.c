#include "message/body.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "message/preview.h"
#include "message/text.h"

#define PART(headers, body) "--b\r\n" headers "\r\n" body "\r\n"
#define MIXED(parts)        "Content-Type: multipart/mixed; boundary=b\r\n\r\n" parts "--b--\r\n"
#define KIND(subtype, parts) \
	"Content-Type: multipart/" subtype "; boundary=b\r\n\r\n" parts "--b--\r\n"
#define HTML     "Content-Type: text/html\r\n"
#define IMAGE    "Content-Type: image/png\r\n"
#define ATTACHED "Content-Disposition: attachment\r\n"

/* RFC 8621 4.1.4's example: each part's body is its letter. */
static const char example[] =
    "Content-Type: multipart/mixed; boundary=1\r\n\r\n"
    "--1\r\nContent-Disposition: inline\r\n\r\nA\r\n"
    "--1\r\nContent-Type: multipart/mixed; boundary=2\r\n\r\n"
    "--2\r\nContent-Type: multipart/alternative; boundary=3\r\n\r\n"
    "--3\r\nContent-Type: multipart/mixed; boundary=4\r\n\r\n"
    "--4\r\nContent-Disposition: inline\r\n\r\nB\r\n"
    "--4\r\nContent-Type: image/jpeg\r\nContent-Disposition: inline\r\n\r\nC\r\n"
    "--4\r\nContent-Disposition: inline\r\n\r\nD\r\n--4--\r\n"
    "--3\r\nContent-Type: multipart/related; boundary=5\r\n\r\n"
    "--5\r\nContent-Type: text/html\r\n\r\nE\r\n"
    "--5\r\nContent-Type: image/jpeg\r\n\r\nF\r\n--5--\r\n--3--\r\n"
    "--2\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment\r\n\r\nG\r\n"
    "--2\r\nContent-Type: application/x-excel\r\n\r\nH\r\n"
    "--2\r\nContent-Type: message/rfc822\r\n\r\nJ: J\r\n--2--\r\n"
    "--1\r\nContent-Disposition: inline\r\n\r\nK\r\n--1--\r\n";

static const struct {
	const char *name, *in, *text, *html, *attachments;
	bool has_attachment;
} rows[] = {
	{ "RFC 8621", example, "A B C D K ", "A E K ", "C F G H J: J ", true },
	{ "plain", "\r\nx", "x ", "x ", "", false },
	{ "html", HTML "\r\nx", "x ", "x ", "", false },
	{ "alternative", KIND("alternative", PART("", "t") PART(HTML, "h")), "t ", "h ", "",
	    false },
	{ "alternative, html only", KIND("alternative", PART(HTML, "h")), "h ", "h ", "", false },
	{ "alternative, plain only", KIND("alternative", PART("", "t")), "t ", "t ", "", false },
	{ "alternative with a calendar",
	    KIND("alternative",
		PART("", "t") PART(HTML, "h") PART("Content-Type: text/calendar\r\n", "c")),
	    "t ", "h ", "c ", true },
	{ "attachment", MIXED(PART("", "t") PART(IMAGE ATTACHED, "i")), "t ", "t ", "i ", true },
	{ "inline picture", MIXED(PART("", "t") PART(IMAGE, "i")), "t i ", "t i ", "", false },
	{ "named text", MIXED(PART("", "t") PART("Content-Type: text/plain; name=x\r\n", "n")),
	    "t ", "t ", "n ", true },
	{ "related", KIND("related", PART(HTML, "h") PART(IMAGE "Content-ID: <i>\r\n", "i")), "h ",
	    "h ", "i ", false },
	{ "only an attachment", ATTACHED "\r\nx", "", "", "x ", true },
	{ "message", "Content-Type: message/rfc822\r\n\r\nA: 1\r\n\r\nx", "", "", "A: 1\r\n\r\nx ",
	    true },
};

static const struct {
	const char *name, *in, *want;
} preview_rows[] = {
	{ "plain", "\r\nhello\r\n\r\n  there \r\n", "hello there" },
	{ "quotation", "\r\nOn Monday Ann wrote:\r\n> old\r\n> words\r\n\r\nNew words\r\n",
	    "New words" },
	{ "signature", "\r\nhello\r\n-- \r\nAnn\r\n", "hello" },
	{ "rows of punctuation", "\r\n=====\r\nhello\r\n-----\r\n", "hello" },
	{ "only a quotation", "\r\n> old\r\n", "> old" },
	{ "original message", "\r\nyes\r\n-----Original Message-----\r\nFrom: x\r\n", "yes" },
	{ "html", HTML "\r\n<style>x</style><p>a</p><p>b &amp; c</p>", "a b & c" },
	{ "plain is preferred", KIND("alternative", PART(HTML, "<b>h</b>") PART("", "t")), "t" },
	{ "html when plain is empty", KIND("alternative", PART("", "") PART(HTML, "<b>h</b>")),
	    "h" },
	{ "no text", IMAGE "\r\nx", "" },
	{ "not the attachment", MIXED(PART(ATTACHED, "x")), "" },
	{ "empty", "", "" },
};

static void
write_list(struct buf *b, const struct message *m, const struct body_list *list)
{
	buf_clear(b);
	for (size_t i = 0; i < list->count; i++) {
		buf_add(b, part_body(m, list->items[i]));
		buf_add_char(b, ' ');
	}
}

static void
test_long_preview(struct arena *a, struct buf *b)
{
	struct buf in;
	struct message m;

	TEST_ROW("long");
	buf_init(&in, 1 << 20);
	buf_add_c(&in, "Content-Type: text/plain; charset=utf-8\r\n\r\n");
	for (int i = 0; i < 100000; i++)
		buf_add_c(&in, "\xc3\xa9");
	message_parse(&m, buf_str(&in), a);
	buf_clear(b);
	preview_write(&m, b);
	CHECK_NUM(b->n, 2 * PREVIEW_CHARS);
	buf_release(&in);
}

int
main(void)
{
	struct bodies bodies;
	struct message m;
	struct arena a;
	struct buf b;

	arena_init(&a, 1 << 20);
	buf_init(&b, 10000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		message_parse(&m, str_c(rows[i].in), &a);
		bodies_find(&m, &a, &bodies);
		write_list(&b, &m, &bodies.text);
		CHECK_STR(buf_str(&b), str_c(rows[i].text));
		write_list(&b, &m, &bodies.html);
		CHECK_STR(buf_str(&b), str_c(rows[i].html));
		write_list(&b, &m, &bodies.attachments);
		CHECK_STR(buf_str(&b), str_c(rows[i].attachments));
		CHECK(message_has_attachment(&m) == rows[i].has_attachment);
	}
	for (size_t i = 0; i < ARRAY_LEN(preview_rows); i++) {
		TEST_ROW(preview_rows[i].name);
		buf_clear(&b);
		message_parse(&m, str_c(preview_rows[i].in), &a);
		preview_write(&m, &b);
		CHECK_STR(buf_str(&b), str_c(preview_rows[i].want));
	}
	test_long_preview(&a, &b);
	buf_release(&b);
	arena_release(&a);
	return test_end();
}
