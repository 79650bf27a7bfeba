#include "message/message.h"

/* base */
#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "message/imap_structure.h"
#include "message/section.h"

#define MULTIPART "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

/* Each part as type/subtype[body](children), a space between siblings. */
static const struct {
	const char *name, *in, *want;
} rows[] = {
	{ "plain", "Subject: x\r\n\r\nhello\r\n", "text/plain[hello\r\n]" },
	{ "no header", "\r\nhello", "text/plain[hello]" },
	{ "only a body", "hello there", "text/plain[hello there]" },
	{ "empty", "", "text/plain[]" },
	{ "only a header", "Subject: x\r\n", "text/plain[]" },
	{ "broken type", "Content-Type: nonsense\r\n\r\nx", "text/plain[x]" },
	{ "type text", "Content-Type: text\r\n\r\nx", "text/plain[x]" },
	{ "first type counts", "Content-Type: a/b\r\nContent-Type: c/d\r\n\r\nx", "a/b[x]" },
	{ "two parts",
	    MULTIPART
	    "pre\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: a/b\r\n\r\ntwo\r\n--b--\r\nepi\r\n",
	    "multipart/mixed(text/plain[one] a/b[two])" },
	{ "bare LF", "Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--\n",
	    "multipart/mixed(text/plain[one])" },
	{ "missing close", MULTIPART "--b\r\n\r\none\r\n", "multipart/mixed(text/plain[one\r\n])" },
	{ "no delimiter", MULTIPART "hello\r\n", "text/plain[hello\r\n]" },
	{ "close only", MULTIPART "--b--\r\n", "text/plain[--b--\r\n]" },
	{ "no boundary", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx",
	    "text/plain[--b\r\n\r\nx]" },
	{ "delimiter in the header", MULTIPART "--b\r\nA: 1\r\n--b\r\n\r\nx\r\n--b--",
	    "multipart/mixed(text/plain[] text/plain[x])" },
	{ "delimiter without line end", MULTIPART "--b\r\n\r\nx\r\n--b",
	    "multipart/mixed(text/plain[x] text/plain[])" },
	{ "padding", MULTIPART "--b \t\r\n\r\nx\r\n--b-- \r\n", "multipart/mixed(text/plain[x])" },
	{ "longer than the boundary", MULTIPART "--bcd\r\n\r\nx\r\n--b--",
	    "multipart/mixed(text/plain[x])" },
	{ "dashes that delimit nothing", MULTIPART "--b\r\n\r\n--c\r\n--\r\n-- \r\n--b--",
	    "multipart/mixed(text/plain[--c\r\n--\r\n-- ])" },
	{ "parts behind the close", MULTIPART "--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n",
	    "multipart/mixed(text/plain[x])" },
	{ "nested",
	    MULTIPART "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
		      "--c\r\n\r\none\r\n--c--\r\n--b\r\n\r\ntwo\r\n--b--",
	    "multipart/mixed(multipart/alternative(text/plain[one]) text/plain[two])" },
	{ "inner never closed",
	    MULTIPART "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
		      "--c\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--",
	    "multipart/mixed(multipart/alternative(text/plain[one]) text/plain[two])" },
	{ "inner begins with the outer",
	    MULTIPART "--b\r\nContent-Type: multipart/alternative; boundary=bb\r\n\r\n"
		      "--bb\r\n\r\none\r\n--bb\r\n\r\nmore\r\n--bb--\r\n--b\r\n\r\ntwo\r\n--b--",
	    "multipart/mixed(multipart/alternative(text/plain[one] text/plain[more]) text/plain[two])" },
	{ "same boundary inside", MULTIPART "--b\r\n" MULTIPART "--b\r\n\r\none\r\n--b--\r\n--b--",
	    "multipart/mixed(multipart/mixed(text/plain[one]))" },
	{ "message", "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhello",
	    "message/rfc822(text/plain[hello])" },
	{ "message in a part",
	    MULTIPART "--b\r\nContent-Type: message/rfc822\r\n\r\n" MULTIPART
		      "--b\r\n\r\nx\r\n--b--\r\n",
	    "multipart/mixed(message/rfc822(multipart/mixed(text/plain[x])))" },
	{ "message cut by a delimiter",
	    MULTIPART
	    "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n--b\r\n\r\ny\r\n--b--",
	    "multipart/mixed(message/rfc822(text/plain[]) text/plain[y])" },
	{ "encoded message",
	    "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA",
	    "message/rfc822[AAAA]" },
	{ "global", "Content-Type: message/global\r\n\r\nA: x\r\n\r\ny",
	    "message/global(text/plain[y])" },
	{ "digest",
	    "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nA: 1\r\n\r\nx\r\n--b--",
	    "multipart/digest(message/rfc822(text/plain[x]))" },
	{ "nul", "A: 1\r\n\r\nx", "text/plain[x]" },
};

