/*
 * EmailBodyPart of an Email that is created (RFC 8621 4.1.4, 4.6).
 */
#include "jmap/email_make.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "jmap/email.h"
#include "message/compose.h"
#include "message/mime.h"

#define DEPTH_MAX (MESSAGE_DEPTH_MAX - 4) /* three multiparts of ours may stand around it */
#define VALUE_MAX (64 * 1024) /* bytes of a Content- field; more is nobody's file name */

/* Properties, and the fields that they are written to. */
static const struct {
	struct str property, field;
} written[] = {
	{ STR_INIT("type"), STR_INIT("content-type") },
	{ STR_INIT("charset"), STR_INIT("content-type") },
	{ STR_INIT("name"), STR_INIT("content-disposition") },
	{ STR_INIT("disposition"), STR_INIT("content-disposition") },
	{ STR_INIT("cid"), STR_INIT("content-id") },
	{ STR_INIT("language"), STR_INIT("content-language") },
	{ STR_INIT("location"), STR_INIT("content-location") },
};

static const struct str place_names[] = { STR_INIT("bodyStructure"), STR_INIT("textBody"),
	STR_INIT("htmlBody"), STR_INIT("attachments") };

/* One part under way. */
struct piece {
	struct email_maker *m;
	const struct json *v;
	enum part_place place;
	struct build_part *part;
	struct map own_names, *names; /* of its fields */
	struct buf fields;            /* own */
	struct str type, media;       /* "text/plain", as given and in lower case */
	struct buf params;            /* own: of Content-Type */
	struct str raw_type;          /* of header:Content-Type; p is NULL: not given */
	const char *wrong;
	bool is_too_large;
	enum fail fail;
};

static bool
wrong(struct piece *x, const char *text)
{
	if (!x->wrong)
		x->wrong = text;
	return false;
}

static bool
starts_type(const struct piece *x, struct str type)
{
	return str_starts(x->media, type);
}

/* A text property; absent and null leave *out alone. */
static bool
take_text(struct piece *x, struct str name, struct str *out)
{
	const struct json *v = jmap_arg(x->v, name);

	return !v || json_get_text(v, out) || wrong(x, "A property of a body part is no text.");
}

/* token of RFC 2045 5.1 */
static bool
is_token(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= 32 || (unsigned char)s.p[i] >= 127 ||
		    str_find_char(STR("()<>@,;:\\\"/[]?="), s.p[i]) != STR_NONE)
			return false;
	return s.n > 0 && s.n < 128;
}

/* --- fields given as header:.. --------------------------------------------------------------------- */

static bool
is_part_name(struct str name)
{
	for (size_t i = 0; i < email_part_name_count; i++)
		if (str_eq(email_part_names[i], name))
			return true;
	return false;
}

/* Content-Type is kept apart: charset and boundary are ours. */
static void
take_field(struct piece *x, const struct header_property *property, const struct json *v)
{
	struct buf field;

	if (!str_eq_nocase(property->name, STR("Content-Type"))) {
		const char *said = header_property_set(&x->fields, property, v, x->m->a);

		if (said)
			wrong(x, said);
		return;
	}
	buf_init(&field, VALUE_MAX);
	wrong(x, header_property_set(&field, property, v, x->m->a));
	if (field.n > property->name.n)
		x->raw_type = arena_str(x->m->a, str_from(buf_str(&field), property->name.n + 1));
	buf_release(&field);
}

static void
take_member(struct piece *x, const struct json_member *member)
{
	struct header_property property;

	if (member->value.type == JSON_NULL)
		return;
	if (is_part_name(member->name)) {
		if (str_eq(member->name, STR("headers")))
			wrong(x, "headers cannot be set; each field is a property.");
		return;
	}
	if (!header_property_parse(member->name, &property))
		wrong(x, "A body part has no such property, or not in this form.");
	else if (str_eq_nocase(property.name, STR("Content-Transfer-Encoding")))
		wrong(x, "The server chooses the Content-Transfer-Encoding.");
	else if (property.is_all && str_starts_nocase(property.name, STR("Content-")))
		wrong(x, "A part has each Content- field once.");
	else if (!email_make_name(x->m, x->names, property.name))
		wrong(x, "Two properties give the same header field.");
	else
		take_field(x, &property, &member->value);
}

/* A property and a header:.. of the same field exclude each other. */
static void
check_conflicts(struct piece *x)
{
	for (size_t i = 0; i < ARRAY_LEN(written); i++)
		if (jmap_arg(x->v, written[i].property) && map_find(x->names, written[i].field))
			wrong(x, "Two properties give the same header field.");
}

/* --- the type -------------------------------------------------------------------------------------- */

/* "name*" is an encoded "name" (RFC 2231 4). */
static struct str
param_base(const struct param *param)
{
	return str_head(param->name, param->name.n - str_ends(param->name, STR("*")));
}

