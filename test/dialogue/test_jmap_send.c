/*
 * EmailSubmission (RFC 8621 7) with a queue and another host beside it: what is refused, what goes where, what becomes
 * of it. Rows of a story run one after the other on one stage; answers are compared whole.
 */

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "lib/fake_blobs.h"
#include "lib/fake_directory.h"
#include "lib/jmap_stage.h"

static const char draft[] =
    "From: Alice <alice@example.test>\r\nTo: Bob <bob@elsewhere.test>, bob@example.test\r\n"
    "Cc: BOB@example.test, Bob <bob@elsewhere.test>\r\nBcc: carol@example.test\r\n"
    "Subject: Hello\r\nMessage-ID: <m1@x>\r\n\r\nHello\r\n";
static const char plain[] =
    "From: alice@example.test\r\nTo: bob@elsewhere.test\r\nMessage-ID: <m2@x>\r\n\r\nHi\r\n";
static const char nobody[] = "From: alice@example.test\r\nSubject: to nobody\r\n\r\nHi\r\n";
static const char two_authors[] =
    "From: alice@example.test, bob@example.test\r\nTo: bob@example.test\r\n\r\nHi\r\n";
static const char other_sender[] =
    "From: bob@example.test\r\nSender: alice@example.test\r\nTo: bob@lmtp.test\r\n\r\nHi\r\n";
static const char no_author[] = "To: bob@example.test\r\n\r\nHi\r\n";
static const char stranger[] = "From: eve@other.test\r\nTo: bob@bin.test\r\n\r\nHi\r\n";
static const char anybody[] = "From: whoever@any.test\r\nTo: bob@bin.test\r\n\r\nHi\r\n";
static const char *const emails[] = { draft, plain, nobody, two_authors, other_sender, no_author,
	stranger, anybody };

static const struct jmap_row refused_rows[] = {
#include "jmap/send_refused.rows"
};
static const struct jmap_row sent_rows[] = {
#include "jmap/send_sent.rows"
};
static const struct jmap_row delayed_rows[] = {
#include "jmap/send_delayed.rows"
};
static const struct jmap_row follow_rows[] = {
#include "jmap/send_follow.rows"
};

static void
begin(const char *name)
{
	/* the last Email is for a catch-all */
	jmap_stage_begin(name, emails, ARRAY_LEN(emails) - !jmap_stage.has_catch_all);
}

/* --- stories ------------------------------------------------------------------------------------------------ */

/* Nothing of it is sent. */
static void
test_refused(void)
{
	begin("refused");
	jmap_stage_play(refused_rows, ARRAY_LEN(refused_rows));
	TEST_ROW("nothing was sent");
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.sink.message_count, 0);
	CHECK_NUM(stage_inbox("bob@example.test", NULL), 0);
	CHECK_NUM(stage_files_left(), 0);
	jmap_stage_end();
}

/* So many recipients in the envelope. */
static void
run_many(unsigned count)
{
	struct buf calls;

	buf_init(&calls, 1 << 20);
	buf_add_c(&calls,
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e3',"
	    "'envelope':{'mailFrom':{'email':'alice@example.test'},'rcptTo':[");
	for (unsigned i = 0; i < count; i++) {
		buf_add_c(&calls, i ? ",{'email':'r" : "{'email':'r");
		buf_add_u64(&calls, i);
		buf_add_c(&calls, "@bin.test'}");
	}
	buf_add_c(&calls, "]}}}},'c']]");
	jmap_stage_run(buf_c(&calls));
	buf_release(&calls);
}

static void
test_limits(void)
{
	begin("limits");
	run_many(101);
	jmap_stage_has("too many recipients",
	    "'k':{'type':'tooManyRecipients','maxRecipients':100}");
	run_many(100);
	jmap_stage_has("as many as there may be", "'notCreated':null");
	jmap_stage.sending.message_bytes = 80;
	jmap_stage_send_anew();
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e1'}}},'c']]");
	jmap_stage_has("too large", "'k':{'type':'tooLarge','maxSize':80}");
	jmap_stage.sending.message_bytes = 100000;
	jmap_stage.sending.is_author_own = true;
	jmap_stage_send_anew();
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e7'}}},'c']]");
	jmap_stage_has("another's name", "'type':'forbiddenFrom'");
	jmap_stage.sending.is_author_own = false;
	jmap_stage_send_anew();
	stage.settings.messages = 0;
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	jmap_stage_has("the queue is full", "'type':'forbiddenToSend'");
	stage.settings.messages = 1000;
	jmap_stage.checks.account_messages = 2;
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	jmap_stage_has("the first of a day", "'notCreated':null");
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	jmap_stage_has("the second", "'type':'forbiddenToSend'");
	jmap_close(&jmap_stage.jmap);
	jmap_open(&jmap_stage.jmap, stage.mail, NULL, jmap_stage.policy,
	    &(struct jmap_settings){ .upload_bytes = 1 });
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	jmap_stage_has("nothing is sent from here", "'type':'forbiddenToSend'");
	jmap_stage_end();
}