static void
write_tree(struct buf *b, const struct message *m, const struct part *p)
{
	buf_add(b, p->type);
	buf_add_char(b, '/');
	buf_add(b, p->subtype);
	if (p->child == NULL) {
		buf_add_char(b, '[');
		buf_add(b, part_body(m, p));
		buf_add_char(b, ']');
	} else {
		buf_add_char(b, '(');
		for (const struct part *c = p->child; c; c = c->next) {
			write_tree(b, m, c);
			if (c->next)
				buf_add_char(b, ' ');
		}
		buf_add_char(b, ')');
	}
}

/* What holds of every tree, whatever the bytes. */
static void
check_tree(const struct message *m)
{
	uint32_t count = 0;
	bool ok = true;

	for (const struct part *p = &m->root; p; p = part_next(p)) {
		ok &= p->index == count++;
		ok &= p->header.start + p->header.n == p->body.start;
		ok &= p->body.start + p->body.n <= m->size;
		ok &= p->lines <= p->body.n;
		ok &= (p->kind == PART_LEAF) == (p->child == NULL);
		ok &= p->type.n > 0 && p->subtype.n > 0 && p->encoding_text.n > 0;
		if (p->parent)
			ok &= p->header.start >= p->parent->body.start &&
			    p->body.start + p->body.n <= p->parent->body.start + p->parent->body.n;
		if (p->kind == PART_MESSAGE)
			ok &= p->child->next == NULL && p->child->fields != NULL;
	}
	CHECK(ok && count == m->part_count);
}

/* In steps that are as short as they may be: a field or a line each. The number of steps. */
static unsigned
parse_slowly(struct message *m, struct str in, struct arena *a)
{
	struct message_parser *p = message_parse_begin(m, in, a);
	unsigned steps = 1;

	while (CHECK(p != NULL) && !message_parse_step(p, 1))
		steps++;
	return steps;
}

static void
test_slices(struct arena *a)
{
	struct str in =
	    STR(MULTIPART "pre\r\n--b\r\nA: 1\r\nB: 2\r\n C\r\n\r\none\r\ntwo\r\n--b--\r\n");
	struct message m;
	struct arena none;

	TEST_ROW("slices");
	/* The field and the end of a header, "pre", a delimiter; two fields and an end; two lines, a delimiter; all. */
	CHECK_NUM(parse_slowly(&m, in, a), 11);
	CHECK_NUM(m.part_count, 2);
	TEST_ROW("no room to begin");
	arena_init(&none, 10);
	CHECK(message_parse_begin(&m, in, &none) == NULL);
	arena_release(&none);
}

/* Cut at every byte: always a tree, never a byte outside. */
static void
test_cuts(struct arena *a, struct str in)
{
	struct message m;
	char *copy;

	for (size_t n = 0; n <= in.n; n++) {
		arena_reset(a);
		copy = mem_new(n + 1, 1); /* of this size, for the sanitizer */
		for (size_t i = 0; i < n; i++)
			copy[i] = in.p[i];
		message_parse(&m, str_of(copy, n), a);
		check_tree(&m);
		mem_free(copy);
	}
}