/* One of the first ones has the name already: readers differ in which one counts. */
static bool
is_repeated(const struct param *params, uint32_t at)
{
	for (uint32_t i = 0; i < at; i++)
		if (str_eq(param_base(&params[i]), param_base(&params[at])))
			return true;
	return false;
}

/* Parameters of a raw Content-Type, but for those that are ours. */
static void
copy_params(struct piece *x, const struct param *params, uint32_t count)
{
	bool is_multipart = starts_type(x, STR("multipart/"));

	for (uint32_t i = 0; i < count && !x->wrong; i++) {
		struct str name = param_base(&params[i]);

		if (is_repeated(params, i) ||
		    (str_eq(name, STR("charset")) && jmap_arg(x->v, STR("partId"))) ||
		    (str_eq(name, STR("name")) && jmap_arg(x->v, STR("name"))) ||
		    (str_eq(name, STR("boundary")) && is_multipart))
			continue;
		if (param_write(&x->params, name, param_text(params, count, name, x->m->a)))
			wrong(x, "A parameter of Content-Type cannot be written.");
	}
}

static void
take_raw_type(struct piece *x)
{
	struct str value, type, subtype;
	struct param *params;
	struct buf media;
	uint32_t count;

	params_parse(x->raw_type, x->m->a, &value, &params, &count);
	if (!media_type_parse(value, x->m->a, &type, &subtype) || !is_token(type) ||
	    !is_token(subtype)) {
		wrong(x, "Content-Type is none.");
		return;
	}
	buf_init(&media, VALUE_MAX);
	buf_add(&media, type);
	buf_add_char(&media, '/');
	buf_add(&media, subtype);
	x->type = x->media = arena_str(x->m->a, buf_str(&media));
	buf_release(&media);
	copy_params(x, params, count);
}

static struct str
default_type(const struct piece *x)
{
	if (x->place == PART_IN_HTML)
		return STR("text/html");
	if (json_is(jmap_arg(x->v, STR("subParts")), JSON_ARRAY))
		return STR("multipart/mixed");
	return jmap_arg(x->v, STR("blobId")) ? STR("application/octet-stream") : STR("text/plain");
}

static void
take_type(struct piece *x)
{
	struct str type = default_type(x), charset = { 0 }, subtype, name;

	if (x->place == PART_IN_TEXT)
		type = STR("text/plain");
	if (x->raw_type.p) {
		take_raw_type(x);
		return;
	}
	if (!take_text(x, STR("type"), &type) || !take_text(x, STR("charset"), &charset))
		return;
	subtype = type;
	if (!str_take_until(&subtype, '/', &name) || !is_token(name) || !is_token(subtype)) {
		wrong(x, "type is no media type.");
		return;
	}
	x->type = type;
	x->media = lower_case(type, x->m->a);
	if (charset.p && (!is_token(charset) || param_write(&x->params, STR("charset"), charset)))
		wrong(x, "charset is none.");
}

/* RFC 8621 4.6: textBody is text/plain, htmlBody text/html. */
static void
check_type(struct piece *x)
{
	if (x->place == PART_IN_TEXT && !str_eq(x->media, STR("text/plain")))
		wrong(x, "The part of textBody is of type text/plain.");
	if (x->place == PART_IN_HTML && !str_eq(x->media, STR("text/html")))
		wrong(x, "The part of htmlBody is of type text/html.");
}

/* --- fields of properties -------------------------------------------------------------------------- */

static void
write_field(struct piece *x, const char *name, struct str value)
{
	if (header_write_raw(&x->fields, str_c(name), value))
		wrong(x,
		    "A property of a body part has a line end in it, or a word that is too long.");
}

/* The name is told in Content-Disposition, or when there is none in Content-Type. */
static void
take_disposition(struct piece *x)
{
	struct str name = { 0 }, disposition = { 0 };
	struct buf value;
	enum fail fail;

	if (x->place == PART_IN_ATTACHMENTS && !map_find(x->names, STR("content-disposition")))
		disposition = STR("attachment");
	if (!take_text(x, STR("name"), &name) || !take_text(x, STR("disposition"), &disposition))
		return;
	if (disposition.p && !is_token(disposition))
		wrong(x, "disposition is none.");
	buf_init(&value, VALUE_MAX);
	buf_add(&value, disposition);
	fail = name.n == 0  ? FAIL_NONE
	    : disposition.p ? param_write(&value, STR("filename"), name)
			    : param_write(&x->params, STR("name"), name);
	if (fail || !buf_ok(&value))
		wrong(x, "The name of a file has a line end in it or is too long.");
	else if (disposition.p)
		write_field(x, "Content-Disposition", buf_str(&value));
	buf_release(&value);
}

