#include "message/report.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "message/header.h"
#include "message/mdn.h"
#include "message/text.h"

#define REPLY_MAX 500 /* bytes of what a host said */

/* --- fields -------------------------------------------------------------------------------------- */

/* The machine-readable part, decoded, in the arena; p is NULL: none. */
static struct str
part_text(const struct message *m, const struct part *p, struct arena *a)
{
	struct body_reader *r = body_reader_new(m, p, BODY_BYTES);
	struct str text;
	struct buf out;

	buf_init(&out, REPORT_FIELDS_MAX);
	while (body_read(r, &out) && buf_ok(&out))
		continue;
	body_reader_free(&r);
	text = arena_str(a, buf_str(&out));
	buf_release(&out);
	return text;
}

static struct str
field(struct str block, struct str name, struct arena *a)
{
	struct header h;

	return header_find(block, name, &h) ? header_unfold(h.value, a) : STR("");
}

/* "rfc822; ann@example.org" without its type (RFC 3464 2.1.2) */
static struct str
typed(struct str value, struct str *type_out)
{
	*type_out = STR("");
	if (!str_take_until(&value, ';', type_out))
		return value;
	*type_out = str_trim(*type_out);
	return str_trim(value);
}

/* The next block of fields: up to an empty line. False at the end. */
static bool
next_block(struct str *cur, struct str *out)
{
	size_t n;

	while (str_skip_char(cur, '\r') || str_skip_char(cur, '\n'))
		continue;
	n = header_size(*cur);
	if (cur->n == 0 || n == 0)
		return false;
	*out = str_head(*cur, n);
	*cur = str_from(*cur, n);
	return true;
}

static struct str
bare_id(struct str value)
{
	value = str_trim(value);
	if (str_skip_char(&value, '<') && value.n > 0 && value.p[value.n - 1] == '>')
		value.n--;
	return value;
}

/* --- delivery status ------------------------------------------------------------------------------- */

static enum report_action
action_of(struct str word)
{
	static const struct {
		struct str word;
		enum report_action action;
	} words[] = { { STR_INIT("failed"), REPORT_FAILED },
		{ STR_INIT("delayed"), REPORT_DELAYED },
		{ STR_INIT("delivered"), REPORT_DELIVERED },
		{ STR_INIT("relayed"), REPORT_RELAYED },
		{ STR_INIT("expanded"), REPORT_EXPANDED } };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_eq_nocase(str_trim(word), words[i].word))
			return words[i].action;
	return REPORT_OTHER;
}

static void
take_rcpt(struct report *out, struct str block, struct arena *a)
{
	struct report_rcpt *r = &out->rcpts[out->rcpt_count];
	struct str type;

	*r = (struct report_rcpt){ .final = typed(field(block, STR("Final-Recipient"), a), &type) };
	r->original = typed(field(block, STR("Original-Recipient"), a), &type);
	r->action = action_of(field(block, STR("Action"), a));
	r->status = field(block, STR("Status"), a);
	r->diagnostic = typed(field(block, STR("Diagnostic-Code"), a), &type);
	if (!str_eq_nocase(type, STR("smtp")))
		r->diagnostic = STR("");
	if (!str_empty(r->final) || !str_empty(r->original))
		out->rcpt_count++;
}

/* delivery-status-content = per-message-fields 1*(CRLF per-recipient-fields) (RFC 3464 2.1) */
static void
take_status(struct report *out, struct str text, struct arena *a)
{
	struct str block;

	if (!next_block(&text, &block))
		return;
	out->envelope_id = field(block, STR("Original-Envelope-Id"), a);
	while (out->rcpt_count < REPORT_RCPTS_MAX && next_block(&text, &block))
		take_rcpt(out, block, a);
}

/* --- disposition ------------------------------------------------------------------------------------- */

/* disposition-field = .. disposition-mode ";" disposition-type ["/" modifier] (RFC 8098 3.2.6) */
static bool
is_displayed(struct str value)
{
	struct str mode, type;

	if (!str_take_until(&value, ';', &mode))
		return false;
	value = str_trim(value);
	if (!str_take_until(&value, '/', &type))
		type = value;
	return str_eq_nocase(str_trim(type), STR("displayed"));
}

