/*
 * EmailSubmission (RFC 8621 7) with a queue and another host beside it: what is refused, what goes where, what becomes
 * of it. Rows of a story run one after the other on one stage; answers are compared whole.
 */

/* base */
#include "base/log.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "directory/directory.h"
#include "jmap/jmap.h"
#include "jmap/request.h"
#include "jmap/run.h"
#include "lib/fake_directory.h"
#include "lib/fake_dns.h"
#include "lib/queue_stage.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "policy/policy.h"
#include "policy/settings.h"

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

struct row {
	const char *name, *calls, *want;
};

static const struct row refused_rows[] = {
#include "jmap/send_refused.rows"
};
static const struct row sent_rows[] = {
#include "jmap/send_sent.rows"
};
static const struct row delayed_rows[] = {
#include "jmap/send_delayed.rows"
};
static const struct row follow_rows[] = {
#include "jmap/send_follow.rows"
};

static struct policy *policy;
static struct policy_settings checks;
static struct jmap *jmap;
static struct account *account;
static struct task task;
static struct buf got, want;
static struct jmap_sending sending;
static bool is_unlimited, has_catch_all;

static enum step
nothing(struct task *t)
{
	(void)t;
	return STEP_WAIT;
}

static void
open_jmap(void)
{
	static const struct jmap_settings settings = { .upload_bytes = 1000000 };

	sending.queue = stage.queue;
	sending.loop = &stage.loop;
	sending.hostname = STR("mx.example.test");
	jmap_open(&jmap, stage.mail, NULL, policy, &settings);
	jmap_send_with(jmap, &sending);
}

static void
begin(const char *name)
{
	stage_begin(name);
	checks = policy_settings_default;
	if (is_unlimited) {
		checks.account_rate = STR("");
		checks.account_messages = 0;
	}
	policy_open(&policy, &stage.loop, stage.store, NULL, &checks);
	loop_task(&stage.loop, &task, nothing, NULL);
	sending = (struct jmap_sending){ .message_bytes = 100000, .hold_ms = 86400000 };
	open_jmap();
	CHECK_NUM(account_open(stage.mail, STR(ALICE), NULL, &account), FAIL_NONE);
	for (size_t i = 0; i < ARRAY_LEN(emails) - !has_catch_all;
	     i++) { /* the last one is for that */
		uint32_t drafts = mailbox_by_role(account, MAILBOX_ROLE_DRAFTS)->id;
		struct email_new new = { .bytes = str_c(emails[i]),
			.received_s = STAGE_WALL,
			.flags = FLAG_DRAFT,
			.mailboxes = &drafts,
			.mailbox_count = 1 };
		struct email_added added;

		CHECK_NUM(email_add_bytes(account, &new, &added), FAIL_NONE);
	}
	stage_settle();
}

static void
report(struct mail_check *check, struct str line)
{
	(void)check;
	printf("check: %.*s\n", STR_ARG(line));
}

/* The records of all accounts agree with their logs. */
static void
finish(void)
{
	struct mail_check check = { .report = report };

	CHECK_NUM(mail_check(stage.mail, &check), FAIL_NONE);
	CHECK_NUM(check.findings, 0);
	account_close(&account);
	jmap_close(&jmap);
	policy_close(&policy);
	task_cancel(&task);
	stage_end();
}

/* ' for " */
static void
unquote(struct buf *out, const char *text)
{
	for (; *text; text++)
		buf_add_char(out, *text == '\'' ? '"' : *text);
}

static void
run(const char *calls)
{
	static const struct str addresses[] = { STR_INIT(ALICE), STR_INIT("info@example.test"),
		STR_INIT("@any.test") };
	const struct directory_account user = { .name = STR_INIT(ALICE),
		.display_name = STR_INIT("Alice"),
		.addresses = addresses,
		.address_count = has_catch_all ? 3 : 2 };
	struct jmap_request request;
	struct jmap_run r;
	struct arena arena;
	struct buf text;

	arena_init(&arena, JMAP_TREE_MAX);
	buf_init(&text, JMAP_REQUEST_MAX);
	unquote(&text,
	    "{'using':['urn:ietf:params:jmap:core','urn:ietf:params:jmap:mail',"
	    "'urn:ietf:params:jmap:submission'],'methodCalls':");
	unquote(&text, calls);
	buf_add_char(&text, '}');
	buf_clear(&got);
	if (CHECK_NUM(jmap_request_parse(buf_str(&text), &arena, &request), JMAP_TAKEN)) {
		jmap_run_init(&r, account, &request, STR("x"));
		r.host = (struct jmap_host){ jmap, &stage.loop, &task, &user };
		while (jmap_run_step(&r) != JMAP_DONE) {
			(void)fake_directory_release();
			(void)fake_dns_release();
			loop_turn(&stage.loop, 0);
		}
		buf_add(&got, buf_str(&r.out));
		jmap_run_release(&r);
	}
	buf_release(&text);
	arena_release(&arena);
}

