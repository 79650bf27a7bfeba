/*
 * EmailBodyPart of an Email that is created (RFC 8621 4.1.4, 4.6): the tree of them, and their content.
 */
#include "jmap/email_make_inner.h"

/* base */
#include "base/limits.h"

#define DEPTH_MAX (MESSAGE_DEPTH_MAX - 4) /* three multiparts of ours may stand around it */

static const struct str place_names[] = { STR_INIT("bodyStructure"), STR_INIT("textBody"),
	STR_INIT("htmlBody"), STR_INIT("attachments") };

bool
email_piece_wrong(struct email_piece *x, const char *text)
{
	if (!x->wrong)
		x->wrong = text;
	return false;
}

/* --- content --------------------------------------------------------------------------------------- */

static void
take_value(struct email_piece *x, struct str part_id)
{
	const struct json *value = json_find(json_find(x->m->values, part_id), STR("value"));

	if (jmap_arg(x->v, STR("charset")) || jmap_arg(x->v, STR("size")))
		email_piece_wrong(x, "charset and size are not given with a partId.");
	x->part->kind = BUILD_TEXT;
	if (!json_get_text(value, &x->part->bytes))
		email_piece_wrong(x, "A partId is not in bodyValues.");
	if (str_eq(x->media, STR("message/rfc822")) || str_eq(x->media, STR("message/global")))
		email_piece_wrong(x, "A message that is attached is given as a blob.");
}

static void
take_blob(struct email_piece *x, struct str blob_id)
{
	struct email_maker *m = x->m;
	struct email_content content = { 0 };
	bool is_message =
	    str_eq(x->media, STR("message/rfc822")) || str_eq(x->media, STR("message/global"));

	if (x->wrong)
		return;
	x->part->kind = is_message ? BUILD_MESSAGE : BUILD_BYTES;
	x->fail = m->find(m->arg, blob_id, is_message, &content);
	m->decoded += content.decoded;
	if (x->fail == FAIL_MISSING) {
		m->missing[m->missing_count++] = blob_id;
		x->fail = FAIL_NONE;
	}
	x->part->bytes = content.bytes;
	x->part->encoding = content.encoding;
}

/* partId, blobId or subParts (4.6). */
static void
take_content(struct email_piece *x)
{
	const struct json *sub = jmap_arg(x->v, STR("subParts"));
	const struct json *part_id = jmap_arg(x->v, STR("partId"));
	const struct json *blob_id = jmap_arg(x->v, STR("blobId"));
	bool is_multipart = email_piece_is_multipart(x);
	struct str id;

	if (is_multipart != (sub != NULL) ||
	    (sub && (!json_is(sub, JSON_ARRAY) || sub->count == 0)))
		email_piece_wrong(x,
		    "A multipart has subParts, at least one, and nothing else has.");
	else if ((part_id != NULL) + (blob_id != NULL) + (sub != NULL) != 1)
		email_piece_wrong(x,
		    "A body part has either a partId or a blobId, or is a multipart.");
	else if (sub)
		x->part->kind = BUILD_MULTIPART;
	else if (!json_get_text(part_id ? part_id : blob_id, &id))
		email_piece_wrong(x, "A partId or blobId is no text.");
	else if (part_id)
		take_value(x, id);
	else
		take_blob(x, id);
	x->m->bytes += x->part->bytes.n;
	x->is_too_large = x->m->bytes > JMAP_ATTACHMENTS_MAX || x->m->decoded > JMAP_DECODED_MAX;
}

/* --- one part -------------------------------------------------------------------------------------- */

/* Its fields: the root's are the message's. */
static void
finish(struct email_piece *x)
{
	x->part->type = arena_str(x->m->a, x->type);
	x->part->params = arena_str(x->m->a, buf_str(&x->params));
	x->part->fields = arena_str(x->m->a, buf_str(&x->fields));
	if (x->names == x->m->root_names)
		buf_add(&x->m->root_fields, buf_str(&x->fields));
	if (!x->part->type.p || !x->part->params.p || !x->part->fields.p || !buf_ok(&x->params) ||
	    !buf_ok(&x->fields))
		x->is_too_large = true;
}

static enum jmap_set_said
outcome(const struct email_piece *x, struct jmap_set_error *e)
{
	if (x->wrong)
		return jmap_set_invalid(e, place_names[x->place], x->wrong);
	if (x->fail == FAIL_LIMIT || x->is_too_large)
		return jmap_set_error(e, "tooLarge", "The attachments are too many or too large.");
	return x->fail ? SET_FAIL : SET_OK;
}

static enum jmap_set_said
make_one(struct email_maker *m, const struct json *v, enum part_place place, bool is_root,
    struct build_part *part, struct jmap_set_error *e)
{
	struct email_piece x = { .m = m, .v = v, .place = place, .part = part };
	static const struct json nothing = { .type = JSON_OBJECT };

	x.names = is_root ? m->root_names : &x.own_names;
	buf_init(&x.fields, EMAIL_MAKE_HEADER_MAX);
	buf_init(&x.params, EMAIL_MAKE_VALUE_MAX);
	if (!v) { /* no body at all: an empty text */
		x.v = &nothing;
		part->kind = BUILD_TEXT;
		email_make_type(&x);
	} else if (json_is(v, JSON_OBJECT)) {
		email_make_fields(&x);
		if (!x.wrong)
			take_content(&x);
	} else {
		email_piece_wrong(&x, "A body part is no object.");
	}
	if (!x.wrong)
		finish(&x);
	buf_release(&x.fields);
	buf_release(&x.params);
	map_release(&x.own_names);
	return outcome(&x, e);
}

/* As deep as the parser of messages goes, and JSON may nest. */
static struct build_part *
make_tree(struct email_maker *m, const struct json *v, enum part_place place, unsigned depth,
    struct jmap_set_error *e, enum jmap_set_said *said_out)
{
	bool is_root = depth == 0;
	const struct json *sub = jmap_arg(v, STR("subParts"));
	struct build_part *part = arena_alloc(m->a, 1, sizeof(*part)), **end;

	if (!part || ++m->part_count >= MESSAGE_PARTS_MAX || depth >= DEPTH_MAX) {
		*said_out = jmap_set_error(e, "tooLarge", "The parts are too many or too deep.");
		return NULL;
	}
	*said_out = make_one(m, v, place, is_root, part, e);
	end = &part->child;
	for (uint32_t i = 0; *said_out == SET_OK && part->kind == BUILD_MULTIPART && i < sub->count;
	     i++) {
		*end = make_tree(m, &sub->items[i], place, depth + 1, e, said_out);
		end = *end ? &(*end)->next : end;
	}
	return *said_out == SET_OK ? part : NULL;
}

struct build_part *
email_make_part(struct email_maker *m, const struct json *v, enum part_place place, bool is_root,
    struct jmap_set_error *e, enum jmap_set_said *said_out)
{
	return make_tree(m, v, place, is_root ? 0 : 1, e, said_out);
}

bool
email_make_is_shown(const struct json *part)
{
	struct str disposition = { 0 };

	return jmap_arg(part, STR("cid")) &&
	    json_get_text(jmap_arg(part, STR("disposition")), &disposition) &&
	    str_eq_nocase(disposition, STR("inline"));
}
