/* LOGIN and AUTHENTICATE: both are SASL exchanges (directory/sasl.h), LOGIN is PLAIN in other words. */
#include "imap/command.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "net/compress.h"
#include "policy/policy.h"

#define LOGIN_DELAY_MAX_MS 60000

void
imap_auth_release(struct imap_session *s)
{
	if (!s->sasl)
		return;
	sasl_release(s->sasl);
	mem_free(s->sasl);
	s->sasl = NULL;
}

/* A wrong password slows down this peer, longer each time (design section 10). */
static enum imap_state
punish(struct imap_session *s)
{
	int64_t wait_ms = s->service->settings->login_delay_ms;

	for (unsigned i = 0; i < s->login_failures && wait_ms < LOGIN_DELAY_MAX_MS; i++)
		wait_ms *= 2;
	s->login_failures++;
	(void)policy_offend(s->service->policy, conn_peer_address(s->conn), OFFENCE_LOGIN);
	log_info(&s->log, "imap.login.failed", LOG_NUM("failures", s->login_failures));
	timer_start(s->service->loop, &s->delay, &s->task, clock_mono_ms() + wait_ms);
	return IMAP_AUTH_DELAY;
}

enum imap_state
imap_auth_delayed(struct imap_session *s)
{
	enum imap_state next = imap_no(s, "AUTHENTICATIONFAILED", "Wrong name or password");

	imap_auth_release(s);
	if ((int64_t)s->login_failures < s->service->settings->login_failures)
		return next;
	buf_add_c(&s->run.before, "* BYE Too many wrong logins\r\n");
	s->is_told = true;
	s->run.is_leaving = true;
	return next;
}

/* The account is open from here to the end of the session. */
static enum imap_state
welcome(struct imap_session *s)
{
	const struct directory_account *who = &s->sasl->query.account;
	struct account_limits limits = { (uint64_t)who->quota_bytes,
		(uint64_t)who->quota_messages };
	enum fail fail = account_open(s->service->mail, who->name, &limits, &s->account);
	struct buf *out;

	buf_clear(&s->groups);
	directory_groups_write(&s->groups, who);
	imap_auth_release(s);
	if (fail != FAIL_NONE)
		return imap_fail(s, FAIL_TEMP);
	policy_logged_in(s->service->policy, conn_peer_address(s->conn));
	s->have |= HAVE_AUTH;
	imap_capabilities_choose(s);
	s->log.user = s->account->name;
	s->errors = 0;
	log_info(&s->log, "imap.login", LOG_NUM("tls", (s->have & HAVE_TLS) != 0));
	out = imap_reply(s, "OK");
	buf_add_char(out, '[');
	imap_capability_write(s, out);
	buf_add_c(out, "] Logged in\r\n");
	return IMAP_REPLY;
}

/*
 * RFC 8437 3: as before the login, but for TLS; the OK is the last that is compressed. A client that does not wait for it
 * has to end its stream, or what it sends cannot be told apart.
 */
enum imap_state
imap_cmd_unauthenticate(struct imap_session *s, struct imap_cursor *args)
{
	struct buf *out = conn_out(s->conn);
	size_t before = out->n;

	(void)args;
	log_info(&s->log, "imap.unauthenticate");
	imap_unselect(s);
	imap_notify_release(s);
	account_close(&s->account);
	s->have &= HAVE_TLS;
	s->log.user = (struct str){ 0 };
	imap_capabilities_choose(s);
	if (!conn_is_compressed(s->conn))
		return imap_ok(s, NULL, "Logged out of the account");
	buf_add(out, s->run.tag);
	buf_add_c(out, " OK Logged out of the account, compression ends\r\n");
	if (conn_uncompress(s->conn) == FAIL_NONE)
		return imap_command_end(s);
	buf_rewind(out, before);
	return imap_bye(s, "Commands behind UNAUTHENTICATE");
}

