#include "imap/command.h"

/* rooms */
#include "tls/tls.h"

/* RFC 9051 6.2.1: the reply still leaves in clear; what came behind the command is never read */
enum imap_state
imap_cmd_starttls(struct imap_session *s, struct imap_cursor *args)
{
	const struct listener *l = conn_listener(s->conn);
	struct buf *out;

	(void)args;
	if (!imap_can_start_tls(s))
		return imap_bad(s, "TLS is not possible here");
	out = conn_out(s->conn);
	buf_add(out, s->run.tag);
	buf_add_c(out, " OK Begin TLS now\r\n");
	if (tls_accept(s->conn, l->tls) != FAIL_NONE) {
		log_warn(&s->log, "imap.starttls.injection", LOG_TEXT("peer", s->log.peer));
		s->is_told = true;
		return imap_bye(s, "Commands behind STARTTLS");
	}
	s->have |= HAVE_TLS;
	return imap_command_end(s);
}
