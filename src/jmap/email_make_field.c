/*
 * The header fields of an EmailBodyPart (RFC 8621 4.1.4, 4.6): those given as header:.., and those that its other
 * properties are written to.
 */
#include "jmap/email_make_inner.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/email.h"
#include "message/compose.h"
#include "message/mime.h"

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

/* A text property; absent and null leave *out alone. */
static bool
take_text(struct email_piece *x, struct str name, struct str *out)
{
	const struct json *v = jmap_arg(x->v, name);

	return !v || json_get_text(v, out) ||
	    email_piece_wrong(x, "A property of a body part is no text.");
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
take_field(struct email_piece *x, const struct header_property *property, const struct json *v)
{
	struct buf field;

	if (!str_eq_nocase(property->name, STR("Content-Type"))) {
		const char *said = header_property_set(&x->fields, property, v, x->m->a);

		if (said)
			email_piece_wrong(x, said);
		return;
	}
	buf_init(&field, EMAIL_MAKE_VALUE_MAX);
	email_piece_wrong(x, header_property_set(&field, property, v, x->m->a));
	if (field.n > property->name.n)
		x->raw_type = arena_str(x->m->a, str_from(buf_str(&field), property->name.n + 1));
	buf_release(&field);
}

static void
take_member(struct email_piece *x, const struct json_member *member)
{
	struct header_property property;

	if (member->value.type == JSON_NULL)
		return;
	if (is_part_name(member->name)) {
		if (str_eq(member->name, STR("headers")))
			email_piece_wrong(x, "headers cannot be set; each field is a property.");
		return;
	}
	if (!header_property_parse(member->name, &property))
		email_piece_wrong(x, "A body part has no such property, or not in this form.");
	else if (str_eq_nocase(property.name, STR("Content-Transfer-Encoding")))
		email_piece_wrong(x, "The server chooses the Content-Transfer-Encoding.");
	else if (property.is_all && str_starts_nocase(property.name, STR("Content-")))
		email_piece_wrong(x, "A part has each Content- field once.");
	else if (!email_make_name(x->m, x->names, property.name))
		email_piece_wrong(x, "Two properties give the same header field.");
	else
		take_field(x, &property, &member->value);
}

/* A property and a header:.. of the same field exclude each other. */
static void
check_conflicts(struct email_piece *x)
{
	for (size_t i = 0; i < ARRAY_LEN(written); i++)
		if (jmap_arg(x->v, written[i].property) && map_find(x->names, written[i].field))
			email_piece_wrong(x, "Two properties give the same header field.");
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
copy_params(struct email_piece *x, const struct param *params, uint32_t count)
{
	bool is_multipart = email_piece_is_multipart(x);

	for (uint32_t i = 0; i < count && !x->wrong; i++) {
		struct str name = param_base(&params[i]);

		if (is_repeated(params, i) ||
		    (str_eq(name, STR("charset")) && jmap_arg(x->v, STR("partId"))) ||
		    (str_eq(name, STR("name")) && jmap_arg(x->v, STR("name"))) ||
		    (str_eq(name, STR("boundary")) && is_multipart))
			continue;
		if (param_write(&x->params, name, param_text(params, count, name, x->m->a)))
			email_piece_wrong(x, "A parameter of Content-Type cannot be written.");
	}
}

static void
take_raw_type(struct email_piece *x)
{
	struct str value, type, subtype;
	struct param *params;
	struct buf media;
	uint32_t count;

	params_parse(x->raw_type, x->m->a, &value, &params, &count);
	if (!media_type_parse(value, x->m->a, &type, &subtype) || !is_token(type) ||
	    !is_token(subtype)) {
		email_piece_wrong(x, "Content-Type is none.");
		return;
	}
	buf_init(&media, EMAIL_MAKE_VALUE_MAX);
	buf_add(&media, type);
	buf_add_char(&media, '/');
	buf_add(&media, subtype);
	x->type = x->media = arena_str(x->m->a, buf_str(&media));
	buf_release(&media);
	copy_params(x, params, count);
}

static struct str
default_type(const struct email_piece *x)
{
	if (x->place == PART_IN_HTML)
		return STR("text/html");
	if (json_is(jmap_arg(x->v, STR("subParts")), JSON_ARRAY))
		return STR("multipart/mixed");
	return jmap_arg(x->v, STR("blobId")) ? STR("application/octet-stream") : STR("text/plain");
}

void
email_make_type(struct email_piece *x)
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
		email_piece_wrong(x, "type is no media type.");
		return;
	}
	x->type = type;
	x->media = lower_case(type, x->m->a);
	if (charset.p && (!is_token(charset) || param_write(&x->params, STR("charset"), charset)))
		email_piece_wrong(x, "charset is none.");
}

