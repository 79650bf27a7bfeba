#include "queue/dsn_inner.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/utf8.h"
#include "message/compose.h"
#include "message/header.h"
#include "message/seven.h"
#include "message/subject.h"

#define ARENA_MAX \
	(4 * MESSAGE_HEADER_MAX) /* bytes: subject, names, one original address at a time */
#define SUBJECT_MAX     120      /* bytes of the message's subject in ours: as much as lists show */
#define ID_MAX          250      /* bytes of a Message-ID that is answered */
#define HOST_MAX        255      /* bytes of our name (RFC 5321 4.5.3.1.2) */
#define VALUE_MAX       (4 * DSN_TEXT_MAX) /* bytes of a field's value */
#define BOUNDARY_RANDOM 12                 /* bytes of `random` in the boundary */

/* --- what is returned -------------------------------------------------------------------------------- */

/* The header, or so many of its fields as there is room for. */
static struct str
returned_header(struct str message)
{
	struct str header = str_head(message, header_size(message)), cur = header;
	struct header h;
	size_t n = 0;

	if (header.n <= DSN_RETURN_MAX)
		return header;
	while (header_next(&cur, &h) && header.n - cur.n <= DSN_RETURN_MAX)
		n = header.n - cur.n;
	return str_head(header, n > 0 ? n : DSN_RETURN_MAX);
}

/* Without what is binary, and with a line end at its end. False: it cannot be done. */
static bool
add_returned(struct buf *out, struct str message)
{
	struct seven s = { 0 };
	size_t before = out->n;
	bool is_done = seven_init(&s, message, SEVEN_FOR_8BIT) == FAIL_NONE;

	while (is_done && seven_next(&s, out))
		continue;
	seven_release(&s);
	if (!is_done)
		buf_truncate(out, before);
	if (out->n > 0 && !str_ends(buf_str(out), STR("\r\n")))
		buf_add_c(out, "\r\n");
	return is_done;
}

/* RFC 3461 6.2, RFC 6522 3: a header alone, if the whole does not come back or cannot. */
static void
write_returned(struct buf *out, struct dsn *d)
{
	d->is_full = d->is_full && add_returned(out, d->report->message);
	if (d->is_full || !add_returned(out, d->header))
		return;
	/* A header of no fields leaves one line end; of others the blank line goes. */
	while (str_ends(buf_str(out), STR("\r\n\r\n")))
		buf_truncate(out, out->n - 2);
}

/* --- the report -------------------------------------------------------------------------------------- */

/* Letters of names; others would end the address or the Message-ID that it stands in. */
static struct str
host_name(struct arena *a, struct str host)
{
	char *copy = arena_alloc(a, HOST_MAX, 1);
	struct str name = str_head(host, HOST_MAX);

	if (copy == NULL || name.n == 0)
		return STR("localhost");
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool is_fine = char_is_alpha(c) || char_is_digit(c) ||
		    str_find_char(STR(".-_[]:"), c) != STR_NONE;

		copy[i] = is_fine ? c : '-';
	}
	return str_of(copy, name.n);
}

static struct str
decoded_subject(struct arena *a, struct str header)
{
	struct header h;
	struct buf text;
	struct str subject;

	if (!header_find_last(header, STR("Subject"), &h))
		return STR("");
	buf_init(&text, 8 * MESSAGE_HEADER_MAX);
	header_text_write(&text, h.value);
	subject = str_trim(buf_str(&text));
	if (subject.n > SUBJECT_MAX) {
		buf_truncate(&text,
		    (size_t)(subject.p - buf_str(&text).p) + utf8_cut(subject, SUBJECT_MAX).n);
		buf_add_c(&text, " ..");
		subject = str_trim(buf_str(&text));
	}
	subject = arena_str(a, subject);
	buf_release(&text);
	return subject;
}