static void
take_disposition(struct report *out, struct str text, struct arena *a)
{
	struct report_rcpt *r = &out->rcpts[0];
	struct str type, block;

	if (!next_block(&text, &block))
		return;
	*r = (struct report_rcpt){ .final = typed(field(block, STR("Final-Recipient"), a), &type) };
	r->original = typed(field(block, STR("Original-Recipient"), a), &type);
	r->is_displayed = is_displayed(field(block, STR("Disposition"), a));
	out->message_id = bare_id(field(block, STR("Original-Message-ID"), a));
	out->rcpt_count = 1;
}

/* --- all of it --------------------------------------------------------------------------------------- */

bool
report_is_likely(struct str bytes)
{
	struct header h;
	struct str value;

	if (!header_find(str_head(bytes, header_size(bytes)), STR("Content-Type"), &h))
		return false;
	value = str_trim(h.value);
	return str_starts_nocase(value, STR("multipart/report"));
}

/* The Message-ID of what is returned of the message. */
static struct str
returned_id(const struct message *m, const struct part *p, struct arena *a)
{
	struct str text;

	if (p->kind == PART_MESSAGE && p->child)
		return bare_id(header_unfold(message_field(p->child, FIELD_MESSAGE_ID), a));
	if (!part_is(p, STR("text"), STR("rfc822-headers")) &&
	    !part_is(p, STR("message"), STR("global-headers")))
		return STR("");
	text = part_text(m, p, a);
	return bare_id(field(text, STR("Message-ID"), a));
}

static bool
is_status(const struct part *p)
{
	return part_is(p, STR("message"), STR("delivery-status")) ||
	    part_is(p, STR("message"), STR("global-delivery-status"));
}

enum fail
report_parse(struct str bytes, struct arena *a, struct report *out)
{
	struct message *m = arena_alloc(a, 1, sizeof(*m));
	bool is_found = false;

	*out = (struct report){ .kind = REPORT_DSN };
	out->rcpts = arena_alloc(a, REPORT_RCPTS_MAX, sizeof(*out->rcpts));
	if (!m || !out->rcpts)
		return FAIL_LIMIT;
	message_parse(m, bytes, a);
	if (!part_is(&m->root, STR("multipart"), STR("report")))
		return FAIL_MISSING;
	for (const struct part *p = m->root.child; p; p = p->next) {
		struct str text = STR(""), id;

		if (!is_found && (is_status(p) || mdn_is_type(p->type, p->subtype)))
			text = part_text(m, p, a);
		if (!text.p)
			return FAIL_LIMIT;
		if (!is_found && is_status(p)) {
			take_status(out, text, a);
			is_found = true;
		} else if (!is_found && mdn_is_type(p->type, p->subtype)) {
			out->kind = REPORT_MDN;
			take_disposition(out, text, a);
			is_found = true;
		} else if (str_empty(out->message_id)) {
			id = returned_id(m, p, a);
			if (id.p)
				out->message_id = id;
		}
	}
	return is_found && out->rcpt_count > 0 ? FAIL_NONE : FAIL_MISSING;
}

void
report_reply_write(struct buf *out, const struct report_rcpt *r)
{
	static const char *const codes[] = { [REPORT_OTHER] = "250",
		[REPORT_FAILED] = "550",
		[REPORT_DELAYED] = "450",
		[REPORT_DELIVERED] = "250",
		[REPORT_RELAYED] = "250",
		[REPORT_EXPANDED] = "250" };
	static const char *const words[] = { [REPORT_OTHER] = "reported",
		[REPORT_FAILED] = "failed",
		[REPORT_DELAYED] = "delayed",
		[REPORT_DELIVERED] = "delivered",
		[REPORT_RELAYED] = "relayed",
		[REPORT_EXPANDED] = "expanded" };

	if (!str_empty(r->diagnostic)) {
		buf_add(out, str_head(r->diagnostic, REPLY_MAX));
		return;
	}
	buf_add_c(out, codes[r->action]);
	buf_add_char(out, ' ');
	buf_add(out, str_empty(r->status) ? STR("0.0.0") : str_head(r->status, REPLY_MAX));
	buf_add_char(out, ' ');
	buf_add_c(out, words[r->action]);
}
