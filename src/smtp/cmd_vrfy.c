/*
 * VRFY and EXPN (RFC 5321 3.5, 4.1.1.6, 4.1.1.7): for users who logged in. Everybody else gets a 252, which
 * neither confirms nor denies, so that nobody harvests addresses (7.3).
 */
#include "smtp/session.h"

/* The address of "bob@example.org", "<bob@example.org>" or either with SMTPUTF8 behind it. */
static struct str
address_of(struct str argument)
{
	struct str word = str_head(argument, str_find_char(argument, ' '));

	if (str_starts(word, STR("<")) && str_ends(word, STR(">")))
		word = str_slice(word, 1, word.n - 2);
	return word;
}

static enum smtp_state
ask(struct smtp_session *s, struct str argument, bool is_expanding)
{
	if (str_empty(argument))
		return smtp_say(s, REPLY_SYNTAX);
	if (!(s->have & HAVE_AUTH))
		return smtp_say(s, is_expanding ? REPLY_NOT_HERE : REPLY_VRFY);
	s->is_expanding = is_expanding;
	directory_resolve_start(s->service->directory, &s->verify, &s->task, address_of(argument));
	return SMTP_VERIFY;
}

enum smtp_state
cmd_vrfy(struct smtp_session *s, struct str argument)
{
	return ask(s, argument, false);
}

enum smtp_state
cmd_expn(struct smtp_session *s, struct str argument)
{
	return ask(s, argument, true);
}

/* One line per address; of VRFY there is one. */
static void
add_targets(struct smtp_session *s, size_t count)
{
	struct buf *out = conn_out(s->conn);

	for (size_t i = 0; i < count; i++) {
		buf_add_c(out, i + 1 < count ? "250-2.1.5 <" : "250 2.1.5 <");
		buf_add(out, s->verify.targets[i].name);
		buf_add(out, STR(">\r\n"));
	}
}

enum smtp_state
smtp_verified(struct smtp_session *s)
{
	enum smtp_reply reply = REPLY_DIRECTORY_DOWN;

	switch (s->verify.op.fail) {
	case FAIL_NONE: reply = REPLY_OK; break;
	case FAIL_MISSING: reply = REPLY_NO_USER; break;
	case FAIL_DENIED: reply = REPLY_VRFY; break; /* not ours: who knows */
	case FAIL_SYNTAX: reply = REPLY_BAD_RCPT; break;
	case FAIL_PERM:
	case FAIL_LIMIT: reply = REPLY_LOOP; break;
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	if (reply == REPLY_OK)
		add_targets(s, s->is_expanding ? s->verify.target_count : 1);
	directory_query_release(&s->verify);
	return reply == REPLY_OK ? SMTP_READ_COMMAND : smtp_say(s, reply);
}