static void
prepare(struct dsn *d, const struct dsn_report *r)
{
	bool has_utf8_header;

	*d = (struct dsn){ .report = r, .action = DSN_EXPANDED };
	invariant(r->rcpt_count > 0);
	arena_init(&d->arena, ARENA_MAX);
	for (size_t i = 0; i < r->rcpt_count; i++)
		if (r->rcpts[i].action < d->action)
			d->action = r->rcpts[i].action;
	d->host = host_name(&d->arena, r->hostname);
	d->header = returned_header(r->message);
	d->subject = decoded_subject(&d->arena, d->header);
	/* RFC 8689 5: of what had to travel encrypted, the content does not come back. */
	d->is_full = d->action == DSN_FAILED && r->about->ret != RETURN_HEADERS &&
	    !r->about->is_tls_must && r->message.n > 0 && r->message.n <= DSN_RETURN_MAX;
	has_utf8_header = !utf8_is_ascii(d->header) && utf8_is_valid(d->header);
	d->is_global = r->about->is_utf8 && has_utf8_header;
	d->is_utf8 = d->is_global || !utf8_is_ascii(r->to);
}

static void
write_subject(struct buf *out, const struct dsn *d)
{
	static const char *const kinds[DSN_ACTION_COUNT] = { "Undelivered", "Delayed", "Delivered",
		"Handed on", "Handed on" };
	struct buf text;

	buf_init(&text, 2 * SUBJECT_MAX);
	buf_add_c(&text, kinds[d->action]);
	buf_add_c(&text, ": ");
	if (d->subject.n > 0)
		dsn_clean(&text, d->subject, true);
	else
		buf_add_c(&text, "your message");
	if (header_write(out, STR("Subject"), buf_str(&text)) != FAIL_NONE)
		out->overflow = true;
	buf_release(&text);
}

/* So that the report stands beside the message in the sender's mail program. */
static void
write_references(struct buf *out, const struct dsn *d)
{
	struct header h;
	struct buf value;
	struct str id;

	if (!header_find_last(d->header, STR("Message-ID"), &h) ||
	    !message_id_next(&h.value, &id) || id.n > ID_MAX)
		return;
	for (size_t i = 0; i < id.n; i++)
		if ((unsigned char)id.p[i] <= ' ' || (unsigned char)id.p[i] >= 127 ||
		    id.p[i] == '<' || id.p[i] == '>')
			return;
	buf_init(&value, ID_MAX + 2);
	buf_add_char(&value, '<');
	buf_add(&value, id);
	buf_add_char(&value, '>');
	dsn_field_write(out, "In-Reply-To", buf_str(&value));
	dsn_field_write(out, "References", buf_str(&value));
	buf_release(&value);
}

static void
write_header(struct buf *out, const struct dsn *d, struct str boundary, bool is_8bit)
{
	const struct dsn_report *r = d->report;
	struct buf value;

	buf_init(&value, VALUE_MAX);
	buf_add_c(&value, "Mail Delivery System <mailer-daemon@");
	buf_add(&value, d->host);
	buf_add_char(&value, '>');
	dsn_field_write(out, "From", buf_str(&value));
	buf_clear(&value);
	buf_add_char(&value, '<');
	dsn_clean(&value, r->to, d->is_utf8);
	buf_add_char(&value, '>');
	dsn_field_write(out, "To", buf_str(&value));
	write_subject(out, d);
	dsn_date_write(out, "Date", r->now_s);
	buf_clear(&value);
	if (message_id_write(&value, r->now_s, r->random, d->host) == FAIL_NONE)
		dsn_field_write(out, "Message-ID", buf_str(&value));
	write_references(out, d);
	dsn_field_write(out, "Auto-Submitted", STR("auto-replied")); /* RFC 3834 5 */
	dsn_field_write(out, "MIME-Version", STR("1.0"));
	buf_clear(&value);
	buf_add_c(&value, "multipart/report; report-type=delivery-status; boundary=\"");
	buf_add(&value, boundary);
	buf_add_char(&value, '"');
	dsn_field_write(out, "Content-Type", buf_str(&value));
	if (is_8bit)
		dsn_field_write(out, "Content-Transfer-Encoding", STR("8bit"));
	buf_add_c(out, "\r\n");
	buf_release(&value);
}

