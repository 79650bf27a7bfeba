/*
 * VRFY and EXPN (RFC 5321 3.5, 4.1.1.6, 4.1.1.7): for users who logged in. Everybody else gets a 252, which
 * neither confirms nor denies, so that nobody harvests addresses (7.3).
 */
#include "smtp/session.h"

/* The address, or bare name (3.5.1), of "bob@example.org", "<bob@example.org>" or either with SMTPUTF8 behind it. */
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
	directory_verify_start(s->service->directory, &s->verify, &s->task, address_of(argument));
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

static void
add_target(struct smtp_session *s, const char *code, size_t i)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, code);
	buf_add(out, STR(" <"));
	buf_add(out, s->verify.targets[i].name);
	buf_add(out, STR(">\r\n"));
}

/* EXPN: one line per address */
static void
add_members(struct smtp_session *s)
{
	for (size_t i = 0; i < s->verify.target_count; i++)
		add_target(s, i + 1 < s->verify.target_count ? "250-2.1.5" : "250 2.1.5", i);
}

/* VRFY where a name is several mailboxes (RFC 5321 3.5.1); 5.1.4: ambiguous */
static void
add_choices(struct smtp_session *s)
{
	size_t count = s->verify.target_count;

	buf_add(conn_out(s->conn), STR("553-5.1.4 Ambiguous; possibilities are\r\n"));
	for (size_t i = 0; i < count; i++)
		add_target(s, i + 1 < count ? "553-5.1.4" : "553 5.1.4", i);
}

static bool
is_list(const struct directory_query *q)
{
	for (size_t i = 0; i < q->target_count; i++)
		if (!str_empty(q->targets[i].list))
			return true;
	return false;
}

static enum smtp_state
answer_targets(struct smtp_session *s)
{
	if (s->is_expanding)
		add_members(s);
	else if (is_list(&s->verify))
		return smtp_say(s, REPLY_VRFY_LIST);
	else if (s->verify.target_count > 1)
		add_choices(s);
	else
		add_target(s, "250 2.1.5", 0);
	return SMTP_READ_COMMAND;
}

static enum smtp_reply
reply_of(enum fail fail)
{
	switch (fail) {
	case FAIL_NONE: return REPLY_OK;
	case FAIL_MISSING: return REPLY_NO_USER;
	case FAIL_DENIED: return REPLY_VRFY; /* not ours: who knows */
	case FAIL_SYNTAX: return REPLY_BAD_RCPT;
	case FAIL_PERM:
	case FAIL_LIMIT: return REPLY_LOOP;
	case FAIL_TEMP:
	case FAIL_COUNT: break;
	}
	return REPLY_DIRECTORY_DOWN;
}

enum smtp_state
smtp_verified(struct smtp_session *s)
{
	enum smtp_reply reply = reply_of(s->verify.op.fail);
	enum smtp_state next = reply == REPLY_OK ? answer_targets(s) : smtp_say(s, reply);

	directory_query_release(&s->verify);
	return next;
}
