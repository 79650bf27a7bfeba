/* Messages that are far away: every method waits and answers the same; fails, and is given up, in the middle of it. */
#include "fixture.h"

static const struct fixture_row rows[] = {
#include "blob.rows"
#include "email_copy.rows"
#include "email_methods.rows"
#include "mdn.rows"
#include "methods.rows"
};

static const char using[] = ",'urn:ietf:params:jmap:blob','urn:ietf:params:jmap:submission',"
			    "'urn:ietf:params:jmap:mdn'";

static bool
has(const struct buf *got, const char *text)
{
	struct buf want;
	bool is_there;

	buf_init(&want, 4096);
	unquote(&want, text);
	is_there = str_find(buf_str(got), buf_str(&want)) != STR_NONE;
	if (!is_there)
		CHECK_STR(buf_str(got), buf_str(&want));
	buf_release(&want);
	return is_there;
}

static void
begin(struct fixture *f, const char *name, bool is_far)
{
	clock_fake(1000000, 1700000000000);
	fixture_open_as(f, name);
	f->using = using;
	fixture_add(f, "From: a@b\r\nSubject: one\r\n\r\nHello one\r\n", 1700000001, 0);
	fixture_add(f,
	    "Subject: two\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
	    "--b\r\n\r\ntext\r\n--b\r\nContent-Type: message/rfc822\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogaW4NCg0KaW4NCg==\r\n--b--\r\n",
	    1700000002, 0);
	(void)fixture_upload(f, "Subject: up\r\n\r\nup\r\n");
	fixture_commit(f);
	if (is_far)
		fixture_far(f);
}

/* --- the same answers ------------------------------------------------------------------------------- */

static void
test_same(void)
{
	struct fixture near, far;
	struct buf want, got;

	buf_init(&want, 1 << 22);
	buf_init(&got, 1 << 22);
	begin(&near, "near", false);
	begin(&far, "far", true);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		clock_fake_step(LOOP_SLICE_US * 3 / 4);
		fixture_run(&near, rows[i].calls, &want);
		fixture_run(&far, rows[i].calls, &got);
		CHECK_STR(buf_str(&got), buf_str(&want));
	}
	CHECK(fake_blobs_waits() > 100);
	CHECK_NUM(fake_blobs_left(), 0);
	fixture_close(&near);
	fixture_close(&far);
	buf_release(&want);
	buf_release(&got);
}

/* --- in the middle of it ---------------------------------------------------------------------------- */

/* One wait fails, whichever: the answer is one, and nothing is left. */
static void
test_failing(void)
{
	const struct json *root;
	struct arena a;
	struct fixture f;
	struct buf got;

	buf_init(&got, 1 << 22);
	arena_init(&a, 1 << 24);
	begin(&f, "failing", true);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		for (unsigned skip = 0; skip < 4; skip++) {
			fake_blobs_fail(skip, 1, FAIL_TEMP);
			fixture_run(&f, rows[i].calls, &got);
			CHECK_NUM(json_parse(buf_str(&got), &a, &root), FAIL_NONE);
			arena_reset(&a);
		}
		fake_blobs_fail(0, 0, FAIL_NONE);
		CHECK_NUM(fake_blobs_left(), 0);
	}
	fixture_close(&f);
	arena_release(&a);
	buf_release(&got);
}

/* The client goes away while something is waited for. */
static void
give_up(struct fixture *f, const char *calls, unsigned steps)
{
	struct jmap_request request;
	struct jmap_run run;
	struct arena arena;
	struct buf text;

	arena_init(&arena, JMAP_TREE_MAX);
	buf_init(&text, JMAP_REQUEST_MAX);
	unquote(&text, "{'using':['urn:ietf:params:jmap:core','urn:ietf:params:jmap:mail'");
	unquote(&text, f->using);
	unquote(&text, "],'methodCalls':");
	unquote(&text, calls);
	buf_add_char(&text, '}');
	if (CHECK_NUM(whole_request(buf_str(&text), &arena, &request), JMAP_TAKEN)) {
		jmap_run_init(&run, f->account, &request, STR("x"));
		run.host = f->host;
		while (steps > 0) {
			enum jmap_step step = jmap_run_step(&run);

			if (step == JMAP_DONE || (step == JMAP_WAIT && --steps == 0))
				break;
			if (step == JMAP_WAIT)
				fixture_wait(f);
		}
		jmap_run_release(&run);
	}
	CHECK_NUM(fake_blobs_waiting(), 0);
	CHECK_NUM(fake_blobs_left(), 0);
	fixture_commit(f);
	buf_release(&text);
	arena_release(&arena);
}

static void
test_given_up(void)
{
	struct fixture f;

	begin(&f, "given up", true);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (unsigned steps = 1; steps < 5; steps++) {
			TEST_ROW(rows[i].name);
			give_up(&f, rows[i].calls, steps);
		}
	fixture_close(&f);
}

