/*
 * MDN/parse (RFC 9007 2.2): what a disposition notification (RFC 8098) says, out of its blob.
 */
#include "jmap/blob_parse.h"

/* rooms */
#include "jmap/methods.h"
#include "message/header.h"
#include "message/mdn.h"
#include "message/text.h"

#define MDN_BYTES_MAX  (8 * 1024 * 1024)  /* of a report, with the message that it may give back */
#define MDN_ARENA_MAX  (16 * 1024 * 1024) /* one report while it is written */
#define MDN_FIELDS_MAX (64 * 1024)        /* bytes of its machine-readable part */
#define MDN_TEXT_MAX   (256 * 1024)       /* bytes of the text for people; what is behind is cut */

/* What of a report is written; texts live in the arena. */
struct mdn {
	struct message message;
	const struct part *text, *original; /* NULL: none */
	struct str fields;
	struct str action, sending, type; /* of the Disposition, lower case */
};

/* --- reading -------------------------------------------------------------------------------------- */

/* A part's decoded bytes, or UTF-8 text, up to `max`; p is NULL when the arena is full. */
static struct str
part_content(const struct message *m, const struct part *part, enum body_mode mode, size_t max,
    struct arena *a)
{
	struct body_reader *r = body_reader_new(m, part, mode);
	struct str text;
	struct buf out;

	buf_init(&out, max + 8 * BODY_PIECE_BYTES);
	while (buf_str(&out).n < max && body_read(r, &out) && buf_ok(&out))
		continue;
	body_reader_free(&r);
	text = arena_str(a, str_head(buf_str(&out), max));
	buf_release(&out);
	return text;
}

static struct str
field(const struct mdn *m, struct str name, struct arena *a)
{
	struct header h;

	return header_find(m->fields, name, &h) ? header_text(h.value, a) : (struct str){ 0 };
}

/* One of the words that there are, in lower case. */
static bool
take_word(struct str text, const struct str *words, size_t count, struct str *out)
{
	text = str_trim(text);
	for (size_t i = 0; i < count; i++) {
		if (!str_eq_nocase(text, words[i]))
			continue;
		*out = words[i];
		return true;
	}
	return false;
}

/* disposition-mode ";" disposition-type ["/" modifiers]; mode = action-mode "/" sending-mode (RFC 8098 3.2.6) */
static bool
take_disposition(struct mdn *m, struct str value)
{
	struct str action, sending;

	return str_take_until(&value, '/', &action) && str_take_until(&value, ';', &sending) &&
	    take_word(action, mdn_actions, MDN_ACTIONS, &m->action) &&
	    take_word(sending, mdn_sendings, MDN_SENDINGS, &m->sending) &&
	    take_word(str_head(value, str_find_char(value, '/')), mdn_types, MDN_TYPES, &m->type);
}

/* False: this is no notification. */
static bool
read_mdn(struct str bytes, struct arena *a, struct mdn *m)
{
	const struct part *p;

	*m = (struct mdn){ .text = NULL };
	message_parse(&m->message, bytes, a);
	if (!part_is(&m->message.root, STR("multipart"), STR("report")))
		return false;
	for (p = m->message.root.child; p; p = p->next) {
		if (!m->fields.p && mdn_is_type(p->type, p->subtype))
			m->fields = part_content(&m->message, p, BODY_BYTES, MDN_FIELDS_MAX, a);
		else if (!m->text && !m->fields.p && str_eq_nocase(p->type, STR("text")))
			m->text = p;
		else if (m->fields.p && part_is(p, STR("message"), STR("rfc822")))
			m->original = p;
	}
	return m->fields.p && take_disposition(m, field(m, STR("Disposition"), a));
}

/* --- writing -------------------------------------------------------------------------------------- */

static void
write_text(struct json_writer *w, struct str name, struct str text)
{
	json_name(w, name);
	if (text.p)
		json_string(w, text);
	else
		json_null(w);
}