/* RFC 8621 4.6: textBody is text/plain, htmlBody text/html. */
static void
check_type(struct email_piece *x)
{
	if (x->place == PART_IN_TEXT && !str_eq(x->media, STR("text/plain")))
		email_piece_wrong(x, "The part of textBody is of type text/plain.");
	if (x->place == PART_IN_HTML && !str_eq(x->media, STR("text/html")))
		email_piece_wrong(x, "The part of htmlBody is of type text/html.");
}

/* --- fields of properties -------------------------------------------------------------------------- */

static void
write_field(struct email_piece *x, const char *name, struct str value)
{
	if (header_write_raw(&x->fields, str_c(name), value))
		email_piece_wrong(x,
		    "A property of a body part has a line end in it, or a word that is too long.");
}

/* The name is told in Content-Disposition, or when there is none in Content-Type. */
static void
take_disposition(struct email_piece *x)
{
	struct str name = { 0 }, disposition = { 0 };
	struct buf value;
	enum fail fail;

	if (x->place == PART_IN_ATTACHMENTS && !map_find(x->names, STR("content-disposition")))
		disposition = STR("attachment");
	if (!take_text(x, STR("name"), &name) || !take_text(x, STR("disposition"), &disposition))
		return;
	if (disposition.p && !is_token(disposition))
		email_piece_wrong(x, "disposition is none.");
	buf_init(&value, EMAIL_MAKE_VALUE_MAX);
	buf_add(&value, disposition);
	fail = name.n == 0  ? FAIL_NONE
	    : disposition.p ? param_write(&value, STR("filename"), name)
			    : param_write(&x->params, STR("name"), name);
	if (fail || !buf_ok(&value))
		email_piece_wrong(x, "The name of a file has a line end in it or is too long.");
	else if (disposition.p)
		write_field(x, "Content-Disposition", buf_str(&value));
	buf_release(&value);
}

static void
take_cid(struct email_piece *x)
{
	struct header_property property = { .name = STR("Content-ID"), .form = HEADER_MESSAGE_IDS };
	const struct json *cid = jmap_arg(x->v, STR("cid"));
	struct json list = { .type = JSON_ARRAY, .count = 1, .items = cid };
	const char *said = cid ? header_property_set(&x->fields, &property, &list, x->m->a) : NULL;

	if (said)
		email_piece_wrong(x,
		    "cid is no text, is empty, or has a blank or an angle bracket.");
}

/* Content-Language = list of language tags (RFC 3282) */
static void
take_language(struct email_piece *x)
{
	const struct json *v = jmap_arg(x->v, STR("language"));
	struct buf value;
	struct str tag;

	if (!v)
		return;
	if (!json_is(v, JSON_ARRAY)) {
		email_piece_wrong(x, "language is no list.");
		return;
	}
	buf_init(&value, EMAIL_MAKE_VALUE_MAX);
	for (uint32_t i = 0; i < v->count; i++) {
		if (!json_get_text(&v->items[i], &tag) || !is_token(tag))
			email_piece_wrong(x, "A language is no language tag.");
		else
			buf_add_c(&value, i > 0 ? ", " : "");
		buf_add(&value, x->wrong ? STR("") : tag);
	}
	if (v->count > 0 && !x->wrong)
		write_field(x, "Content-Language", buf_str(&value));
	buf_release(&value);
}

static void
take_location(struct email_piece *x)
{
	struct str location = { 0 };

	if (!take_text(x, STR("location"), &location) || !location.p)
		return;
	if (header_has_control(location))
		email_piece_wrong(x, "A location has a control character in it.");
	write_field(x, "Content-Location", location);
}

/* --- all of them ----------------------------------------------------------------------------------- */

void
email_make_fields(struct email_piece *x)
{
	for (uint32_t i = 0; i < x->v->count; i++)
		take_member(x, &x->v->members[i]);
	check_conflicts(x);
	if (!x->wrong)
		email_make_type(x);
	if (x->wrong)
		return;
	check_type(x);
	take_disposition(x);
	take_cid(x);
	take_language(x);
	take_location(x);
}
