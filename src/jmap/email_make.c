#include "jmap/email_make_inner.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "message/compose.h"
#include "message/mime.h"

/* The properties that are a field in a form (RFC 8621 4.1.3). */
static const struct {
	struct str property, name;
	enum header_form form;
} fields[] = {
	{ STR_INIT("messageId"), STR_INIT("Message-ID"), HEADER_MESSAGE_IDS },
	{ STR_INIT("inReplyTo"), STR_INIT("In-Reply-To"), HEADER_MESSAGE_IDS },
	{ STR_INIT("references"), STR_INIT("References"), HEADER_MESSAGE_IDS },
	{ STR_INIT("sender"), STR_INIT("Sender"), HEADER_ADDRESSES },
	{ STR_INIT("from"), STR_INIT("From"), HEADER_ADDRESSES },
	{ STR_INIT("to"), STR_INIT("To"), HEADER_ADDRESSES },
	{ STR_INIT("cc"), STR_INIT("Cc"), HEADER_ADDRESSES },
	{ STR_INIT("bcc"), STR_INIT("Bcc"), HEADER_ADDRESSES },
	{ STR_INIT("replyTo"), STR_INIT("Reply-To"), HEADER_ADDRESSES },
	{ STR_INIT("subject"), STR_INIT("Subject"), HEADER_TEXT },
	{ STR_INIT("sentAt"), STR_INIT("Date"), HEADER_DATE },
};

/* Other properties that may be given; null is the same as not given. */
static const struct str others[] = { STR_INIT("mailboxIds"), STR_INIT("keywords"),
	STR_INIT("receivedAt"), STR_INIT("bodyStructure"), STR_INIT("bodyValues"),
	STR_INIT("textBody"), STR_INIT("htmlBody"), STR_INIT("attachments") };

/* --- the Email's own fields ------------------------------------------------------------------------ */

struct field_name {
	struct map_node node;
};

bool
email_make_name(struct email_maker *m, struct map *names, struct str name)
{
	struct str key = lower_case(name, m->a);
	struct field_name *field = arena_alloc(m->a, 1, sizeof(*field));

	if (!field || map_find(names, key))
		return false;
	map_insert(names, &field->node, key);
	return true;
}

/* What kind of property it is; false: none that may be given. */
static bool
find_property(struct str name, struct header_property *out, bool *is_field_out)
{
	*is_field_out = true;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (str_eq(fields[i].property, name)) {
			*out =
			    (struct header_property){ name, fields[i].name, fields[i].form, false };
			return true;
		}
	if (header_property_parse(name, out))
		return !str_starts_nocase(out->name, STR("Content-"));
	*is_field_out = false;
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (str_eq(others[i], name))
			return true;
	return false;
}

static void
take_property(struct email_maker *m, const struct json_member *member, struct jmap_set_error *e)
{
	struct header_property property;
	const char *wrong = NULL;
	bool is_field;

	if (!find_property(member->name, &property, &is_field)) {
		jmap_set_invalid(e, member->name,
		    "This property cannot be set, or not in this form.");
		return;
	}
	if (!is_field || member->value.type == JSON_NULL)
		return;
	if (!email_make_name(m, m->root_names, property.name))
		wrong = "Two properties give the same header field.";
	else
		wrong = header_property_set(&m->root_fields, &property, &member->value, m->a);
	if (wrong)
		jmap_set_invalid(e, member->name, wrong);
}

/* Message-ID and Date must be there (4.6), and what it takes to be MIME (RFC 2045 4). */
static enum fail
add_missing_fields(struct email_maker *m)
{
	struct buf *out = &m->root_fields;
	enum fail fail = FAIL_NONE;

	if (email_make_name(m, m->root_names, STR("Date")))
		fail = header_write_date(out, STR("Date"), m->now_s, 0);
	if (!fail && email_make_name(m, m->root_names, STR("Message-ID")))
		fail = header_write_message_id(out, m->now_s, m->random, m->host);
	if (!fail && email_make_name(m, m->root_names, STR("MIME-Version")))
		buf_add_c(out, "MIME-Version: 1.0\r\n");
	return fail;
}

