#include "codec/json_picker.h"

/* system */
#include <string.h>

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/json_reader.h"

#define PATH_MAX_BYTES 4096 /* names of properties are short; a longer path leads nowhere */

/* An array or object on the way; which token of the path it is asked for is its depth. */
struct place {
	bool is_array, is_star;
	bool is_found;         /* its item or member came */
	uint32_t index, wants; /* of an array: item that comes next, item asked for */
};

enum doing {
	WALKING,
	PASSING, /* over what is not on the way */
	TAKING,  /* what was looked for */
};

struct json_picker {
	struct json_reader reader;
	struct str path;
	struct str tokens[JSON_DEPTH_MAX]; /* of the path; p is borrowed from it */
	unsigned token_count;
	struct place places[JSON_DEPTH_MAX];
	unsigned depth;   /* places on the way */
	bool is_named;    /* a member's name came that is on the way */
	bool is_mapped;   /* a `*` stands on the way .. */
	unsigned map_at;  /* .. first here */
	bool needs_comma; /* before the next that is found */
	enum doing doing;
	size_t start; /* TAKING: where it begins */
};

struct json_picker *
json_picker_new(struct str text, struct str path)
{
	struct json_picker *p = mem_new(1, sizeof *p);

	json_reader_init(&p->reader, text);
	p->path = path;
	return p;
}

void
json_picker_free(struct json_picker **p)
{
	mem_free(*p);
	*p = NULL;
}

/* --- the path -------------------------------------------------------------------------------- */

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