struct dsn_part {
	const char *type, *description;
	struct buf body;
};

static void
write_part(struct buf *out, const struct dsn_part *part, struct str boundary)
{
	buf_add_c(out, "--");
	buf_add(out, boundary);
	buf_add_c(out, "\r\n");
	dsn_field_write(out, "Content-Description", str_c(part->description));
	dsn_field_write(out, "Content-Type", str_c(part->type));
	if (!utf8_is_ascii(buf_str(&part->body)))
		dsn_field_write(out, "Content-Transfer-Encoding", STR("8bit"));
	buf_add_c(out, "\r\n");
	buf_add(out, buf_str(&part->body));
	buf_add_c(out, "\r\n");
}

/* A boundary that is in none of the parts (RFC 2046 5.1.1). */
static void
choose_boundary(struct buf *out, const struct dsn *d, const struct dsn_part *parts, size_t count)
{
	uint64_t number = 0;
	bool is_there = true;

	while (is_there) {
		buf_clear(out);
		buf_add_c(out, "=_dsn.");
		buf_add_u64(out, number++);
		buf_add_char(out, '.');
		buf_add_hex(out, str_head(d->report->random, BOUNDARY_RANDOM));
		is_there = false;
		for (size_t i = 0; i < count && !is_there; i++)
			is_there = str_find(buf_str(&parts[i].body), buf_str(out)) != STR_NONE;
	}
}

static void
write_all(struct buf *out, struct dsn *d, struct dsn_part parts[3])
{
	struct buf boundary;
	bool is_8bit = false;

	dsn_status_write(&parts[1].body, d);
	write_returned(&parts[2].body, d);
	dsn_text_write(&parts[0].body, d);
	parts[0].type = utf8_is_ascii(buf_str(&parts[0].body)) ? "text/plain; charset=us-ascii"
							       : "text/plain; charset=utf-8";
	parts[1].type = utf8_is_ascii(buf_str(&parts[1].body)) ? "message/delivery-status"
							       : "message/global-delivery-status";
	if (d->is_full)
		parts[2].type = d->is_global ? "message/global" : "message/rfc822";
	else
		parts[2].type = d->is_global ? "message/global-headers" : "text/rfc822-headers";
	parts[0].description = "What happened";
	parts[1].description = "The same for programs";
	parts[2].description = d->is_full ? "Your message" : "The header of your message";
	buf_init(&boundary, 100);
	choose_boundary(&boundary, d, parts, 3);
	for (size_t i = 0; i < 3; i++)
		is_8bit |= !utf8_is_ascii(buf_str(&parts[i].body));
	write_header(out, d, buf_str(&boundary), is_8bit);
	for (size_t i = 0; i < 3; i++) {
		write_part(out, &parts[i], buf_str(&boundary));
		out->overflow |= !buf_ok(&parts[i].body);
	}
	buf_add_c(out, "--");
	buf_add(out, buf_str(&boundary));
	buf_add_c(out, "--\r\n");
	buf_release(&boundary);
}

enum fail
dsn_write(struct buf *out, const struct dsn_report *report, bool *is_utf8_out)
{
	struct dsn_part parts[3] = { 0 };
	size_t before = out->n;
	struct dsn d;

	prepare(&d, report);
	for (size_t i = 0; i < 3; i++)
		buf_init(&parts[i].body, out->max);
	write_all(out, &d, parts);
	for (size_t i = 0; i < 3; i++)
		buf_release(&parts[i].body);
	arena_release(&d.arena);
	*is_utf8_out = d.is_utf8;
	if (buf_ok(out))
		return FAIL_NONE;
	buf_rewind(out, before);
	return FAIL_LIMIT;
}