static void
play(const struct row *row)
{
	TEST_ROW(row->name);
	run(row->calls);
	buf_clear(&want);
	unquote(&want, "{'methodResponses':");
	unquote(&want, row->want);
	unquote(&want, ",'sessionState':'x'}");
	CHECK_STR(buf_str(&got), buf_str(&want));
}

static void
play_all(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		play(&rows[i]);
		stage_settle();
	}
}

static void
check_got(const char *name, const char *text)
{
	struct buf part;

	TEST_ROW(name);
	buf_init(&part, 10000);
	unquote(&part, text);
	if (!CHECK(str_find(buf_str(&got), buf_str(&part)) != STR_NONE))
		printf("    got %.*s\n", STR_ARG(buf_str(&got)));
	buf_release(&part);
}

/* --- stories ------------------------------------------------------------------------------------------------ */

/* Nothing of it is sent. */
static void
test_refused(void)
{
	begin("refused");
	play_all(refused_rows, ARRAY_LEN(refused_rows));
	TEST_ROW("nothing was sent");
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.sink.message_count, 0);
	CHECK_NUM(stage_inbox("bob@example.test", NULL), 0);
	CHECK_NUM(stage_files_left(), 0);
	finish();
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
	run(buf_c(&calls));
	buf_release(&calls);
}

static void
test_limits(void)
{
	begin("limits");
	run_many(101);
	check_got("too many recipients", "'k':{'type':'tooManyRecipients','maxRecipients':100}");
	run_many(100);
	check_got("as many as there may be", "'notCreated':null");
	sending.message_bytes = 80;
	jmap_send_with(jmap, &sending);
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e1'}}},'c']]");
	check_got("too large", "'k':{'type':'tooLarge','maxSize':80}");
	sending.message_bytes = 100000;
	sending.is_author_own = true;
	jmap_send_with(jmap, &sending);
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e7'}}},'c']]");
	check_got("another's name", "'type':'forbiddenFrom'");
	sending.is_author_own = false;
	jmap_send_with(jmap, &sending);
	stage.settings.messages = 0;
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	check_got("the queue is full", "'type':'forbiddenToSend'");
	stage.settings.messages = 1000;
	checks.account_messages = 2;
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	check_got("the first of a day", "'notCreated':null");
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	check_got("the second", "'type':'forbiddenToSend'");
	jmap_close(&jmap);
	jmap_open(&jmap, stage.mail, NULL, policy, &(struct jmap_settings){ .upload_bytes = 1 });
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	check_got("nothing is sent from here", "'type':'forbiddenToSend'");
	finish();
}

static void
test_sent(void)
{
	struct sink_message *m;

	begin("sent");
	play_all(sent_rows, ARRAY_LEN(sent_rows));
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
	finish();
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
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
	    "{'mailFrom':{'email':'alice@example.test'},'rcptTo':[{'email':'perm@elsewhere.test'}]}}}},'c']]");
	check_got("taken", "'delivered':'queued'");
	stage_settle();
	run("[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['undoStatus','deliveryStatus','dsnBlobIds']},'c']]");
	check_got("failed",
	    "'undoStatus':'final','deliveryStatus':{'perm@elsewhere.test':{'smtpReply':'550 5");
	check_got("and not delivered",
	    "'delivered':'no','displayed':'unknown'}},'dsnBlobIds':['b8']}");
	CHECK_NUM(stage_inbox(ALICE, NULL), 1);
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2'}}},'c']]");
	stage_settle();
	o.is_remote = false;
	o.text = mdn;
	stage_add(&o);
	stage_settle();
	run("[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['deliveryStatus','mdnBlobIds']},'c']]");
	check_got("relayed and displayed",
	    "{'bob@elsewhere.test':{'smtpReply':'250 2.0.0 kept','delivered':'unknown','displayed':'yes'}},"
	    "'mdnBlobIds':['b9']}");
	TEST_ROW("a report about nothing");
	stage_add(&o);
	stage_settle();
	run("[['EmailSubmission/set',{'accountId':'a1','destroy':['n3','n4']},'c']]");
	stage_add(&o);
	stage_settle();
	CHECK_NUM(stage_inbox(ALICE, NULL), 4);
	finish();
}

