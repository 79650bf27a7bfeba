/*
 * json.h - JSON as trees in an arena: read I-JSON, look things up, write.
 *
 * Reading follows RFC 8259 and RFC 7493 (I-JSON): valid UTF-8, no lone surrogates, no member name
 * twice in one object, nothing after the value. Nesting is capped at JSON_DEPTH_MAX. Numbers without
 * fraction and exponent that fit are int64_t, all others double; one too large for a double is refused.
 * The pull reader below the tree is json_reader.h, the writer json_writer.h (included here); long texts become trees in
 * steps by json_maker.h, and json_picker.h finds what a pointer leads to without a tree.
 *
 * Ownership: a tree lives in the arena given; texts without escapes point into the input, which must
 * live as long. Trees are read only once made.
 */
#ifndef CODEC_JSON_H
#define CODEC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/* rooms */
#include "codec/json_writer.h"

enum json_type {
	JSON_NULL,
	JSON_BOOL,
	JSON_INT,
	JSON_DOUBLE,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
	JSON_TYPE_COUNT
};

extern const char *const json_type_names[JSON_TYPE_COUNT];

struct json_member;

struct json { /* fields: read only */
	enum json_type type;
	uint32_t count; /* items of an array, members of an object */
	union {
		bool is_true;                      /* JSON_BOOL */
		int64_t integer;                   /* JSON_INT */
		double number;                     /* JSON_DOUBLE */
		struct str text;                   /* JSON_STRING: UTF-8, may hold NUL */
		const struct json *items;          /* JSON_ARRAY: items[0 .. count-1] */
		const struct json_member *members; /* JSON_OBJECT, in the order of the text */
	};
};

struct json_member {
	struct str name;
	struct json value;
};

/*
 * Read one JSON text. FAIL_SYNTAX: not JSON; FAIL_PERM: JSON but not I-JSON (a name twice, a lone
 * surrogate, bad UTF-8, a number out of range), or too deep; FAIL_LIMIT: the arena is full.
 */
MUST_CHECK enum fail json_parse(struct str text, struct arena *a, const struct json **out);

/* The same, and on failure the byte offset of the mistake (may be NULL). */
MUST_CHECK enum fail json_parse_at(struct str text, struct arena *a, const struct json **out,
    size_t *offset_out);

/* The member's value, or NULL when `v` is NULL, no object, or has no such member. */
const struct json *json_find(const struct json *v, struct str name);

/* Typed views; false (nothing set) when `v` is NULL or of another type. An integral double is an int. */
MUST_CHECK bool json_get_text(const struct json *v, struct str *out);
MUST_CHECK bool json_get_int(const struct json *v, int64_t *out);
MUST_CHECK bool json_get_double(const struct json *v, double *out);
MUST_CHECK bool json_get_bool(const struct json *v, bool *out);
static inline bool
json_is(const struct json *v, enum json_type type)
{
	return v && v->type == type;
}

/* Same value: objects by members in any order, an int and a double by value. */
bool json_equal(const struct json *a, const struct json *b);

/* Write a tree as one value. */
void json_write_value(struct json_writer *w, const struct json *v);

#endif
