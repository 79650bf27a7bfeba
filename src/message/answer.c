#include "message/answer.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/qp.h"
#include "message/address.h"
#include "message/compose.h"
#include "message/header.h"
#include "message/html.h"
#include "message/subject.h"

#define REFERENCES_MAX  20   /* ids: the first and the newest ones are enough for a thread */
#define VALUE_MAX       8192 /* bytes of one field that we write */
#define BOUNDARY_RANDOM 16
#define ANSWER_MAX      (400 * 1024) /* bytes of a body, encoded: three for each that is not ASCII */

/* --- may there be one ---------------------------------------------------------------------------------- */

/* "alice+tag@x" is alice@x, too. */
static bool
is_address(const struct address *a, struct str own)
{
	size_t at = str_rfind_char(own, '@'), tag = str_find_char(a->local, '+');

	if (at == STR_NONE || !str_eq_nocase(a->domain, str_from(own, at + 1)))
		return false;
	return str_eq_nocase(a->local, str_head(own, at)) ||
	    (tag != STR_NONE && tag > 0 &&
		str_eq_nocase(str_head(a->local, tag), str_head(own, at)));
}

static bool
is_addressed(struct str value, const struct str *addresses, size_t count, struct arena *arena)
{
	struct address_list list;

	address_parse(value, arena, &list);
	for (size_t i = 0; i < list.count; i++)
		for (size_t k = 0; list.items[i].kind == ADDRESS_MAILBOX && k < count; k++)
			if (is_address(&list.items[i], addresses[k]))
				return true;
	return false;
}

/* The word in front of parameters and comments. */
static bool
says(const struct header *field, struct str word)
{
	struct str value = str_trim(field->value);
	size_t n = 0;

	while (n < value.n && (char_is_alpha(value.p[n]) || value.p[n] == '-' || value.p[n] == '/'))
		n++;
	return str_eq_nocase(str_head(value, n), word);
}

/* A field that says that nobody waits for an answer. */
static bool
is_against(const struct header *field)
{
	if (str_eq_nocase(field->name, STR("Auto-Submitted"))) /* RFC 3834 5 */
		return !says(field, STR("no"));
	if (str_eq_nocase(field->name, STR("Precedence")))
		return says(field, STR("bulk")) || says(field, STR("list")) ||
		    says(field, STR("junk"));
	if (str_eq_nocase(field->name, STR("Content-Type")))
		return says(field, STR("multipart/report"));
	if (str_eq_nocase(field->name, STR("X-Auto-Response-Suppress")))
		return !says(field, STR("none"));
	return str_starts_nocase(field->name, STR("List-")); /* RFC 2369, RFC 2919 */
}

static bool
is_to_field(struct str name)
{
	static const struct str names[] = { STR_INIT("To"), STR_INIT("Cc"), STR_INIT("Bcc"),
		STR_INIT("Resent-To"), STR_INIT("Resent-Cc"), STR_INIT("Resent-Bcc") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_nocase(name, names[i]))
			return true;
	return false;
}

bool
answer_is_wanted(struct str head, const struct str *addresses, size_t count, struct arena *a)
{
	struct header field;
	bool is_ours = false;

	while (header_next(&head, &field)) {
		if (is_against(&field))
			return false;
		if (is_to_field(field.name))
			is_ours |= is_addressed(field.value, addresses, count, a);
	}
	return is_ours;
}

static bool
ends_nocase(struct str s, struct str end)
{
	return s.n >= end.n && str_eq_nocase(str_from(s, s.n - end.n), end);
}

bool
answer_is_robot(struct str address)
{
	static const struct str names[] = { STR_INIT("mailer-daemon"), STR_INIT("listserv"),
		STR_INIT("majordomo"), STR_INIT("noreply"), STR_INIT("no-reply"),
		STR_INIT("donotreply"), STR_INIT("do-not-reply") };
	size_t at = str_rfind_char(address, '@');
	struct str local = at == STR_NONE ? address : str_head(address, at);

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq_nocase(local, names[i]))
			return true;
	return str_empty(local) || str_starts_nocase(local, STR("owner-")) ||
	    ends_nocase(local, STR("-request")) || ends_nocase(local, STR("-owner")) ||
	    ends_nocase(local, STR("-bounces"));
}

/* --- its header -------------------------------------------------------------------------------------------- */

static enum fail
write_subject(struct buf *out, const struct answer *w, struct arena *a)
{
	struct header field;
	struct buf text;
	enum fail fail;

	if (w->subject.p)
		return header_write(out, STR("Subject"), w->subject);
	buf_init(&text, VALUE_MAX);
	buf_add_c(&text, "Auto:"); /* RFC 3834 3.1.5 */
	if (header_find(w->head, STR("Subject"), &field)) {
		buf_add_char(&text, ' ');
		buf_add(&text, str_head(header_text(field.value, a), VALUE_MAX / 2));
	}
	fail = header_write(out, STR("Subject"), buf_str(&text));
	buf_release(&text);
	return fail;
}

static void
add_id(struct buf *out, struct str id)
{
	if (out->n > 0)
		buf_add_char(out, ' ');
	buf_add_char(out, '<');
	buf_add(out, id);
	buf_add_char(out, '>');
}