/* --- bodyValues ------------------------------------------------------------------------------------ */

/* EmailBodyValue {value, isEncodingProblem: false, isTruncated: false} */
static const char *
check_value(const struct json *v)
{
	struct str text;
	bool is_true;

	if (!json_is(v, JSON_OBJECT) || !json_get_text(json_find(v, STR("value")), &text))
		return "A body value is no object with a text as value.";
	for (uint32_t i = 0; i < v->count; i++) {
		struct str name = v->members[i].name;

		if (str_eq(name, STR("value")))
			continue;
		if (!str_eq(name, STR("isEncodingProblem")) && !str_eq(name, STR("isTruncated")))
			return "A body value has a property that there is not.";
		if (!json_get_bool(&v->members[i].value, &is_true) || is_true)
			return "isEncodingProblem and isTruncated are false or not given.";
	}
	return NULL;
}

static void
take_values(struct email_maker *m, const struct json *object, struct jmap_set_error *e)
{
	const struct json *values = jmap_arg(object, STR("bodyValues"));
	const char *wrong = NULL;

	m->values = values;
	if (!values)
		return;
	if (!json_is(values, JSON_OBJECT) || values->count > MESSAGE_PARTS_MAX)
		wrong = "bodyValues is no object, or a too large one.";
	for (uint32_t i = 0; !wrong && i < values->count; i++)
		wrong = check_value(&values->members[i].value);
	if (wrong)
		jmap_set_invalid(e, STR("bodyValues"), wrong);
}

/* --- the body -------------------------------------------------------------------------------------- */

struct body {
	const struct json *structure, *text, *html, *attachments;
	size_t shown_count; /* attachments that the HTML shows */
};

/* textBody or htmlBody: exactly one part (4.6). */
static const struct json *
one_part(const struct json *object, struct str property, struct jmap_set_error *e)
{
	const struct json *v = jmap_arg(object, property);

	if (!v)
		return NULL;
	if (json_is(v, JSON_ARRAY) && v->count == 1)
		return &v->items[0];
	jmap_set_invalid(e, property, "There must be exactly one part in it.");
	return NULL;
}

static void
take_body(const struct json *object, struct body *b, struct jmap_set_error *e)
{
	b->structure = jmap_arg(object, STR("bodyStructure"));
	b->text = one_part(object, STR("textBody"), e);
	b->html = one_part(object, STR("htmlBody"), e);
	b->attachments = jmap_arg(object, STR("attachments"));
	if (b->attachments && !json_is(b->attachments, JSON_ARRAY))
		jmap_set_invalid(e, STR("attachments"), "attachments is no list.");
	if (b->structure && (b->text || b->html || b->attachments))
		jmap_set_invalid(e, STR("bodyStructure"),
		    "bodyStructure excludes textBody, htmlBody and attachments.");
	for (uint32_t i = 0; json_is(b->attachments, JSON_ARRAY) && i < b->attachments->count; i++)
		b->shown_count += b->html && email_make_is_shown(&b->attachments->items[i]);
	if (json_is(b->attachments, JSON_ARRAY) && b->attachments->count == 0)
		b->attachments = NULL;
}

struct making {
	struct email_maker *m;
	struct jmap_set_error *e;
	enum jmap_set_said said;
};

static struct build_part *
make(struct making *x, const struct json *v, enum part_place place, bool is_root)
{
	return x->said == SET_OK ? email_make_part(x->m, v, place, is_root, x->e, &x->said) : NULL;
}

/* A multipart of ours around `first` and what follows it; `first` alone needs none. */
static struct build_part *
wrap(struct making *x, const char *type, const char *params, struct build_part *first)
{
	struct build_part *p;

	if (x->said != SET_OK || !first)
		return NULL;
	p = arena_alloc(x->m->a, 1, sizeof(*p));
	if (!p) {
		x->said = jmap_set_error(x->e, "tooLarge", NULL);
		return NULL;
	}
	*p = (struct build_part){ .kind = BUILD_MULTIPART,
		.type = str_c(type),
		.params = str_c(params),
		.child = first };
	return p;
}

