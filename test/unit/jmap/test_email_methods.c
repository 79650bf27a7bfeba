/* Emails that come into being: each row a request, and what must be answered. */
/* system */
#include <string.h>

#include "fixture.h"

static const char first[] = "From: Bob <bob@example.test>\r\nTo: alice@example.test\r\n"
			    "Subject: Hello\r\nDate: Thu, 30 Oct 2014 14:12:00 +0800\r\n"
			    "Message-ID: <m1@x>\r\n\r\nHello there\r\n";
static const char received[] = "Received: from a by b; Thu, 13 Feb 2020 23:32:00 +0100\r\n"
			       "Received: from c by a; Thu, 13 Feb 2020 23:31:00 +0100\r\n"
			       "Subject: Hi\r\nMessage-ID: <m2@x>\r\n\r\nHi\r\n";
static const char outer[] =
    "Subject: Fwd\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
    "--o\r\n\r\nSee\r\n"
    "--o\r\nContent-Type: message/rfc822\r\n\r\nFrom: Zo\xc3\xab <zoe@x>\r\nSubject: Inner\r\n"
    "Message-ID: <in@x>\r\nIn-Reply-To: <m1@x>\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"
    "--i\r\nContent-Type: text/html\r\n\r\n<p>Deep & <b>down</b></p>\r\n"
    "--i\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "AAEC\r\n--i--\r\n"
    "--o\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "U3ViamVjdDogY29kZWQNCg0KSGkNCg==\r\n--o--\r\n";

static const char parts[] =
    "Subject: Parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n"
    "--o\r\nContent-Type: Text/Plain; charset=nope\r\nContent-ID: (c) <a@b> (d)\r\n"
    "Content-Language: de, en\r\nContent-Location: http://x/y\r\n"
    "Content-Disposition: INLINE; filename=a.txt\r\nX-P: 1\r\nX-P: 2\r\n\r\nH\xc3\xa4\r\n"
    "--o\r\nContent-Type: text/html; charset=utf-8; name=\"=?utf-8?q?=C3=A4?=\"\r\n\r\n"
    "<p title=\"abc\">x</p>\xff\r\n"
    "--o\r\nContent-Type: text/csv\r\nContent-Transfer-Encoding: x-new\r\n\r\na,b\r\n"
    "--o\r\nContent-Type: multipart/digest; boundary=d\r\n\r\n"
    "--d\r\n\r\nSubject: In a digest\r\nContent-Type: text/plain\r\n\r\nHi\r\n--d--\r\n"
    "--o\r\n\r\nplain\r\n--o--\r\n";

static const struct {
	const char *name, *calls, *want;
} rows[] = {
#include "email_methods.rows"
};

/* More than maxObjectsInGet. */
static void
test_too_many(struct fixture *f, const char *before, struct buf *got)
{
	struct buf calls;

	TEST_ROW(before);
	buf_init(&calls, 1 << 20);
	buf_add_c(&calls, before);
	for (unsigned i = 0; i < JMAP_GET_MAX; i++)
		buf_add_c(&calls, "'b1',");
	buf_add_c(&calls, "'b1']},'c']]");
	fixture_run(f, buf_c(&calls), got);
	CHECK(str_find(buf_str(got), STR("requestTooLarge")) != STR_NONE);
	buf_release(&calls);
}

/* A large message is written in more than one slice, and is whole. */
static void
test_slices(struct fixture *f, struct buf *got)
{
	size_t size = (size_t)8 << 20;
	char *bytes = mem_new(size + 1, 1), calls[512];
	uint64_t id;

	TEST_ROW("slices");
	memset(bytes, 'x', size);
	id = fixture_upload(f, bytes);
	snprintf(calls, sizeof(calls),
	    "[['Email/set',{'accountId':'a1','create':{'k':{'mailboxIds':{'m1':true},'attachments':"
	    "[{'blobId':'u%u','type':'application/x-y'}]}}},'c'],['Email/get',{'accountId':'a1','ids':"
	    "['#k'],'properties':['attachments'],'bodyProperties':['size']},'d']]",
	    (unsigned)id);
	fixture_run(f, calls, got);
	CHECK(f->slices > 2);
	CHECK(str_find(buf_str(got), STR("[{\"size\":8388608}]")) != STR_NONE);
	mem_free(bytes);
}

int
main(void)
{
	struct fixture f;
	struct buf got, want;

	fixture_open(&f);
	fixture_add(&f, first, 1700000001, 0);
	fixture_add(&f, outer, 1700000002, FLAG_SEEN);
	CHECK_NUM(fixture_upload(&f, received), 1);
	CHECK_NUM(fixture_upload(&f, "no message at all"), 2);
	CHECK_NUM(fixture_upload(&f, ""), 3);
	CHECK_NUM(fixture_upload(&f, outer), 4);
	CHECK_NUM(fixture_upload(&f, parts), 5);
	buf_init(&got, 1 << 20);
	buf_init(&want, 1 << 20);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		TEST_ROW(rows[i].name);
		fixture_run(&f, rows[i].calls, &got);
		buf_clear(&want);
		unquote(&want, "{'methodResponses':");
		unquote(&want, rows[i].want);
		unquote(&want, ",'sessionState':'x'}");
		CHECK_STR(buf_str(&got), buf_str(&want));
	}
	test_slices(&f, &got);
	test_too_many(&f, "[['Email/parse',{'accountId':'a1','blobIds':[", &got);
	test_too_many(&f, "[['SearchSnippet/get',{'accountId':'a1','emailIds':[", &got);
	buf_release(&got);
	buf_release(&want);
	fixture_close(&f);
	return test_end();
}
