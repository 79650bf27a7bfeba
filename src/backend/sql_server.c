#include "backend/sql_server.h"

/* base */
#include "base/mem.h"

#define TEXT_MAX  4096
#define CA_SYSTEM "/etc/ssl/certs/ca-certificates.crt" /* Debian's ca-certificates */

static const char *
keep(struct buf *text, struct str value)
{
	buf_init_secret(text, TEXT_MAX); /* one is a password */
	buf_add(text, value);
	return buf_c(text);
}

void
sql_server_init(struct sql_server *s, const struct sql_settings *settings)
{
	struct str ca_file = settings->ca_file;

	*s = (struct sql_server){ .tls = (enum sql_tls)settings->tls };
	if (s->tls == SQL_TLS_AUTO)
		s->tls = sql_is_local(settings->host) ? SQL_TLS_OFF : SQL_TLS_VERIFY;
	if (str_empty(ca_file) && s->tls == SQL_TLS_VERIFY)
		ca_file = STR(CA_SYSTEM);
	s->host = keep(&s->texts[0], settings->host);
	s->database = keep(&s->texts[1], settings->database);
	s->user = keep(&s->texts[2], settings->user);
	s->password = keep(&s->texts[3], settings->password);
	s->ca_file = keep(&s->texts[4], ca_file);
	buf_init(&s->texts[5], TEXT_MAX);
	buf_add_i64(&s->texts[5], settings->port);
	s->port = buf_c(&s->texts[5]);
}

void
sql_server_release(struct sql_server *s)
{
	for (size_t i = 0; i < ARRAY_LEN(s->texts); i++)
		buf_release(&s->texts[i]);
}

void
sql_write_line(struct buf *out, struct str message)
{
	message = str_trim(message);
	for (size_t i = 0; i < message.n && out->n < out->max; i++) {
		char c = message.p[i];

		if (c == '\n' || c == '\t' || c == '\r')
			c = ' ';
		if (c != ' ' || i == 0 || message.p[i - 1] != ' ')
			buf_add_char(out, c);
	}
}
