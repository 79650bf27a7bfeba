/* Requests made to cost more than they may: each is answered by a limit, or in slices. */
#include "fixture.h"

/* rooms */
#include "jmap/blob_load.h"

#define BIG (20 * 1000 * 1000) /* bytes of an upload that is expensive to decode */

/* before, `count` times the middle with its number for '%', after */
static const struct {
	const char *name, *before, *middle;
	unsigned count;
	const char *after, *want;
} rows[] = {
	{ "header properties, some", "[['Email/get',{'accountId':'a1','ids':[],'properties':['id'",
	    ",'header:x%'", 50, "]},'c']]", "\"list\":[]" },
	{ "header properties", "[['Email/get',{'accountId':'a1','ids':[],'properties':['id'",
	    ",'header:x%'", 51, "]},'c']]", "requestTooLarge" },
	{ "very many header properties",
	    "[['Email/get',{'accountId':'a1','ids':[],'properties':['id'", ",'header:x%'", 100000,
	    "]},'c']]", "requestTooLarge" },
	{ "header properties of parts",
	    "[['Email/parse',{'accountId':'a1','blobIds':[],'bodyProperties':['partId'",
	    ",'header:x%'", 51, "]},'c']]", "requestTooLarge" },
	{ "the same property often",
	    "[['Mailbox/get',{'accountId':'a1','ids':[],'properties':['id'", ",'name'", 1000,
	    "]},'c']]", "requestTooLarge" },
	{ "the same property of an Email often",
	    "[['Email/get',{'accountId':'a1','ids':[],'properties':['id'", ",'subject'", 1000,
	    "]},'c']]", "requestTooLarge" },
	{ "references, some", "[['Core/echo',{'l':[[],[]]},'a'],['Core/echo',{'z':1",
	    ",'#x%':{'resultOf':'a','name':'Core/echo','path':'/l/*'}", 16, "},'b']]",
	    "\"x15\":[]" },
	{ "references", "[['Core/echo',{'l':[[],[]]},'a'],['Core/echo',{'z':1",
	    ",'#x%':{'resultOf':'a','name':'Core/echo','path':'/l/*'}", 17, "},'b']]",
	    "requestTooLarge" },
	{ "very many references", "[['Core/echo',{'l':[[],[]]},'a'],['Core/echo',{'z':1",
	    ",'#x%':{'resultOf':'a','name':'Core/echo','path':'/l/*'}", 60000, "},'b']]",
	    "requestTooLarge" },
	{ "mailboxes of a filter",
	    "[['Email/query',{'accountId':'a1','filter':{'inMailboxOtherThan':['m1'", ",'m%'", 200,
	    "]}},'c']]", "unsupportedFilter" },
	{ "a long word", "[['Email/query',{'accountId':'a1','filter':{'text':'a", "bcdefghijk",
	    7000, "'}},'c']]", "unsupportedFilter" },
	{ "long words", "[['SearchSnippet/get',{'accountId':'a1','emailIds':[],'filter':{'text':'a",
	    " bcdefghijk%", 7000, "'}},'c']]", "unsupportedFilter" },
	{ "paths of a patch", "[['Email/set',{'accountId':'a1','update':{'e1':{'keywords/a':null",
	    ",'keywords/x%':null", 1000, "}}},'c']]", "tooLarge" },
	{ "keywords", "[['Email/set',{'accountId':'a1','update':{'e1':{'keywords':{'a':true",
	    ",'x%':true", 64, "}}}},'c']]", "tooManyKeywords" },
	{ "implicit patches",
	    "[['EmailSubmission/set',{'accountId':'a1','onSuccessUpdateEmail':{'s1':{}",
	    ",'#x%':{}", 1000, "}},'c']]", "requestTooLarge" },
	{ "implicit destroys",
	    "[['EmailSubmission/set',{'accountId':'a1','onSuccessDestroyEmail':['s1'", ",'#x%'",
	    1000, "]},'c']]", "requestTooLarge" },
	{ "small pieces of a large part, in one Email",
	    "[['Email/set',{'accountId':'a1','create':{'k':{'mailboxIds':{'m1':true},'attachments':["
	    "{'blobId':'u1_0_20000000_b_0_1_n'}",
	    ",{'blobId':'u1_0_20000000_b_%_1_n'}", 40, "]}}},'c']]", "tooLarge" },
	{ "pieces that are not there, of a large part",
	    "[['Email/set',{'accountId':'a1','create':{'k':{'mailboxIds':{'m1':true},'attachments':["
	    "{'blobId':'u1_0_20000000_b_0_1_n'}",
	    ",{'blobId':'u1_0_20000000_b_99999999%_1_n'}", 40, "]}}},'c']]", "tooLarge" },
	{ "small pieces of a large part, in one blob",
	    "[['Blob/upload',{'accountId':'a1','create':{'k':{'data':[{'blobId':'u1_0_20000000_b','length':1}",
	    ",{'blobId':'u1_0_20000000_b','offset':%,'length':1}", 40, "]}}},'c']]",
	    "\"size\":41" },
};

