/* MAIL (RFC 5321 4.1.1.2): a transaction begins. */
#include "smtp/extension.h"

/* rooms */
#include "mail/mail.h"
#include "store/store.h"

/* May this sender be used here? The null path is everybody's: receipts have it. */
static enum smtp_reply
check_sender(const struct smtp_session *s, const struct path *path)
{
	if (!smtp_is_submission(s) || str_empty(path->address))
		return REPLY_OK;
	return directory_may_send_as(s->service->directory, smtp_user(s), path->address)
	    ? REPLY_OK
	    : REPLY_NOT_OWNER;
}

/* What is wrong with a transaction from this path with these parameters, or REPLY_OK. */
static enum smtp_reply
judge(struct smtp_session *s, const struct path *path, struct str params)
{
	enum smtp_reply reply = smtp_params_take(s, params, false);

	if (reply != REPLY_OK)
		return reply;
	if (path->is_utf8 && !s->txn->envelope.is_utf8)
		return REPLY_NEEDS_UTF8;
	reply = check_sender(s, path);
	if (reply != REPLY_OK)
		return reply;
	return store_is_well(mail_store(s->service->mail)) ? REPLY_OK : REPLY_DISK;
}

enum smtp_reply
smtp_sender_reply(const struct smtp_session *s)
{
	return s->txn->is_priority_lowered ? REPLY_SENDER_LOWERED : REPLY_SENDER_OK;
}

enum smtp_state
smtp_refuse_mail(struct smtp_session *s, enum smtp_reply reply)
{
	enum smtp_state next;

	log_info(&s->log, "smtp.mail.refused", LOG_TEXT("from", s->txn->envelope.sender),
	    LOG_TEXT("reply", str_c(smtp_reply_code(reply))));
	next = smtp_say_with(s, reply, s->txn->detail);
	smtp_txn_end(s);
	return next;
}

enum smtp_state
cmd_mail(struct smtp_session *s, struct str argument)
{
	struct path path;
	enum smtp_reply reply;
	enum fail fail;

	if (!str_skip_nocase(&argument, STR("FROM:")))
		return smtp_say(s, REPLY_SYNTAX);
	argument = str_trim(argument); /* Liberal: "FROM: <a@b>", as many programs write */
	fail = path_parse(&argument, &path);
	if (fail != FAIL_NONE)
		return smtp_say(s, fail == FAIL_LIMIT ? REPLY_PATH_TOO_LONG : REPLY_BAD_SENDER);
	if (s->messages >= s->service->settings->messages) {
		smtp_reply_write(conn_out(s->conn), REPLY_TOO_MANY_MESSAGES);
		return SMTP_CLOSING;
	}
	smtp_txn_begin(s, path.address);
	reply = judge(s, &path, argument);
	return reply == REPLY_OK ? smtp_check_sender(s) : smtp_refuse_mail(s, reply);
}
