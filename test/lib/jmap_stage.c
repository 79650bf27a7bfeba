#include "lib/jmap_stage.h"

/* rooms */
#include "directory/directory.h"
#include "jmap/request.h"
#include "jmap/run.h"
#include "lib/fake_blobs.h"
#include "lib/fake_directory.h"
#include "lib/fake_dns.h"
#include "lib/unquote.h"
#include "lib/whole_request.h"
#include "mail/email.h"
#include "mail/mailbox.h"

#define USING \
	"{'using':['urn:ietf:params:jmap:core','urn:ietf:params:jmap:mail'," \
	"'urn:ietf:params:jmap:submission','urn:ietf:params:jmap:mdn'],'methodCalls':"

struct jmap_stage jmap_stage;
static struct task task;
static struct jmap_run *running; /* by the task; NULL: nothing */

static enum step
run_step(struct task *t)
{
	enum jmap_step step = running ? jmap_run_step(running) : JMAP_WAIT;

	(void)t;
	if (step == JMAP_DONE)
		running = NULL;
	return step == JMAP_YIELD ? STEP_YIELD : STEP_WAIT;
}

void
jmap_stage_send_anew(void)
{
	jmap_send_with(jmap_stage.jmap, &jmap_stage.sending);
}

static void
open_jmap(void)
{
	static const struct jmap_settings settings = { .upload_bytes = 1000000 };
	struct jmap_sending *sending = &jmap_stage.sending;

	*sending = (struct jmap_sending){ .message_bytes = 100000,
		.hold_ms = 86400000,
		.queue = stage.queue,
		.loop = &stage.loop,
		.hostname = STR("mx.example.test") };
	jmap_open(&jmap_stage.jmap, stage.mail, NULL, jmap_stage.policy, &settings);
	jmap_stage_send_anew();
}

static void
add(const char *text)
{
	uint32_t drafts = mailbox_by_role(jmap_stage.account, MAILBOX_ROLE_DRAFTS)->id;
	struct email_new new = { .bytes = str_c(text),
		.received_s = STAGE_WALL,
		.flags = FLAG_DRAFT,
		.mailboxes = &drafts,
		.mailbox_count = 1 };
	struct email_added added;

	fake_blobs_far(false);
	CHECK_NUM(email_add_bytes(jmap_stage.account, &new, &added), FAIL_NONE);
	fake_blobs_far(true);
}

void
jmap_stage_begin(const char *name, const char *const *emails, size_t count)
{
	struct policy_settings *checks = &jmap_stage.checks;

	stage_begin(name);
	*checks = policy_settings_default;
	if (jmap_stage.is_unlimited) {
		checks->account_rate = STR("");
		checks->account_messages = 0;
	}
	policy_open(&jmap_stage.policy, &stage.loop, stage.store, NULL, checks);
	loop_task(&stage.loop, &task, run_step, NULL);
	buf_init(&jmap_stage.got, 1 << 22);
	open_jmap();
	CHECK_NUM(account_open(stage.mail, STR(ALICE), NULL, &jmap_stage.account), FAIL_NONE);
	for (size_t i = 0; i < count; i++)
		add(emails[i]);
	stage_settle();
}

static void
report(struct mail_check *check, struct str line)
{
	(void)check;
	printf("check: %.*s\n", STR_ARG(line));
}

void
jmap_stage_end(void)
{
	struct mail_check check = { .report = report };

	CHECK_NUM(mail_check(stage.mail, &check), FAIL_NONE);
	CHECK_NUM(check.findings, 0);
	account_close(&jmap_stage.account);
	jmap_close(&jmap_stage.jmap);
	policy_close(&jmap_stage.policy);
	buf_release(&jmap_stage.got);
	task_cancel(&task);
	stage_end();
}

static void
run_request(const struct jmap_request *request)
{
	static const struct str addresses[] = { STR_INIT(ALICE), STR_INIT("info@example.test"),
		STR_INIT("@any.test") };
	const struct directory_account user = { .name = STR_INIT(ALICE),
		.display_name = STR_INIT("Alice"),
		.addresses = addresses,
		.address_count = jmap_stage.has_catch_all ? 3 : 2 };
	struct jmap_run r;

	jmap_run_init(&r, jmap_stage.account, request, STR("x"));
	r.host = (struct jmap_host){ .jmap = jmap_stage.jmap,
		.loop = &stage.loop,
		.task = &task,
		.user = &user };
	running = &r;
	task_wake(&task);
	while (running) {
		(void)fake_directory_release();
		(void)fake_dns_release();
		if (jmap_stage.between)
			jmap_stage.between();
		loop_turn(&stage.loop, 0);
	}
	buf_add(&jmap_stage.got, buf_str(&r.out));
	jmap_run_release(&r);
}

void
jmap_stage_run(const char *calls)
{
	struct jmap_request request;
	struct arena arena;
	struct buf text;

	arena_init(&arena, JMAP_TREE_MAX);
	buf_init(&text, JMAP_REQUEST_MAX);
	unquote(&text, USING);
	unquote(&text, calls);
	buf_add_char(&text, '}');
	buf_clear(&jmap_stage.got);
	if (CHECK_NUM(whole_request(buf_str(&text), &arena, &request), JMAP_TAKEN))
		run_request(&request);
	buf_release(&text);
	arena_release(&arena);
}

static void
play(const struct jmap_row *row)
{
	struct buf want;

	TEST_ROW(row->name);
	jmap_stage_run(row->calls);
	buf_init(&want, 1 << 20);
	unquote(&want, "{'methodResponses':");
	unquote(&want, row->want);
	unquote(&want, ",'sessionState':'x'}");
	CHECK_STR(buf_str(&jmap_stage.got), buf_str(&want));
	buf_release(&want);
}

void
jmap_stage_play(const struct jmap_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		play(&rows[i]);
		stage_settle();
	}
}

void
jmap_stage_has(const char *name, const char *text)
{
	struct buf part;

	TEST_ROW(name);
	buf_init(&part, 10000);
	unquote(&part, text);
	CHECK_HAS(buf_str(&jmap_stage.got), buf_str(&part));
	buf_release(&part);
}
