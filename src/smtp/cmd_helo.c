/* HELO, EHLO and LHLO (RFC 5321 4.1.1.1, RFC 2033 4.1). */
#include "smtp/extension.h"

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

static void
add_name(const struct smtp_session *s, const char *code)
{
	struct buf *out = conn_out(s->conn);

	buf_add_c(out, code);
	buf_add(out, s->service->hostname);
	buf_add(out, STR("\r\n"));
}

enum smtp_state
cmd_helo(struct smtp_session *s, struct str argument)
{
	if (greet(s, argument) != FAIL_NONE)
		return smtp_say(s, REPLY_BAD_HELLO);
	add_name(s, "250 ");
	return SMTP_READ_COMMAND;
}

enum smtp_state
cmd_ehlo(struct smtp_session *s, struct str argument)
{
	if (greet(s, argument) != FAIL_NONE)
		return smtp_say(s, REPLY_BAD_HELLO);
	s->have |= HAVE_ESMTP;
	add_name(s, "250-");
	smtp_extensions_write(s, conn_out(s->conn));
	return SMTP_READ_COMMAND;
}
