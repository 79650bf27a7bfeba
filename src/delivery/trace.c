/* Trace headers and loops (delivery.h). */
#include "delivery/delivery.h"

/* rooms */
#include "message/date.h"
#include "message/header.h"

#define TRACE_TEXT_MAX 255 /* bytes of one peer's text in Received */

struct str
delivery_with_text(const struct delivery_trace *trace)
{
	/* plain, S (TLS), A (AUTH), SA: RFC 3848, RFC 6531 section 4.3 */
	static const struct str names[WITH_COUNT][4] = {
		[WITH_SMTP] = { STR_INIT("SMTP"), STR_INIT("SMTP"), STR_INIT("SMTP"),
		    STR_INIT("SMTP") },
		[WITH_ESMTP] = { STR_INIT("ESMTP"), STR_INIT("ESMTPS"), STR_INIT("ESMTPA"),
		    STR_INIT("ESMTPSA") },
		[WITH_LMTP] = { STR_INIT("LMTP"), STR_INIT("LMTPS"), STR_INIT("LMTPA"),
		    STR_INIT("LMTPSA") },
		[WITH_UTF8SMTP] = { STR_INIT("UTF8SMTP"), STR_INIT("UTF8SMTPS"),
		    STR_INIT("UTF8SMTPA"), STR_INIT("UTF8SMTPSA") },
		[WITH_UTF8LMTP] = { STR_INIT("UTF8LMTP"), STR_INIT("UTF8LMTPS"),
		    STR_INIT("UTF8LMTPA"), STR_INIT("UTF8LMTPSA") },
	};

	return names[trace->with][(trace->is_tls ? 1 : 0) + (trace->is_authenticated ? 2 : 0)];
}

/* --- what peers said, made harmless ----------------------------------------------------------------- */

/* Printable bytes of an address or name; what could end a line or a comment becomes '?'. */
static void
add_harmless(struct buf *out, struct str s)
{
	s = str_head(s, TRACE_TEXT_MAX);
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		bool is_bad = c <= 0x20 || c == 0x7f || c == '(' || c == ')' || c == '<' ||
		    c == '>' || c == ';' || c == '\\';

		buf_add_char(out, is_bad ? '?' : (char)c);
	}
}

/* A path as SMTP's grammar took it: only line ends and NUL could do harm. */
static void
add_path(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		buf_add_char(out, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

/* Extended-Domain and TCP-info of RFC 5321 4.4: helo (name [address]). */
static void
add_from(struct buf *out, const struct delivery_trace *t)
{
	bool has_ip = t->client_ip.n > 0 && !t->hides_client;
	bool has_name = t->client_name.n > 0 && !t->hides_client;

	buf_add_c(out, "from ");
	if (t->hides_client || t->helo.n == 0)
		buf_add_c(out, "localhost");
	else
		add_harmless(out, t->helo);
	if (has_ip || has_name) {
		buf_add_c(out, " (");
		if (has_name)
			add_harmless(out, t->client_name);
		if (has_name && has_ip)
			buf_add_char(out, ' ');
		if (has_ip) {
			/* IPv6-address-literal of RFC 5321 4.1.3 */
			buf_add_c(out,
			    str_find_char(t->client_ip, ':') != STR_NONE ? "[IPv6:" : "[");
			add_harmless(out, t->client_ip);
			buf_add_char(out, ']');
		}
		buf_add_char(out, ')');
	}
}

void
delivery_write_headers(struct buf *out, const struct delivery_trace *t)
{
	buf_add_c(out, "Return-Path: <");
	add_path(out, t->sender);
	buf_add_c(out, ">\r\n");
	if (t->recipient.n) {
		buf_add_c(out, "Delivered-To: ");
		add_path(out, t->recipient);
		buf_add_c(out, "\r\n");
	}
	buf_add_c(out, "Received: ");
	add_from(out, t);
	if (t->is_tls && t->tls_text.n) {
		buf_add_c(out, "\r\n\t(using ");
		for (size_t i = 0; i < t->tls_text.n; i++)
			add_harmless(out,
			    t->tls_text.p[i] == ' ' ? STR("_") : str_of(t->tls_text.p + i, 1));
		buf_add_char(out, ')');
	}
	buf_add_c(out, "\r\n\tby ");
	add_harmless(out, t->own_name.n ? t->own_name : STR("localhost"));
	buf_add_c(out, " with ");
	buf_add(out, delivery_with_text(t));
	if (t->id.n) {
		buf_add_c(out, " id ");
		add_harmless(out, t->id);
	}
	if (t->recipient.n) {
		buf_add_c(out, "\r\n\tfor <");
		add_path(out, t->recipient);
		buf_add_char(out, '>');
	}
	buf_add_c(out, ";\r\n\t");
	date_write_5322(out, t->now_s, 0);
	buf_add_c(out, "\r\n");
}

/* --- loops --------------------------------------------------------------------------------------------- */

bool
delivery_is_loop(struct str header, struct str recipient)
{
	struct header field;
	size_t received = 0;

	while (header_next(&header, &field)) {
		if (str_eq_nocase(field.name, STR("Received"))) {
			if (++received > DELIVERY_RECEIVED_MAX)
				return true;
		} else if (received > 0 && recipient.n &&
		    str_eq_nocase(field.name, STR("Delivered-To"))) {
			if (str_eq_nocase(str_trim(field.value), recipient))
				return true;
		}
	}
	return false;
}