/* Behind `last` the attachments that are shown, or the others. */
static void
chain(struct making *x, const struct body *b, struct build_part **end, bool is_shown)
{
	for (uint32_t i = 0; b->attachments && i < b->attachments->count; i++) {
		const struct json *v = &b->attachments->items[i];

		if ((b->html && email_make_is_shown(v)) != is_shown)
			continue;
		*end = make(x, v, PART_IN_ATTACHMENTS, false);
		if (!*end)
			return;
		end = &(*end)->next;
	}
}

static struct build_part *
make_html(struct making *x, const struct body *b, bool is_root)
{
	struct build_part *html = make(x, b->html, PART_IN_HTML, is_root && b->shown_count == 0);

	if (!html || b->shown_count == 0)
		return html;
	chain(x, b, &html->next, true);
	return wrap(x, "multipart/related", "; type=\"text/html\"", html);
}

/* What is read: nothing given is an empty text. */
static struct build_part *
make_readable(struct making *x, const struct body *b, bool is_root)
{
	struct build_part *text;

	if (!b->text && b->html)
		return make_html(x, b, is_root);
	text = make(x, b->text, PART_IN_TEXT, is_root && !b->html);
	if (!text || !b->html)
		return text;
	text->next = make_html(x, b, false);
	return wrap(x, "multipart/alternative", NULL, text);
}

static struct build_part *
make_body(struct making *x, const struct body *b)
{
	bool has_others = b->attachments && b->attachments->count > b->shown_count;
	struct build_part *first = NULL;

	if (b->structure)
		return make(x, b->structure, PART_IN_STRUCTURE, true);
	if (b->text || b->html || !b->attachments)
		first = make_readable(x, b, !has_others);
	if (x->said != SET_OK || !has_others)
		return first;
	chain(x, b, first ? &first->next : &first, false);
	return wrap(x, "multipart/mixed", NULL, first);
}

/* --- all ------------------------------------------------------------------------------------------- */

static enum jmap_set_said
make_all(struct email_maker *m, const struct json *object, struct build_part **root_out,
    struct jmap_set_error *e)
{
	struct making x = { .m = m, .e = e, .said = SET_OK };
	struct body body = { 0 };

	for (uint32_t i = 0; i < object->count; i++)
		take_property(m, &object->members[i], e);
	take_values(m, object, e);
	take_body(object, &body, e);
	if (e->type)
		return SET_ERROR;
	*root_out = make_body(&x, &body);
	if (x.said != SET_OK)
		return x.said;
	if (m->missing_count > 0) {
		e->list_name = "notFound";
		e->list = m->missing;
		e->list_count = m->missing_count;
		return jmap_set_error(e, "blobNotFound", NULL);
	}
	if (add_missing_fields(m) || !buf_ok(&m->root_fields))
		return jmap_set_error(e, "tooLarge", "The header is too large.");
	(*root_out)->fields = arena_str(m->a, buf_str(&m->root_fields));
	return (*root_out)->fields.p ? SET_OK : jmap_set_error(e, "tooLarge", NULL);
}

enum jmap_set_said
email_make(struct email_maker *m, const struct json *object, struct build_part **root_out,
    struct jmap_set_error *e)
{
	struct map names = { 0 };
	enum jmap_set_said said;

	m->root_names = &names;
	m->missing = arena_alloc(m->a, MESSAGE_PARTS_MAX, sizeof(*m->missing));
	buf_init(&m->root_fields, EMAIL_MAKE_HEADER_MAX);
	said = m->missing ? make_all(m, object, root_out, e) : jmap_set_error(e, "tooLarge", NULL);
	buf_release(&m->root_fields);
	map_release(&names);
	m->root_names = NULL;
	return said;
}
