/*
 * MDN/send (RFC 9007 2.1, RFC 8098) with a queue and another host beside it: what is refused, what is sent to whom,
 * what is left behind. Rows of a story run one after the other on one stage; answers are compared whole.
 */

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "lib/jmap_stage.h"
#include "mail/email.h"

#define FROM_BOB "From: Bob <bob@elsewhere.test>\r\nTo: alice@example.test\r\n"
#define ASKS     "Disposition-Notification-To: Bob <bob@elsewhere.test>\r\n"

static const char *const emails[] = {
	/* e1: all that one may say */
	"Return-Path: <bob@elsewhere.test>\r\nOriginal-Recipient: rfc822;Alice@Example.test\r\n" FROM_BOB
	    ASKS
	"Subject: =?utf-8?q?K=C3=A4se?=\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\nMessage-ID: <one@elsewhere.test>\r\n"
	"Disposition-Notification-Options: colour=optional,red\r\n\r\nDo you read me?\r\n",
	/* e2: asks for nothing */
	"Return-Path: <bob@elsewhere.test>\r\n" FROM_BOB "Message-ID: <two@x>\r\n\r\nhi\r\n",
	/* e3: two are to be told, nobody is known to have sent it, there is no Message-ID; binary inside */
	FROM_BOB
	"Disposition-Notification-To: carol@example.test, bob@elsewhere.test,\r\n \"bob\"@ELSEWHERE.test\r\n"
	"Subject: no id\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nK\303\244se\nbare\r\n",
	/* e4: a notification itself */
	"Return-Path: <bob@elsewhere.test>\r\n" FROM_BOB ASKS
	"Content-Type: multipart/report; boundary=b;\r\n report-type=Disposition-Notification\r\n\r\n--b--\r\n",
	/* e5: a newsgroup */
	"Return-Path: <bob@elsewhere.test>\r\nNewsgroups: alt.test\r\n" FROM_BOB ASKS "\r\nhi\r\n",
	/* e6: what it requires is not known */
	"Return-Path: <bob@elsewhere.test>\r\n" FROM_BOB ASKS
	"Disposition-Notification-Options: a=optional,b; seal = Required , wax\r\n\r\nhi\r\n",
	/* e7, e8: asked twice; no address */
	FROM_BOB ASKS ASKS "\r\nhi\r\n",
	FROM_BOB "Disposition-Notification-To: Bob\r\n\r\nhi\r\n",
	/* e9: nobody has that address */
	FROM_BOB "Disposition-Notification-To: nobody@example.test\r\n\r\nhi\r\n",
	/* e10, e11: to another address than the sender's; nobody sent it */
	"Return-Path: <eve@elsewhere.test>\r\n" FROM_BOB ASKS "Message-ID: <ten@x>\r\n\r\nhi\r\n",
	"Return-Path: <>\r\n" FROM_BOB ASKS "\r\nhi\r\n",
	/* e12: a mailing */
	FROM_BOB
	"Disposition-Notification-To: a@bin.test, b@bin.test, c@bin.test, d@bin.test, e@bin.test,\r\n"
	" f@bin.test, g@bin.test, h@bin.test, i@bin.test, j@bin.test, k@bin.test\r\n\r\nhi\r\n",
	/* e13: who asked does not take it; e14: to an address of a domain */
	"Return-Path: <perm@elsewhere.test>\r\nFrom: perm@elsewhere.test\r\nTo: alice@example.test\r\n"
	"Disposition-Notification-To: perm@elsewhere.test\r\n\r\nhi\r\n",
	"From: Bob <bob@elsewhere.test>\r\nTo: x@other.test, Someone@any.test\r\n" ASKS
	"\r\nhi\r\n",
};

static const struct jmap_row refused_rows[] = {
#include "jmap/mdn_refused.rows"
};
static const struct jmap_row sent_rows[] = {
#include "jmap/mdn_sent.rows"
};

static void
begin(const char *name)
{
	jmap_stage_begin(name, emails, ARRAY_LEN(emails));
}