/* What a host defers stays queued, with what it said. */
static void
test_deferred(void)
{
	begin("deferred");
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
	    "{'mailFrom':{'email':'alice@example.test'},'rcptTo':[{'email':'temp@elsewhere.test'}]}}}},'c']]");
	stage_settle();
	run("[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['undoStatus','deliveryStatus']},'c']]");
	check_got("deferred",
	    "'undoStatus':'pending','deliveryStatus':{'temp@elsewhere.test':{'smtpReply':'451 4");
	check_got("still queued", "'delivered':'queued'");
	run("[['EmailSubmission/set',{'accountId':'a1','update':{'n3':{'undoStatus':'canceled'}}},'c']]");
	check_got("canceled", "'updated':{'n3':null}");
	CHECK_NUM(stage_left(), 0);
	run("[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['undoStatus']},'c']]");
	check_got("canceled for good", "'undoStatus':'canceled'");
	finish();
}

static void
test_delayed(void)
{
	begin("delayed");
	play_all(delayed_rows, ARRAY_LEN(delayed_rows));
	TEST_ROW("two are left, and leave");
	CHECK_NUM(stage_left(), 2);
	CHECK_NUM(stage.sink.message_count, 0);
	stage_pass(3600);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.sink.message_count, 1);
	run("[['EmailSubmission/set',{'accountId':'a1','update':{'n6':{'undoStatus':'canceled'}}},'c']]");
	check_got("too late", "'notUpdated':{'n6':{'type':'cannotUnsend'");
	finish();
}

/* The owner of the server takes a message away; a host is about to have one. */
static void
test_interfered(void)
{
	begin("interfered");
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
	    "{'mailFrom':{'email':'alice@example.test'},'rcptTo':[{'email':'temp@elsewhere.test'}]}}}},'c']]");
	stage_settle();
	CHECK_NUM(queue_cancel(stage.queue, 1), FAIL_NONE);
	run("[['EmailSubmission/get',{'accountId':'a1','ids':null,'properties':['undoStatus','deliveryStatus']},'c']]");
	check_got("taken away",
	    "'undoStatus':'final','deliveryStatus':{'temp@elsewhere.test':{'smtpReply':'550 5.7.0 The "
	    "postmaster took it out of the queue','delivered':'no'");
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
	    "{'mailFrom':{'email':'alice@example.test','parameters':{'HOLDFOR':'60'}},"
	    "'rcptTo':[{'email':'bob@example.test'}]}}}},'c']]");
	fake_directory_hold(true); /* an agent waits for its answer */
	stage_pass(60);
	run("[['EmailSubmission/set',{'accountId':'a1','update':{'n4':{'undoStatus':'canceled'}}},'c']]");
	check_got("under way", "'notUpdated':{'n4':{'type':'cannotUnsend'");
	CHECK_NUM(stage_left(), 1);
	fake_directory_hold(false);
	while (fake_directory_release())
		stage_settle();
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_inbox("bob@example.test", NULL), 1);
	finish();
}

/* The Identity of a domain: any address there, and no other. */
static void
test_catch_all(void)
{
	has_catch_all = true;
	begin("catch-all");
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i3','emailId':'e8'}}},'c']]");
	check_got("an address of the domain",
	    "'mailFrom':{'email':'whoever@any.test','parameters':null}");
	run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i3','emailId':'e7'}}},'c']]");
	check_got("another one", "'k':{'type':'forbiddenMailFrom'");
	finish();
	has_catch_all = false;
}

static void
test_follow(void)
{
	begin("follow");
	play_all(follow_rows, ARRAY_LEN(follow_rows));
	finish();
}

/* The oldest that are not pending go. */
static void
test_bounds(void)
{
	is_unlimited = true;
	begin("bounds");
	for (unsigned i = 0; i < 1001; i++)
		run("[['EmailSubmission/set',{'accountId':'a1','create':{'k':{'identityId':'i1','emailId':'e2','envelope':"
		    "{'mailFrom':{'email':'alice@example.test'},'rcptTo':[{'email':'bob@example.test'}]}}}},'c']]");
	check_got("one more", "'notCreated':null");
	run("[['EmailSubmission/get',{'accountId':'a1','ids':['n3','n4'],'properties':[]},'c'],"
	    "['EmailSubmission/query',{'accountId':'a1','calculateTotal':true,'limit':1},'d']]");
	check_got("the oldest is gone", "'list':[{'id':'n4'}],'notFound':['n3']");
	check_got("as many as there may be", "'total':1000");
	finish();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	buf_init(&got, 1 << 22);
	buf_init(&want, 1 << 20);
	test_refused();
	test_limits();
	test_sent();
	test_reports();
	test_deferred();
	test_delayed();
	test_interfered();
	test_catch_all();
	test_follow();
	test_bounds();
	buf_release(&got);
	buf_release(&want);
	return test_end();
}