/* What the exchange came to after a message or an answer. */
static enum imap_state
go_on(struct imap_session *s, enum sasl_state state)
{
	struct buf *out;
	enum fail fail;

	switch (state) {
	case SASL_SEND:
		out = conn_out(s->conn);
		buf_add_c(out, "+ ");
		base64_write(out, buf_str(&s->sasl->challenge));
		buf_add_c(out, "\r\n");
		return IMAP_AUTH_READ;
	case SASL_WAIT: return IMAP_AUTH_WAIT;
	case SASL_DONE: return welcome(s);
	case SASL_FAILED: break;
	}
	fail = s->sasl->fail;
	/* an empty name or password is a wrong one, whatever PLAIN's grammar says */
	if (fail == FAIL_DENIED || (fail == FAIL_SYNTAX && s->run.row->run == imap_cmd_login))
		return punish(s);
	imap_auth_release(s);
	if (fail == FAIL_PERM)
		return imap_no(s, "AUTHORIZATIONFAILED", "Nobody acts for another user");
	if (fail == FAIL_TEMP)
		return imap_no(s, "UNAVAILABLE", "Logins are not possible at the moment");
	return imap_bad(s, "That is not how this mechanism goes");
}

static enum imap_state
feed_base64(struct imap_session *s, struct str text)
{
	struct buf message;
	enum imap_state next;

	buf_init_secret(&message, SASL_MESSAGE_MAX);
	if (base64_parse(&message, text) == FAIL_NONE) {
		next = go_on(s, sasl_feed(s->sasl, buf_str(&message)));
	} else {
		imap_auth_release(s);
		next = imap_bad(s, "Not in base64");
	}
	buf_release(&message);
	return next;
}

/* False when there is no such mechanism, or not here. */
static bool
begin(struct imap_session *s, struct str mechanism)
{
	s->sasl = mem_new(1, sizeof(*s->sasl));
	if (sasl_start(s->sasl, s->service->directory, &s->task, s->conn, mechanism) == FAIL_NONE)
		return true;
	imap_auth_release(s);
	return false;
}

/* "AUTHENTICATE" SP auth-type [SP initial-resp] (RFC 9051 6.2.2; "=" is an empty response) */
enum imap_state
imap_cmd_authenticate(struct imap_session *s, struct imap_cursor *args)
{
	struct str mechanism, response;

	if (!imap_atom(args, &mechanism))
		return imap_wrong(s, args);
	response = args->at;
	if (response.n > 0 && !str_skip_char(&response, ' '))
		return imap_wrong(s, args);
	if (sasl_is_plaintext(mechanism) && !imap_can_login(s))
		return imap_no(s, "PRIVACYREQUIRED", "Start TLS first");
	if (!begin(s, mechanism))
		return imap_no(s, "CANNOT", "Unknown mechanism");
	if (imap_at_end(args))
		return go_on(s, SASL_SEND);
	return feed_base64(s, str_eq(response, STR("=")) ? STR("") : response);
}

enum imap_state
imap_auth_line(struct imap_session *s, struct str line)
{
	if (!str_eq(line, STR("*")))
		return feed_base64(s, line);
	imap_auth_release(s);
	return imap_bad(s, "Cancelled");
}

enum imap_state
imap_auth_answer(struct imap_session *s)
{
	return go_on(s, sasl_resume(s->sasl));
}

/* "LOGIN" SP userid SP password (RFC 9051 6.2.3) */
enum imap_state
imap_cmd_login(struct imap_session *s, struct imap_cursor *args)
{
	struct str name, password;
	struct buf message;
	enum imap_state next;

	if (!imap_astring(args, &name) || !imap_sp(args) || !imap_astring(args, &password) ||
	    !imap_at_end(args))
		return imap_wrong(s, args);
	if (!begin(s, STR("PLAIN")))
		return imap_no(s, "CANNOT", "Unknown mechanism");
	buf_init_secret(&message, SASL_MESSAGE_MAX);
	buf_add_char(&message, '\0');
	buf_add(&message, name);
	buf_add_char(&message, '\0');
	buf_add(&message, password);
	next = go_on(s, sasl_feed(s->sasl, buf_str(&message)));
	buf_release(&message);
	return next;
}