static uint64_t
keywords_of(uint64_t id)
{
	struct arena arena;
	struct email *email;
	uint64_t keywords = 0;

	arena_init(&arena, 100000);
	if (CHECK_NUM(email_get(jmap_stage.account, id, &arena, &email), FAIL_NONE))
		keywords = email->keywords;
	arena_release(&arena);
	return keywords;
}

/* Nothing of it is sent, and nothing is marked. */
static void
test_refused(void)
{
	begin("refused");
	jmap_stage_play(refused_rows, ARRAY_LEN(refused_rows));
	TEST_ROW("nothing was sent");
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.sink.message_count, 0);
	for (uint64_t i = 1; i <= ARRAY_LEN(emails); i++)
		CHECK_NUM(keywords_of(i), FLAG_DRAFT);
	CHECK_NUM(stage_files_left(), 0);
	jmap_stage_end();
}

/* One notification for e`number` with these more properties, and the words of its Disposition. */
static void
send_mdn(unsigned number, const char *disposition, const char *more)
{
	struct buf calls;

	buf_init(&calls, 100000);
	buf_add_c(&calls, "[['MDN/send',{'accountId':'a1','identityId':'");
	buf_add_c(&calls, jmap_stage.has_catch_all ? "i3" : "i1");
	buf_add_c(&calls, "','send':{'k':{'forEmailId':'e");
	buf_add_u64(&calls, number);
	buf_add_c(&calls, "','disposition':{");
	buf_add_c(&calls, disposition);
	buf_add_c(&calls, "}");
	buf_add_c(&calls, more);
	buf_add_c(&calls, "}},'onSuccessUpdateEmail':{'#k':{'keywords/$mdnsent':true}}},'c']]");
	jmap_stage_run(buf_c(&calls));
	buf_release(&calls);
}

#define MANUALLY "'actionMode':'manual-action','sendingMode':'mdn-sent-manually','type':'displayed'"
#define AUTOMATICALLY \
	"'actionMode':'automatic-action','sendingMode':'mdn-sent-automatically','type':'deleted'"

static void
test_sent(void)
{
	struct sink_message *m;

	begin("sent");
	jmap_stage_play(sent_rows, ARRAY_LEN(sent_rows));
	TEST_ROW("what arrived at the other host");
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage.sink.message_count, 2);
	m = sink_message(&stage.sink, 0);
	if (m) {
		CHECK_STR(str_head(buf_str(&m->mail), 2), STR("<>"));
		CHECK_STR(buf_str(&m->rcpts), STR("<bob@elsewhere.test>\n"));
		CHECK(str_find(buf_str(&m->content), STR("Return-Path: <>")) == STR_NONE);
		CHECK(str_find(buf_str(&m->content), STR("Auto-Submitted:")) == STR_NONE);
		CHECK_HAS(buf_str(&m->content), STR("\r\nFrom: Alice <alice@example.test>\r\n"));
		CHECK_HAS(buf_str(&m->content), STR("\r\nTo: Bob <bob@elsewhere.test>\r\n"));
		CHECK_HAS(buf_str(&m->content),
		    STR("\r\nSubject: Read: =?UTF-8?Q?K=C3=A4se?=\r\n"));
		CHECK_HAS(buf_str(&m->content), STR("\r\nIn-Reply-To: <one@elsewhere.test>\r\n"));
		CHECK_HAS(buf_str(&m->content),
		    STR("Content-Type: message/disposition-notification\r\n"
			"Content-Transfer-Encoding: 7bit\r\n\r\n"
			"Reporting-UA: pc.example.test; Mail 1.0\r\n"
			"Original-Recipient: rfc822;Alice@Example.test\r\n"
			"Final-Recipient: rfc822; info@example.test\r\n"
			"Original-Message-ID: <one@elsewhere.test>\r\n"
			"Disposition: manual-action/mdn-sent-manually; displayed\r\n"
			"X-Colour: red\r\nX-Size: 1\r\n"));
		CHECK_HAS(buf_str(&m->content), STR("Content-Type: message/rfc822\r\n"));
		CHECK_HAS(buf_str(&m->content), STR("Do you read me?\r\n"));
	}
	TEST_ROW("and here");
	CHECK_NUM(stage_inbox("carol@example.test", NULL), 1);
	stage_inbox_has("carol@example.test", "Return-Path: <>\r\n");
	stage_inbox_has("carol@example.test", "To: carol@example.test, bob@elsewhere.test\r\n");
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	CHECK_NUM(keywords_of(1), FLAG_DRAFT | FLAG_SEEN | FLAG(KEYWORD_MDNSENT));
	CHECK_NUM(keywords_of(3), FLAG(KEYWORD_MDNSENT));
	jmap_stage_end();
}

