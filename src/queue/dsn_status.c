/* What others wrote, in fields: the part of a report that programs read (RFC 3464 2). */
#include "queue/dsn_inner.h"

/* rooms */
#include "codec/utf8.h"
#include "envelope/xtext.h"
#include "message/compose.h"

#define VALUE_MAX (8 * DSN_TEXT_MAX) /* bytes of a field's value, all of it as \x{..} */
#define WORD_MAX \
	400 /* bytes before a word is broken: with blanks before it a line has room for it */
#define BLANKS_MAX 100 /* blanks in a row that stay */

/* --- what others wrote ------------------------------------------------------------------------------ */

void
dsn_clean(struct buf *out, struct str text, bool is_utf8)
{
	bool is_cut = text.n > DSN_TEXT_MAX;

	text = str_head(text, DSN_TEXT_MAX);
	while (text.n > 0) {
		uint32_t c = utf8_take(&text);

		if (c == '\t')
			buf_add_char(out, ' ');
		else if (utf8_is_control(c) || (c > 127 && !is_utf8))
			buf_add_char(out, '?');
		else
			utf8_write(out, c);
	}
	if (is_cut)
		buf_add_c(out, " ..");
}

struct status
dsn_status(const struct dsn_rcpt *rcpt)
{
	if (rcpt->status.kind != 0)
		return rcpt->status;
	/* RFC 3461 6.3 (g) */
	switch (rcpt->action) {
	case DSN_FAILED: return STATUS(5, 0, 0);
	case DSN_DELAYED: return STATUS(4, 0, 0);
	case DSN_DELIVERED:
	case DSN_RELAYED:
	case DSN_EXPANDED:
	case DSN_ACTION_COUNT: break;
	}
	return STATUS(2, 0, 0);
}

/* --- addresses (RFC 6533 3) ------------------------------------------------------------------------- */

/* EmbeddedUnicodeChar = "\x{" HEXPOINT "}" */
static bool
take_embedded(struct str *cur, uint32_t *out)
{
	struct str rest = *cur;
	uint64_t value;

	if (!str_skip(&rest, STR("\\x{")) || !str_hex(&rest, 0x10ffff, &value) ||
	    !str_skip_char(&rest, '}'))
		return false;
	*out = (uint32_t)value;
	*cur = rest;
	return true;
}

/* utf-8-addr-xtext and utf-8-addr-unitext to utf-8-address */
static void
unitext_parse(struct buf *out, struct str text)
{
	while (text.n > 0) {
		uint32_t c;

		if (!take_embedded(&text, &c))
			c = utf8_take(&text);
		utf8_write(out, c);
	}
}

/* .. and back to utf-8-addr-xtext, which is ASCII */
static void
unitext_write(struct buf *out, struct str text)
{
	while (text.n > 0) {
		uint32_t c = utf8_take(&text);

		if (c > ' ' && c < 127 && c != '\\' && c != '+' && c != '=')
			buf_add_char(out, (char)c);
		else
			embedded_write(out, c);
	}
}

/* atom of RFC 822, in lower case */
static struct str
address_type(struct dsn *d, struct str type)
{
	char *copy = arena_alloc(&d->arena, type.n + 1, 1);

	if (copy == NULL || type.n == 0)
		return STR("unknown");
	for (size_t i = 0; i < type.n; i++) {
		char c = char_lower(type.p[i]);

		if (!char_is_alpha(c) && !char_is_digit(c) && c != '-')
			return STR("unknown");
		copy[i] = c;
	}
	return str_of(copy, type.n);
}

struct str
dsn_original(struct dsn *d, const struct dsn_rcpt *rcpt, struct str *type_out)
{
	struct str text = str_head(rcpt->rcpt->original, ENVELOPE_ORIGINAL_MAX), type;
	struct buf plain;

	*type_out = STR("unknown");
	if (!str_take_until(&text, ';', &type))
		return STR("");
	*type_out = address_type(d, type);
	buf_init(&plain, VALUE_MAX);
	if (str_eq(*type_out, STR("utf-8")))
		unitext_parse(&plain, text);
	else if (xtext_parse(&plain, text) != FAIL_NONE)
		buf_add(&plain, text);
	text = arena_str(&d->arena, buf_str(&plain));
	buf_release(&plain);
	return text;
}

/* --- fields ----------------------------------------------------------------------------------------- */

/* Append so that no word is too long for a line. */
static void
add_words(struct buf *out, struct str text)
{
	size_t word = 0, blanks = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		blanks = c == ' ' ? blanks + 1 : 0;
		if (blanks > BLANKS_MAX)
			continue;
		word = c == ' ' ? 0 : word + 1;
		if (word > WORD_MAX && ((unsigned char)c & 0xc0) != 0x80) {
			buf_add_char(out, ' ');
			word = 1;
		}
		buf_add_char(out, c);
	}
}

/* A field whose value is clean. */
void
dsn_field_write(struct buf *out, const char *name, struct str value)
{
	struct buf words;

	buf_init(&words, 2 * VALUE_MAX);
	add_words(&words, value);
	if (!buf_ok(&words) || header_write_raw(out, str_c(name), buf_str(&words)) != FAIL_NONE)
		out->overflow = true;
	buf_release(&words);
}

