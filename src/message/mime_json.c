#include "message/mime_json.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/json_writer.h"
#include "codec/utf8.h"
#include "message/address.h"
#include "message/body.h"
#include "message/date.h"
#include "message/header.h"
#include "message/imap_structure.h"
#include "message/mime.h"
#include "message/preview.h"
#include "message/section.h"
#include "message/subject.h"
#include "message/text.h"

#define JSON_TEXT_MAX  (16 * MESSAGE_HEADER_MAX) /* bytes of one text in the output */
#define JSON_VALUE_MAX (256 * 1024)              /* bytes of a body value that are shown */
#define JSON_ARENA     (64 * MESSAGE_HEADER_MAX)

struct view {
	struct json_writer w;
	const struct message *m; /* borrow: the caller's */
	struct arena a;
};

static void
name_text(struct view *j, struct str name, struct str text)
{
	if (text.p)
		json_name_string(&j->w, name, text);
	else
		json_name_null(&j->w, name);
}

/* --- the tree ------------------------------------------------------------------------------ */

static void
params(struct view *j, struct str name, const struct param *list, uint32_t count)
{
	json_name(&j->w, name);
	json_array_begin(&j->w);
	for (uint32_t i = 0; i < count; i++) {
		struct str plain = list[i].name;

		if (plain.n > 0 && plain.p[plain.n - 1] == '*')
			plain.n--;
		json_object_begin(&j->w);
		json_name_string(&j->w, STR("name"), plain);
		json_name_string(&j->w, STR("value"), param_text(&list[i], 1, plain, &j->a));
		json_object_end(&j->w);
	}
	json_array_end(&j->w);
}

static void
range(struct view *j, struct str name, struct range r)
{
	json_name(&j->w, name);
	json_object_begin(&j->w);
	json_name_int(&j->w, STR("start"), (int64_t)r.start);
	json_name_int(&j->w, STR("size"), (int64_t)r.n);
	json_object_end(&j->w);
}

static void
number(struct view *j, struct str name, const struct part *p)
{
	struct buf text;

	buf_init(&text, JSON_TEXT_MAX);
	part_number_write(&text, p);
	json_name_string(&j->w, name, buf_str(&text));
	buf_release(&text);
}

/* Open the object of p; its children follow. */
static void
part_begin(struct view *j, const struct part *p)
{
	static const char *const kinds[] = { "leaf", "multipart", "message" };

	json_object_begin(&j->w);
	number(j, STR("number"), p);
	json_name_string(&j->w, STR("kind"), str_c(kinds[p->kind]));
	json_name_string(&j->w, STR("type"), p->type);
	json_name_string(&j->w, STR("subtype"), p->subtype);
	params(j, STR("parameters"), p->params, p->param_count);
	name_text(j, STR("disposition"), p->disposition);
	params(j, STR("dispositionParameters"), p->disposition_params, p->disposition_param_count);
	json_name_string(&j->w, STR("encoding"), p->encoding_text);
	name_text(j, STR("id"), p->id);
	name_text(j, STR("description"),
	    p->description.p ? header_text(p->description, &j->a) : p->description);
	name_text(j, STR("location"), p->location);
	name_text(j, STR("md5"), p->md5);
	name_text(j, STR("fileName"), p->name);
	range(j, STR("header"), p->header);
	range(j, STR("body"), p->body);
	json_name_int(&j->w, STR("lines"), (int64_t)p->lines);
	json_name_int(&j->w, STR("decodedSize"), (int64_t)body_decoded_size(j->m, p));
	json_name(&j->w, STR("children"));
	json_array_begin(&j->w);
}

static void
tree(struct view *j, const struct part *p)
{
	const struct part *top = p;

	for (;;) {
		part_begin(j, p);
		if (p->child) {
			p = p->child;
			continue;
		}
		for (;; p = p->parent) {
			json_array_end(&j->w);
			json_object_end(&j->w);
			if (p == top)
				return;
			if (p->next)
				break;
		}
		p = p->next;
	}
}

