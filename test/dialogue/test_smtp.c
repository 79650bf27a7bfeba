/*
 * test_smtp.c - play the dialogues of test/dialogue/smtp against real sessions (lib/dialogue.h).
 *
 * The greeting is taken by itself, unless @bare. More directives:
 *
 *     @kind mx|submission|lmtp|filtered   what sessions get that begin after this (mx)
 *     @count NAME N              messages in the Inbox of NAME@example.test
 *     @has NAME text             the newest of them has such a line
 *     @lacks NAME text           .. has none
 *     @body NAME text            .. has exactly this body, "|" standing for CRLF
 *     @set SECTION.KEY VALUE     a setting of [smtp], [policy], [queue] ..; before sessions it concerns
 *     @queue N                   messages that wait in the queue
 *     @reports text              what waits to be reported: "told.test 2*5" is two rows of five messages
 *     @entry N text              the Nth of them (from 1), as describe() says it
 */

/* system */
#include <stdio.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "envelope/srs.h"
#include "lib/dialogue.h"
#include "lib/fake_blobs.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "mail/view.h"
#include "policy/policy.h"
#include "queue/admin.h"
#include "queue/queue.h"
#include "queue/record.h"
#include "reports/reports.h"
#include "reports/tally.h"
#include "server/value.h"
#include "smtp/session.h"

static struct smtp_service service;
static struct smtp_listener kinds[] = {
	{ .kind = SMTP_KIND_MX, .is_judging = true },
	{ .kind = SMTP_KIND_SUBMISSION, .has_plaintext_login = true },
	{ .kind = SMTP_KIND_LMTP },
	{ .kind = SMTP_KIND_MX },
};
static struct listener listeners[ARRAY_LEN(kinds)];
static const char *const kind_names[] = { "mx", "submission", "lmtp", "filtered" };

static struct queue *queue;
static struct policy *policy;
static struct policy_settings checks;
static struct mailauth_settings mailauth;
static struct queue_settings queue_settings;
static struct reports_settings reports_settings;
static struct reports *reports;
static const struct route_settings never = { .domains = STR_INIT("never.test"),
	.way = ROUTE_REFUSE };
static const struct queue_route refused = { STR_INIT("never"), &never };
static const struct queue_routes routes = { &refused, 1 };

static const struct smtp_settings default_settings = {
	.message_bytes = 4000,
	.recipients = 4,
	.messages = 5,
	.errors = 6,
	.junk = 12,
	.command_ms = 300000,
	.data_ms = 600000,
	.login_failures = 3,
	.login_delay_ms = 1000,
	.hold_ms = 604800000,
};
static struct smtp_settings settings;

/* The key of rewritten senders (SRS) is known: so are they. */
static enum fail
put_secret(struct txn *t, void *arg)
{
	static const char secret[SRS_KEY_BYTES];
	struct key k = queue_key(QUEUE_SECRET);

	(void)arg;
	return txn_put(t, key_str(&k), str_of(secret, sizeof secret));
}

static void
open_queue(void)
{
	const struct queue_house house = { .loop = &dialogue.loop,
		.store = dialogue.store,
		.blobs = dialogue.blobs,
		.net = &dialogue.net,
		.mail = dialogue.mail,
		.settings = &queue_settings,
		.outbound = &smtpc_settings_default,
		.routes = &routes,
		.own = { .hostname = STR("mx.example.test") } };

	CHECK(store_run(dialogue.store, put_secret, NULL) == FAIL_NONE);
	queue_settings = queue_settings_default;
	CHECK(queue_open(&queue, &house) == FAIL_NONE); /* not started: what comes in stays */
}

static void
open_reports(void)
{
	const struct reports_house house = { .store = dialogue.store,
		.settings = &reports_settings,
		.hostname = STR("mx.example.test") };

	reports_settings = reports_settings_default;
	reports = reports_open(&house);
}

static void
open_smtp(void)
{
	service = (struct smtp_service){ 0 };
	settings = default_settings;
	checks = policy_settings_default;
	mailauth = mailauth_settings_default;
	checks.greeting_delay_ms = 0; /* time stands still until @wait */
	open_queue();
	open_reports();
	policy_open(&policy, &dialogue.loop, dialogue.store, NULL, &checks);
	smtp_service_init(&service);
	service.loop = &dialogue.loop;
	service.mail = dialogue.mail;
	service.settings = &settings;
	service.queue = queue;
	service.policy = policy;
	service.reports = reports;
	service.checks = &checks;
	service.mailauth = &mailauth;
	service.hostname = STR("mx.example.test");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		listeners[i] =
		    (struct listener){ .service = &service.service, .settings = &kinds[i] };
	dialogue.listener = &listeners[0];
	dialogue.sessions = &service.sessions;
}

