/* Users who are away (RFC 8621 8, RFC 3834): who gets an answer, which, and how often. */

/* base */
#include "base/clock.h"
#include "base/log.h"
#include "base/test.h"

/* rooms */
#include "lib/queue_stage.h"
#include "mail/identity.h"
#include "mail/vacation.h"

#define HEAD \
	"Return-Path: <x>\r\nFrom: Ann <ann@elsewhere.test>\r\nSubject: Hello\r\nMessage-ID: <1@x>\r\n"
#define USUAL HEAD "To: " ALICE "\r\n\r\nhi\r\n"
#define BOB   "bob@elsewhere.test"
#define DAY_S ((int64_t)86400)

static const struct {
	const char *name, *sender, *text;
	bool is_answered;
} rows[] = {
	{ "usual", BOB, USUAL, true },
	{ "the null sender", "", USUAL, false },
	{ "a robot", "mailer-daemon@elsewhere.test", USUAL, false },
	{ "a list's sender", "friends-request@elsewhere.test", USUAL, false },
	{ "the user", ALICE, USUAL, false },
	{ "another address of the user", "info@example.test", USUAL, false },
	{ "to another address of the user", BOB, HEAD "To: Info@example.test\r\n\r\nhi\r\n", true },
	{ "to somebody else", BOB, HEAD "To: friends@elsewhere.test\r\n\r\nhi\r\n", false },
	{ "a list", BOB, HEAD "List-Id: <l.x>\r\nTo: " ALICE "\r\n\r\nhi\r\n", false },
	{ "automatic", BOB, HEAD "Auto-Submitted: auto-replied\r\nTo: " ALICE "\r\n\r\nhi\r\n",
	    false },
	{ "bulk", BOB, HEAD "Precedence: bulk\r\nTo: " ALICE "\r\n\r\nhi\r\n", false },
};

static void
set(const struct vacation *v)
{
	const struct str addresses[] = { STR_INIT(ALICE), STR_INIT("info@example.test") };
	struct account *a;

	if (!CHECK_NUM(account_open(stage.mail, STR(ALICE), NULL, &a), FAIL_NONE))
		return;
	CHECK_NUM(identities_follow(a, addresses, 2, STR("Alice A.")), FAIL_NONE);
	CHECK_NUM(vacation_set(a, v), FAIL_NONE);
	account_close(&a);
	stage_settle();
}

static void
deliver(const char *sender, const char *rcpt, const char *text)
{
	struct stage_order o = stage_order(sender, rcpt);

	o.is_remote = false;
	o.text = text;
	stage_add(&o);
	stage_settle();
}

static void
test_whom(void)
{
	const struct vacation v = { .is_enabled = true, .text = STR_INIT("Away") };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		stage_begin(rows[i].name);
		set(&v);
		deliver(rows[i].sender, ALICE, rows[i].text);
		CHECK(stage_inbox(ALICE, NULL) >= 1);
		CHECK_NUM(stage.sink.message_count, rows[i].is_answered);
		CHECK_NUM(stage_left(), 0);
		CHECK_NUM(stage_files_left(), 0);
		stage_end();
	}
}

static void
test_what(void)
{
	const struct vacation v = { .is_enabled = true, .html = STR_INIT("<p>Bye</p>") };
	struct sink_message *m;

	stage_begin("what they get");
	set(&v);
	deliver(BOB, ALICE, USUAL);
	m = sink_message(&stage.sink, 0);
	if (CHECK(m != NULL)) {
		struct str text = buf_str(&m->content);

		CHECK(str_starts(buf_str(&m->mail), STR("<>")));
		CHECK_STR(buf_str(&m->rcpts), STR("<" BOB ">\n"));
		CHECK(str_starts(text, STR("From: \"Alice A.\" <" ALICE ">\r\nTo: " BOB "\r\n")));
		CHECK(str_find(text, STR("Subject: Auto: Hello\r\n")) != STR_NONE);
		CHECK(
		    str_find(text, STR("In-Reply-To: <1@x>\r\nReferences: <1@x>\r\n")) != STR_NONE);
		CHECK(str_find(text, STR("Auto-Submitted: auto-replied\r\n")) != STR_NONE);
		CHECK(str_find(text, STR("multipart/alternative")) != STR_NONE);
	}
	TEST_ROW("to somebody here");
	deliver("carol@example.test", ALICE, USUAL);
	CHECK_NUM(stage_inbox("carol@example.test", NULL), 1);
	stage_inbox_has("carol@example.test", "Return-Path: <>\r\nFrom: \"Alice A.\"");
	stage_end();
}

/* RFC 8689 6: an answer to a message that had to travel encrypted must do so, too. */
static void
test_requiretls(void)
{
	const struct vacation v = { .is_enabled = true, .text = STR_INIT("Away") };

	for (int must = 0; must < 2; must++) {
		struct stage_order o = stage_order(BOB, ALICE);
		struct queue_entry e;
		struct arena arena;

		stage_begin(must ? "answers are as safe as what they answer" : "other answers");
		set(&v);
		stage.sink.greeting = "421 later";
		o.is_remote = false;
		o.text = USUAL;
		o.envelope.is_tls_must = must == 1;
		stage_add(&o);
		stage_settle();
		arena_init(&arena, 1 << 20);
		if (CHECK_NUM(queue_entry_next(stage.queue, 0, &arena, &e), FAIL_NONE)) {
			CHECK_STR(e.rcpts[0].envelope.address, STR(BOB));
			CHECK_NUM(e.message.envelope.is_tls_must, must);
		}
		arena_release(&arena);
		stage_end();
	}
}

static void
test_often(void)
{
	struct vacation v = { .is_enabled = true,
		.has_from = true,
		.has_to = true,
		.from_s = STAGE_WALL + 100,
		.to_s = STAGE_WALL + 30 * DAY_S };

	stage_begin("too early");
	set(&v);
	deliver(BOB, ALICE, USUAL);
	CHECK_NUM(stage.sink.message_count, 0);
	TEST_ROW("once");
	stage_pass(100);
	deliver(BOB, ALICE, USUAL);
	deliver("BOB@elsewhere.test", ALICE, USUAL);
	CHECK_NUM(stage.sink.message_count, 1);
	TEST_ROW("once for each");
	deliver("carl@elsewhere.test", ALICE, USUAL);
	CHECK_NUM(stage.sink.message_count, 2);
	TEST_ROW("not again within seven days");
	stage_pass(7 * DAY_S - 1);
	deliver(BOB, ALICE, USUAL);
	CHECK_NUM(stage.sink.message_count, 2);
	TEST_ROW("then again");
	stage_pass(1);
	deliver(BOB, ALICE, USUAL);
	CHECK_NUM(stage.sink.message_count, 3);
	TEST_ROW("something else is said");
	v.text = STR("Moved");
	set(&v);
	deliver(BOB, ALICE, USUAL);
	CHECK_NUM(stage.sink.message_count, 4);
	TEST_ROW("after the start of the program");
	stage_crash();
	deliver(BOB, ALICE, USUAL);
	CHECK_NUM(stage.sink.message_count, 4);
	TEST_ROW("over");
	stage_set_time(30 * DAY_S);
	deliver("dora@elsewhere.test", ALICE, USUAL);
	CHECK_NUM(stage.sink.message_count, 4);
	TEST_ROW("switched off");
	v.has_to = v.is_enabled = false;
	set(&v);
	deliver("dora@elsewhere.test", ALICE, USUAL);
	CHECK_NUM(stage.sink.message_count, 4);
	stage_end();
}

int
main(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	test_whom();
	test_what();
	test_requiretls();
	test_often();
	return test_end();
}