/* The Email with this Message-ID, when there is one, and the user sees it. */
static enum fail
write_for_email(struct jmap_call *c, struct str message_id, struct arena *a)
{
	struct str id = str_trim(message_id);
	uint64_t ids[2];
	size_t count = 0;
	enum fail fail = FAIL_MISSING;

	json_name(&c->w, STR("forEmailId"));
	if (str_skip_char(&id, '<') && str_ends(id, STR(">")))
		fail = email_by_message_id(c->account, str_head(id, id.n - 1), ids, 2, &count);
	if (fail == FAIL_NONE && count == 1)
		fail = jmap_email_look(c->access, ids[0], a);
	if (fail == FAIL_NONE && count == 1)
		jmap_write_id(&c->w, ID_EMAIL, ids[0]);
	else
		json_null(&c->w);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

/* "error": one text for each field; null without. */
static void
write_errors(struct json_writer *w, const struct mdn *m, struct arena *a)
{
	struct str cur = m->fields;
	struct header h;
	bool has_any = false;

	json_name(w, STR("error"));
	while (header_next(&cur, &h)) {
		if (!str_eq_nocase(h.name, STR("Error")))
			continue;
		if (!has_any)
			json_array_begin(w);
		has_any = true;
		json_string(w, header_text(h.value, a));
	}
	if (has_any)
		json_array_end(w);
	else
		json_null(w);
}

/* A field that RFC 8098 does not know, and that did not stand before. */
static bool
is_extension(const struct mdn *m, const struct header *h)
{
	struct header first;

	return mdn_is_extension(h->name) && header_find(m->fields, h->name, &first) &&
	    first.whole.p == h->whole.p;
}

static void
write_extensions(struct json_writer *w, const struct mdn *m, struct arena *a)
{
	struct str cur = m->fields;
	struct header h;
	bool has_any = false;

	json_name(w, STR("extensionFields"));
	for (unsigned i = 0; i < JMAP_FILTER_MAX && header_next(&cur, &h); i++) {
		if (!is_extension(m, &h))
			continue;
		if (!has_any)
			json_object_begin(w);
		has_any = true;
		json_name(w, h.name);
		json_string(w, header_text(h.value, a));
	}
	if (has_any)
		json_object_end(w);
	else
		json_null(w);
}

static enum fail
write_mdn(struct jmap_call *c, const struct mdn *m, struct arena *a)
{
	struct json_writer *w = &c->w;
	struct str original_id = field(m, STR("Original-Message-ID"), a);
	struct header subject;
	enum fail fail;

	json_object_begin(w);
	fail = write_for_email(c, original_id, a);
	write_text(w, STR("subject"),
	    header_find(part_header(&m->message, &m->message.root), STR("Subject"), &subject)
		? header_text(subject.value, a)
		: (struct str){ 0 });
	write_text(w, STR("textBody"),
	    m->text ? part_content(&m->message, m->text, BODY_PLAIN, MDN_TEXT_MAX, a)
		    : (struct str){ 0 });
	json_name_bool(w, STR("includeOriginalMessage"), m->original != NULL);
	write_text(w, STR("reportingUA"), field(m, STR("Reporting-UA"), a));
	json_name(w, STR("disposition"));
	json_object_begin(w);
	json_name_string(w, STR("actionMode"), m->action);
	json_name_string(w, STR("sendingMode"), m->sending);
	json_name_string(w, STR("type"), m->type);
	json_object_end(w);
	write_text(w, STR("mdnGateway"), field(m, STR("MDN-Gateway"), a));
	write_text(w, STR("originalRecipient"), field(m, STR("Original-Recipient"), a));
	write_text(w, STR("finalRecipient"), field(m, STR("Final-Recipient"), a));
	write_text(w, STR("originalMessageId"), original_id);
	write_errors(w, m, a);
	write_extensions(w, m, a);
	json_object_end(w);
	return fail;
}

/* --- the method ----------------------------------------------------------------------------------- */

static enum fail
one(struct jmap_call *c, struct jmap_blob_parse *p)
{
	struct str bytes = p->load.blob.bytes;
	struct mdn mdn;

	if (bytes.n > MDN_BYTES_MAX || !read_mdn(bytes, &p->arena, &mdn))
		return FAIL_PERM;
	jmap_blob_parsed(c, p);
	return write_mdn(c, &mdn, &p->arena);
}

enum jmap_step
jmap_mdn_parse(struct jmap_call *c)
{
	static const struct jmap_blob_parse_type type = {
		.arena_bytes = MDN_ARENA_MAX,
		.one = one,
	};

	return jmap_blob_parse(c, &type);
}