static void
greet(struct dialogue_peer *p)
{
	struct str line;

	CHECK(dialogue_next_line(p, &line) && str_starts(line, STR("220 mx.example.test ")));
	buf_clear(&p->seen);
}

static void
close_smtp(void)
{
	reports_close(&reports);
	queue_close(&queue);
	policy_close(&policy);
}

static void
stop(void)
{
	smtp_service_stop(&service);
}

/* --- what was stored ------------------------------------------------------------------------------ */

/* The number of messages in the Inbox; the newest one's bytes. */
static size_t
look(struct str name, struct buf *newest)
{
	char address[100];
	struct account *account;
	struct view *view;
	struct blob_map map;
	size_t count;

	snprintf(address, sizeof(address), "%.*s@example.test", STR_ARG(name));
	if (account_find(dialogue.mail, str_c(address), &account) != FAIL_NONE)
		return 0;
	CHECK(view_open(account, mailbox_by_role(account, MAILBOX_ROLE_INBOX)->id, &view) ==
	    FAIL_NONE);
	count = view->count;
	if (count > 0 &&
	    CHECK(fake_blobs_email_map(account, view->entries[count - 1].email_id, &map) ==
		FAIL_NONE)) {
		buf_add(newest, map.bytes);
		blob_unmap(&map);
	}
	view_close(&view);
	account_close(&account);
	return count;
}

static bool
has_line(struct str message, struct str want)
{
	size_t end;

	for (; (end = str_find(message, STR("\r\n"))) != STR_NONE;
	     message = str_from(message, end + 2))
		if (dialogue_matches(str_head(message, end), want))
			return true;
	return dialogue_matches(message, want);
}

static void
check_body(struct str message, struct str want)
{
	struct buf body;

	buf_init(&body, 10000);
	for (size_t i = 0; i < want.n; i++)
		buf_add(&body, want.p[i] == '|' ? STR("\r\n") : str_slice(want, i, 1));
	CHECK_STR(str_from(message, str_find(message, STR("\r\n\r\n")) + 4), buf_str(&body));
	buf_release(&body);
}

/* --- what waits -------------------------------------------------------------------------------------- */

static void
add_number(struct buf *out, const char *name, int64_t n)
{
	if (n == 0)
		return;
	buf_add_c(out, name);
	buf_add_i64(out, n);
}

/* "<sender> <rcpt> site=.. notify=.. .. " with everything that was asked for. */
static void
describe(const struct queue_entry *e, struct buf *out)
{
	const struct envelope *v = &e->message.envelope;

	buf_add_char(out, '<');
	buf_add(out, v->sender);
	buf_add_char(out, '>');
	for (size_t i = 0; i < e->rcpt_count; i++) {
		const struct queue_rcpt *r = &e->rcpts[i];

		buf_add(out, STR(" <"));
		buf_add(out, r->envelope.address);
		buf_add(out, STR("> at "));
		buf_add(out, r->site);
		add_number(out, " notify=", r->envelope.notify);
		if (!str_empty(r->envelope.original)) {
			buf_add(out, STR(" orcpt="));
			buf_add(out, r->envelope.original);
		}
	}
	if (!str_empty(v->id)) {
		buf_add(out, STR(" envid="));
		buf_add(out, v->id);
	}
	add_number(out, " ret=", v->ret);
	add_number(out, " body=", v->body);
	add_number(out, " utf8=", v->is_utf8);
	add_number(out, " tls=", v->is_tls_must);
	add_number(out, " priority=", v->priority);
	add_number(out, " by=", v->by);
	add_number(out, " trace=", v->is_by_traced);
	add_number(out, " within=", v->by == BY_NONE ? 0 : v->by_s - e->message.arrived_s);
	add_number(out, " hold=", v->hold_s == 0 ? 0 : v->hold_s - e->message.arrived_s);
	if (!str_empty(e->message.owner)) {
		buf_add(out, STR(" owner="));
		buf_add(out, e->message.owner);
	}
}

static void
check_entry(uint64_t number, struct str want)
{
	struct queue_entry e;
	struct arena arena;
	struct buf text, before;
	uint64_t id = 0;

	arena_init(&arena, 1 << 20);
	buf_init(&text, 10000);
	buf_init(&before, BLOB_NAME_MAX);
	for (uint64_t i = 0; i < number; i++) {
		arena_reset(&arena);
		if (!CHECK(queue_entry_next(queue, id, &arena, &e) == FAIL_NONE))
			break;
		id = e.message.id;
		/* each has a file of its own */
		CHECK(!str_eq(e.message.blob, buf_str(&before)));
		CHECK(blob_exists(dialogue.blobs, STR(QUEUE_FOLDER), e.message.blob) == FAIL_NONE);
		buf_clear(&before);
		buf_add(&before, e.message.blob);
		if (i + 1 == number)
			describe(&e, &text);
	}
	if (!dialogue_matches(buf_str(&text), want))
		CHECK_STR(buf_str(&text), want);
	buf_release(&text);
	buf_release(&before);
	arena_release(&arena);
}

