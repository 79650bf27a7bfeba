/* A whole conversation that breaks at each place in each way, or is cancelled after each turn. */

#include "fixture.h"

#include "fake_seven.h"

static const char script[] =
    "S 220 mx.test ESMTP\nC EHLO me.test\nS 250-mx\nS 250 STARTTLS\nC STARTTLS\nS 220 go\nT\n"
    "C EHLO me.test\nS 250-mx\nS 250 AUTH LOGIN\nC AUTH LOGIN\nS 334 VXNlcm5hbWU6\nC YW5u\n"
    "S 334 UGFzc3dvcmQ6\nC c2VjcmV0\nS 235 in\n"
    "C MAIL FROM:<s@a.test>\nS 250 a\nC RCPT TO:<1@b.test>\nS 250 b\nC RCPT TO:<2@b.test>\n"
    "S 550 5.1.1 c\nC DATA\nS 354 go\nD\nS 250 queued\n"
    "C MAIL FROM:<s@a.test>\nS 550 no\nC RSET\nS 250 e\n";

/* Where its things are said, counted from 0. */
enum {
	AT_GREETING = 0,
	AT_HANDSHAKE = 4,
	AT_FIRST_LOGIN_REPLY = 7,
	AT_LOGGED_IN = 9,
	AT_MAIL = 10,
	AT_FIRST_RCPT,
	AT_SECOND_RCPT,
	AT_DATA,
	AT_END,
	AT_SECOND_MAIL,
	AT_RSET,
	AT_COUNT
};

static const struct envelope envelope = { .sender = STR_INIT("s@a.test") };
static const struct envelope_rcpt rcpts[] = { { .address = STR_INIT("1@b.test") },
	{ .address = STR_INIT("2@b.test") } };

static struct smtpc_rcpt asked[2];
static struct smtpc_message message;

static void
message_init(void)
{
	asked[0] = (struct smtpc_rcpt){ .rcpt = &rcpts[0], .fail = FAIL_COUNT };
	asked[1] = (struct smtpc_rcpt){ .rcpt = &rcpts[1], .fail = FAIL_COUNT };
	message = (struct smtpc_message){ .envelope = &envelope,
		.rcpts = asked,
		.rcpt_count = 2,
		.content = STR("Subject: x\r\n\r\ntext\r\n") };
}

static void
start(struct smtpc *s)
{
	host_start(script);
	open_start(s,
	    (struct smtpc_order){ .tls = SMTPC_TLS_MUST,
		.auth = SMTPC_AUTH_ANY,
		.user = STR("ann"),
		.secret = STR("secret") });
}

static void
check_broke(const struct smtpc *s, enum breakage how, enum smtpc_stage stage_want)
{
	CHECK_NUM(s->op.fail, FAIL_TEMP);
	CHECK(!s->is_open);
	CHECK_NUM(s->answer.stage, stage_want);
	CHECK_NUM(s->answer.code, how == BREAK_421 ? 421 : 0);
	CHECK_NUM(s->answer.status.kind, 4);
	CHECK(s->answer.text.n > 0);
}

/* What it was about, by where it broke. */
static enum smtpc_stage
stage_at(int at)
{
	static const enum smtpc_stage stages[AT_COUNT] = { SMTPC_AT_GREETING, SMTPC_AT_HELLO,
		SMTPC_AT_HELLO, SMTPC_AT_TLS, SMTPC_AT_TLS, SMTPC_AT_HELLO, SMTPC_AT_HELLO,
		SMTPC_AT_AUTH, SMTPC_AT_AUTH, SMTPC_AT_AUTH, SMTPC_AT_MAIL, SMTPC_AT_RCPT,
		SMTPC_AT_RCPT, SMTPC_AT_DATA, SMTPC_AT_CONTENT, SMTPC_AT_MAIL, SMTPC_AT_MAIL };

	return stages[at];
}

/* The first message goes, and breaks if that is what it has to do; true when it did. */
static bool
check_first(struct smtpc *s, int at, enum breakage how)
{
	message_init();
	smtpc_send_start(s, &stage.owner, &message);
	wait_for(s);
	if (at > AT_END) {
		CHECK(s->op.fail == FAIL_NONE && s->is_open);
		CHECK(asked[0].fail == FAIL_NONE && asked[1].fail == FAIL_PERM);
		return false;
	}
	check_broke(s, how, stage_at(at));
	CHECK_NUM(s->is_in_doubt, at == AT_END && how != BREAK_421);
	CHECK_NUM(asked[0].fail, FAIL_TEMP);
	CHECK_NUM(asked[0].answer.code, s->answer.code);
	CHECK_STR(asked[0].answer.text, s->answer.text);
	CHECK_NUM(asked[1].fail, at > AT_SECOND_RCPT ? FAIL_PERM : FAIL_TEMP);
	return true;
}

/* The second is refused, which is its last word; a failing RSET behind it only ends the conversation. */
static void
check_second(struct smtpc *s, int at, enum breakage how)
{
	message_init();
	smtpc_send_start(s, &stage.owner, &message);
	wait_for(s);
	CHECK(!s->is_open);
	if (at == AT_SECOND_MAIL) {
		check_broke(s, how, SMTPC_AT_MAIL);
		CHECK(asked[0].fail == FAIL_TEMP && asked[1].fail == FAIL_TEMP);
		CHECK(!s->is_in_doubt);
		return;
	}
	CHECK_NUM(s->op.fail, FAIL_NONE);
	CHECK(asked[0].fail == FAIL_PERM && asked[1].fail == FAIL_PERM);
}

