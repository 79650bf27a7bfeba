#include "smtp/session.h"

/* base */
#include "base/mem.h"

/* clang-format off */
const struct smtp_command smtp_commands[] = {
	/* name        run           must hold before it runs                                       RFC 5321 */
	{ "HELO",      cmd_helo,     ONLY_SMTP | IS_JUNK,                         "HELO host" },           /* 4.1.1.1 */
	{ "EHLO",      cmd_ehlo,     ONLY_SMTP | IS_JUNK,                         "EHLO host" },           /* 4.1.1.1 */
	{ "LHLO",      cmd_ehlo,     ONLY_LMTP | IS_JUNK,                         "LHLO host" },           /* RFC 2033 4.1 */
	{ "MAIL",      cmd_mail,     NEED_HELO | NEED_LOGIN | NOT_IN_TXN, "MAIL FROM:<address> [SIZE=bytes] [BODY=8BITMIME] [SMTPUTF8]" }, /* 4.1.1.2 */
	{ "RCPT",      cmd_rcpt,     NEED_HELO | NEED_MAIL,             "RCPT TO:<address>" },   /* 4.1.1.3 */
	{ "DATA",      cmd_data,     NEED_HELO | NEED_MAIL | NEED_RCPT | NO_ARGUMENT, "DATA" },  /* 4.1.1.4 */
	{ "BDAT",      cmd_bdat,     0, /* looks itself: the chunk comes anyway */ "BDAT bytes [LAST]" }, /* RFC 3030 2 */
	{ "RSET",      cmd_rset,     NO_ARGUMENT | IS_JUNK,                       "RSET" },                /* 4.1.1.5 */
	{ "VRFY",      cmd_vrfy,     IS_JUNK,                                 "VRFY address" },        /* 4.1.1.6 */
	{ "EXPN",      cmd_expn,     ONLY_SUBMISSION | IS_JUNK,                   "EXPN list" },           /* 4.1.1.7 */
	{ "HELP",      cmd_help,     IS_JUNK,                                 "HELP [command]" },      /* 4.1.1.8 */
	{ "NOOP",      cmd_noop,     IS_JUNK,                                 "NOOP" },                /* 4.1.1.9 */
	{ "QUIT",      cmd_quit,     NO_ARGUMENT,                       "QUIT" },                /* 4.1.1.10 */
	{ "STARTTLS",  cmd_starttls, NEED_HELO | NOT_IN_TXN | NO_ARGUMENT, "STARTTLS" },         /* RFC 3207 4 */
	{ "AUTH",      cmd_auth,     NEED_HELO | NOT_IN_TXN | ONLY_SUBMISSION, "AUTH mechanism [response]" }, /* RFC 4954 4 */
	{ "XCLIENT",   cmd_xclient,  NOT_IN_TXN | ONLY_SMTP,            "XCLIENT attribute=value .." },
	{ NULL,        NULL,         0,                                 NULL },
};
/* clang-format on */

/* Does this kind of service have the command? */
static bool
is_spoken(const struct smtp_session *s, unsigned flags)
{
	if (flags & (smtp_is_lmtp(s) ? ONLY_SMTP : ONLY_LMTP))
		return false;
	return !(flags & ONLY_SUBMISSION) || smtp_is_submission(s);
}

/* Clients ask and reset now and then; who does nothing else keeps us busy. Users may: programs hold their session open. */
static bool
is_too_much(struct smtp_session *s, unsigned flags)
{
	if (!(flags & IS_JUNK) || s->have & HAVE_AUTH)
		return false;
	return ++s->junk > (unsigned)s->service->settings->junk;
}

/* What a row's flags object to, or REPLY_COUNT when nothing. */
static enum smtp_reply
objection(const struct smtp_session *s, unsigned flags, struct str argument)
{
	if (!is_spoken(s, flags))
		return (flags & ONLY_SUBMISSION) ? REPLY_NOT_HERE : REPLY_UNKNOWN;
	if ((flags & NO_ARGUMENT) && !str_empty(argument))
		return REPLY_NO_ARGUMENT;
	if ((flags & NEED_HELO) && !(s->have & HAVE_HELO))
		return REPLY_NEED_HELO;
	if ((flags & NEED_LOGIN) && smtp_is_submission(s) && !(s->have & HAVE_AUTH))
		return smtp_can_login(s) ? REPLY_NEED_AUTH : REPLY_NEED_TLS;
	if ((flags & NOT_IN_TXN) && (s->have & HAVE_MAIL))
		return REPLY_HAS_MAIL;
	if ((flags & NEED_MAIL) && !(s->have & HAVE_MAIL))
		return REPLY_NEED_MAIL;
	if ((flags & NEED_RCPT) && !(s->have & HAVE_RCPT))
		return REPLY_NEED_RCPT;
	return REPLY_COUNT;
}

/* A browser that was led here to speak for somebody (cross-protocol attacks): it says nothing more. */
static bool
is_http(struct str line)
{
	static const struct str verbs[] = { STR_INIT("GET "), STR_INIT("POST "), STR_INIT("HEAD "),
		STR_INIT("PUT "), STR_INIT("OPTIONS "), STR_INIT("DELETE "), STR_INIT("CONNECT "),
		STR_INIT("TRACE "), STR_INIT("PATCH "), STR_INIT("Host: ") };

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (str_starts(line, verbs[i]))
			return true;
	return false;
}

enum smtp_state
smtp_dispatch(struct smtp_session *s, struct str line)
{
	struct str verb = str_head(line, str_find_char(line, ' '));
	struct str argument = str_trim(str_from(line, verb.n));

	for (const struct smtp_command *c = smtp_commands; c->name; c++) {
		enum smtp_reply reply;

		if (!str_eq_nocase(verb, str_c(c->name)))
			continue;
		if (is_too_much(s, c->flags))
			return smtp_say(s, REPLY_TOO_MUCH_JUNK);
		reply = objection(s, c->flags, argument);
		return reply == REPLY_COUNT ? c->run(s, argument) : smtp_say(s, reply);
	}
	if (is_http(line)) {
		smtp_reply_write(conn_out(s->conn), REPLY_NO_HTTP);
		return smtp_offend(s, OFFENCE_JUNK, SMTP_CLOSING);
	}
	return smtp_say(s, REPLY_UNKNOWN);
}

enum smtp_state
cmd_help(struct smtp_session *s, struct str argument)
{
	struct buf *out = conn_out(s->conn);

	for (const struct smtp_command *c = smtp_commands; c->name; c++) {
		if (!is_spoken(s, c->flags) ||
		    (!str_empty(argument) && !str_eq_nocase(argument, str_c(c->name))))
			continue;
		buf_add(out, STR("214-2.0.0 "));
		buf_add_c(out, c->help);
		buf_add(out, STR("\r\n"));
	}
	buf_add(out, STR("214 2.0.0 RFC 5321 has the rest\r\n"));
	return SMTP_READ_COMMAND;
}

enum smtp_state
cmd_noop(struct smtp_session *s, struct str argument)
{
	(void)argument; /* RFC 5321 4.1.1.9: a string to be ignored */
	return smtp_say(s, REPLY_OK);
}

enum smtp_state
cmd_rset(struct smtp_session *s, struct str argument)
{
	(void)argument;
	smtp_txn_end(s);
	return smtp_say(s, REPLY_FLUSHED);
}

enum smtp_state
cmd_quit(struct smtp_session *s, struct str argument)
{
	(void)argument;
	smtp_reply_write(conn_out(s->conn), REPLY_BYE);
	return SMTP_CLOSING;
}
