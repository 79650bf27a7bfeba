#include "codec/json.h"

/* system */
#include <assert.h>
#include <string.h>

/* base */
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/json_reader.h"

#define JSON_SMALL_OBJECT 12 /* members up to which names are compared one by one */

const char *const json_type_names[] = { "null", "bool", "int", "double", "string", "array",
	"object" };
static_assert(ARRAY_LEN(json_type_names) == JSON_TYPE_COUNT, "a name for each type");

/* An array or object whose end has not come yet. */
struct level {
	struct str name; /* under which it will be a member */
	size_t start;    /* where its items begin on the stack */
};

struct maker {
	struct json_reader reader;
	struct arena *arena;       /* borrow: the caller's */
	struct json_member *stack; /* own; items of all open levels */
	size_t count, cap;
	struct level levels[JSON_DEPTH_MAX];
	struct str name; /* of the member whose value comes next */
};

/* --- making trees ---------------------------------------------------------------------------- */

/* The stack becomes tree, so what the arena may not hold, the stack need not either. */
static enum fail
push(struct maker *m, const struct json *value)
{
	if (m->count == m->cap) {
		if (m->count > m->arena->max / sizeof *m->stack)
			return FAIL_LIMIT;
		m->cap = m->cap ? m->cap * 2 : 64;
		m->stack = mem_resize(m->stack, m->cap, sizeof *m->stack);
	}
	m->stack[m->count++] = (struct json_member){ .name = m->name, .value = *value };
	return FAIL_NONE;
}

static enum fail
token_text(struct maker *m, const struct json_token *token, struct str *out)
{
	char *text;

	if (!token->has_escapes) {
		*out = token->raw;
		return FAIL_NONE;
	}
	text = arena_alloc(m->arena, token->raw.n, 1);
	if (text == NULL)
		return FAIL_LIMIT;
	*out = str_of(text, json_unescape(token->raw, text));
	return FAIL_NONE;
}

static bool
has_twice_small(const struct json_member *members, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (str_eq(members[i].name, members[j].name))
				return true;
		}
	}
	return false;
}

/* Is a name there twice? Big objects go through a table, hashed with a secret key. */
static bool
has_twice(const struct json_member *members, size_t count)
{
	size_t size = 64;
	uint32_t *table;
	bool is_twice = false;

	if (count <= JSON_SMALL_OBJECT)
		return has_twice_small(members, count);
	while (size < count * 2)
		size *= 2;
	table = mem_new(size, sizeof *table);
	for (size_t i = 0; i < count && !is_twice; i++) {
		size_t at = (size_t)map_hash(members[i].name) & (size - 1);

		while (table[at] != 0 && !is_twice) {
			is_twice = str_eq(members[table[at] - 1].name, members[i].name);
			at = (at + 1) & (size - 1);
		}
		table[at] = (uint32_t)i + 1;
	}
	mem_free(table);
	return is_twice;
}

static enum fail
make_object(struct maker *m, const struct json_member *from, size_t count, struct json *out)
{
	struct json_member *members = arena_alloc(m->arena, count, sizeof *members);

	if (members == NULL)
		return FAIL_LIMIT;
	if (has_twice(from, count))
		return FAIL_PERM;
	if (count > 0)
		memcpy(members, from, count * sizeof *members);
	*out = (struct json){ .type = JSON_OBJECT, .count = (uint32_t)count, .members = members };
	return FAIL_NONE;
}

static enum fail
make_array(struct maker *m, const struct json_member *from, size_t count, struct json *out)
{
	struct json *items = arena_alloc(m->arena, count, sizeof *items);

	if (items == NULL)
		return FAIL_LIMIT;
	for (size_t i = 0; i < count; i++)
		items[i] = from[i].value;
	*out = (struct json){ .type = JSON_ARRAY, .count = (uint32_t)count, .items = items };
	return FAIL_NONE;
}

static enum fail
end_level(struct maker *m, bool is_object)
{
	const struct level *level = &m->levels[m->reader.depth];
	const struct json_member *from = m->stack ? m->stack + level->start : NULL;
	size_t count = m->count - level->start;
	struct json value;
	enum fail fail;

	if (count > UINT32_MAX - 1)
		return FAIL_LIMIT;
	fail = is_object ? make_object(m, from, count, &value) : make_array(m, from, count, &value);
	if (fail != FAIL_NONE)
		return fail;
	m->count = level->start;
	m->name = level->name;
	return push(m, &value);
}

static enum fail
take_token(struct maker *m, const struct json_token *token)
{
	struct json value = { .type = JSON_NULL };

	switch (token->type) {
	case JSON_TOKEN_END: return FAIL_NONE;
	case JSON_TOKEN_NAME: return token_text(m, token, &m->name);
	case JSON_TOKEN_ARRAY_BEGIN:
	case JSON_TOKEN_OBJECT_BEGIN:
		m->levels[m->reader.depth - 1] =
		    (struct level){ .name = m->name, .start = m->count };
		return FAIL_NONE;
	case JSON_TOKEN_ARRAY_END: return end_level(m, false);
	case JSON_TOKEN_OBJECT_END: return end_level(m, true);
	case JSON_TOKEN_NULL: break;
	case JSON_TOKEN_BOOL:
		value.type = JSON_BOOL;
		value.is_true = token->is_true;
		break;
	case JSON_TOKEN_INT:
		value.type = JSON_INT;
		value.integer = token->integer;
		break;
	case JSON_TOKEN_DOUBLE:
		value.type = JSON_DOUBLE;
		value.number = token->number;
		break;
	case JSON_TOKEN_STRING:
		value.type = JSON_STRING;
		if (token_text(m, token, &value.text) != FAIL_NONE)
			return FAIL_LIMIT;
		break;
	}
	return push(m, &value);
}

static enum fail
make_tree(struct maker *m, const struct json **out)
{
	struct json_token token;
	struct json *root;
	enum fail fail;

	do {
		fail = json_next(&m->reader, &token);
		if (fail == FAIL_NONE)
			fail = take_token(m, &token);
		if (fail != FAIL_NONE)
			return fail;
	} while (token.type != JSON_TOKEN_END);
	root = arena_alloc(m->arena, 1, sizeof *root);
	if (root == NULL)
		return FAIL_LIMIT;
	*root = m->stack[0].value;
	*out = root;
	return FAIL_NONE;
}

enum fail
json_parse_at(struct str text, struct arena *a, const struct json **out, size_t *offset_out)
{
	struct maker m = { .arena = a };
	enum fail fail;

	json_reader_init(&m.reader, text);
	fail = make_tree(&m, out);
	if (offset_out && fail != FAIL_NONE)
		*offset_out = m.reader.at;
	mem_free(m.stack);
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