/* --- Email/get (RFC 8621 4.1) -------------------------------------------------------------- */

static void
addresses(struct view *j, struct str name, enum field field)
{
	struct str raw = message_field(&j->m->root, field);
	struct address_list list;

	json_name(&j->w, name);
	if (raw.p == NULL) {
		json_null(&j->w);
		return;
	}
	address_parse(raw, &j->a, &list);
	json_array_begin(&j->w);
	for (size_t i = 0; i < list.count; i++) {
		const struct address *x = &list.items[i];

		if (x->kind != ADDRESS_MAILBOX)
			continue;
		json_object_begin(&j->w);
		name_text(j, STR("name"), x->name.n > 0 ? address_name(x, &j->a) : x->name);
		json_name_string(&j->w, STR("email"), address_spec(x, &j->a));
		json_object_end(&j->w);
	}
	json_array_end(&j->w);
}

static void
message_ids(struct view *j, struct str name, enum field field)
{
	struct str raw = message_field(&j->m->root, field), id;

	json_name(&j->w, name);
	if (raw.p == NULL) {
		json_null(&j->w);
		return;
	}
	json_array_begin(&j->w);
	while (message_id_next(&raw, &id))
		json_string(&j->w, id);
	json_array_end(&j->w);
}

/* An EmailBodyPart without its sub-parts. */
static void
body_part(struct view *j, const struct part *p)
{
	struct str id = p->id, charset = param_raw(p->params, p->param_count, STR("charset"));

	json_object_begin(&j->w);
	number(j, STR("partId"), p);
	json_name_int(&j->w, STR("size"), (int64_t)body_decoded_size(j->m, p));
	name_text(j, STR("name"), p->name);
	json_name(&j->w, STR("type"));
	json_string_begin(&j->w);
	json_string_piece(&j->w, p->type);
	json_string_piece(&j->w, STR("/"));
	json_string_piece(&j->w, p->subtype);
	json_string_end(&j->w);
	if (charset.p == NULL && part_is(p, STR("text"), STR("")))
		charset = STR("us-ascii");
	name_text(j, STR("charset"), charset);
	name_text(j, STR("disposition"), p->disposition);
	if (id.n > 1 && id.p[0] == '<' && id.p[id.n - 1] == '>')
		id = str_slice(id, 1, id.n - 2);
	name_text(j, STR("cid"), id);
	json_object_end(&j->w);
}

static void
body_list(struct view *j, struct str name, const struct body_list *list)
{
	json_name(&j->w, name);
	json_array_begin(&j->w);
	for (size_t i = 0; i < list->count; i++)
		body_part(j, list->items[i]);
	json_array_end(&j->w);
}

static void
body_values(struct view *j, const struct body_list *list)
{
	struct buf text;

	buf_init(&text, JSON_TEXT_MAX);
	for (size_t i = 0; i < list->count; i++) {
		const struct part *p = list->items[i];
		struct body_reader *r;
		struct str value;

		if (!part_is(p, STR("text"), STR("")))
			continue;
		buf_clear(&text);
		r = body_reader_new(j->m, p, BODY_TEXT);
		while (text.n <= JSON_VALUE_MAX && body_read(r, &text))
			continue;
		value = utf8_cut(buf_str(&text), JSON_VALUE_MAX);
		json_object_begin(&j->w);
		number(j, STR("partId"), p);
		json_name_string(&j->w, STR("value"), value);
		json_name_bool(&j->w, STR("isEncodingProblem"), body_has_problem(r));
		json_name_bool(&j->w, STR("isTruncated"), value.n < text.n);
		json_object_end(&j->w);
		body_reader_free(&r);
	}
	buf_release(&text);
}