/* "Name: type; text", where the text is what others wrote; nothing when there is none. */
static void
write_typed(struct buf *out, const char *name, const char *type, struct str text, bool is_utf8)
{
	struct buf value;

	text = str_trim(text);
	if (text.n == 0)
		return;
	buf_init(&value, VALUE_MAX);
	buf_add_c(&value, type);
	if (value.n > 0)
		buf_add_c(&value, "; ");
	dsn_clean(&value, text, is_utf8);
	dsn_field_write(out, name, buf_str(&value));
	buf_release(&value);
}

void
dsn_date_write(struct buf *out, const char *name, int64_t unix_s)
{
	if (unix_s > 0 && header_write_date(out, str_c(name), unix_s, 0) != FAIL_NONE)
		out->overflow = true;
}

/* An address with its type; UTF-8 in ASCII, unless fields may be UTF-8. */
static void
write_address(struct buf *out, const char *name, struct str type, struct str address, bool is_utf8)
{
	struct buf value;

	buf_init(&value, VALUE_MAX);
	if (!utf8_is_ascii(address) && str_eq(type, STR("rfc822")))
		type = STR("utf-8");
	buf_add(&value, type);
	buf_add_c(&value, "; ");
	if (!is_utf8 && str_eq(type, STR("utf-8")))
		unitext_write(&value, str_head(address, DSN_TEXT_MAX));
	else
		dsn_clean(&value, address, is_utf8);
	dsn_field_write(out, name, buf_str(&value));
	buf_release(&value);
}

/* --- message/delivery-status ------------------------------------------------------------------------- */

/* "dns" is for names that the DNS knows (RFC 3461 6.3 (b)). */
static const char *
name_type(struct str host)
{
	bool is_dns = str_find_char(host, '.') != STR_NONE || str_starts(host, STR("["));

	return is_dns ? "dns" : "x-local-hostname";
}

static void
write_message_fields(struct buf *out, const struct dsn *d)
{
	const struct dsn_report *r = d->report;

	write_typed(out, "Original-Envelope-Id", "", r->about->id, d->is_utf8);
	write_typed(out, "Reporting-MTA", name_type(d->host), d->host, false);
	write_typed(out, "Received-From-MTA", "dns", r->received_from, false);
	dsn_date_write(out, "Arrival-Date", r->arrived_s);
}

/* "mx.example.org [192.0.2.1]" is for people; here an address is a comment (RFC 3464 2.2.4 shows how). */
static void
write_remote(struct buf *out, struct str remote)
{
	size_t at = str_find(remote, STR(" ["));
	struct str name = str_head(remote, at);
	struct buf value;

	buf_init(&value, VALUE_MAX);
	buf_add(&value, name);
	if (at != STR_NONE) {
		buf_add(&value, STR(" ("));
		buf_add(&value, str_from(remote, at + 1));
		buf_add_char(&value, ')');
	}
	write_typed(out, "Remote-MTA", name_type(name), buf_str(&value), false);
	buf_release(&value);
}

static void
write_diagnostic(struct buf *out, const struct dsn *d, const struct dsn_rcpt *rcpt)
{
	struct buf text;

	if (rcpt->code == 0) { /* nothing that SMTP said */
		write_typed(out, "Diagnostic-Code", "x-staunch", rcpt->text, d->is_utf8);
		return;
	}
	buf_init(&text, VALUE_MAX);
	buf_add_u64(&text, rcpt->code);
	buf_add_char(&text, ' ');
	buf_add(&text, str_head(rcpt->text, DSN_TEXT_MAX));
	write_typed(out, "Diagnostic-Code", "smtp", buf_str(&text), d->is_utf8);
	buf_release(&text);
}

static void
write_rcpt(struct buf *out, struct dsn *d, const struct dsn_rcpt *rcpt)
{
	static const char *const actions[DSN_ACTION_COUNT] = { "failed", "delayed", "delivered",
		"relayed", "expanded" };
	struct str type, original = dsn_original(d, rcpt, &type);
	struct buf status;

	buf_add_c(out, "\r\n");
	if (original.n > 0)
		write_address(out, "Original-Recipient", type, original, d->is_utf8);
	write_address(out, "Final-Recipient", STR("rfc822"), rcpt->rcpt->address, d->is_utf8);
	dsn_field_write(out, "Action", str_c(actions[rcpt->action]));
	buf_init(&status, 20);
	status_write(&status, dsn_status(rcpt));
	dsn_field_write(out, "Status", buf_str(&status));
	buf_release(&status);
	write_remote(out, rcpt->remote);
	write_diagnostic(out, d, rcpt);
	dsn_date_write(out, "Last-Attempt-Date", rcpt->last_try_s);
	write_typed(out, "Final-Log-ID", "", rcpt->log_id, false);
	if (rcpt->action == DSN_DELAYED) /* RFC 3464 2.3.9 */
		dsn_date_write(out, "Will-Retry-Until", rcpt->will_retry_until_s);
}

void
dsn_status_write(struct buf *out, struct dsn *d)
{
	write_message_fields(out, d);
	for (size_t i = 0; i < d->report->rcpt_count; i++)
		write_rcpt(out, d, &d->report->rcpts[i]);
}
