/*
 * EmailBodyPart (RFC 8621 4.1.4).
 */
#include "jmap/email.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/blob_id.h"
#include "message/header.h"
#include "message/mime.h"
#include "message/section.h"
#include "message/text.h"

enum part_property {
	PART_PART_ID,
	PART_HEADERS,
	PART_BLOB_ID,
	PART_SIZE,
	PART_NAME,
	PART_TYPE,
	PART_CHARSET,
	PART_DISPOSITION,
	PART_CID,
	PART_LANGUAGE,
	PART_LOCATION,
	PART_SUB_PARTS,
	PART_PROPERTY_COUNT
};

const struct str email_part_names[] = { STR_INIT("partId"), STR_INIT("headers"), STR_INIT("blobId"),
	STR_INIT("size"), STR_INIT("name"), STR_INIT("type"), STR_INIT("charset"),
	STR_INIT("disposition"), STR_INIT("cid"), STR_INIT("language"), STR_INIT("location"),
	STR_INIT("subParts") };
static_assert(ARRAY_LEN(email_part_names) == PART_PROPERTY_COUNT, "a name per property");
static_assert(EMAIL_PART_DEFAULT == (((1u << PART_SUB_PARTS) - 1) & ~(1u << PART_HEADERS)),
    "RFC 8621 4.2 bodyProperties");
const size_t email_part_name_count = PART_PROPERTY_COUNT;

static bool
is_multipart(const struct part *p)
{
	return p->kind == PART_MULTIPART;
}

/* IMAP's part number: stable, and short. */
static void
write_part_id(struct json_writer *w, const struct part *p)
{
	struct buf text;

	buf_init(&text, EMAIL_PART_ID_MAX);
	part_number_write(&text, p);
	json_string(w, buf_str(&text));
	buf_release(&text);
}

/* The same part of the message with its bytes, or NULL. */
static const struct part *
full_part(struct email_view *v, const struct part *p)
{
	const struct message *m = email_full(v);
	const struct part *q = m ? &m->root : NULL;

	while (q && q->index != p->index)
		q = part_next(q);
	return q;
}

static struct str
part_block(struct email_view *v, const struct part *p)
{
	const struct part *full = full_part(v, p);

	return full ? part_header(v->full, full) : (struct str){ 0 };
}

static void
write_text_or_null(struct json_writer *w, struct str text)
{
	if (text.p)
		json_string(w, text);
	else
		json_null(w);
}

static void
write_blob_id(struct email_view *v, const struct part *p)
{
	struct blob_id id = blob_id_within(&v->blob, p);
	struct buf text;

	buf_init(&text, JMAP_ID_MAX);
	blob_id_write(&text, &id);
	json_string(v->w, buf_str(&text));
	buf_release(&text);
}

static void
write_size(struct email_view *v, const struct part *p)
{
	uint64_t size = p->decoded_size;

	if (is_multipart(p)) {
		size = 0;
	} else if (size == PART_SIZE_UNKNOWN) {
		const struct part *full = full_part(v, p);

		size = full ? body_decoded_size(v->full, full) : p->body.n;
	}
	json_u64(v->w, size);
}

static void
write_type(struct json_writer *w, const struct part *p)
{
	json_string_begin(w);
	json_string_piece(w, p->type);
	json_string_piece(w, STR("/"));
	json_string_piece(w, p->subtype);
	json_string_end(w);
}

static void
write_charset(struct json_writer *w, const struct part *p)
{
	struct str charset = param_raw(p->params, p->param_count, STR("charset"));

	if (!charset.p && part_is(p, STR("text"), STR("")))
		charset = STR("us-ascii");
	write_text_or_null(w, charset);
}

/* Content-Id without its angle brackets, and what is around them (comments); without any as it is. */
static struct str
content_id(const struct part *p)
{
	struct str id = p->id, rest = p->id, inner;

	if (str_take_until(&rest, '<', &inner) && str_take_until(&rest, '>', &inner))
		id = inner;
	return p->id.p ? str_trim(id) : (struct str){ 0 };
}

static void
write_languages(struct json_writer *w, const struct part *p)
{
	if (p->language_count == 0) {
		json_null(w);
		return;
	}
	json_array_begin(w);
	for (uint32_t i = 0; i < p->language_count; i++)
		json_string(w, p->languages[i]);
	json_array_end(w);
}

/* RFC 8621 4.1.4: null when it is not a multipart. */
static void
write_sub_parts(struct email_view *v, const struct part *p)
{
	if (!is_multipart(p)) {
		json_null(v->w);
		return;
	}
	json_array_begin(v->w);
	for (const struct part *q = p->child; q; q = q->next)
		email_part_write(v, q, true);
	json_array_end(v->w);
}

static void
write_property(struct email_view *v, const struct part *p, enum part_property property)
{
	struct json_writer *w = v->w;

	json_name(w, email_part_names[property]);
	switch (property) {
	case PART_PART_ID:
		if (is_multipart(p))
			json_null(w);
		else
			write_part_id(w, p);
		break;
	case PART_HEADERS: header_list_write(w, part_block(v, p)); break;
	case PART_BLOB_ID:
		if (is_multipart(p))
			json_null(w);
		else
			write_blob_id(v, p);
		break;
	case PART_SIZE: write_size(v, p); break;
	case PART_NAME: write_text_or_null(w, p->name); break;
	case PART_TYPE: write_type(w, p); break;
	case PART_CHARSET: write_charset(w, p); break;
	case PART_DISPOSITION: write_text_or_null(w, p->disposition); break;
	case PART_CID: write_text_or_null(w, content_id(p)); break;
	case PART_LANGUAGE: write_languages(w, p); break;
	case PART_LOCATION: write_text_or_null(w, p->location); break;
	case PART_SUB_PARTS: write_sub_parts(v, p); break;
	case PART_PROPERTY_COUNT: break;
	}
}

/* In a tree a multipart always shows its children: without them it would be no tree. */
void
email_part_write(struct email_view *v, const struct part *p, bool is_tree)
{
	const struct property_set *asked = &v->asked->part;
	uint32_t fixed = asked->fixed;
	struct str block = { 0 };

	if (is_tree && is_multipart(p))
		fixed |= 1u << PART_SUB_PARTS;
	json_object_begin(v->w);
	for (unsigned i = 0; i < PART_PROPERTY_COUNT; i++)
		if (fixed & 1u << i)
			write_property(v, p, (enum part_property)i);
	if (asked->header_count > 0)
		block = part_block(v, p);
	for (size_t i = 0; i < asked->header_count; i++) {
		json_name(v->w, asked->headers[i].property);
		header_property_write(v->w, &asked->headers[i], block, v->a);
	}
	json_object_end(v->w);
}