/* Another message of hers goes while this one is on its way to where it is kept: behind its fetch. */
static unsigned waits_before;

static void
send_another(void)
{
	if (fake_blobs_waiting() == 0 || fake_blobs_waits() < waits_before + 2)
		return;
	jmap_stage.between = NULL;
	CHECK_NUM(policy_account_count(jmap_stage.policy, STR(ALICE), NULL, 0), FAIL_NONE);
}

/* The day is asked about again when the message is handed over. */
static void
test_parallel(void)
{
	static const char both[] =
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
	    "{'mailFrom':{'email':'alice@example.test'},'rcptTo':[{'email':'bob@elsewhere.test'},"
	    "{'email':'bob@example.test'}]}}}},'c']]";

	begin("parallel");
	jmap_stage.checks.account_messages = 1;
	waits_before = fake_blobs_waits();
	jmap_stage.between = send_another;
	jmap_stage_run(both);
	TEST_ROW("the other one went meanwhile");
	CHECK(jmap_stage.between == NULL);
	jmap_stage_has("one of a day", "'type':'forbiddenToSend'");
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_inbox("bob@example.test", NULL), 0);
	CHECK_NUM(stage_files_left(), 0);
	CHECK_NUM(fake_blobs_left(), 0);
	jmap_stage.checks.account_messages = 2;
	jmap_stage_run(both);
	jmap_stage_has("two of a day", "'notCreated':null");
	jmap_stage_end();
}

static void
test_sent(void)
{
	struct sink_message *m;

	begin("sent");
	jmap_stage_play(sent_rows, ARRAY_LEN(sent_rows));
	TEST_ROW("what arrived");
	CHECK_NUM(stage.sink.message_count, 2);
	m = sink_message(&stage.sink, 0);
	if (m) {
		CHECK_STR(str_head(buf_str(&m->mail), 20), STR("<" ALICE ">"));
		CHECK_STR(buf_str(&m->rcpts), STR("<bob@elsewhere.test>\n"));
		CHECK(str_find(buf_str(&m->content), STR("carol")) == STR_NONE);
		CHECK(str_find(buf_str(&m->content), STR("\r\nReceived: ")) == STR_NONE);
		CHECK(str_starts(buf_str(&m->content),
		    STR("Received: from localhost by mx.example.test")));
	}
	CHECK_NUM(stage_inbox("bob@example.test", NULL), 1);
	CHECK_NUM(stage_inbox("carol@example.test", NULL), 1);
	stage_inbox_has("carol@example.test", "Return-Path: <" ALICE ">\r\n");
	CHECK_NUM(stage_left(), 0);
	jmap_stage_end();
}

/* A failure comes back as a report, which is kept with the submission; so is a disposition. */
static void
test_reports(void)
{
	static const char mdn[] =
	    "From: bob@elsewhere.test\r\nTo: " ALICE
	    "\r\nContent-Type: multipart/report; boundary=b\r\n\r\n"
	    "--b\r\n\r\nread\r\n--b\r\nContent-Type: message/disposition-notification\r\n\r\n"
	    "Final-Recipient: rfc822; bob@elsewhere.test\r\nOriginal-Message-ID: <m2@x>\r\n"
	    "Disposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--b--\r\n";
	struct stage_order o = stage_order("bob@elsewhere.test", ALICE);

	begin("reports");
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
	    "{'mailFrom':{'email':'alice@example.test'},'rcptTo':[{'email':'perm@elsewhere.test'}]}}}},'c']]");
	jmap_stage_has("taken", "'delivered':'queued'");
	stage_settle();
	jmap_stage_run(
	    "[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['undoStatus','deliveryStatus','dsnBlobIds']},'c']]");
	jmap_stage_has("failed",
	    "'undoStatus':'final','deliveryStatus':{'perm@elsewhere.test':{'smtpReply':'550 5");
	jmap_stage_has("and not delivered",
	    "'delivered':'no','displayed':'unknown'}},'dsnBlobIds':['b8']}");
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	stage_settle();
	o.is_remote = false;
	o.text = mdn;
	stage_add(&o);
	stage_settle();
	jmap_stage_run(
	    "[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['deliveryStatus','mdnBlobIds']},'c']]");
	jmap_stage_has("relayed and displayed",
	    "{'bob@elsewhere.test':{'smtpReply':'250 2.0.0 kept','delivered':'unknown','displayed':'yes'}},"
	    "'mdnBlobIds':['b9']}");
	TEST_ROW("a report about nothing");
	stage_add(&o);
	stage_settle();
	jmap_stage_run("[['EmailSubmission/set',{'accountId':'a1','destroy':['n3','n4']},'c']]");
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage_inbox(ALICE, NULL), 4);
	jmap_stage_end();
}