/* --- what cannot be reached -------------------------------------------------------------------------- */

static const struct {
	const char *name, *calls, *want;
} down_rows[] = {
	{ "what needs no file is there",
	    "[['Email/get',{'accountId':'a1','ids':['e1'],'properties':['subject','preview']},'c']]",
	    "{'id':'e1','subject':'one','preview':'Hello one'}" },
	{ "Email/get: it is not said to be missing",
	    "[['Email/get',{'accountId':'a1','ids':['e1'],'properties':['headers']},'c']]",
	    "['error',{'type':'serverUnavailable'" },
	{ "Email/query: it is not said not to match",
	    "[['Email/query',{'accountId':'a1','filter':{'body':'nowhere'}},'c']]",
	    "['error',{'type':'serverUnavailable'" },
	{ "SearchSnippet/get",
	    "[['SearchSnippet/get',{'accountId':'a1','emailIds':['e1'],'filter':{'body':'hello'}},"
	    "'c']]",
	    "['error',{'type':'serverUnavailable'" },
	{ "Blob/get", "[['Blob/get',{'accountId':'a1','ids':['b1']},'c']]",
	    "['error',{'type':'serverUnavailable'" },
	{ "Email/parse", "[['Email/parse',{'accountId':'a1','blobIds':['u1']},'c']]",
	    "['error',{'type':'serverUnavailable'" },
	{ "Blob/upload",
	    "[['Blob/upload',{'accountId':'a1','create':{'k':{'data':[{'data:asText':'x'}]}}},'c']]",
	    "['error',{'type':'serverUnavailable'" },
	{ "Email/set",
	    "[['Email/set',{'accountId':'a1','create':{'k':{'mailboxIds':{'m1':true},'subject':'k'}}},"
	    "'c'],['Email/query',{'accountId':'a1','filter':{'subject':'k'}},'d']]",
	    "'ids':[]" },
	{ "Email/import",
	    "[['Email/import',{'accountId':'a1','emails':{'k':{'blobId':'u1','mailboxIds':{'m1':true"
	    "}}}},'c'],['Email/query',{'accountId':'a1','filter':{'subject':'up'}},'d']]",
	    "'ids':[]" },
};

static void
test_down(void)
{
	struct fixture f;
	struct buf got;

	buf_init(&got, 1 << 20);
	begin(&f, "down", true);
	for (size_t i = 0; i < ARRAY_LEN(down_rows); i++) {
		TEST_ROW(down_rows[i].name);
		fake_blobs_fail(0, 1000, FAIL_TEMP);
		fixture_run(&f, down_rows[i].calls, &got);
		CHECK(has(&got, down_rows[i].want));
		CHECK_NUM(fake_blobs_left(), 0);
	}
	fake_blobs_fail(0, 0, FAIL_NONE);
	fixture_close(&f);
	buf_release(&got);
}

/* --- others do something while it waits ---------------------------------------------------------------- */

static void
delete_target(struct fixture *f)
{
	const struct mailbox *m = mailbox_child(f->account, 0, STR("Target"));

	if (m && fake_blobs_waits() > 0)
		CHECK_NUM(mailbox_delete(f->account, m->id, true), FAIL_NONE);
}

static void
destroy_first(struct fixture *f)
{
	(void)!email_destroy(f->account, 1);
}

static void
test_between(void)
{
	struct fixture f;
	struct buf got;
	uint32_t id;

	buf_init(&got, 1 << 20);
	begin(&f, "between", true);
	TEST_ROW("the Email is destroyed");
	f.between = destroy_first;
	fixture_run(&f,
	    "[['Email/get',{'accountId':'a1','ids':['e1'],'properties':['headers']},'c']]", &got);
	CHECK(has(&got, "'list':[],'notFound':['e1']"));
	TEST_ROW("the mailbox is deleted");
	CHECK_NUM(mailbox_create_path(f.account, STR("Target"), MAILBOX_ROLE_NONE, true, &id),
	    FAIL_NONE);
	f.between = delete_target;
	fixture_run(&f,
	    "[['Email/import',{'accountId':'a1','emails':{'k':{'blobId':'u1','mailboxIds':{'m7':true"
	    "}}}},'c'],['Email/query',{'accountId':'a1','filter':{'subject':'up'}},'d']]",
	    &got);
	CHECK(has(&got, "'notCreated':{'k':{'type':'invalidProperties'"));
	CHECK(has(&got, "'ids':[]"));
	f.between = NULL;
	fixture_close(&f);
	buf_release(&got);
}

int
main(void)
{
	test_same();
	test_failing();
	test_given_up();
	test_down();
	test_between();
	return test_end();
}
