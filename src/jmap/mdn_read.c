/*
 * The MDN object of MDN/send (RFC 9007 2), and what of it is told behind.
 */
#include "jmap/mdn.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

#define EXTENSIONS_MAX \
	100 /* extension fields of one notification: nobody registered more than a few */

enum property {
	PROPERTY_FOR_EMAIL_ID,
	PROPERTY_SUBJECT,
	PROPERTY_TEXT_BODY,
	PROPERTY_INCLUDE_ORIGINAL,
	PROPERTY_REPORTING_UA,
	PROPERTY_DISPOSITION,
	PROPERTY_GATEWAY,
	PROPERTY_ORIGINAL_RECIPIENT,
	PROPERTY_FINAL_RECIPIENT,
	PROPERTY_ORIGINAL_MESSAGE_ID,
	PROPERTY_ERROR,
	PROPERTY_EXTENSION_FIELDS,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("forEmailId"), STR_INIT("subject"),
	STR_INIT("textBody"), STR_INIT("includeOriginalMessage"), STR_INIT("reportingUA"),
	STR_INIT("disposition"), STR_INIT("mdnGateway"), STR_INIT("originalRecipient"),
	STR_INIT("finalRecipient"), STR_INIT("originalMessageId"), STR_INIT("error"),
	STR_INIT("extensionFields") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

/* --- reading --------------------------------------------------------------------------------------- */

/* A text that can stand in a header field: one line without control characters. */
static bool
is_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 32 && s.p[i] != '\t') || s.p[i] == 127)
			return false;
	return true;
}

static const char *
take_line(const struct json *v, struct str *out)
{
	if (!json_get_text(v, out))
		return "This is no text.";
	return is_line(*out) ? NULL : "This is more than one line, or has control characters.";
}

static bool
take_word(const struct json *v, const struct str *words, size_t count, struct str *out)
{
	struct str text;

	if (!json_get_text(v, &text))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!str_eq(text, words[i]))
			continue;
		*out = words[i];
		return true;
	}
	return false;
}

/* Disposition {actionMode, sendingMode, type}: case-sensitive (RFC 9007 2) */
static const char *
take_disposition(const struct json *v, struct mdn_fields *out)
{
	bool is_good = json_is(v, JSON_OBJECT) && v->count == 3 &&
	    take_word(json_find(v, STR("actionMode")), mdn_actions, MDN_ACTIONS, &out->action) &&
	    take_word(json_find(v, STR("sendingMode")), mdn_sendings, MDN_SENDINGS,
		&out->sending) &&
	    take_word(json_find(v, STR("type")), mdn_types, MDN_TYPES, &out->type);

	return is_good ? NULL : "This is no Disposition.";
}

/*
 * address-type ";" generic-address (RFC 8098 3.2.4), of a mailbox of the Internet.
 * Liberal: an address alone, because that is what people write.
 */
static const char *
take_final(const struct json *v, struct str *out)
{
	struct str text, type = STR("rfc822");
	const char *wrong = take_line(v, &text);

	if (wrong)
		return wrong;
	if (str_find_char(text, ';') != STR_NONE && !str_take_until(&text, ';', &type))
		return "This is no recipient.";
	type = str_trim(type);
	*out = str_trim(text);
	if (!str_eq_nocase(type, STR("rfc822")) && !str_eq_nocase(type, STR("utf-8")))
		return "The recipient has no address of the Internet.";
	return jmap_is_mailbox(*out, false) && !str_starts(*out, STR("*@")) ? NULL
									    : "This is no address.";
}

/* String[String]: names that are no fields of RFC 8098, each once. */
static const char *
take_extensions(const struct json *v, struct arena *a, struct mdn_fields *out)
{
	struct mdn_field *fields;

	if (!json_is(v, JSON_OBJECT) || v->count > EXTENSIONS_MAX)
		return "This is no object of texts, or a too large one.";
	fields = arena_alloc(a, v->count + 1, sizeof(*fields));
	if (!fields)
		return "This is too large.";
	for (uint32_t i = 0; i < v->count; i++) {
		const char *wrong = take_line(&v->members[i].value, &fields[i].value);

		fields[i].name = v->members[i].name;
		if (wrong || !mdn_is_extension(fields[i].name))
			return wrong ? wrong : "This is no name of an extension field.";
		for (uint32_t k = 0; k < i; k++)
			if (str_eq_nocase(fields[k].name, fields[i].name))
				return "A field is there twice.";
	}
	out->extensions = fields;
	out->extension_count = v->count;
	return NULL;
}