/* Nothing is nested as deep as a longer path leads. */
static enum fail
take_path(struct json_picker *p)
{
	struct str rest = p->path, token;
	enum fail fail = FAIL_NONE;

	if (str_empty(rest))
		return FAIL_NONE;
	if (rest.n > PATH_MAX_BYTES)
		return FAIL_MISSING;
	if (!str_skip_char(&rest, '/'))
		return FAIL_SYNTAX;
	while (str_next_part(&rest, '/', &token)) {
		if (!is_token(token))
			return FAIL_SYNTAX;
		if (p->token_count == JSON_DEPTH_MAX)
			fail = FAIL_MISSING;
		else
			p->tokens[p->token_count++] = token;
	}
	return fail;
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

/* A name with escapes is unescaped first; no token is longer than the path. */
static bool
is_token_name(struct json_picker *p, const struct json_token *name)
{
	struct str token = p->tokens[p->depth - 1], raw = name->raw;
	bool is_equal;
	char *text;

	if (!name->has_escapes)
		return is_name(token, raw);
	if (raw.n > 6 * p->path.n) /* "\u0061" is the longest form of a byte */
		return false;
	text = mem_new(raw.n, 1);
	is_equal = is_name(token, str_of(text, json_unescape(&raw, raw.n, text)));
	mem_free(text);
	return is_equal;
}

/* --- the way --------------------------------------------------------------------------------- */

static bool
is_begin(const struct json_token *t)
{
	return t->type == JSON_TOKEN_ARRAY_BEGIN || t->type == JSON_TOKEN_OBJECT_BEGIN;
}

/* Whether the value that came is on the way. */
static bool
is_wanted(struct json_picker *p)
{
	struct place *place = p->depth ? &p->places[p->depth - 1] : NULL;
	bool is_here;

	if (!place)
		return true;
	is_here = place->is_array ? place->is_star || place->index == place->wants : p->is_named;
	place->index++;
	place->is_found |= is_here;
	p->is_named = false;
	return is_here;
}

/* An array or object that is not the end of the way. */
static enum fail
enter(struct json_picker *p, const struct json_token *t)
{
	struct place *place = &p->places[p->depth];
	struct str token = p->tokens[p->depth];
	bool is_zeroed = token.n > 1 && token.p[0] == '0';

	if (!is_begin(t))
		return FAIL_MISSING;
	*place = (struct place){ .is_array = t->type == JSON_TOKEN_ARRAY_BEGIN };
	place->is_star = place->is_array && str_eq(token, STR("*"));
	if (place->is_star && !p->is_mapped) {
		p->is_mapped = true;
		p->map_at = p->depth;
	}
	if (place->is_array && !place->is_star &&
	    (is_zeroed || !str_u32(&token, UINT32_MAX, &place->wants) || token.n > 0))
		return FAIL_MISSING;
	p->depth++;
	return FAIL_NONE;
}

/* What was looked for, or one of it: as it stands there. */
static void
add_found(struct json_picker *p, struct str value, struct buf *out)
{
	if (p->is_mapped && value.p[0] == '[')
		value = str_trim(str_slice(value, 1, value.n - 2));
	if (str_empty(value))
		return;
	if (p->needs_comma)
		buf_add_char(out, ',');
	p->needs_comma = true;
	buf_add(out, value);
}

/* --- tokens ---------------------------------------------------------------------------------- */

/* An array or object ended below which everything was passed over or taken. */
static bool
is_back(const struct json_picker *p)
{
	return p->reader.depth == p->depth;
}

static enum fail
take_value(struct json_picker *p, const struct json_token *t, struct buf *out)
{
	bool was_mapped = p->is_mapped;
	enum fail fail;

	if (!is_wanted(p)) {
		p->doing = is_begin(t) ? PASSING : WALKING;
		return FAIL_NONE;
	}
	if (p->depth == p->token_count) {
		p->start = t->start;
		p->doing = TAKING;
		return FAIL_NONE;
	}
	fail = enter(p, t);
	if (p->is_mapped && !was_mapped)
		buf_add_char(out, '[');
	return fail;
}

/* The place whose end came. */
static enum fail
leave(struct json_picker *p, struct buf *out, bool *is_done_out)
{
	const struct place *place = &p->places[--p->depth];

	if (!place->is_star && !place->is_found)
		return FAIL_MISSING;
	*is_done_out = p->is_mapped && p->map_at == p->depth;
	if (*is_done_out)
		buf_add_char(out, ']');
	return FAIL_NONE;
}

static enum fail
take_token(struct json_picker *p, const struct json_token *t, struct buf *out, bool *is_done_out)
{
	enum fail fail = FAIL_NONE;

	switch (t->type) {
	case JSON_TOKEN_PAUSE: return FAIL_NONE;
	case JSON_TOKEN_END: return FAIL_MISSING;
	case JSON_TOKEN_NAME:
		if (p->doing == WALKING && !p->places[p->depth - 1].is_found)
			p->is_named = is_token_name(p, t);
		return FAIL_NONE;
	case JSON_TOKEN_ARRAY_END:
	case JSON_TOKEN_OBJECT_END:
		if (p->doing == WALKING)
			return leave(p, out, is_done_out);
		break;
	case JSON_TOKEN_NULL:
	case JSON_TOKEN_BOOL:
	case JSON_TOKEN_INT:
	case JSON_TOKEN_DOUBLE:
	case JSON_TOKEN_STRING:
	case JSON_TOKEN_ARRAY_BEGIN:
	case JSON_TOKEN_OBJECT_BEGIN:
		if (p->doing == WALKING)
			fail = take_value(p, t, out);
		break;
	}
	if (p->doing == WALKING || !is_back(p))
		return fail;
	if (p->doing == TAKING) {
		add_found(p, str_slice(p->reader.text, p->start, p->reader.at - p->start), out);
		*is_done_out = !p->is_mapped;
	}
	p->doing = WALKING;
	return fail;
}

enum fail
json_picker_step(struct json_picker *p, struct buf *out, bool *is_done_out)
{
	enum fail fail = FAIL_NONE;
	struct json_token token;

	*is_done_out = false;
	if (p->reader.at == 0)
		fail = take_path(p);
	p->reader.pause = p->reader.at + JSON_PICKER_WORK;
	while (fail == FAIL_NONE && !*is_done_out && p->reader.at < p->reader.pause) {
		fail = json_next(&p->reader, &token);
		if (fail == FAIL_NONE)
			fail = take_token(p, &token, out, is_done_out);
	}
	if (fail == FAIL_PERM)
		return FAIL_SYNTAX;
	return fail == FAIL_NONE && !buf_ok(out) ? FAIL_LIMIT : fail;
}

enum fail
json_pick(struct str text, struct str path, struct buf *out)
{
	struct json_picker *p = json_picker_new(text, path);
	bool is_done = false;
	enum fail fail = FAIL_NONE;

	while (fail == FAIL_NONE && !is_done)
		fail = json_picker_step(p, out, &is_done);
	json_picker_free(&p);
	return fail;
}