static void
sent_at(struct view *j)
{
	struct str raw = message_field(&j->m->root, FIELD_DATE);
	struct date date;
	struct buf text;

	buf_init(&text, JSON_TEXT_MAX);
	json_name(&j->w, STR("sentAt"));
	if (raw.p && date_parse(raw, &date) == FAIL_NONE) {
		date_write_3339(&text, date.unix_s, date.zone_min);
		json_string(&j->w, buf_str(&text));
	} else {
		json_null(&j->w);
	}
	buf_release(&text);
}

static void
email(struct view *j)
{
	struct str subject = message_field(&j->m->root, FIELD_SUBJECT);
	struct bodies bodies;
	struct buf preview;

	json_object_begin(&j->w);
	message_ids(j, STR("messageId"), FIELD_MESSAGE_ID);
	message_ids(j, STR("inReplyTo"), FIELD_IN_REPLY_TO);
	message_ids(j, STR("references"), FIELD_REFERENCES);
	addresses(j, STR("sender"), FIELD_SENDER);
	addresses(j, STR("from"), FIELD_FROM);
	addresses(j, STR("to"), FIELD_TO);
	addresses(j, STR("cc"), FIELD_CC);
	addresses(j, STR("bcc"), FIELD_BCC);
	addresses(j, STR("replyTo"), FIELD_REPLY_TO);
	name_text(j, STR("subject"), subject.p ? header_text(subject, &j->a) : subject);
	json_name_string(&j->w, STR("baseSubject"), subject_base(subject, &j->a, NULL));
	sent_at(j);
	bodies_find(j->m, &j->a, &bodies);
	body_list(j, STR("textBody"), &bodies.text);
	body_list(j, STR("htmlBody"), &bodies.html);
	body_list(j, STR("attachments"), &bodies.attachments);
	json_name(&j->w, STR("bodyValues"));
	json_array_begin(&j->w);
	body_values(j, &bodies.text);
	body_values(j, &bodies.html);
	json_array_end(&j->w);
	json_name_bool(&j->w, STR("hasAttachment"), message_has_attachment(j->m));
	buf_init(&preview, PREVIEW_BYTES);
	preview_write(j->m, &preview);
	json_name_string(&j->w, STR("preview"), buf_str(&preview));
	buf_release(&preview);
	json_object_end(&j->w);
}

/* --- the whole ----------------------------------------------------------------------------- */

static void
headers(struct view *j)
{
	struct str block = part_header(j->m, &j->m->root);
	struct header h;

	json_name(&j->w, STR("headers"));
	json_array_begin(&j->w);
	while (header_next(&block, &h)) {
		json_object_begin(&j->w);
		json_name_string(&j->w, STR("name"), h.name);
		json_name_string(&j->w, STR("value"), header_text(h.value, &j->a));
		json_object_end(&j->w);
		arena_reset(&j->a);
	}
	json_array_end(&j->w);
}

static void
imap_texts(struct view *j)
{
	struct buf text;

	buf_init(&text, JSON_TEXT_MAX);
	envelope_write(&text, &j->m->root);
	json_name_string(&j->w, STR("envelope"), buf_str(&text));
	buf_clear(&text);
	bodystructure_write(&text, &j->m->root, false);
	json_name_string(&j->w, STR("body"), buf_str(&text));
	buf_clear(&text);
	bodystructure_write(&text, &j->m->root, true);
	json_name_string(&j->w, STR("bodystructure"), buf_str(&text));
	buf_release(&text);
}

void
mime_json_write(const struct message *m, struct buf *out)
{
	struct view j = { .w = { .out = out }, .m = m };

	arena_init(&j.a, JSON_ARENA);
	json_object_begin(&j.w);
	json_name_int(&j.w, STR("size"), (int64_t)m->size);
	headers(&j);
	json_name(&j.w, STR("parts"));
	tree(&j, &m->root);
	imap_texts(&j);
	json_name(&j.w, STR("email"));
	email(&j);
	json_object_end(&j.w);
	arena_release(&j.a);
}
