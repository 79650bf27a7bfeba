/* STARTTLS (RFC 3207). */
#include "smtp/extension.h"

/* rooms */
#include "tls/tls.h"

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

const struct smtp_extension smtp_ext_starttls = {
	.keyword = "STARTTLS",
	.is_offered = smtp_can_start_tls,
};
