/*
 * One large blob, encoded, in each method that uses it: others' requests are answered while it is decoded, looked
 * at and written.
 */
#include "fixture.h"

/* rooms */
#include "codec/base64.h"

#define INNER_BYTES ((size_t)12 * 1024 * 1024) /* many slices, on any machine */

/* A message with another one attached in base64. */
static void
make_message(struct buf *out)
{
	struct base64_encoder encoder = { 0 };
	struct buf inner;

	buf_init(&inner, INNER_BYTES + 1000);
	buf_add_c(&inner, "From: inner@x.test\r\nSubject: inner\r\n\r\n");
	while (inner.n < INNER_BYTES)
		buf_add_c(&inner, "A line of the text that stands in the message inside.\r\n");
	buf_add_c(out,
	    "From: outer@x.test\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
	    "--o\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	base64_encoder_feed(&encoder, buf_str(&inner), out);
	base64_encoder_end(&encoder, out);
	buf_add_c(out, "--o--\r\n");
	buf_release(&inner);
}

/* The request of another session, from its beginning to its end. */
static void
ask_other(struct fixture *f)
{
	struct fixture other = *f;
	struct buf got;

	other.between = NULL;
	buf_init(&got, 1 << 20);
	fixture_run(&other, "[['Mailbox/get',{'accountId':'a1'},'c']]", &got);
	CHECK_HAS(buf_str(&got), STR("\"role\":\"inbox\""));
	buf_release(&got);
}

static const struct {
	const char *name, *before, *after, *want;
} rows[] = {
	{ "Email/parse", "[['Email/parse',{'accountId':'a1','properties':['subject'],'blobIds':['",
	    "']},'c']]", "'subject':'inner'" },
	{ "Email/import",
	    "[['Email/import',{'accountId':'a1','emails':{'k':{'mailboxIds':{'m1':true},'blobId':'",
	    "'}}},'c']]", "'size':12582938" },
	{ "Blob/get", "[['Blob/get',{'accountId':'a1','properties':['size'],'ids':['", "']},'c']]",
	    "'size':12582938" },
	{ "Blob/upload",
	    "[['Blob/upload',{'accountId':'a1','create':{'k':{'data':[{'offset':12582913,'blobId':'",
	    "'},{'data:asText':'x'}]}}},'c']]", "'size':26" },
	{ "MDN/parse", "[['MDN/parse',{'accountId':'a1','blobIds':['", "']},'c']]",
	    "'notParsable':['" },
	{ "an attached message",
	    "[['Email/set',{'accountId':'a1','create':{'k':{'mailboxIds':{'m1':true},'subject':'x',"
	    "'attachments':[{'type':'message/rfc822','blobId':'",
	    "'}]}}},'c']]", "'notCreated':null" },
	{ "an attached file",
	    "[['Email/set',{'accountId':'a1','create':{'k':{'mailboxIds':{'m1':true},'subject':'x',"
	    "'attachments':[{'type':'application/x','blobId':'",
	    "'}]}}},'c']]", "'notCreated':null" },
};

static void
check_row(struct fixture *f, size_t i, struct str blob_id)
{
	struct buf calls, got, want;

	TEST_ROW(rows[i].name);
	buf_init(&calls, 10000);
	buf_init(&got, 1 << 20);
	buf_init(&want, 1000);
	buf_add_c(&calls, rows[i].before);
	buf_add(&calls, blob_id);
	buf_add_c(&calls, rows[i].after);
	f->between = ask_other;
	fixture_run(f, buf_c(&calls), &got);
	f->between = NULL;
	CHECK(f->slices > 3);
	unquote(&want, rows[i].want);
	CHECK_HAS(buf_str(&got), buf_str(&want));
	buf_release(&calls);
	buf_release(&got);
	buf_release(&want);
}

/* What stands behind "blobId":" the second time: the first one is the whole message's. */
static struct str
find_part(struct str got)
{
	size_t at = str_find(got, STR("\"attachments\":[{\"blobId\":\""));

	got = str_from(got, at + 26);
	return str_head(got, str_find_char(got, '"'));
}

/* --- a long text ------------------------------------------------------------------------------- */

#define TEXT_LINE   "<p>A line of a text that is longer than anybody reads."
#define TEXT_LINES  200000
#define CUT_LINES   189090 /* of 55 bytes: two or three bytes more go into a tag, or behind it */
#define TEXT_SLICES 300    /* of two pieces of 16 KB each at most */

static void
make_text(struct buf *out)
{
	buf_add_c(out, "From: long@x.test\r\nContent-Type: text/html\r\n\r\n");
	for (unsigned i = 0; i < TEXT_LINES; i++)
		buf_add_c(out, TEXT_LINE "\r\n");
}

/* The lines that the answer has, and whether it says that it has all of them. */
static void
check_text(struct str got, size_t lines, const char *end, bool is_cut)
{
	struct str one = STR(TEXT_LINE "\\n");
	size_t at = str_find(got, STR("\"value\":\"")), n = 0;

	CHECK(at != STR_NONE);
	got = str_from(got, at + 9);
	while (str_skip(&got, one))
		n++;
	CHECK_NUM(n, lines);
	CHECK(str_skip(&got, str_c(end)));
	CHECK(str_starts(got,
	    is_cut ? STR("\",\"isEncodingProblem\":false,\"isTruncated\":true}")
		   : STR("\",\"isEncodingProblem\":false,\"isTruncated\":false}")));
}

static const struct {
	const char *name, *calls;
	size_t lines;
	const char *end;
	bool is_cut;
} text_rows[] = {
	{ "Email/get of a long text",
	    "[['Email/get',{'accountId':'a1','ids':['e5'],'properties':['bodyValues','preview'],"
	    "'fetchAllBodyValues':true},'c']]",
	    TEXT_LINES, "", false },
	{ "cut in a tag",
	    "[['Email/get',{'accountId':'a1','ids':['e5'],'properties':['bodyValues'],"
	    "'fetchHTMLBodyValues':true,'maxBodyValueBytes':10399952},'c']]",
	    CUT_LINES, "", true },
	{ "cut behind a tag",
	    "[['Email/get',{'accountId':'a1','ids':['e5'],'properties':['bodyValues'],"
	    "'fetchTextBodyValues':true,'maxBodyValueBytes':10399953},'c']]",
	    CUT_LINES, "<p>", true },
	{ "Email/parse",
	    "[['Email/parse',{'accountId':'a1','blobIds':['b5'],'properties':['bodyValues'],"
	    "'fetchAllBodyValues':true},'c']]",
	    TEXT_LINES, "", false },
};

#define PARSE_SLICE_BYTES (300 * 1024) /* of two pieces of 128 KB each at most */

/* The structure of a message that is no Email: nothing of it is written but its subject. */
static void
check_structure(struct fixture *f, size_t bytes, struct buf *got)
{
	TEST_ROW("Email/parse of the structure");
	f->between = ask_other;
	fixture_run(f,
	    "[['Email/parse',{'accountId':'a1','blobIds':['b5','b5','b1'],'properties':['from','textBody'],"
	    "'bodyProperties':['size']},'c']]",
	    got);
	f->between = NULL;
	CHECK(f->slices >= bytes / PARSE_SLICE_BYTES);
	CHECK_HAS(buf_str(got),
	    STR("\"parsed\":{\"b5\":{\"from\":[{\"name\":null,\"email\":\"long@x.test\"}],\"textBody\":[{"
		"\"size\":11200000}]},\"b1\":{\"from\":[{\"name\":null,\"email\":\"outer@x.test\"}],"));
	TEST_ROW("the client goes away in between");
	f->give_up_at = (unsigned)(bytes / PARSE_SLICE_BYTES / 2);
	(void)fixture_try(f,
	    "[['Email/parse',{'accountId':'a1','blobIds':['b5'],'properties':['from']},'c']]", got);
	f->give_up_at = 0;
}

static void
check_texts(struct fixture *f)
{
	struct buf message, got;

	buf_init(&message, 2 * INNER_BYTES);
	buf_init(&got, 1 << 25);
	make_text(&message);
	fixture_add(f, buf_c(&message), 1700000002, 0);
	check_structure(f, message.n, &got);
	for (size_t i = 0; i < ARRAY_LEN(text_rows); i++) {
		TEST_ROW(text_rows[i].name);
		f->between = ask_other;
		fixture_run(f, text_rows[i].calls, &got);
		f->between = NULL;
		CHECK(f->slices > TEXT_SLICES);
		check_text(buf_str(&got), text_rows[i].lines, text_rows[i].end,
		    text_rows[i].is_cut);
	}
	TEST_ROW("the client goes away in between");
	f->give_up_at = TEXT_SLICES / 2;
	(void)fixture_try(f, text_rows[0].calls, &got);
	f->give_up_at = 0;
	buf_release(&message);
	buf_release(&got);
}

/* --- more structure than a summary holds ------------------------------------------------------- */

#define ADDRESSES 4000 /* in its header: 100 KB, and a summary has 80 */

static void
check_no_summary(struct fixture *f)
{
	struct buf message, got;

	TEST_ROW("Email/get of a long message without a summary");
	buf_init(&message, 3 * INNER_BYTES);
	buf_init(&got, 1 << 20);
	buf_add_c(&message, "From: wide@x.test\r\nSubject: wide\r\nTo: a@x.test");
	for (unsigned i = 0; i < ADDRESSES; i++)
		buf_add_c(&message, ",\r\n someone-else@x.test");
	buf_add_c(&message, "\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\r\n");
	while (message.n < 2 * INNER_BYTES)
		buf_add_c(&message, "A line of the text.\r\n");
	buf_add_c(&message, "--o\r\nContent-Type: application/pdf\r\n\r\n\r\n--o--\r\n");
	fixture_add(f, buf_c(&message), 1700000003, 0);
	f->between = ask_other;
	fixture_run(f,
	    "[['Email/get',{'accountId':'a1','ids':['e5','e6','e1'],'properties':['subject','from','preview',"
	    "'hasAttachment','attachments'],'bodyProperties':['type']},'c']]",
	    &got);
	f->between = NULL;
	CHECK(f->slices >= message.n / PARSE_SLICE_BYTES);
	CHECK_HAS(buf_str(&got),
	    STR("{\"id\":\"e6\",\"from\":[{\"name\":null,\"email\":\"wide@x.test\"}],\"subject\":\"wide\","));
	CHECK_HAS(buf_str(&got), STR("\"preview\":\"A line of the text. A line of"));
	CHECK_HAS(buf_str(&got), STR("\"attachments\":[{\"type\":\"application/pdf\"}]"));
	CHECK_HAS(buf_str(&got),
	    STR("{\"id\":\"e1\",\"from\":[{\"name\":null,\"email\":\"outer@x.test\"}],\"subject\":null,"));
	TEST_ROW("Email/query of a long message without a summary");
	fixture_run(f,
	    "[['Email/query',{'accountId':'a1','filter':{'subject':'wide'}},'c'],"
	    "['Email/query',{'accountId':'a1','filter':{'to':'someone-else'}},'d']]",
	    &got);
	CHECK_HAS(buf_str(&got), STR("\"ids\":[\"e6\"]},\"c\"]"));
	CHECK_HAS(buf_str(&got), STR("\"ids\":[\"e6\"]},\"d\"]"));
	CHECK(f->slices >= 2 * message.n / PARSE_SLICE_BYTES);
	TEST_ROW("the client goes away in between");
	f->give_up_at = (unsigned)(message.n / PARSE_SLICE_BYTES / 2);
	(void)fixture_try(f, "[['Email/get',{'accountId':'a1','ids':['e6']},'c']]", &got);
	f->give_up_at = 0;
	buf_release(&message);
	buf_release(&got);
}

/* --- words in a file ------------------------------------------------------------------------------ */

#define FIND_SLICE_BYTES (32 * 1024) /* two pieces of 16 KB each at most */

/* e5 is the long text of check_texts(), e6 has no summary; of the others, only e2 has much text. */
static const struct {
	const char *name, *calls, *want;
	size_t looked_at; /* bytes of texts */
} find_rows[] = {
	{ "Email/query by words of the body",
	    "[['Email/query',{'accountId':'a1','filter':{'body':'nobody anybody'}},'c']]",
	    "'ids':[]", 10 << 20 },
	{ "by words somewhere",
	    "[['Email/query',{'accountId':'a1','filter':{'text':'\\\"a line of a text\\\" long@x.test'}},'c']]",
	    "'ids':['e5']", 0 },
	{ "NOT",
	    "[['Email/query',{'accountId':'a1','filter':{'operator':'NOT','conditions':["
	    "{'body':'\\\"for nobody\\\"'}]},'sort':[{'property':'subject'}]},'c']]",
	    "'ids':['e1','e5','e2','e6','e3','e4']", 30 << 20 },
	{ "two words, one of which is missing",
	    "[['Email/query',{'accountId':'a1','filter':{'operator':'OR','conditions':["
	    "{'body':'\\\"text that is longer\\\" \\\"no such text\\\"'},{'header':['X-None']},"
	    "{'header':['X-None-Either']}]}},'c']]",
	    "'ids':[]", 10 << 20 },
	{ "a field is there",
	    "[['Email/query',{'accountId':'a1','filter':{'operator':'AND','conditions':["
	    "{'header':['Subject']},{'header':['Content-Type']}]}},'c']]",
	    "'ids':['e3','e4','e6']", 0 },
	{ "SearchSnippet/get", /* it parses 10 MB, 300 KB in a slice at most, and looks at the beginning */
	    "[['SearchSnippet/get',{'accountId':'a1','emailIds':['e5','e1'],'filter':{'text':'anybody'}},'c']]",
	    "'list':[{'emailId':'e5','subject':null,'preview':'A line of a text that is longer than "
	    "<mark>anybody</mark> reads.",
	    1 << 20 },
};

static void
check_find(struct fixture *f, size_t i, struct buf *got)
{
	struct buf want;

	TEST_ROW(find_rows[i].name);
	buf_init(&want, 1000);
	unquote(&want, find_rows[i].want);
	f->between = ask_other;
	fixture_run(f, find_rows[i].calls, got);
	f->between = NULL;
	CHECK_HAS(buf_str(got), buf_str(&want));
	CHECK(f->slices >= find_rows[i].looked_at / FIND_SLICE_BYTES);
	buf_release(&want);
}

/* In the middle of the file that is looked through. */
static void
destroy_long(struct fixture *f)
{
	struct fixture other = *f;
	struct buf got;

	if (f->slices != find_rows[0].looked_at / FIND_SLICE_BYTES / 2)
		return;
	other.between = NULL;
	buf_init(&got, 1 << 20);
	fixture_run(&other, "[['Email/set',{'accountId':'a1','destroy':['e5']},'c']]", &got);
	CHECK_HAS(buf_str(&got), STR("\"destroyed\":[\"e5\"]"));
	buf_release(&got);
}

static void
check_finds(struct fixture *f)
{
	struct buf got;

	buf_init(&got, 1 << 20);
	TEST_ROW("the index is up to date");
	fixture_run(f, "[['Email/query',{'accountId':'a1','filter':{'text':'nowhere'}},'c']]",
	    &got);
	for (size_t i = 0; i < ARRAY_LEN(find_rows); i++)
		check_find(f, i, &got);
	TEST_ROW("the client goes away in between");
	f->give_up_at = (unsigned)(find_rows[0].looked_at / FIND_SLICE_BYTES / 2);
	(void)fixture_try(f, find_rows[0].calls, &got);
	f->give_up_at = 0;
	TEST_ROW("it is destroyed in between");
	f->between = destroy_long;
	fixture_run(f,
	    "[['Email/query',{'accountId':'a1','filter':{'operator':'NOT','conditions':["
	    "{'body':'nowhere'}]},'sort':[{'property':'receivedAt'}]},'c']]",
	    &got);
	f->between = NULL;
	CHECK_HAS(buf_str(&got), STR("\"ids\":[\"e1\",\"e6\","));
	buf_release(&got);
}

int
main(void)
{
	struct buf message, got;
	struct fixture f;

	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:blob','urn:ietf:params:jmap:mdn'";
	buf_init(&message, 2 * INNER_BYTES);
	buf_init(&got, 1 << 20);
	make_message(&message);
	fixture_add(&f, buf_c(&message), 1700000001, 0);
	buf_release(&message);
	fixture_run(&f,
	    "[['Email/get',{'accountId':'a1','ids':['e1'],'properties':['attachments'],"
	    "'bodyProperties':['blobId']},'c']]",
	    &got);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_row(&f, i, find_part(buf_str(&got)));
	buf_release(&got);
	check_texts(&f);
	check_no_summary(&f);
	check_finds(&f);
	fixture_close(&f);
	return test_end();
}
