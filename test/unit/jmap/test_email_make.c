/* Email objects into messages: each row an object (' for "), and the message or the error that comes of it. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "jmap/email_make.h"
#include "lib/unquote.h"
#include "message/header.h"

#define ROOM (80 * 1024 * 1024)
#define ID   "'messageId':['i@x'],'sentAt':'2014-10-30T14:12:00+08:00'"

static const struct {
	const char *name, *object, *want;
} rows[] = {
#include "email_make.rows"
};

/* Blobs: "hello" is text, "bin" bytes, "q" quoted-printable of "K=E4se", "eml" a message, and so on. */
static enum fail
find(void *arg, struct str id, bool is_message, struct email_content *out)
{
	static const struct {
		struct str id, bytes;
		enum encoding encoding;
	} blobs[] = {
		{ STR_INIT("hello"), STR_INIT("Hello\r\nyou\r\n"), ENCODING_7BIT },
		{ STR_INIT("lf"), STR_INIT("one\ntwo\n"), ENCODING_7BIT },
		{ STR_INIT("bin"), STR_INIT("\0\1\2\xff"), ENCODING_7BIT },
		{ STR_INIT("q"), STR_INIT("K=E4se"), ENCODING_QUOTED_PRINTABLE },
		{ STR_INIT("eml"), STR_INIT("Subject: x\r\n\r\nHi\r\n"), ENCODING_7BIT },
		{ STR_INIT("eml8"), STR_INIT("Subject: x\r\n\r\nH\xc3\xa4\r\n"), ENCODING_7BIT },
		{ STR_INIT("emllf"), STR_INIT("Subject: x\n\nHi\n"), ENCODING_7BIT },
	};

	static const char big[30 * 1000 * 1000];

	(void)is_message;
	CHECK(arg == NULL);
	if (str_eq(id, STR("big"))) {
		*out = (struct email_content){ .bytes = str_of(big, sizeof(big)) };
		return FAIL_NONE;
	}
	for (size_t i = 0; i < ARRAY_LEN(blobs); i++)
		if (str_eq(blobs[i].id, id)) {
			*out = (struct email_content){ .bytes = blobs[i].bytes,
				.encoding = blobs[i].encoding };
			return FAIL_NONE;
		}
	return str_eq(id, STR("temp")) ? FAIL_TEMP : FAIL_MISSING;
}

/* The message, or the SetError as JSON. */
static void
make(struct str object, struct buf *out)
{
	struct jmap_set_error e = { 0 };
	struct json_writer w = { .out = out };
	struct build_part *root;
	struct build build = { 0 };
	const struct json *tree;
	struct arena a;
	struct email_maker m = { .a = &a,
		.now_s = 1414649520,
		.random = STR("0123456789abcdef"),
		.host = STR("example.test"),
		.find = find };

	buf_clear(out);
	arena_init(&a, ROOM);
	if (CHECK_NUM(json_parse(object, &a, &tree), FAIL_NONE)) {
		switch (email_make(&m, tree, &root, &e)) {
		case SET_OK:
			build_init(&build, root, m.random);
			while (build_next(&build, out))
				continue;
			CHECK_NUM(build.fail, FAIL_NONE);
			break;
		case SET_ERROR: jmap_set_error_write(&w, &e); break;
		case SET_FAIL: buf_add_c(out, "FAIL"); break;
		case SET_LATER:
		case SET_WAIT:
		case SET_YIELD: CHECK(false); break;
		}
	}
	build_release(&build);
	arena_release(&a);
}

/* Nested multiparts around a text, `depth` of them. */
static void
add_nested(struct buf *out, unsigned depth)
{
	buf_clear(out);
	buf_add_c(out, "{\"bodyValues\":{\"t\":{\"value\":\"x\"}},\"bodyStructure\":");
	for (unsigned i = 0; i < depth; i++)
		buf_add_c(out, "{\"subParts\":[");
	buf_add_c(out, "{\"partId\":\"t\"}");
	for (unsigned i = 0; i < depth; i++)
		buf_add_c(out, "]}");
	buf_add_char(out, '}');
}

