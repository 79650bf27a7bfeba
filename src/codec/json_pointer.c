#include "codec/json.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* What the `*` steps collected. */
struct found {
	struct json *items; /* own */
	size_t count, cap, max;
};

static bool
found_add(struct found *f, const struct json *v)
{
	if (f->count == f->cap) {
		if (f->count >= f->max)
			return false;
		f->cap = f->cap ? f->cap * 2 : 64;
		f->items = mem_resize(f->items, f->cap, sizeof *f->items);
	}
	f->items[f->count++] = *v;
	return true;
}

/* RFC 6901 section 3: "~0" is "~", "~1" is "/", another "~" is wrong. */
static bool
is_token(struct str token)
{
	for (size_t i = 0; i < token.n; i++) {
		if (token.p[i] != '~')
			continue;
		if (i + 1 >= token.n || (token.p[i + 1] != '0' && token.p[i + 1] != '1'))
			return false;
	}
	return true;
}

static bool
is_pointer(struct str path)
{
	struct str token;

	if (path.n > 0 && path.p[0] != '/')
		return false;
	while (str_next_part(&path, '/', &token)) {
		if (!is_token(token))
			return false;
	}
	return true;
}

static bool
is_name(struct str token, struct str name)
{
	size_t n = 0;

	for (size_t i = 0; i < token.n; i++, n++) {
		char c = token.p[i];

		if (c == '~')
			c = token.p[++i] == '0' ? '~' : '/';
		if (n >= name.n || name.p[n] != c)
			return false;
	}
	return n == name.n;
}

/* One step that is not a `*` over an array; NULL when it leads nowhere. */
static const struct json *
step(const struct json *v, struct str token)
{
	uint32_t i;

	if (v->type == JSON_OBJECT) {
		for (i = 0; i < v->count; i++) {
			if (is_name(token, v->members[i].name))
				return &v->members[i].value;
		}
		return NULL;
	}
	if (v->type != JSON_ARRAY || (token.n > 1 && token.p[0] == '0'))
		return NULL;
	if (!str_u32(&token, UINT32_MAX, &i) || token.n > 0 || i >= v->count)
		return NULL;
	return &v->items[i];
}

/* Walk up to the end or the next `*`, which is left in *path. */
static const struct json *
walk(const struct json *v, struct str *path)
{
	while (v && path->n > 0) {
		struct str rest = str_from(*path, 1), token;
		size_t end = str_find_char(rest, '/');

		token = str_head(rest, end == STR_NONE ? rest.n : end);
		if (v->type == JSON_ARRAY && str_eq(token, STR("*")))
			return v;
		v = step(v, token);
		*path = str_from(rest, token.n);
	}
	return v;
}

/* v is an array and the next step of `path` a `*`: the rest for each item (RFC 8620 3.7). */
static enum fail
map_items(const struct json *v, struct str path, struct found *f)
{
	for (uint32_t i = 0; i < v->count; i++) {
		struct str rest = str_from(path, 2);
		const struct json *item = walk(&v->items[i], &rest);
		enum fail fail = FAIL_NONE;

		if (item == NULL)
			return FAIL_MISSING;
		if (rest.n > 0)
			fail = map_items(item, rest, f);
		else if (item->type != JSON_ARRAY)
			fail = found_add(f, item) ? FAIL_NONE : FAIL_LIMIT;
		for (uint32_t j = 0; rest.n == 0 && item->type == JSON_ARRAY && j < item->count;
		     j++)
			fail = found_add(f, &item->items[j]) ? fail : FAIL_LIMIT;
		if (fail != FAIL_NONE)
			return fail;
	}
	return FAIL_NONE;
}

static enum fail
make_result(const struct found *f, struct arena *a, const struct json **out)
{
	struct json *items = arena_alloc(a, f->count, sizeof *items);
	struct json *result = arena_alloc(a, 1, sizeof *result);

	if (items == NULL || result == NULL)
		return FAIL_LIMIT;
	if (f->count > 0)
		memcpy(items, f->items, f->count * sizeof *items);
	*result = (struct json){ .type = JSON_ARRAY, .count = (uint32_t)f->count, .items = items };
	*out = result;
	return FAIL_NONE;
}

enum fail
json_pointer(const struct json *root, struct str path, struct arena *a, const struct json **out)
{
	struct found f = { .max = a->max / sizeof(struct json) };
	const struct json *at;
	enum fail fail;

	if (!is_pointer(path))
		return FAIL_SYNTAX;
	at = walk(root, &path);
	if (at == NULL)
		return FAIL_MISSING;
	if (path.n == 0) {
		*out = at;
		return FAIL_NONE;
	}
	fail = map_items(at, path, &f);
	if (fail == FAIL_NONE)
		fail = make_result(&f, a, out);
	mem_free(f.items);
	return fail;
}
