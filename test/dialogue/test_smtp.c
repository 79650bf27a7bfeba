/*
 * test_smtp.c - play the dialogues of test/dialogue/smtp against real sessions (lib/dialogue.h).
 *
 * The greeting is taken by itself, unless @bare. More directives:
 *
 *     @kind mx|submission|lmtp   what sessions get that begin after this (mx)
 *     @count NAME N              messages in the Inbox of NAME@example.test
 *     @has NAME text             the newest of them has such a line
 *     @lacks NAME text           .. has none
 *     @body NAME text            .. has exactly this body, "|" standing for CRLF
 */

/* system */
#include <stdio.h>

/* base */
#include "base/test.h"

/* rooms */
#include "lib/dialogue.h"
#include "mail/email.h"
#include "mail/mailbox.h"
#include "mail/view.h"
#include "smtp/session.h"

static struct smtp_service service;
static struct smtp_listener kinds[] = {
	{ .kind = SMTP_KIND_MX },
	{ .kind = SMTP_KIND_SUBMISSION, .has_plaintext_login = true },
	{ .kind = SMTP_KIND_LMTP },
};
static struct listener listeners[3];
static const char *const kind_names[] = { "mx", "submission", "lmtp" };

static const struct smtp_settings settings = {
	.message_bytes = 4000,
	.recipients = 4,
	.messages = 5,
	.errors = 6,
	.command_ms = 300000,
	.data_ms = 600000,
	.login_failures = 3,
	.login_delay_ms = 1000,
};

static void
open_smtp(void)
{
	service = (struct smtp_service){ 0 };
	smtp_service_init(&service);
	service.loop = &dialogue.loop;
	service.mail = dialogue.mail;
	service.settings = &settings;
	service.hostname = STR("mx.example.test");
	for (size_t i = 0; i < 3; i++)
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
	    CHECK(email_map(account, view->entries[count - 1].email_id, &map) == FAIL_NONE)) {
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

static bool
directive(struct str word, struct str rest)
{
	struct str name = rest;
	struct buf newest;
	uint64_t number;
	size_t count;

	if (str_eq(word, STR("@kind"))) {
		for (size_t i = 0; i < 3; i++)
			if (str_eq(rest, str_c(kind_names[i])))
				dialogue.listener = &listeners[i];
		return true;
	}
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