static void
check_reports(struct str want)
{
	struct reports_pending p;
	struct buf at, copy, text;

	buf_init(&at, STORE_KEY_MAX);
	buf_init(&copy, TALLY_COPY_MAX);
	buf_init(&text, 1000);
	while (reports_next(reports, &at, &copy, &p) == FAIL_NONE) {
		buf_add_c(&text, text.n > 0 ? " " : "");
		buf_add(&text, p.domain);
		add_number(&text, " ", (int64_t)p.rows);
		add_number(&text, "*", (int64_t)p.things);
	}
	CHECK_STR(buf_str(&text), want);
	buf_release(&at);
	buf_release(&copy);
	buf_release(&text);
}

/* --- settings ------------------------------------------------------------------------------------------ */

static void
set(struct str key, struct str text)
{
	const struct {
		const struct setting_section *section;
		void *values;
	} sections[] = { { &smtp_section, &settings }, { &policy_section, &checks },
		{ &queue_section, &queue_settings }, { &mailauth_section, &mailauth },
		{ &reports_section, &reports_settings } };
	static struct arena arena; /* values live until the next program */
	struct str name = key, section;
	struct buf why;

	CHECK(str_take_until(&name, '.', &section));
	buf_init(&why, 1000);
	for (size_t i = 0; i < ARRAY_LEN(sections); i++)
		for (size_t k = 0; k < sections[i].section->row_count; k++) {
			const struct setting *row = &sections[i].section->rows[k];

			if (!str_eq(str_c(sections[i].section->name), section) ||
			    !str_eq(str_c(row->name), name))
				continue;
			if (arena.max == 0)
				arena_init(&arena, 1 << 20);
			CHECK(
			    value_parse(row, sections[i].values, text, &arena, &why) == FAIL_NONE);
			buf_release(&why);
			if (sections[i].values != &checks)
				return;
			policy_close(&policy);
			policy_open(&policy, &dialogue.loop, dialogue.store, NULL, &checks);
			service.policy = policy;
			return;
		}
	CHECK_STR(key, STR("(a setting)"));
}

static bool
number_directive(struct str word, struct str rest)
{
	uint64_t number;

	if (!str_eq(word, STR("@queue")) && !str_eq(word, STR("@entry")))
		return false;
	if (CHECK(str_u64(&rest, 1000, &number)) && str_eq(word, STR("@queue")))
		CHECK_NUM(queue_counts(queue).messages, number);
	else
		check_entry(number, str_trim(rest));
	return true;
}

static bool
directive(struct str word, struct str rest)
{
	struct str name = rest;
	struct buf newest;
	uint64_t number;
	size_t count;

	if (str_eq(word, STR("@kind"))) {
		for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
			if (str_eq(rest, str_c(kind_names[i])))
				dialogue.listener = &listeners[i];
		return true;
	}
	if (str_eq(word, STR("@set"))) {
		CHECK(str_take_until(&rest, ' ', &name));
		set(name, rest);
		return true;
	}
	if (str_eq(word, STR("@reports"))) {
		check_reports(rest);
		return true;
	}
	if (number_directive(word, rest))
		return true;
	if (!str_eq(word, STR("@count")) && !str_eq(word, STR("@has")) &&
	    !str_eq(word, STR("@lacks")) && !str_eq(word, STR("@body")))
		return false;
	if (!str_take_until(&rest, ' ', &name))
		return false;
	buf_init(&newest, 1 << 20);
	count = look(name, &newest);
	if (str_eq(word, STR("@count")))
		CHECK(str_u64(&rest, 1000, &number) && count == number);
	else if (str_eq(word, STR("@body")))
		check_body(buf_str(&newest), rest);
	else if (has_line(buf_str(&newest), rest) != str_eq(word, STR("@has")))
		CHECK_STR(buf_str(&newest), rest);
	buf_release(&newest);
	return true;
}

static const struct dialogue_room room = { .folder = "test/dialogue/smtp",
	.open = open_smtp,
	.greet = greet,
	.stop = stop,
	.close = close_smtp,
	.directive = directive };

/* All files, or those named. */
int
main(int argc, char **argv)
{
	dialogue_play(&room, argc - 1, argv + 1);
	for (const struct smtp_command *c = smtp_commands; c->name; c++) {
		TEST_ROW(c->name);
		CHECK(argc > 1 || dialogue_has_command(&room, c->name));
	}
	return test_end();
}
