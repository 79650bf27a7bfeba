#include "smtp/session.h"

/* rooms */
#include "tls/tls.h"

static enum fail
greet(struct smtp_session *s, struct str name)
{
	if (!path_is_hello_name(name))
		return FAIL_SYNTAX;
	smtp_txn_end(s); /* RFC 5321 4.1.4: a hello is also a RSET */
	buf_clear(&s->helo);
	buf_add(&s->helo, name);
	s->have = (s->have & ~(unsigned)HAVE_ESMTP) | HAVE_HELO;
	return FAIL_NONE;
}

enum smtp_state
cmd_helo(struct smtp_session *s, struct str argument)
{
	struct buf *out = conn_out(s->conn);

	if (greet(s, argument) != FAIL_NONE)
		return smtp_say(s, REPLY_BAD_HELLO);
	buf_add(out, STR("250 "));
	buf_add(out, s->service->hostname);
	buf_add(out, STR("\r\n"));
	return SMTP_READ_COMMAND;
}

/* --- EHLO's lines, one row each ---------------------------------------------------------------- */

static bool
always(const struct smtp_session *s)
{
	(void)s;
	return true;
}

static bool
offers_login(const struct smtp_session *s)
{
	return smtp_is_submission(s) && smtp_can_login(s) && !(s->have & HAVE_AUTH);
}

static void
add_size(const struct smtp_session *s, struct buf *out)
{
	buf_add_char(out, ' ');
	buf_add_i64(out, s->service->settings->message_bytes);
}

static void
add_mechanisms(const struct smtp_session *s, struct buf *out)
{
	(void)s;
	for (size_t i = 0; sasl_names[i]; i++) {
		buf_add_char(out, ' ');
		buf_add_c(out, sasl_names[i]);
	}
}

static const struct {
	const char *keyword;
	bool (*is_offered)(const struct smtp_session *s);
	void (*add_parameters)(const struct smtp_session *s, struct buf *out);
} extensions[] = {
	{ "PIPELINING", always, NULL },           /* RFC 2920 */
	{ "SIZE", always, add_size },             /* RFC 1870 */
	{ "8BITMIME", always, NULL },             /* RFC 6152 */
	{ "SMTPUTF8", always, NULL },             /* RFC 6531 */
	{ "CHUNKING", always, NULL },             /* RFC 3030 */
	{ "STARTTLS", smtp_can_start_tls, NULL }, /* RFC 3207 */
	{ "AUTH", offers_login, add_mechanisms }, /* RFC 4954 */
	{ "HELP", always, NULL },                 /* RFC 5321 4.1.1.8 */
	{ "ENHANCEDSTATUSCODES", always, NULL },  /* RFC 2034; always, so it may stand last */
};

enum smtp_state
cmd_ehlo(struct smtp_session *s, struct str argument)
{
	struct buf *out = conn_out(s->conn);
	size_t count = sizeof extensions / sizeof extensions[0];

	if (greet(s, argument) != FAIL_NONE)
		return smtp_say(s, REPLY_BAD_HELLO);
	s->have |= HAVE_ESMTP;
	buf_add(out, STR("250-"));
	buf_add(out, s->service->hostname);
	buf_add(out, STR("\r\n"));
	for (size_t i = 0; i < count; i++) {
		if (!extensions[i].is_offered(s))
			continue;
		buf_add_c(out, i + 1 < count ? "250-" : "250 ");
		buf_add_c(out, extensions[i].keyword);
		if (extensions[i].add_parameters)
			extensions[i].add_parameters(s, out);
		buf_add(out, STR("\r\n"));
	}
	return SMTP_READ_COMMAND;
}

enum smtp_state
cmd_starttls(struct smtp_session *s, struct str argument)
{
	(void)argument;
	if (s->have & HAVE_TLS)
		return smtp_say(s, REPLY_HAS_TLS);
	if (!smtp_can_start_tls(s))
		return smtp_say(s, REPLY_NOT_HERE);
	smtp_reply_write(conn_out(s->conn), REPLY_START_TLS);
	if (tls_accept(s->conn, conn_listener(s->conn)->tls) != FAIL_NONE) {
		log_warn(&s->log, "smtp.starttls.injection");
		return SMTP_CLOSING;
	}
	smtp_auth_forget(s);
	s->have = HAVE_TLS; /* RFC 3207 4.2: all that was learned before is forgotten */
	buf_clear(&s->helo);
	return SMTP_READ_COMMAND;
}
