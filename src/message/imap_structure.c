#include "message/imap_structure.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "message/address.h"
#include "message/header.h"
#include "message/imap_string.h"

#define ENVELOPE_ARENA_BYTES (4 * MESSAGE_HEADER_MAX) /* for the addresses of one field */

static const struct str nil = { NULL, 0 };

/* What is never NIL. */
static struct str
string(struct str s)
{
	return s.p ? s : STR("");
}

/* --- ENVELOPE (RFC 9051 7.5.2) ------------------------------------------------------------- */

/* Two fields as nstrings. */
static void
unfolded_write(struct buf *out, const struct part *root, enum field first, enum field second,
    struct arena *a)
{
	struct str raw[] = { message_field(root, first), message_field(root, second) };

	for (size_t i = 0; i < ARRAY_LEN(raw); i++)
		if (raw[i].p)
			raw[i] = header_unfold(raw[i], a);
	imap_nstrings_write(out, raw, ARRAY_LEN(raw));
}

/*
 * address = "(" addr-name SP addr-adl SP addr-mailbox SP addr-host ")". A group begins with a NIL host
 * and its name as mailbox, and ends with both NIL.
 */
static void
address_write(struct buf *out, const struct address *x)
{
	struct str four[] = { nil, nil, nil, nil };

	switch (x->kind) {
	case ADDRESS_MAILBOX:
		four[0] = x->name;
		four[1] = x->route;
		four[2] = string(x->local);
		four[3] = string(x->domain); /* NIL would begin a group */
		break;
	case ADDRESS_GROUP: four[2] = string(x->name); break;
	case ADDRESS_GROUP_END: break;
	}
	buf_add_char(out, '(');
	imap_nstrings_write(out, four, ARRAY_LEN(four));
	buf_add_char(out, ')');
}

static bool
addresses_write(struct buf *out, struct str raw, struct arena *a)
{
	struct address_list list;

	if (raw.p == NULL)
		return false;
	arena_reset(a);
	address_parse(raw, a, &list);
	if (list.count == 0)
		return false;
	buf_add_char(out, '(');
	for (size_t i = 0; i < list.count; i++)
		address_write(out, &list.items[i]);
	buf_add_char(out, ')');
	return true;
}

void
envelope_write(struct buf *out, const struct part *root)
{
	static const enum field order[] = { FIELD_FROM, FIELD_SENDER, FIELD_REPLY_TO, FIELD_TO,
		FIELD_CC, FIELD_BCC };
	size_t from = 0, from_bytes = 0; /* where From was written */
	struct arena a;

	arena_init(&a, ENVELOPE_ARENA_BYTES);
	buf_add_char(out, '(');
	unfolded_write(out, root, FIELD_DATE, FIELD_SUBJECT, &a);
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		enum field field = order[i];
		size_t start;

		buf_add_char(out, ' ');
		start = out->n;
		if (!addresses_write(out, message_field(root, field), &a)) {
			/* Sender and Reply-To that are missing or empty are From (RFC 9051 7.5.2). */
			if (from_bytes > 0 && (field == FIELD_SENDER || field == FIELD_REPLY_TO))
				buf_add_again(out, from, from_bytes);
			else
				buf_add(out, STR("NIL"));
		} else if (field == FIELD_FROM) {
			from = start;
			from_bytes = out->n - start;
		}
	}
	buf_add_char(out, ' ');
	unfolded_write(out, root, FIELD_IN_REPLY_TO, FIELD_MESSAGE_ID, &a);
	buf_add_char(out, ')');
	arena_release(&a);
}

/* --- BODY, BODYSTRUCTURE (RFC 9051 section 9, body) ---------------------------------------- */

/* body-fld-param = "(" string SP string *(SP string SP string) ")" / nil */
static void
params_write(struct buf *out, const struct param *params, uint32_t count)
{
	if (count == 0) {
		buf_add_c(out, "NIL");
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct str pair[] = { string(params[i].name), string(params[i].value) };

		buf_add_char(out, i == 0 ? '(' : ' ');
		imap_nstrings_write(out, pair, ARRAY_LEN(pair));
	}
	buf_add_char(out, ')');
}

