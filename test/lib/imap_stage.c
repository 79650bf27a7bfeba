#include "lib/imap_stage.h"

/* system */
#include <string.h>

/* base */
#include "base/test.h"

/* rooms */
#include "net/private.h"

struct imap_stage imap_stage;

static void
open_imap(void)
{
	imap_service_init(&imap_stage.service);
	imap_stage.service.loop = &dialogue.loop;
	imap_stage.service.mail = dialogue.mail;
	imap_stage.rules = imap_settings_default;
	imap_stage.service.settings = &imap_stage.rules;
	imap_stage.kind = (struct imap_listener){ .has_plaintext_login = true };
	imap_stage.listener = (struct listener){ .service = &imap_stage.service.service,
		.settings = &imap_stage.kind };
	dialogue.listener = &imap_stage.listener;
	dialogue.sessions = &imap_stage.service.sessions;
}

static void
log_in(struct dialogue_peer *p)
{
	struct str line;

	CHECK(dialogue_next_line(p, &line) && str_starts(line, STR("* OK [CAPABILITY ")));
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, STR("login LOGIN alice secret\r\n"));
	dialogue_settle();
	CHECK(dialogue_next_line(p, &line) && str_starts(line, STR("login OK ")));
	buf_clear(&p->seen);
}

static void
stop(void)
{
	imap_service_stop(&imap_stage.service);
}

static bool
directive(struct str word, struct str rest)
{
	static char prefix[100];

	if (str_eq(word, STR("@separator"))) {
		imap_stage.rules.separator =
		    str_eq(rest, STR(".")) ? IMAP_SEPARATOR_DOT : IMAP_SEPARATOR_SLASH;
	} else if (str_eq(word, STR("@messagelimit"))) {
		uint64_t limit = 0;

		CHECK(str_u64(&rest, UINT32_MAX, &limit));
		imap_stage.rules.message_limit = (int64_t)limit;
	} else if (str_eq(word, STR("@admin"))) {
		imap_stage.rules.admin = STR("alice@example.test");
	} else if (str_eq(word, STR("@prefix")) && rest.n <= sizeof(prefix)) {
		memcpy(prefix, rest.p, rest.n);
		imap_stage.rules.prefix = str_of(prefix, rest.n);
	} else {
		return false;
	}
	return true;
}

const struct dialogue_room imap_stage_room = { .folder = "test/dialogue/imap",
	.open = open_imap,
	.greet = log_in,
	.stop = stop,
	.directive = directive };

struct str
imap_ask_bytes(struct dialogue_peer *p, struct str bytes)
{
	buf_clear(&p->seen);
	conn_memory_feed(p->conn, bytes);
	dialogue_settle();
	return buf_str(&p->seen);
}

struct str
imap_ask(struct dialogue_peer *p, const char *lines)
{
	return imap_ask_bytes(p, str_c(lines));
}
