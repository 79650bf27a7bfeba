#include "codec/json.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/json_maker.h"

const char *const json_type_names[] = { "null", "bool", "int", "double", "string", "array",
	"object" };
static_assert(ARRAY_LEN(json_type_names) == JSON_TYPE_COUNT, "a name for each type");

/* --- reading --------------------------------------------------------------------------------- */

enum fail
json_parse_at(struct str text, struct arena *a, const struct json **out, size_t *offset_out)
{
	struct json_maker *m = json_maker_new(text, a);
	enum fail fail;

	do
		fail = json_maker_step(m, out);
	while (fail == FAIL_NONE && *out == NULL);
	if (offset_out && fail != FAIL_NONE)
		*offset_out = json_maker_at(m);
	json_maker_free(&m);
	return fail;
}

enum fail
json_parse(struct str text, struct arena *a, const struct json **out)
{
	return json_parse_at(text, a, out, NULL);
}

/* --- looking --------------------------------------------------------------------------------- */

const struct json *
json_find(const struct json *v, struct str name)
{
	if (!json_is(v, JSON_OBJECT))
		return NULL;
	for (uint32_t i = 0; i < v->count; i++) {
		if (str_eq(v->members[i].name, name))
			return &v->members[i].value;
	}
	return NULL;
}

bool
json_get_text(const struct json *v, struct str *out)
{
	if (!json_is(v, JSON_STRING))
		return false;
	*out = v->text;
	return true;
}

bool
json_get_int(const struct json *v, int64_t *out)
{
	if (json_is(v, JSON_INT)) {
		*out = v->integer;
		return true;
	}
	/* 1.0 and 1e3 are integers too, up to where doubles count every one of them (RFC 7493 2.2) */
	if (!json_is(v, JSON_DOUBLE) || v->number < -9007199254740991.0 ||
	    v->number > 9007199254740991.0)
		return false;
	if (v->number - (double)(int64_t)v->number < 0 ||
	    v->number - (double)(int64_t)v->number > 0)
		return false;
	*out = (int64_t)v->number;
	return true;
}

bool
json_get_double(const struct json *v, double *out)
{
	if (json_is(v, JSON_INT))
		*out = (double)v->integer;
	else if (json_is(v, JSON_DOUBLE))
		*out = v->number;
	else
		return false;
	return true;
}

bool
json_get_bool(const struct json *v, bool *out)
{
	if (!json_is(v, JSON_BOOL))
		return false;
	*out = v->is_true;
	return true;
}

static bool
equal_numbers(const struct json *a, const struct json *b)
{
	double x, y;

	if (a->type == JSON_INT && b->type == JSON_INT)
		return a->integer == b->integer;
	return json_get_double(a, &x) && json_get_double(b, &y) && !(x < y) && !(x > y);
}

static bool
equal_members(const struct json *a, const struct json *b)
{
	for (uint32_t i = 0; i < a->count; i++) {
		const struct json_member *m = &a->members[i];
		const struct json *other = str_eq(b->members[i].name, m->name)
		    ? &b->members[i].value
		    : json_find(b, m->name);

		if (other == NULL || !json_equal(&m->value, other))
			return false;
	}
	return true;
}

bool
json_equal(const struct json *a, const struct json *b)
{
	if (a->type == JSON_INT || a->type == JSON_DOUBLE)
		return equal_numbers(a, b);
	if (a->type != b->type || a->count != b->count)
		return false;
	switch (a->type) {
	case JSON_NULL:
	case JSON_INT:
	case JSON_DOUBLE:
	case JSON_TYPE_COUNT: return true;
	case JSON_BOOL: return a->is_true == b->is_true;
	case JSON_STRING: return str_eq(a->text, b->text);
	case JSON_ARRAY:
		for (uint32_t i = 0; i < a->count; i++) {
			if (!json_equal(&a->items[i], &b->items[i]))
				return false;
		}
		return true;
	case JSON_OBJECT: return equal_members(a, b);
	}
	return false;
}

/* --- writing --------------------------------------------------------------------------------- */

void
json_write_value(struct json_writer *w, const struct json *v)
{
	switch (v->type) {
	case JSON_TYPE_COUNT:
	case JSON_NULL: json_null(w); break;
	case JSON_BOOL: json_bool(w, v->is_true); break;
	case JSON_INT: json_int(w, v->integer); break;
	case JSON_DOUBLE: json_double(w, v->number); break;
	case JSON_STRING: json_string(w, v->text); break;
	case JSON_ARRAY:
		json_array_begin(w);
		for (uint32_t i = 0; i < v->count; i++)
			json_write_value(w, &v->items[i]);
		json_array_end(w);
		break;
	case JSON_OBJECT:
		json_object_begin(w);
		for (uint32_t i = 0; i < v->count; i++) {
			json_name(w, v->members[i].name);
			json_write_value(w, &v->members[i].value);
		}
		json_object_end(w);
		break;
	}
}