static const char *
take(enum property property, const struct json *v, struct arena *a, struct jmap_mdn *out)
{
	switch (property) {
	case PROPERTY_FOR_EMAIL_ID: return json_get_text(v, &out->email) ? NULL : "This is no Id.";
	case PROPERTY_SUBJECT: return take_line(v, &out->subject);
	case PROPERTY_TEXT_BODY: return json_get_text(v, &out->text) ? NULL : "This is no text.";
	case PROPERTY_INCLUDE_ORIGINAL:
		return json_get_bool(v, &out->has_original) ? NULL : "This is not true or false.";
	case PROPERTY_REPORTING_UA: return take_line(v, &out->fields.reporting_ua);
	case PROPERTY_DISPOSITION: return take_disposition(v, &out->fields);
	case PROPERTY_FINAL_RECIPIENT: return take_final(v, &out->final);
	case PROPERTY_EXTENSION_FIELDS: return take_extensions(v, a, &out->fields);
	case PROPERTY_GATEWAY: /* server-set */
	case PROPERTY_ORIGINAL_RECIPIENT:
	case PROPERTY_ORIGINAL_MESSAGE_ID:
	case PROPERTY_ERROR:
	case PROPERTY_COUNT: break;
	}
	return "The server sets this.";
}

/* Liberal: "extension" is what the RFC's example (3.1) calls extensionFields. */
static enum property
find_property(struct str name)
{
	unsigned i = 0;

	if (str_eq(name, STR("extension")))
		return PROPERTY_EXTENSION_FIELDS;
	while (i < PROPERTY_COUNT && !str_eq(property_names[i], name))
		i++;
	return (enum property)i;
}

static void
take_member(const struct json_member *m, struct arena *a, struct jmap_mdn *out,
    struct jmap_set_error *e)
{
	enum property property = find_property(m->name);
	const char *wrong = NULL;

	if (property == PROPERTY_COUNT)
		wrong = "An MDN has no such property.";
	else if (json_is(&m->value, JSON_NULL) && property != PROPERTY_INCLUDE_ORIGINAL)
		return;
	else if (out->given & (uint32_t)1 << property)
		wrong = "Two properties say the same.";
	else
		wrong = take(property, &m->value, a, out);
	if (wrong)
		jmap_set_invalid(e, m->name, wrong);
	else
		out->given |= (uint32_t)1 << property;
}

enum jmap_set_said
jmap_mdn_read(const struct json *object, struct arena *a, struct jmap_mdn *out,
    struct jmap_set_error *e)
{
	static const enum property needed[] = { PROPERTY_FOR_EMAIL_ID, PROPERTY_DISPOSITION };

	*out = (struct jmap_mdn){ .given = 0 };
	for (uint32_t i = 0; i < object->count; i++)
		take_member(&object->members[i], a, out, e);
	for (size_t i = 0; !e->type && i < ARRAY_LEN(needed); i++)
		if (!(out->given & (uint32_t)1 << needed[i]))
			jmap_set_invalid(e, property_names[needed[i]], "This must be there.");
	return e->type ? SET_ERROR : SET_OK;
}

/* --- writing --------------------------------------------------------------------------------------- */

void
jmap_mdn_write(struct json_writer *w, const struct jmap_mdn *mdn)
{
	const struct {
		enum property property;
		struct str text; /* p is NULL: null */
	} texts[] = { { PROPERTY_SUBJECT, mdn->subject }, { PROPERTY_TEXT_BODY, mdn->text },
		{ PROPERTY_REPORTING_UA, { 0 } }, { PROPERTY_GATEWAY, { 0 } },
		{ PROPERTY_ORIGINAL_RECIPIENT, mdn->fields.original_recipient },
		{ PROPERTY_FINAL_RECIPIENT, mdn->fields.final_recipient },
		{ PROPERTY_ORIGINAL_MESSAGE_ID, mdn->fields.message_id }, { PROPERTY_ERROR, { 0 } },
		{ PROPERTY_EXTENSION_FIELDS, { 0 } } };

	json_object_begin(w);
	if (!(mdn->given & (uint32_t)1 << PROPERTY_INCLUDE_ORIGINAL))
		json_name_bool(w, property_names[PROPERTY_INCLUDE_ORIGINAL], false);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		if (mdn->given & (uint32_t)1 << texts[i].property)
			continue;
		if (texts[i].text.p)
			json_name_string(w, property_names[texts[i].property], texts[i].text);
		else
			json_name_null(w, property_names[texts[i].property]);
	}
	json_object_end(w);
}
