/*
 * header_form.h - header fields in JMAP's parsed forms (RFC 8621 4.1.2, 4.1.3).
 */
#ifndef JMAP_HEADER_FORM_H
#define JMAP_HEADER_FORM_H

/* base */
#include "base/arena.h"

/* rooms */
#include "codec/json.h"

enum header_form {
	HEADER_RAW,
	HEADER_TEXT,
	HEADER_ADDRESSES,
	HEADER_GROUPED,
	HEADER_MESSAGE_IDS,
	HEADER_DATE,
	HEADER_URLS,
	HEADER_FORM_COUNT
};
extern const struct str header_form_names[HEADER_FORM_COUNT]; /* "asRaw" .. */

struct header_property {
	struct str property; /* as asked: "header:Subject:asText" */
	struct str name;     /* of the field */
	enum header_form form;
	bool is_all;
};

/*
 * header:{name}[:as{Form}][:all]; false when it is not one, or the form is not allowed for the field.
 * Texts are borrowed from `text`.
 */
MUST_CHECK bool header_property_parse(struct str text, struct header_property *out);

/* A raw value (from behind the colon) in this form; null when it cannot be understood. */
void header_form_write(struct json_writer *w, enum header_form form, struct str raw,
    struct arena *a);

/* What the property says of a header block: the last such field, or with `is_all` a list. */
void header_property_write(struct json_writer *w, const struct header_property *property,
    struct str block, struct arena *a);

/* All fields as [{name, value}] (EmailHeader[]). */
void header_list_write(struct json_writer *w, struct str block);

#endif