/* Without consent: only to who sent it (RFC 8098 2.1); nobody hears when it is not taken (3). */
static void
test_automatic(void)
{
	begin("automatic");
	for (unsigned i = 10; i <= 11; i++) {
		send_mdn(i, AUTOMATICALLY, "");
		jmap_stage_has("to another one", "'k':{'type':'forbidden','description':'The user");
	}
	send_mdn(3, AUTOMATICALLY, "");
	jmap_stage_has("to several", "'k':{'type':'forbidden','description':'The user");
	send_mdn(10, MANUALLY, "");
	jmap_stage_has("with consent", "'sent':{'k':{");
	send_mdn(13, AUTOMATICALLY, ",'includeOriginalMessage':true");
	jmap_stage_has("to the sender", "'sent':{'k':{'subject':'Deleted: your message'");
	stage_settle();
	TEST_ROW("what arrived");
	CHECK_NUM(stage.sink.message_count, 1);
	CHECK_NUM(stage_left(), 0);
	CHECK_NUM(stage_inbox(ALICE, NULL), 0);
	jmap_stage_end();
}

static void
test_limits(void)
{
	begin("limits");
	jmap_stage.sending.message_bytes = 1000;
	jmap_stage_send_anew();
	send_mdn(1, MANUALLY, ",'includeOriginalMessage':true");
	jmap_stage_has("with the message too large", "'k':{'type':'tooLarge','maxSize':1000}");
	jmap_stage.sending.message_bytes = 900;
	jmap_stage_send_anew();
	send_mdn(1, MANUALLY, "");
	jmap_stage_has("too large", "'k':{'type':'tooLarge'}");
	jmap_stage.sending.message_bytes = 100000;
	jmap_stage.sending.is_author_own = true;
	jmap_stage_send_anew();
	stage.settings.messages = 0;
	send_mdn(1, MANUALLY, "");
	jmap_stage_has("the queue is full", "'k':{'type':'rateLimit'");
	stage.settings.messages = 1000;
	jmap_stage.checks.account_messages = 1;
	send_mdn(1, MANUALLY, "");
	jmap_stage_has("the first of a day", "'notSent':null");
	send_mdn(10, MANUALLY, "");
	jmap_stage_has("the second", "'k':{'type':'rateLimit'");
	jmap_close(&jmap_stage.jmap);
	jmap_open(&jmap_stage.jmap, stage.mail, NULL, jmap_stage.policy,
	    &(struct jmap_settings){ .upload_bytes = 1 });
	send_mdn(10, MANUALLY, "");
	jmap_stage_has("nothing is sent from here", "'k':{'type':'forbidden'");
	jmap_stage_end();
}

/* The Identity of a domain: the address that the message is to, or one that the client names. */
static void
test_catch_all(void)
{
	jmap_stage.has_catch_all = true;
	begin("catch-all");
	send_mdn(14, MANUALLY, "");
	jmap_stage_has("by the message", "'finalRecipient':'rfc822; Someone@any.test'");
	send_mdn(1, MANUALLY, "");
	jmap_stage_has("not by it", "'k':{'type':'invalidProperties'");
	send_mdn(1, MANUALLY, ",'finalRecipient':'any@any.test'");
	jmap_stage_has("by the client", "'sent':{'k':{");
	stage_settle();
	TEST_ROW("what arrived");
	CHECK_NUM(stage.sink.message_count, 2);
	if (stage.sink.message_count == 2)
		CHECK_HAS(buf_str(&sink_message(&stage.sink, 1)->content),
		    STR("\r\nFrom: Alice <any@any.test>\r\n"));
	jmap_stage_end();
	jmap_stage.has_catch_all = false;
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	test_refused();
	test_sent();
	test_automatic();
	test_limits();
	test_catch_all();
	return test_end();
}