static void
take_cid(struct piece *x)
{
	struct header_property property = { .name = STR("Content-ID"), .form = HEADER_MESSAGE_IDS };
	const struct json *cid = jmap_arg(x->v, STR("cid"));
	struct json list = { .type = JSON_ARRAY, .count = 1, .items = cid };
	const char *said = cid ? header_property_set(&x->fields, &property, &list, x->m->a) : NULL;

	if (said)
		wrong(x, "cid is no text, is empty, or has a blank or an angle bracket.");
}

/* Content-Language = list of language tags (RFC 3282) */
static void
take_language(struct piece *x)
{
	const struct json *v = jmap_arg(x->v, STR("language"));
	struct buf value;
	struct str tag;

	if (!v)
		return;
	if (!json_is(v, JSON_ARRAY)) {
		wrong(x, "language is no list.");
		return;
	}
	buf_init(&value, VALUE_MAX);
	for (uint32_t i = 0; i < v->count; i++) {
		if (!json_get_text(&v->items[i], &tag) || !is_token(tag))
			wrong(x, "A language is no language tag.");
		else
			buf_add_c(&value, i > 0 ? ", " : "");
		buf_add(&value, x->wrong ? STR("") : tag);
	}
	if (v->count > 0 && !x->wrong)
		write_field(x, "Content-Language", buf_str(&value));
	buf_release(&value);
}

static void
take_location(struct piece *x)
{
	struct str location = { 0 };

	if (!take_text(x, STR("location"), &location) || !location.p)
		return;
	if (header_has_control(location))
		wrong(x, "A location has a control character in it.");
	write_field(x, "Content-Location", location);
}

/* --- content --------------------------------------------------------------------------------------- */

static void
take_value(struct piece *x, struct str part_id)
{
	const struct json *value = json_find(json_find(x->m->values, part_id), STR("value"));

	if (jmap_arg(x->v, STR("charset")) || jmap_arg(x->v, STR("size")))
		wrong(x, "charset and size are not given with a partId.");
	x->part->kind = BUILD_TEXT;
	if (!json_get_text(value, &x->part->bytes))
		wrong(x, "A partId is not in bodyValues.");
	if (str_eq(x->media, STR("message/rfc822")) || str_eq(x->media, STR("message/global")))
		wrong(x, "A message that is attached is given as a blob.");
}

static void
take_blob(struct piece *x, struct str blob_id)
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
take_content(struct piece *x)
{
	const struct json *sub = jmap_arg(x->v, STR("subParts"));
	const struct json *part_id = jmap_arg(x->v, STR("partId"));
	const struct json *blob_id = jmap_arg(x->v, STR("blobId"));
	bool is_multipart = starts_type(x, STR("multipart/"));
	struct str id;

	if (is_multipart != (sub != NULL) ||
	    (sub && (!json_is(sub, JSON_ARRAY) || sub->count == 0)))
		wrong(x, "A multipart has subParts, at least one, and nothing else has.");
	else if ((part_id != NULL) + (blob_id != NULL) + (sub != NULL) != 1)
		wrong(x, "A body part has either a partId or a blobId, or is a multipart.");
	else if (sub)
		x->part->kind = BUILD_MULTIPART;
	else if (!json_get_text(part_id ? part_id : blob_id, &id))
		wrong(x, "A partId or blobId is no text.");
	else if (part_id)
		take_value(x, id);
	else
		take_blob(x, id);
	x->m->bytes += x->part->bytes.n;
	x->is_too_large = x->m->bytes > JMAP_ATTACHMENTS_MAX || x->m->decoded > JMAP_DECODED_MAX;
}

/* --- one part -------------------------------------------------------------------------------------- */

static void
take_all(struct piece *x)
{
	for (uint32_t i = 0; i < x->v->count; i++)
		take_member(x, &x->v->members[i]);
	check_conflicts(x);
	if (!x->wrong)
		take_type(x);
	if (x->wrong)
		return;
	check_type(x);
	take_disposition(x);
	take_cid(x);
	take_language(x);
	take_location(x);
	take_content(x);
}

/* Its fields: the root's are the message's. */
static void
finish(struct piece *x)
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
outcome(const struct piece *x, struct jmap_set_error *e)
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
	struct piece x = { .m = m, .v = v, .place = place, .part = part };
	static const struct json nothing = { .type = JSON_OBJECT };

	x.names = is_root ? m->root_names : &x.own_names;
	buf_init(&x.fields, EMAIL_MAKE_HEADER_MAX);
	buf_init(&x.params, VALUE_MAX);
	if (!v) { /* no body at all: an empty text */
		x.v = &nothing;
		part->kind = BUILD_TEXT;
		take_type(&x);
	} else if (json_is(v, JSON_OBJECT)) {
		take_all(&x);
	} else {
		wrong(&x, "A body part is no object.");
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
