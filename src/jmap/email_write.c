/*
 * Email objects: what was asked, and one Email written (RFC 8621 4.1, 4.2).
 */
#include "jmap/email.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/blob_id.h"
#include "jmap/get.h"
#include "message/preview.h"

enum property {
	PROPERTY_ID,
	PROPERTY_BLOB_ID,
	PROPERTY_THREAD_ID,
	PROPERTY_MAILBOX_IDS,
	PROPERTY_KEYWORDS,
	PROPERTY_SIZE,
	PROPERTY_RECEIVED_AT,
	PROPERTY_MESSAGE_ID, /* from here to SENT_AT: a field in a form */
	PROPERTY_IN_REPLY_TO,
	PROPERTY_REFERENCES,
	PROPERTY_SENDER,
	PROPERTY_FROM,
	PROPERTY_TO,
	PROPERTY_CC,
	PROPERTY_BCC,
	PROPERTY_REPLY_TO,
	PROPERTY_SUBJECT,
	PROPERTY_SENT_AT,
	PROPERTY_HAS_ATTACHMENT,
	PROPERTY_PREVIEW,
	PROPERTY_BODY_VALUES,
	PROPERTY_TEXT_BODY,
	PROPERTY_HTML_BODY,
	PROPERTY_ATTACHMENTS,
	PROPERTY_DEFAULT_COUNT, /* the defaults of RFC 8621 4.2 end here */
	PROPERTY_BODY_STRUCTURE = PROPERTY_DEFAULT_COUNT,
	PROPERTY_HEADERS,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("blobId"),
	STR_INIT("threadId"), STR_INIT("mailboxIds"), STR_INIT("keywords"), STR_INIT("size"),
	STR_INIT("receivedAt"), STR_INIT("messageId"), STR_INIT("inReplyTo"),
	STR_INIT("references"), STR_INIT("sender"), STR_INIT("from"), STR_INIT("to"),
	STR_INIT("cc"), STR_INIT("bcc"), STR_INIT("replyTo"), STR_INIT("subject"),
	STR_INIT("sentAt"), STR_INIT("hasAttachment"), STR_INIT("preview"), STR_INIT("bodyValues"),
	STR_INIT("textBody"), STR_INIT("htmlBody"), STR_INIT("attachments"),
	STR_INIT("bodyStructure"), STR_INIT("headers") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

static const struct {
	enum field field;
	enum header_form form;
} field_properties[] = {
	{ FIELD_MESSAGE_ID, HEADER_MESSAGE_IDS },
	{ FIELD_IN_REPLY_TO, HEADER_MESSAGE_IDS },
	{ FIELD_REFERENCES, HEADER_MESSAGE_IDS },
	{ FIELD_SENDER, HEADER_ADDRESSES },
	{ FIELD_FROM, HEADER_ADDRESSES },
	{ FIELD_TO, HEADER_ADDRESSES },
	{ FIELD_CC, HEADER_ADDRESSES },
	{ FIELD_BCC, HEADER_ADDRESSES },
	{ FIELD_REPLY_TO, HEADER_ADDRESSES },
	{ FIELD_SUBJECT, HEADER_TEXT },
	{ FIELD_DATE, HEADER_DATE },
};
static_assert(ARRAY_LEN(field_properties) == PROPERTY_SENT_AT - PROPERTY_MESSAGE_ID + 1,
    "a field per property");

/* Fixed names and header:.. ones of a list, each once. */
static bool
read_properties(struct jmap_call *c, const struct json *list, const struct str *names, size_t count,
    struct property_set *out)
{
	struct str text;

	if (!jmap_properties_allowed(c, list))
		return false;
	out->headers = arena_alloc(&c->arena, JMAP_HEADERS_MAX + 1, sizeof(*out->headers));
	if (!out->headers) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	for (uint32_t i = 0; i < list->count; i++) {
		size_t at = 0;
		bool is_twice = false;

		if (!json_get_text(&list->items[i], &text))
			continue;
		while (at < count && !str_eq(names[at], text))
			at++;
		if (at < count) {
			out->fixed |= 1u << at;
			continue;
		}
		if (!header_property_parse(text, &out->headers[out->header_count])) {
			jmap_invalid(c, "There is no such property, or its form is not allowed.");
			return false;
		}
		for (size_t j = 0; j < out->header_count; j++)
			is_twice = is_twice || str_eq(out->headers[j].property, text);
		out->header_count += !is_twice;
		if (out->header_count > JMAP_HEADERS_MAX) {
			jmap_fail(c, "requestTooLarge", "These are too many header fields.");
			return false;
		}
	}
	return true;
}

bool
email_asked_read(struct jmap_call *c, const struct json *properties, bool is_parse,
    struct email_asked *out)
{
	const struct json *parts;

