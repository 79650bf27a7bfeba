/* Trace headers and loops (delivery.h). */
#include "delivery/delivery.h"

/* rooms */
#include "message/compose.h"
#include "message/header.h"

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
		[WITH_HTTP] = { STR_INIT("HTTP"), STR_INIT("HTTPS"), STR_INIT("HTTP"),
		    STR_INIT("HTTPS") },
	};

	return names[trace->with][(trace->is_tls ? 1 : 0) + (trace->is_authenticated ? 2 : 0)];
}

/* --- headers ----------------------------------------------------------------------------------------- */

/* A path as SMTP's grammar took it: only line ends and NUL could do harm. */
static void
add_path(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		buf_add_char(out, c < 0x20 || c == 0x7f ? '?' : (char)c);
	}
}

void
delivery_write_headers(struct buf *out, const struct delivery_trace *t)
{
	struct received received = { .from = t->hides_client ? STR("localhost") : t->helo,
		.by = t->own_name,
		.with = delivery_with_text(t),
		.id = t->id,
		.for_ = t->recipient,
		.unix_s = t->now_s };

	if (!t->hides_client) {
		received.from_name = t->client_name;
		received.from_ip = t->client_ip;
	}
	if (t->is_tls)
		received.tls = t->tls_text;
	buf_add_c(out, "Return-Path: <");
	add_path(out, t->sender);
	buf_add_c(out, ">\r\n");
	if (t->recipient.n) {
		buf_add_c(out, "Delivered-To: ");
		add_path(out, t->recipient);
		buf_add_c(out, "\r\n");
	}
	received_write(out, &received);
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