/* The thread so far: References, else In-Reply-To, and the message itself (RFC 5322 3.6.4). */
static void
add_references(struct buf *out, const struct answer *w)
{
	struct str ids[REFERENCES_MAX], cur, id;
	struct header field;
	size_t count = 0;

	if (!header_find(w->head, STR("References"), &field) &&
	    !header_find(w->head, STR("In-Reply-To"), &field))
		return;
	cur = field.value;
	while (message_id_next(&cur, &id)) {
		if (count == REFERENCES_MAX) { /* the first stays */
			for (size_t i = 1; i + 1 < count; i++)
				ids[i] = ids[i + 1];
			count--;
		}
		ids[count++] = id;
	}
	for (size_t i = 0; i < count; i++)
		add_id(out, ids[i]);
}

/* RFC 3834 3.1.6 */
static enum fail
write_thread(struct buf *out, const struct answer *w)
{
	struct header field;
	struct str cur, id;
	struct buf value;
	enum fail fail;

	if (!header_find(w->head, STR("Message-ID"), &field))
		return FAIL_NONE;
	cur = field.value;
	if (!message_id_next(&cur, &id))
		return FAIL_NONE;
	buf_init(&value, VALUE_MAX);
	add_id(&value, id);
	fail = header_write_raw(out, STR("In-Reply-To"), buf_str(&value));
	buf_clear(&value);
	add_references(&value, w);
	add_id(&value, id);
	if (fail == FAIL_NONE && buf_ok(&value))
		fail = header_write_raw(out, STR("References"), buf_str(&value));
	buf_release(&value);
	return fail == FAIL_SYNTAX ? FAIL_NONE : fail; /* ids that cannot be written are left out */
}

static enum fail
write_address(struct buf *out, struct str name, struct str spec, struct str display)
{
	size_t at = str_rfind_char(spec, '@');
	struct address address = { .kind = ADDRESS_MAILBOX, .local = spec };

	if (at != STR_NONE) {
		address.local = str_head(spec, at);
		address.domain = str_from(spec, at + 1);
	}
	if (!str_empty(display))
		address.name = display;
	/* an envelope's local part is quoted already where it must be */
	if (str_starts(address.local, STR("\"")) && address.local.n > 1)
		address.local = str_slice(address.local, 1, address.local.n - 2);
	return header_write_addresses(out, name, &address, 1);
}

static enum fail
write_header(struct buf *out, const struct answer *w, struct arena *a)
{
	enum fail fail = write_address(out, STR("From"), w->from, w->from_name);

	if (fail == FAIL_NONE)
		fail = write_address(out, STR("To"), w->to, STR(""));
	if (fail == FAIL_NONE)
		fail = write_subject(out, w, a);
	if (fail == FAIL_NONE)
		fail = header_write_date(out, STR("Date"), w->now_s, 0);
	if (fail == FAIL_NONE)
		fail = header_write_message_id(out, w->now_s, w->random, w->hostname);
	if (fail == FAIL_NONE)
		fail = write_thread(out, w);
	buf_add_c(out,
	    "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"); /* RFC 3834 3.1.7 */
	return fail;
}

/* --- its bodies --------------------------------------------------------------------------------------------- */

static void
write_part(struct buf *out, const char *subtype, struct str text)
{
	struct qp_encoder e = { .is_binary = false };

	buf_add_c(out, "Content-Type: text/");
	buf_add_c(out, subtype);
	buf_add_c(out, "; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n");
	qp_encoder_feed(&e, text, out);
	qp_encoder_end(&e, out);
}

static void
html_to_text(struct buf *out, struct str html)
{
	struct html_text h;

	html_text_init(&h);
	html_text_read(&h, html, out);
	html_text_end(&h, out);
}

/* No encoded line begins with "-", so any boundary will do (codec/qp.h). */
static void
write_both(struct buf *out, const struct answer *w, struct str text)
{
	struct buf boundary;

	buf_init(&boundary, 100);
	buf_add_c(&boundary, "=_auto.");
	buf_add_hex(&boundary, str_head(w->random, BOUNDARY_RANDOM));
	buf_add_c(out, "Content-Type: multipart/alternative; boundary=\"");
	buf_add(out, buf_str(&boundary));
	buf_add_c(out, "\"\r\n\r\n--");
	buf_add(out, buf_str(&boundary));
	buf_add_c(out, "\r\n");
	write_part(out, "plain", text);
	buf_add_c(out, "\r\n--");
	buf_add(out, buf_str(&boundary));
	buf_add_c(out, "\r\n");
	write_part(out, "html", w->html);
	buf_add_c(out, "\r\n--");
	buf_add(out, buf_str(&boundary));
	buf_add_c(out, "--\r\n");
	buf_release(&boundary);
}

static void
write_bodies(struct buf *out, const struct answer *w)
{
	struct buf text;

	buf_init(&text, ANSWER_MAX);
	if (w->text.p)
		buf_add(&text, w->text);
	else if (w->html.p)
		html_to_text(&text, w->html);
	else
		buf_add_c(&text, "I am away and may not read your message for some time.\r\n");
	if (w->html.p)
		write_both(out, w, buf_str(&text));
	else
		write_part(out, "plain", buf_str(&text));
	buf_release(&text);
}

enum fail
answer_write(struct buf *out, const struct answer *answer, struct arena *a)
{
	size_t before = out->n;
	enum fail fail = write_header(out, answer, a);

	if (fail == FAIL_NONE)
		write_bodies(out, answer);
	if (fail == FAIL_NONE && buf_ok(out))
		return FAIL_NONE;
	buf_rewind(out, before);
	return fail ? fail : FAIL_LIMIT;
}