	*out = (struct email_asked){ 0 };
	out->email.fixed = (1u << PROPERTY_DEFAULT_COUNT) - 1;
	if (is_parse) /* RFC 8621 4.9: from messageId on */
		out->email.fixed &= ~((1u << PROPERTY_MESSAGE_ID) - 1);
	out->part.fixed = EMAIL_PART_DEFAULT;
	if (properties) {
		out->email.fixed = is_parse ? 0 : 1u << PROPERTY_ID;
		if (!read_properties(c, properties, property_names, PROPERTY_COUNT, &out->email))
			return false;
	}
	if (!jmap_arg_texts(c, STR("bodyProperties"), &parts))
		return false;
	if (parts) {
		out->part.fixed = 0;
		if (!read_properties(c, parts, email_part_names, email_part_name_count, &out->part))
			return false;
	}
	return jmap_arg_bool(c, STR("fetchTextBodyValues"), false, &out->text_values) &&
	    jmap_arg_bool(c, STR("fetchHTMLBodyValues"), false, &out->html_values) &&
	    jmap_arg_bool(c, STR("fetchAllBodyValues"), false, &out->all_values) &&
	    jmap_arg_uint(c, STR("maxBodyValueBytes"), 0, &out->value_bytes);
}

/* --- properties ---------------------------------------------------------------------------------- */

static void
write_blob_id(struct email_view *v)
{
	struct buf text;

	buf_init(&text, JMAP_ID_MAX);
	blob_id_write(&text, &v->blob);
	json_string(v->w, buf_str(&text));
	buf_release(&text);
}

static void
write_mailbox_ids(struct email_view *v)
{
	uint32_t last = 0;

	json_object_begin(v->w);
	for (size_t i = 0; i < v->email->member_count; i++) {
		const struct membership *m = &v->email->members[i];
		struct id_text id = id_text(ID_MAILBOX, m->mailbox);

		if (m->is_deleted || m->mailbox == last ||
		    !jmap_may(v->access, m->mailbox, MAY_READ_ITEMS))
			continue;
		last = m->mailbox; /* members are in order of mailbox */
		json_name_bool(v->w, id_str(&id), true);
	}
	json_object_end(v->w);
}

static void
write_keywords(struct email_view *v)
{
	uint64_t set = v->email->keywords;
	unsigned bit;

	json_object_begin(v->w);
	while (keyword_next(&set, &bit)) {
		struct str name = keyword_name(v->account, bit);

		if (!str_empty(name))
			json_name_bool(v->w, name, true);
	}
	json_object_end(v->w);
}

static void
write_field(struct email_view *v, size_t at)
{
	const struct message *m = email_shape(v);
	struct str raw =
	    m ? message_field(&m->root, field_properties[at].field) : (struct str){ 0 };

	if (raw.p)
		header_form_write(v->w, field_properties[at].form, raw, v->a);
	else
		json_null(v->w);
}

const struct bodies *
email_bodies(struct email_view *v)
{
	const struct message *m = email_shape(v);

	if (!v->bodies) {
		v->bodies = arena_alloc(v->a, 1, sizeof(*v->bodies));
		if (!v->bodies)
			v->fail = FAIL_LIMIT;
		else if (m)
			bodies_find(m, v->a, v->bodies);
	}
	return v->bodies;
}

static void
write_parts(struct email_view *v, const struct body_list *list)
{
	json_array_begin(v->w);
	for (size_t i = 0; i < list->count && !v->fail; i++)
		email_part_write(v, list->items[i], false);
	json_array_end(v->w);
}

/* hasAttachment and preview stand in the summary only; without one they are made from the file. */
static bool
has_attachment(struct email_view *v)
{
	const struct message *m = email_shape(v);

	if (!m)
		return false;
	return m->is_summary ? m->has_attachment : message_has_attachment(m);
}

static void
write_preview(struct email_view *v)
{
	const struct message *m = email_shape(v);
	struct buf text;

	if (!m || m->is_summary) {
		json_string(v->w, m ? m->preview : (struct str){ 0 });
		return;
	}
	buf_init(&text, PREVIEW_BYTES);
	preview_write(m, &text);
	json_string(v->w, buf_str(&text));
	buf_release(&text);
}

static void
write_body_property(struct email_view *v, enum property property)
{
	const struct bodies *bodies = email_bodies(v);
	const struct message *m = email_shape(v);

	if (!bodies || !m) {
		json_null(v->w);
		return;
	}
	if (property == PROPERTY_TEXT_BODY)
		write_parts(v, &bodies->text);
	else if (property == PROPERTY_HTML_BODY)
		write_parts(v, &bodies->html);
	else if (property == PROPERTY_ATTACHMENTS)
		write_parts(v, &bodies->attachments);
	else
		email_part_write(v, &m->root, true);
}

/* "header:X" of a field that the summary keeps costs no file. */
static void
write_header_property(struct email_view *v, const struct header_property *property)
{
	const struct message *m;

	for (unsigned f = 0; f < FIELD_COUNT && !property->is_all; f++) {
		if (!str_eq_nocase(str_c(field_names[f]), property->name))
			continue;
		m = email_shape(v);
		if (m && message_field(&m->root, (enum field)f).p)
			header_form_write(v->w, property->form,
			    message_field(&m->root, (enum field)f), v->a);
		else
			json_null(v->w);
		return;
	}
	m = email_full(v);
	header_property_write(v->w, property, m ? part_header(m, &m->root) : (struct str){ 0 },
	    v->a);
}

/* Of a blob that is parsed there is no more than its id and its size (RFC 8621 4.9). */
static void
write_metadata(struct email_view *v, enum property property)
{
	const struct email *e = v->email;

	if (property == PROPERTY_BLOB_ID) {
		write_blob_id(v);
		return;
	}
	if (property == PROPERTY_SIZE) {
		json_u64(v->w, e ? e->size : v->full->size);
		return;
	}
	if (!e) {
		json_null(v->w);
		return;
	}
	switch ((unsigned)property) {
	case PROPERTY_ID: jmap_write_id(v->w, ID_EMAIL, v->id); break;
	case PROPERTY_THREAD_ID: jmap_write_id(v->w, ID_THREAD, e->thread_id); break;
	case PROPERTY_MAILBOX_IDS: write_mailbox_ids(v); break;
	case PROPERTY_KEYWORDS: write_keywords(v); break;
	case PROPERTY_RECEIVED_AT: jmap_write_date(v->w, e->received_s, 0); break;
	default: break;
	}
}

static void
write_property(struct email_view *v, enum property property)
{
	const struct message *m;

	json_name(v->w, property_names[property]);
	if (property >= PROPERTY_MESSAGE_ID && property <= PROPERTY_SENT_AT) {
		write_field(v, property - PROPERTY_MESSAGE_ID);
		return;
	}
	if (property < PROPERTY_MESSAGE_ID) {
		write_metadata(v, property);
		return;
	}
	switch ((unsigned)property) {
	case PROPERTY_HAS_ATTACHMENT: json_bool(v->w, has_attachment(v)); break;
	case PROPERTY_PREVIEW: write_preview(v); break;
	case PROPERTY_HEADERS:
		m = email_full(v);
		header_list_write(v->w, m ? part_header(m, &m->root) : (struct str){ 0 });
		break;
	default: write_body_property(v, property); break;
	}
}

/* False when the slice is over: v->at says where to go on. */
static bool
write_asked(struct email_view *v)
{
	const struct property_set *asked = &v->asked->email;

	if (!v->is_begun)
		json_object_begin(v->w);
	v->is_begun = true;
	for (; v->at < PROPERTY_COUNT; v->at++) {
		if (!(asked->fixed & 1u << v->at))
			continue;
		if (v->at != PROPERTY_BODY_VALUES)
			write_property(v, (enum property)v->at);
		else if (!email_values_write(v))
			return false;
	}
	for (size_t i = 0; i < asked->header_count; i++) {
		json_name(v->w, asked->headers[i].property);
		write_header_property(v, &asked->headers[i]);
	}
	json_object_end(v->w);
	return true;
}

/* Does a property need more than the record? Then its summary is read with it. */
static bool
needs_outline(const struct property_set *asked)
{
	return asked->fixed >> PROPERTY_MESSAGE_ID || asked->header_count > 0;
}

static enum fail
email_find(struct email_view *v)
{
	enum fail fail = needs_outline(&v->asked->email)
	    ? email_get_outline(v->account, v->id, v->a, &v->email, &v->summary)
	    : email_get(v->account, v->id, v->a, &v->email);

	if (fail)
		return fail;
	v->blob = (struct blob_id){ .kind = ID_BLOB, .id = v->id };
	return jmap_email_is_shown(v->access, v->email) ? FAIL_NONE : FAIL_MISSING;
}

enum fail
email_write(struct email_view *v)
{
	enum fail fail = v->email ? FAIL_NONE : email_find(v);

	if (fail)
		return fail;
	if (needs_outline(&v->asked->email) && !email_shape(v) && !email_shape_parse(v)) {
		v->is_unfinished = !v->fail;
		return v->fail;
	}
	return email_write_parsed(v);
}

enum fail
email_write_outline(struct jmap_call *c, uint64_t id)
{
	struct email_asked asked = { .email.fixed = (1u << PROPERTY_BODY_VALUES) - 1 };
	struct email_view v = { .account = c->account,
		.access = c->access,
		.asked = &asked,
		.w = &c->w,
		.a = &c->arena,
		.id = id,
		.call = c };
	enum fail fail = email_find(&v);

	if (fail)
		return fail;
	if (!v.summary) /* cut or damaged */
		asked.email.fixed = (1u << PROPERTY_MESSAGE_ID) - 1;
	return email_write_parsed(&v);
}

enum fail
email_write_parsed(struct email_view *v)
{
	v->is_unfinished = !write_asked(v);
	return v->fail;
}