static bool
is_slow(enum breakage how)
{
	return how == BREAK_HANG || how == BREAK_DRIP || how == BREAK_ENDLESS_LINE;
}

static void
check_break(int at, enum breakage how)
{
	struct smtpc s = { 0 };
	char name[80];

	snprintf(name, sizeof name, "%s at %d (%s)", break_names[how], at, way_names[stage.way]);
	TEST_ROW(name);
	stage.settings.greeting_ms = stage.settings.command_ms = stage.settings.end_ms = 10000;
	start(&s);
	host.break_at = at;
	host.breakage = how;
	if (is_slow(
		how)) { /* only what has to be waited for is short: the rest takes what it takes */
		if (at == AT_GREETING)
			stage.settings.greeting_ms = 40;
		else if (at == AT_END)
			stage.settings.end_ms = 40;
		else
			stage.settings.command_ms = 400;
	}
	wait_for(&s);
	if (at <= AT_LOGGED_IN) {
		check_broke(&s, how, stage_at(at));
		CHECK_NUM(s.is_tls_failed, at == AT_HANDSHAKE);
	} else if (CHECK(s.is_open) && !check_first(&s, at, how)) {
		check_second(&s, at, how);
	}
	CHECK(host.is_broken);
	smtpc_release(&s);
	wait_for_host();
	host_stop();
}

/* In the middle of EHLO's lines, and where TLS would begin, some are nothing to break with. */
static bool
is_possible(int at, enum breakage how)
{
	bool is_more = at == 1 || at == 5; /* "250-mx" */

	if (at ==
	    AT_HANDSHAKE) /* whatever comes in clear is no TLS, which is told apart elsewhere */
		return how == BREAK_CLOSE || how == BREAK_HANG || how == BREAK_GARBAGE;
	if (at == 2 || at == 6) /* behind "250-mx", another code is garbage */
		return how != BREAK_421;
	return !is_more || how != BREAK_NOT;
}

static void
test_breaks(void)
{
	for (int at = 0; at < AT_COUNT; at++) {
		for (enum breakage how = BREAK_CLOSE; how < BREAK_COUNT; how++) {
			if (is_possible(at, how) && (stage.way == IN_MEMORY || !is_slow(how)))
				check_break(at, how);
		}
	}
}

/* After this many turns; true when all was done before. */
static bool
cancel_after(int turns, bool is_released)
{
	struct smtpc s = { 0 };
	int sent = 0;

	start(&s);
	for (int i = 0; i < turns && host.has_quit == false; i++) {
		turn();
		if (op_pending(&s.op))
			continue;
		CHECK(s.is_open);
		if (sent == 2)
			break;
		message_init();
		smtpc_send_start(&s, &stage.owner, &message);
		sent++;
	}
	if (is_released) {
		smtpc_release(&s);
		CHECK(s.inner == NULL);
	} else {
		bool is_done = !op_pending(&s.op);

		smtpc_cancel(&s);
		CHECK(!op_pending(&s.op) && !s.is_open);
		CHECK_NUM(s.inner->state, SMTPC_OFF);
		smtpc_cancel(&s);
		smtpc_close(&s);
		smtpc_release(&s);
		is_released = is_done;
	}
	wait_for_host();
	CHECK(!host.is_wrong);
	host_stop();
	return sent == 2 && is_released;
}

static void
test_cancel(void)
{
	int turns = 0;

	TEST_ROW("cancelled");
	stage.settings = smtpc_settings_default;
	while (turns < 500 && !cancel_after(turns, false))
		turns++;
	CHECK(turns > 20 && turns < 500);
	TEST_ROW("released");
	for (int i = 0; i <= turns; i++)
		(void)cancel_after(i, true);
}

/* Hurried after this many turns; true when all was done before. A host that has all of it leaves us in doubt. */
static bool
expire_after(int turns)
{
	struct smtpc s = { 0 };
	int sent = 0;

	start(&s);
	for (int i = 0; i < turns && !host.has_quit; i++) {
		turn();
		if (op_pending(&s.op))
			continue;
		if (sent == 2)
			break;
		message_init();
		smtpc_send_start(&s, &stage.owner, &message);
		sent++;
	}
	if (op_pending(&s.op)) {
		smtpc_expire(&s, "too slow");
		CHECK(!op_pending(&s.op) && !s.is_open);
		if (s.op.fail == FAIL_TEMP)
			CHECK_STR(s.answer.text, STR("too slow"));
		if (sent == 1 && s.op.fail == FAIL_TEMP)
			CHECK(s.is_in_doubt || host.content.n < message.content.n);
		sent = 0;
	}
	smtpc_expire(&s, "nothing is under way");
	smtpc_release(&s);
	wait_for_host();
	host_stop();
	return sent == 2;
}

static void
test_expire(void)
{
	int turns = 0;

	TEST_ROW("hurried");
	stage.settings = smtpc_settings_default;
	while (turns < 500 && !expire_after(turns))
		turns++;
	CHECK(turns > 20 && turns < 500);
}

int
main(void)
{
	stage_start();
	for (stage.way = OVER_SOCKET; stage.way < WAY_COUNT; stage.way++)
		test_breaks();
	stage.way = IN_MEMORY;
	test_cancel();
	test_expire();
	stage_stop();
	return test_end();
}