static void
test_facts(struct arena *a)
{
	struct str in =
	    STR("Date: d\r\nSUBJECT: one\r\nsubject: two\r\nFrom:\r\n"
		"Content-Type: text/plain; charset=utf-8; name=\"a.txt\"\r\n"
		"Content-Transfer-Encoding: Quoted-Printable\r\n"
		"Content-Disposition: Attachment; filename*=utf-8''b%C3%A9\r\n"
		"Content-Language: en, de\r\nContent-ID: <x@y>\r\n\r\none\r\ntwo\r\nend");
	struct message m;

	TEST_ROW("facts");
	message_parse(&m, in, a);
	CHECK_STR(message_field(&m.root, FIELD_SUBJECT), STR(" two"));
	CHECK_STR(message_field(&m.root, FIELD_FROM), STR(""));
	CHECK(message_field(&m.root, FIELD_FROM).p != NULL);
	CHECK(message_field(&m.root, FIELD_TO).p == NULL);
	CHECK_NUM(m.root.encoding, ENCODING_QUOTED_PRINTABLE);
	CHECK_STR(m.root.encoding_text, STR("QUOTED-PRINTABLE"));
	CHECK_STR(m.root.disposition, STR("attachment"));
	CHECK(m.root.is_attachment && !m.root.is_inline);
	CHECK_STR(m.root.name, STR("b\xc3\xa9"));
	CHECK_NUM(m.root.language_count, 2);
	CHECK_STR(m.root.languages[1], STR("de"));
	CHECK_STR(m.root.id, STR("<x@y>"));
	CHECK_NUM(m.root.lines, 2);
	CHECK_NUM(m.root.body.n, 13);
	CHECK_NUM(m.size, in.n);
}

/* Many parts, deep nesting, one long line, a huge header: limits hold and time stays short. */
static void
test_hostile(struct arena *a)
{
	static const struct {
		const char *name, *head, *again;
	} bombs[] = {
		{ "many parts", MULTIPART, "--b\r\n\r\nx\r\n" },
		{ "deep", "", "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" },
		{ "deep messages", "", "Content-Type: message/rfc822\r\n\r\n" },
		{ "dashes", MULTIPART, "--\r\n" },
		{ "long line", "", "--b--b" },
		{ "header", "", "A: 1\r\n" },
		{ "same field", "", "Content-Type: a/b; c*0=d;\r\n" },
		{ "one fold", "A: 1\r\n", " x\r\n" },
		{ "mbox lines", "", "From x\r\n" },
		{ "blanks", "Subject: ", " " },
	};
	struct message m;
	struct buf b;

	buf_init(&b, 8 << 20);
	for (size_t i = 0; i < ARRAY_LEN(bombs); i++) {
		struct buf out;

		TEST_ROW(bombs[i].name);
		buf_clear(&b);
		buf_add_c(&b, bombs[i].head);
		while (b.n < 2000000)
			buf_add_c(&b, bombs[i].again);
		arena_reset(a);
		message_parse(&m, buf_str(&b), a);
		check_tree(&m);
		CHECK(m.part_count <= MESSAGE_PARTS_MAX);
		buf_init(&out, 64 << 20);
		bodystructure_write(&out, &m.root, true);
		CHECK(buf_ok(&out));
		buf_release(&out);
	}
	TEST_ROW("small arena");
	for (size_t max = 0; max < 20000; max += 100) {
		struct arena small;

		arena_init(&small, max);
		message_parse(&m,
		    STR(MULTIPART "--b\r\nContent-Type: message/rfc822; a=b\r\n\r\n"
				  "Subject: x\r\n y\r\n\r\nz\r\n--b\r\n\r\ny\r\n--b--"),
		    &small);
		check_tree(&m);
		arena_release(&small);
	}
	buf_release(&b);
}

int
main(void)
{
	struct message m;
	struct arena a;
	struct buf b;

	arena_init(&a, 16 << 20);
	buf_init(&b, 100000);
	for (size_t i = 0; i < 2 * ARRAY_LEN(rows); i++) {
		struct str in = str_c(rows[i / 2].in);

		TEST_ROW(rows[i / 2].name);
		arena_reset(&a);
		buf_clear(&b);
		if (i % 2)
			parse_slowly(&m, in, &a);
		else
			message_parse(&m, in, &a);
		check_tree(&m);
		write_tree(&b, &m, &m.root);
		CHECK_STR(buf_str(&b), str_c(rows[i / 2].want));
		if (i % 2)
			test_cuts(&a, in);
	}
	test_slices(&a);
	test_facts(&a);
	test_hostile(&a);
	buf_release(&b);
	arena_release(&a);
	return test_end();
}