static void
test_limits(struct buf *object, struct buf *out)
{
	struct message m;
	struct arena a;
	unsigned depth = 0;

	arena_init(&a, ROOM);
	TEST_ROW("deep");
	add_nested(object, 30);
	make(buf_str(object), out);
	message_parse(&m, buf_str(out), &a);
	CHECK_NUM(m.part_count, 31);
	for (const struct part *p = &m.root; p; p = p->child)
		depth++;
	CHECK_NUM(depth, 31);
	TEST_ROW("too many parts");
	buf_clear(object);
	buf_add_c(object, "{\"attachments\":[");
	for (unsigned i = 0; i < 2001; i++)
		buf_add_c(object, i ? ",{\"blobId\":\"bin\"}" : "{\"blobId\":\"bin\"}");
	buf_add_c(object, "]}");
	make(buf_str(object), out);
	CHECK(str_starts(buf_str(out), STR("{\"type\":\"tooLarge\"")));
	TEST_ROW("too many bytes");
	buf_clear(object);
	buf_add_c(object, "{\"attachments\":[{\"blobId\":\"big\"},{\"blobId\":\"big\"}]}");
	make(buf_str(object), out);
	CHECK(str_starts(buf_str(out), STR("{\"type\":\"tooLarge\"")));
	TEST_ROW("too large a header");
	buf_clear(object);
	buf_add_c(object, "{\"header:X:all\":[\"\"");
	for (unsigned i = 0; i < 200 * 1000; i++)
		buf_add_c(object, ",\"\"");
	buf_add_c(object, "]}");
	make(buf_str(object), out);
	CHECK(str_starts(buf_str(out), STR("{\"type\":\"tooLarge\"")));
	arena_release(&a);
}

/* A user's domain that no Message-ID may have. */
static void
test_host(void)
{
	struct jmap_set_error e = { 0 };
	struct build_part *root;
	const struct json *object;
	struct arena a;
	struct email_maker m = { .a = &a,
		.random = STR("0123456789abcdef"),
		.host = STR("b\xc3\xbc"
			    "cher.example"),
		.find = find };

	TEST_ROW("host");
	arena_init(&a, ROOM);
	CHECK_NUM(json_parse(STR("{}"), &a, &object), FAIL_NONE);
	if (CHECK_NUM(email_make(&m, object, &root, &e), SET_OK))
		CHECK(str_find(root->fields, STR("@localhost>\r\n")) != STR_NONE);
	arena_release(&a);
}

/* What is too large for a row. */
static void
test_long_text(struct buf *object, struct buf *out)
{
	struct str line, text;

	TEST_ROW("long lines");
	buf_clear(object);
	buf_add_c(object, "{\"subject\":\"");
	for (unsigned i = 0; i < 500; i++)
		buf_add_c(object, "k\xc3\xa4se");
	buf_add_c(object, "\",\"bodyValues\":{\"t\":{\"value\":\"");
	for (unsigned i = 0; i < 3000; i++)
		buf_add_c(object, "long ");
	buf_add_c(object, "\"}},\"textBody\":[{\"partId\":\"t\"}]}");
	make(buf_str(object), out);
	text = buf_str(out);
	CHECK(str_find(text, STR("Content-Transfer-Encoding: quoted-printable\r\n")) != STR_NONE);
	while (str_next_part(&text, '\n', &line))
		CHECK(line.n <= 79);
}

/* Where a client's text goes, as '%'; and texts that try to be more than that. */
static const char *const places[] = { "'subject':'%'", "'from':[{'name':'%','email':'a@b'}]",
	"'from':[{'name':null,'email':'%'}]", "'from':[{'name':'a','email':'%@b'}]",
	"'header:X:asGroupedAddresses':[{'name':'%','addresses':[]}]", "'messageId':['%']",
	"'references':['a@b','%']", "'sentAt':'%'", "'header:X':'%'", "'header:X':' a\\r\\n %'",
	"'header:X:asText':'%'", "'header:X:all':[' a','%']", "'header:X:asText:all':['a','%']",
	"'header:List-Help:asURLs':['%']", "'header:%':' a'", "'header:%:asText':'a'",
	"'bodyValues':{'t':{'value':'%'}},'textBody':[{'partId':'t'}]",
	"'attachments':[{'blobId':'bin','name':'%'}]",
	"'attachments':[{'blobId':'bin','name':'%','disposition':null}]",
	"'attachments':[{'blobId':'bin','type':'%'}]",
	"'attachments':[{'blobId':'bin','type':'text/%'}]",
	"'attachments':[{'blobId':'bin','charset':'%'}]",
	"'attachments':[{'blobId':'bin','disposition':'%'}]",
	"'attachments':[{'blobId':'bin','cid':'%'}]",
	"'attachments':[{'blobId':'bin','language':['en','%']}]",
	"'attachments':[{'blobId':'bin','location':'%'}]",
	"'attachments':[{'blobId':'bin','header:Content-Type':' image/png; name=%'}]",
	"'attachments':[{'blobId':'bin','header:Content-Type':' image/%'}]",
	"'attachments':[{'blobId':'bin','header:Content-X':'%'}]",
	"'attachments':[{'blobId':'bin','header:%':' a'}]" };