/* body-fld-dsp, body-fld-lang, body-fld-loc */
static void
extension_write(struct buf *out, const struct part *p)
{
	buf_add_char(out, ' ');
	if (p->disposition.p == NULL) {
		buf_add_c(out, "NIL");
	} else {
		buf_add_char(out, '(');
		imap_string_write(out, p->disposition);
		buf_add_char(out, ' ');
		params_write(out, p->disposition_params, p->disposition_param_count);
		buf_add_char(out, ')');
	}
	buf_add_char(out, ' ');
	if (p->language_count == 0)
		buf_add_c(out, "NIL");
	else if (p->language_count == 1)
		imap_string_write(out, p->languages[0]);
	else {
		for (uint32_t i = 0; i < p->language_count; i++) {
			buf_add_char(out, i == 0 ? '(' : ' ');
			imap_string_write(out, p->languages[i]);
		}
		buf_add_char(out, ')');
	}
	buf_add_char(out, ' ');
	imap_nstring_write(out, p->location);
}

/* body-fields */
static void
fields_write(struct buf *out, const struct part *p)
{
	const struct str three[] = { p->id, p->description, string(p->encoding_text) };

	params_write(out, p->params, p->param_count);
	buf_add_char(out, ' ');
	imap_nstrings_write(out, three, ARRAY_LEN(three));
	buf_add_char(out, ' ');
	buf_add_u64(out, p->body.n);
}

static void
multipart_end_write(struct buf *out, const struct part *p, bool is_extended)
{
	buf_add_char(out, ' ');
	imap_string_write(out, p->subtype);
	if (is_extended) {
		buf_add_char(out, ' ');
		params_write(out, p->params, p->param_count);
		extension_write(out, p);
	}
	buf_add_char(out, ')');
}

/* What follows the body-fields of a message/rfc822: envelope SP body, of an unread one empty. */
static void
leaf_message_write(struct buf *out)
{
	struct part empty = { .index = 0 };

	buf_add_char(out, ' ');
	envelope_write(out, &empty);
	buf_add_c(out, " (\"text\" \"plain\" NIL NIL NIL \"7BIT\" 0 0)");
}

/* The end of a part that is no multipart: lines, then the extension data. */
static void
single_end_write(struct buf *out, const struct part *p, bool has_lines, bool is_extended)
{
	if (has_lines) {
		buf_add_char(out, ' ');
		buf_add_u64(out, p->lines);
	}
	if (is_extended) {
		buf_add_char(out, ' ');
		imap_nstring_write(out, p->md5);
		extension_write(out, p);
	}
	buf_add_char(out, ')');
}

static bool
is_message_type(const struct part *p)
{
	return part_is(p, STR("message"), STR("rfc822")) ||
	    part_is(p, STR("message"), STR("global"));
}

/* The beginning of p, and all of it when nothing stands below it. */
static void
begin_write(struct buf *out, const struct part *p, bool is_extended)
{
	const struct str type[] = { string(p->type), string(p->subtype) };

	buf_add_char(out, '(');
	if (p->kind == PART_MULTIPART)
		return;
	imap_nstrings_write(out, type, ARRAY_LEN(type));
	buf_add_char(out, ' ');
	fields_write(out, p);
	if (p->kind == PART_MESSAGE) {
		buf_add_char(out, ' ');
		envelope_write(out, p->child);
		buf_add_char(out, ' ');
		return;
	}
	if (is_message_type(p))
		leaf_message_write(out);
	single_end_write(out, p, is_message_type(p) || str_eq(p->type, STR("text")), is_extended);
}

void
bodystructure_write(struct buf *out, const struct part *p, bool is_extended)
{
	const struct part *top = p;

	for (;;) {
		begin_write(out, p, is_extended);
		if (p->child) {
			p = p->child;
			continue;
		}
		while (p != top && p->next == NULL) {
			p = p->parent;
			if (p->kind == PART_MULTIPART)
				multipart_end_write(out, p, is_extended);
			else
				single_end_write(out, p, true, is_extended);
		}
		if (p == top)
			return;
		p = p->next;
	}
}