static void
add_middle(struct buf *out, const char *middle, unsigned number)
{
	for (; *middle; middle++)
		if (*middle == '%')
			buf_add_u64(out, number);
		else
			buf_add_char(out, *middle);
}

static void
check_rows(struct fixture *f)
{
	struct buf calls, got;

	buf_init(&calls, JMAP_REQUEST_MAX);
	buf_init(&got, JMAP_RESPONSE_MAX);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		buf_clear(&calls);
		buf_add_c(&calls, rows[i].before);
		for (unsigned k = 0; k < rows[i].count; k++)
			add_middle(&calls, rows[i].middle, k);
		buf_add_c(&calls, rows[i].after);
		fixture_run(f, buf_c(&calls), &got);
		CHECK_HAS(buf_str(&got), str_c(rows[i].want));
	}
	CHECK(f->slices > 10); /* the last one is made piece by piece */
	buf_release(&calls);
	buf_release(&got);
}

static enum fail
load_all(struct jmap_blob_load *l, struct jmap_access *access, const struct blob_id *id,
    struct arena *a)
{
	enum fail fail;

	while (!jmap_blob_load(l, access, NULL, id, false, a, INT64_MAX, &fail))
		continue;
	return fail;
}

/* A piece of what had to be decoded costs its own bytes and no more. */
static void
check_pieces(struct fixture *f)
{
	struct jmap_access own;
	struct jmap_blob_load l = { .layer = 0 };
	struct blob_id id;
	struct arena a;

	TEST_ROW("pieces");
	jmap_access_own(&own, f->account, (struct str){ 0 });
	arena_init(&a, 1 << 20);
	CHECK(blob_id_parse(STR("u1_0_20000000_b_3_2_n"), &id));
	CHECK_NUM(load_all(&l, &own, &id, &a), FAIL_NONE);
	CHECK_NUM(l.blob.bytes.n, 2);
	CHECK_NUM(l.blob.map.bytes.n, 2);
	CHECK_NUM(l.blob.decoded, BIG / 4 * 3);
	jmap_blob_load_release(&l);
	CHECK(blob_id_parse(STR("u1_0_20000000_b_20000000_2_n"), &id));
	CHECK_NUM(load_all(&l, &own, &id, &a), FAIL_MISSING);
	CHECK_NUM(l.blob.decoded, BIG / 4 * 3);
	arena_release(&a);
	jmap_access_release(&own);
}

int
main(void)
{
	struct fixture f;
	char *bytes = mem_new(BIG + 1, 1);

	for (size_t i = 0; i < BIG; i++)
		bytes[i] = 'A';
	fixture_open(&f);
	f.using = ",'urn:ietf:params:jmap:blob','urn:ietf:params:jmap:submission'";
	fixture_add(&f, "Subject: x\r\n\r\nx\r\n", 1700000001, 0);
	CHECK_NUM(fixture_upload(&f, bytes), 1);
	check_rows(&f);
	check_pieces(&f);
	mem_free(bytes);
	fixture_close(&f);
	return test_end();
}
