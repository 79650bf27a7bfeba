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
	fixture_close(&f);
	return test_end();
}