static const char *const texts[] = { "x\\r\\nInjected: y", "x\\nInjected: y", "x\\rInjected: y",
	"x\\r\\n\\r\\nInjected: y", "x\\u0000y", "x\\u000bInjected: y", "x\\u000cInjected: y",
	"x\\u001cInjected: y", "x\\u0085Injected: y", "x\\u2028Injected: y", "\\r\\n Injected: y",
	"=?utf-8?q?=0D=0AInjected:_y?=", "a\\\" ; boundary=b", "a; charset*=b; x", "\\\\", "(", ")",
	"<", ">", "a@b>, <c", "\\u007f", "\\t", " ", "Content-Transfer-Encoding", ":" };

/* Lines of a message: each ends in CRLF, is short enough, and has no NUL. */
static void
check_lines(struct str text)
{
	struct str line;

	CHECK(str_find_char(text, '\0') == STR_NONE);
	while (str_next_part(&text, '\n', &line) && text.p) {
		CHECK(str_ends(line, STR("\r")) && line.n <= 999);
		CHECK(str_find_char(line, '\r') == line.n - 1);
	}
	CHECK(str_find_char(line, '\r') == STR_NONE);
}

/* Whatever is given: it is refused, or there is the message that was described, and nothing else in it. */
static void
test_injection(struct buf *object, struct buf *out)
{
	struct message m;
	struct header h;
	struct arena a;

	arena_init(&a, ROOM);
	for (size_t i = 0; i < ARRAY_LEN(places) * ARRAY_LEN(texts); i++) {
		const char *place = places[i / ARRAY_LEN(texts)],
			   *text = texts[i % ARRAY_LEN(texts)];
		struct str block;

		TEST_ROW(place);
		buf_clear(object);
		buf_add_char(object, '{');
		for (; *place; place++)
			if (*place == '%')
				buf_add_c(object, text);
			else
				buf_add_char(object, *place == '\'' ? '"' : *place);
		buf_add_char(object, '}');
		make(buf_str(object), out);
		if (str_starts(buf_str(out), STR("{\"type\"")))
			continue;
		check_lines(buf_str(out));
		message_parse(&m, buf_str(out), &a);
		CHECK(m.part_count <= 2);
		for (const struct part *p = &m.root; p; p = part_next(p)) {
			block = part_header(&m, p);
			CHECK(!header_find(block, STR("Injected"), &h));
			CHECK(header_find(block, STR("Content-Type"), &h));
			for (unsigned encodings = 0; header_next(&block, &h);)
				CHECK(!str_eq_nocase(h.name, STR("Content-Transfer-Encoding")) ||
				    encodings++ == 0);
		}
		arena_reset(&a);
	}
	arena_release(&a);
}

int
main(void)
{
	struct buf object, got, want;

	buf_init(&object, ROOM);
	buf_init(&got, ROOM);
	buf_init(&want, ROOM);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool is_message = rows[i].want[0] != '{' && rows[i].want[0] != 'F';

		TEST_ROW(rows[i].name);
		buf_clear(&object);
		unquote(&object, rows[i].object);
		make(buf_str(&object), &got);
		buf_clear(&want);
		if (is_message || rows[i].want[0] == 'F')
			buf_add_c(&want, rows[i].want);
		else
			unquote(&want, rows[i].want);
		CHECK_STR(buf_str(&got), buf_str(&want));
	}
	test_limits(&object, &got);
	test_long_text(&object, &got);
	test_injection(&object, &got);
	test_host();
	buf_release(&object);
	buf_release(&got);
	buf_release(&want);
	return test_end();
}
