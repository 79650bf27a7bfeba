/* AUTH (RFC 4954): a user logs in; the mechanisms are directory/sasl.h. */
#include "smtp/extension.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "envelope/xtext.h"

const struct directory_account *
smtp_user(const struct smtp_session *s)
{
	return (s->have & HAVE_AUTH) ? &s->sasl->query.account : NULL;
}

bool
smtp_can_login(const struct smtp_session *s)
{
	return (s->have & HAVE_TLS) ||
	    (s->listener->has_plaintext_login && conn_is_loopback(s->conn));
}

void
smtp_auth_forget(struct smtp_session *s)
{
	s->have &= ~(unsigned)HAVE_AUTH;
	s->log.user = (struct str){ 0 };
	if (s->sasl == NULL)
		return;
	sasl_release(s->sasl);
	mem_free(s->sasl);
	s->sasl = NULL;
}

static enum smtp_state
give_up(struct smtp_session *s, enum smtp_reply reply)
{
	smtp_auth_forget(s);
	return smtp_say(s, reply);
}

/* A wrong password slows down this peer, longer each time (design section 10). */
static enum smtp_state
punish(struct smtp_session *s)
{
	int64_t wait_ms = s->service->settings->login_delay_ms;

	for (int64_t i = 0; i < s->login_failures && wait_ms < 60000; i++)
		wait_ms *= 2;
	s->login_failures++;
	log_info(&s->log, "smtp.login.failed", LOG_NUM("failures", s->login_failures));
	timer_start(s->service->loop, &s->delay, &s->task, clock_mono_ms() + wait_ms);
	return SMTP_AUTH_DELAY;
}

static enum smtp_state
welcome(struct smtp_session *s)
{
	s->have |= HAVE_AUTH;
	s->log.user = smtp_user(s)->name;
	log_info(&s->log, "smtp.login");
	policy_logged_in(s->service->policy, conn_peer_address(s->conn));
	return smtp_say(s, REPLY_AUTH_OK);
}

/* What the exchange came to after a message or an answer. */
static enum smtp_state
go_on(struct smtp_session *s, enum sasl_state state)
{
	struct buf *out;

	switch (state) {
	case SASL_SEND:
		out = conn_out(s->conn);
		buf_add(out, STR("334 "));
		base64_write(out, buf_str(&s->sasl->challenge));
		buf_add(out, STR("\r\n"));
		return SMTP_AUTH_READ;
	case SASL_WAIT: return SMTP_AUTH_WAIT;
	case SASL_DONE: return welcome(s);
	case SASL_FAILED: break;
	}
	if (s->sasl->fail == FAIL_DENIED || s->sasl->fail == FAIL_PERM)
		return punish(s);
	return give_up(s, s->sasl->fail == FAIL_TEMP ? REPLY_AUTH_DOWN : REPLY_AUTH_SYNTAX);
}

static enum smtp_state
feed(struct smtp_session *s, struct str text)
{
	struct buf message;
	enum smtp_state next;

	buf_init_secret(&message, SASL_MESSAGE_MAX);
	if (base64_parse(&message, text) != FAIL_NONE)
		next = give_up(s, REPLY_AUTH_SYNTAX);
	else
		next = go_on(s, sasl_feed(s->sasl, buf_str(&message)));
	buf_release(&message);
	return next;
}

/* "AUTH" SP mechanism [ SP initial-response ] (RFC 4954 4); "=" is an empty response */
enum smtp_state
cmd_auth(struct smtp_session *s, struct str argument)
{
	struct str mechanism = str_head(argument, str_find_char(argument, ' '));
	struct str response = str_trim(str_from(argument, mechanism.n));

	if (s->have & HAVE_AUTH)
		return smtp_say(s, REPLY_HAS_AUTH);
	if (str_empty(mechanism))
		return smtp_say(s, REPLY_SYNTAX);
	if (!smtp_can_login(s))
		return smtp_say(s, REPLY_AUTH_NEEDS_TLS); /* RFC 4954 6 */
	if (s->sasl == NULL)
		s->sasl = mem_new(1, sizeof *s->sasl);
	if (sasl_start(s->sasl, s->service->directory, &s->task, s->conn, mechanism) != FAIL_NONE)
		return give_up(s, REPLY_AUTH_UNKNOWN);
	if (str_empty(response))
		return go_on(s, SASL_SEND);
	return feed(s, str_eq(response, STR("=")) ? STR("") : response);
}

enum smtp_state
smtp_auth_line(struct smtp_session *s, struct str line)
{
	if (str_eq(line, STR("*")))
		return give_up(s, REPLY_AUTH_CANCELLED);
	return feed(s, line);
}

enum smtp_state
smtp_auth_answer(struct smtp_session *s)
{
	return go_on(s, sasl_resume(s->sasl));
}

enum smtp_state
smtp_auth_delayed(struct smtp_session *s)
{
	enum smtp_state next = smtp_offend(s, OFFENCE_LOGIN, give_up(s, REPLY_AUTH_FAILED));

	if (next == SMTP_CLOSING || s->login_failures < s->service->settings->login_failures)
		return next;
	smtp_reply_write(conn_out(s->conn), REPLY_TOO_MANY_ERRORS);
	return SMTP_CLOSING;
}

/* --- what EHLO says, and MAIL's AUTH= ---------------------------------------------------------- */

/* Also after a login: MAIL may then have AUTH=. */
static bool
offers_login(const struct smtp_session *s)
{
	return smtp_is_submission(s) && smtp_can_login(s);
}

static void
add_mechanisms(const struct smtp_session *s, struct buf *out)
{
	for (size_t i = 0; sasl_names[i]; i++) {
		if (!sasl_is_offered(sasl_names[i], s->conn))
			continue;
		buf_add_char(out, ' ');
		buf_add_c(out, sasl_names[i]);
	}
}

/* Who is said to have submitted it (RFC 4954 5): taken, but nobody's word is trusted for it. */
static enum smtp_reply
take_auth(struct smtp_session *s, struct str value)
{
	struct buf decoded;
	bool is_good;

	(void)s;
	buf_init(&decoded, SMTP_LINE_MAX);
	is_good = xtext_parse(&decoded, value) == FAIL_NONE && decoded.n > 0;
	buf_release(&decoded);
	return is_good ? REPLY_OK : REPLY_BAD_VALUE;
}

const struct smtp_extension smtp_ext_auth = {
	.keyword = "AUTH",
	.is_offered = offers_login,
	.add_words = add_mechanisms,
	.mail = { { "AUTH", take_auth } },
};
