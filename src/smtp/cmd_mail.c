#include "smtp/session.h"

/* rooms */
#include "envelope/xtext.h"
#include "mail/mail.h"
#include "store/store.h"

/* The parameters of MAIL (RFC 1870 3, RFC 6152 2, RFC 3030 3, RFC 6531 3.4, RFC 4954 5). */
struct mail_params {
	uint64_t bytes;
	bool is_utf8;
};

static enum smtp_reply
take_size(struct str value, const struct smtp_session *s, struct mail_params *p)
{
	if (!str_u64(&value, UINT64_MAX, &p->bytes) || value.n > 0)
		return REPLY_BAD_VALUE;
	return p->bytes > (uint64_t)s->service->settings->message_bytes ? REPLY_TOO_BIG : REPLY_OK;
}

static bool
is_xtext(struct str value)
{
	struct buf decoded;
	bool is_good;

	buf_init(&decoded, SMTP_LINE_MAX);
	is_good = xtext_parse(&decoded, value) == FAIL_NONE && decoded.n > 0;
	buf_release(&decoded);
	return is_good;
}

static enum smtp_reply
take_param(struct str name, struct str value, const struct smtp_session *s, struct mail_params *p)
{
	if (!(s->have & HAVE_ESMTP))
		return REPLY_BAD_PARAM;
	if (str_eq_nocase(name, STR("SIZE")))
		return take_size(value, s, p);
	if (str_eq_nocase(name,
		STR("BODY"))) /* all bytes are kept as they are: nothing to convert */
		return str_eq_nocase(value, STR("7BIT")) || str_eq_nocase(value, STR("8BITMIME"))
		    ? REPLY_OK
		    : REPLY_BAD_VALUE;
	if (str_eq_nocase(name, STR("SMTPUTF8")) && str_empty(value)) {
		p->is_utf8 = true;
		return REPLY_OK;
	}
	if (str_eq_nocase(name, STR("AUTH"))) /* nobody's word is trusted for it */
		return is_xtext(value) ? REPLY_OK : REPLY_BAD_VALUE;
	return REPLY_BAD_PARAM;
}

static enum smtp_reply
take_params(struct str rest, const struct smtp_session *s, struct mail_params *p)
{
	struct str name, value;

	while (path_param_next(&rest, &name, &value)) {
		enum smtp_reply reply = take_param(name, value, s, p);

		if (reply != REPLY_OK)
			return reply;
	}
	return REPLY_OK;
}

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

enum smtp_state
cmd_mail(struct smtp_session *s, struct str argument)
{
	struct path path;
	struct mail_params params = { 0 };
	enum smtp_reply reply;
	enum fail fail;

	if (!str_skip_nocase(&argument, STR("FROM:")))
		return smtp_say(s, REPLY_SYNTAX);
	argument = str_trim(argument); /* Liberal: "FROM: <a@b>", as many programs write */
	fail = path_parse(&argument, &path);
	if (fail != FAIL_NONE)
		return smtp_say(s, fail == FAIL_LIMIT ? REPLY_PATH_TOO_LONG : REPLY_BAD_SENDER);
	reply = take_params(argument, s, &params);
	if (reply != REPLY_OK)
		return smtp_say(s, reply);
	if (path.is_utf8 && !params.is_utf8)
		return smtp_say(s, REPLY_NEEDS_UTF8);
	reply = check_sender(s, &path);
	if (reply != REPLY_OK)
		return smtp_say(s, reply);
	if (!store_is_well(mail_store(s->service->mail)))
		return smtp_say(s, REPLY_DISK);
	if (s->messages >= s->service->settings->messages) {
		smtp_reply_write(conn_out(s->conn), REPLY_TOO_MANY_MESSAGES);
		return SMTP_CLOSING;
	}
	smtp_txn_begin(s, path.address);
	s->txn->is_utf8 = params.is_utf8;
	s->txn->announced_bytes = params.bytes;
	return smtp_say(s, REPLY_SENDER_OK);
}