/* What a host defers stays queued, with what it said. */
static void
test_deferred(void)
{
	begin("deferred");
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
	    "{'mailFrom':{'email':'alice@example.test'},'rcptTo':[{'email':'temp@elsewhere.test'}]}}}},'c']]");
	stage_settle();
	jmap_stage_run(
	    "[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['undoStatus','deliveryStatus']},'c']]");
	jmap_stage_has("deferred",
	    "'undoStatus':'pending','deliveryStatus':{'temp@elsewhere.test':{'smtpReply':'451 4");
	jmap_stage_has("still queued", "'delivered':'queued'");
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','update':{'n3':{'undoStatus':'canceled'}}},'c']]");
	jmap_stage_has("canceled", "'updated':{'n3':null}");
	CHECK_NUM(stage_left(), 0);
	jmap_stage_run(
	    "[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['undoStatus']},'c']]");
	jmap_stage_has("canceled for good", "'undoStatus':'canceled'");
	jmap_stage_end();
}

static void
test_delayed(void)
{
	begin("delayed");
	jmap_stage_play(delayed_rows, ARRAY_LEN(delayed_rows));
	TEST_ROW("two are left, and leave");
	CHECK_NUM(stage_left(), 2);
	CHECK_NUM(stage.sink.message_count, 0);
	stage_pass(3600);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.sink.message_count, 1);
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','update':{'n6':{'undoStatus':'canceled'}}},'c']]");
	jmap_stage_has("too late", "'notUpdated':{'n6':{'type':'cannotUnsend'");
	jmap_stage_end();
}

/* The owner of the server takes a message away; a host is about to have one. */
static void
test_interfered(void)
{
	begin("interfered");
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
	    "{'mailFrom':{'email':'alice@example.test'},'rcptTo':[{'email':'temp@elsewhere.test'}]}}}},'c']]");
	stage_settle();
	CHECK_NUM(queue_cancel(stage.queue, 1), FAIL_NONE);
	jmap_stage_run(
	    "[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['undoStatus','deliveryStatus']},'c']]");
	jmap_stage_has("taken away",
	    "'undoStatus':'final','deliveryStatus':{'temp@elsewhere.test':{'smtpReply':'550 5.7.0 The "
	    "postmaster took it out of the queue','delivered':'no'");
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
	    "{'mailFrom':{'email':'alice@example.test','parameters':{'HOLDFOR':'60'}},"
	    "'rcptTo':[{'email':'bob@example.test'}]}}}},'c']]");
	fake_directory_hold(true); /* an agent waits for its answer */
	stage_pass(60);
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','update':{'n4':{'undoStatus':'canceled'}}},'c']]");
	jmap_stage_has("under way", "'notUpdated':{'n4':{'type':'cannotUnsend'");
	CHECK_NUM(stage_left(), 1);
	fake_directory_hold(false);
	for (int i = 0; i < 100 && (fake_directory_release() || stage_left() > 0); i++)
		stage_settle(); /* on a busy machine it may not have asked yet */
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_inbox("bob@example.test", NULL), 1);
	jmap_stage_end();
}

/* The Identity of a domain: any address there, and no other. */
static void
test_catch_all(void)
{
	jmap_stage.has_catch_all = true;
	begin("catch-all");
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i3','emailId':'e8'}}},'c']]");
	jmap_stage_has("an address of the domain",
	    "'mailFrom':{'email':'whoever@any.test','parameters':null}");
	jmap_stage_run(
	    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i3','emailId':'e7'}}},'c']]");
	jmap_stage_has("another one", "'k':{'type':'forbiddenMailFrom'");
	jmap_stage_end();
	jmap_stage.has_catch_all = false;
}

static void
test_follow(void)
{
	begin("follow");
	jmap_stage_play(follow_rows, ARRAY_LEN(follow_rows));
	jmap_stage_end();
}

/* The oldest that are not pending go. */
static void
test_bounds(void)
{
	jmap_stage.is_unlimited = true;
	begin("bounds");
	for (unsigned i = 0; i < 1001; i++)
		jmap_stage_run(
		    "[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
		    "{'mailFrom':{'email':'alice@example.test'},'rcptTo':[{'email':'bob@example.test'}]}}}},'c']]");
	jmap_stage_has("one more", "'notCreated':null");
	jmap_stage_run(
	    "[['EmailSubmission/get',{'accountId':'a1','ids':['n3','n4'],'properties':[]},'c'],"
	    "['EmailSubmission/query',{'accountId':'a1','calculateTotal':true,'limit':1},'d']]");
	jmap_stage_has("the oldest is gone", "'list':[{'id':'n4'}],'notFound':['n3']");
	jmap_stage_has("as many as there may be", "'total':1000");
	jmap_stage_end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	test_refused();
	test_limits();
	test_parallel();
	test_sent();
	test_reports();
	test_deferred();
	test_delayed();
	test_interfered();
	test_catch_all();
	test_follow();
	test_bounds();
	return test_end();
}
