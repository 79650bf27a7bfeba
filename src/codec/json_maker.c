#include "codec/json_maker.h"

/* system */
#include <string.h>

/* base */
#include "base/limits.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/json_reader.h"

#define SMALL_OBJECT 12 /* members up to which names are compared one by one */

/* An array or object whose end has not come yet. */
struct level {
	struct str name; /* under which it will be a member */
	size_t start;    /* where its items begin on the stack */
};

enum doing {
	READING,
	UNESCAPING, /* a string that came */
	ENDING,     /* an array or object that ended: items go from the stack to their place */
};

struct json_maker {
	struct json_reader reader;
	struct arena *arena;       /* borrow: the caller's */
	struct json_member *stack; /* own; items of all open levels */
	size_t count, cap;
	struct level levels[JSON_DEPTH_MAX];
	struct str name; /* of the member whose value comes next */
	enum doing doing;
	size_t work; /* done in this step */

	/* UNESCAPING */
	bool is_name;
	struct str raw;  /* what is left of it */
	struct str text; /* arena: what there is so far; room for all */
	char *text_end;

	/* ENDING */
	struct json ended;
	size_t placed;               /* items */
	struct json *items;          /* arena: of an array .. */
	struct json_member *members; /* .. of an object */
	uint32_t *table; /* own: its names so far, when they are many; hashed with a secret key */
	size_t table_size;
};

struct json_maker *
json_maker_new(struct str text, struct arena *a)
{
	struct json_maker *m = mem_new(1, sizeof *m);

	json_reader_init(&m->reader, text);
	m->arena = a;
	return m;
}

void
json_maker_free(struct json_maker **pm)
{
	struct json_maker *m = *pm;

	*pm = NULL;
	if (m == NULL)
		return;
	mem_free(m->stack);
	mem_free(m->table);
	mem_free(m);
}

size_t
json_maker_at(const struct json_maker *m)
{
	return m->reader.at;
}

/* The stack becomes tree, so what the arena may not hold, the stack need not either. */
static enum fail
push(struct json_maker *m, const struct json *value)
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

/* --- strings --------------------------------------------------------------------------------- */

static enum fail
take_text(struct json_maker *m, bool is_name, struct str text)
{
	if (!is_name)
		return push(m, &(struct json){ .type = JSON_STRING, .text = text });
	m->name = text;
	return FAIL_NONE;
}

static enum fail
begin_text(struct json_maker *m, const struct json_token *token)
{
	bool is_name = token->type == JSON_TOKEN_NAME;

	if (!token->has_escapes)
		return take_text(m, is_name, token->raw);
	m->text_end = arena_room(m->arena, token->raw.n, 1);
	if (m->text_end == NULL)
		return FAIL_LIMIT;
	m->is_name = is_name;
	m->raw = token->raw;
	m->text = str_of(m->text_end, 0);
	m->doing = UNESCAPING;
	return FAIL_NONE;
}

static enum fail
unescape_some(struct json_maker *m)
{
	size_t before = m->raw.n, n;

	n = json_unescape(&m->raw, JSON_MAKER_WORK - m->work, m->text_end);
	m->text_end += n;
	m->text.n += n;
	m->work += before - m->raw.n;
	if (m->raw.n > 0)
		return FAIL_NONE;
	m->doing = READING;
	return take_text(m, m->is_name, m->text);
}

/* --- arrays and objects ---------------------------------------------------------------------- */

static enum fail
begin_end(struct json_maker *m, bool is_object)
{
	size_t count = m->count - m->levels[m->reader.depth].start;

	if (count > UINT32_MAX - 1)
		return FAIL_LIMIT;
	m->ended =
	    (struct json){ .type = is_object ? JSON_OBJECT : JSON_ARRAY, .count = (uint32_t)count };
	m->placed = 0;
	m->doing = ENDING;
	if (!is_object) {
		m->items = arena_room(m->arena, count, sizeof *m->items);
		m->ended.items = m->items;
		return m->items ? FAIL_NONE : FAIL_LIMIT;
	}
	m->members = arena_room(m->arena, count, sizeof *m->members);
	m->ended.members = m->members;
	if (count > SMALL_OBJECT) {
		for (m->table_size = 64; m->table_size < count * 2;)
			m->table_size *= 2;
		m->table = mem_new(m->table_size, sizeof *m->table);
	}
	return m->members ? FAIL_NONE : FAIL_LIMIT;
}

/* Does the name of members[at] stand before, too? */
static bool
is_twice(struct json_maker *m, size_t at)
{
	struct str name = m->members[at].name;
	size_t slot;

	if (m->table == NULL) {
		for (size_t i = 0; i < at; i++)
			if (str_eq(m->members[i].name, name))
				return true;
		return false;
	}
	slot = (size_t)map_hash(name) & (m->table_size - 1);
	for (; m->table[slot] != 0; slot = (slot + 1) & (m->table_size - 1))
		if (str_eq(m->members[m->table[slot] - 1].name, name))
			return true;
	m->table[slot] = (uint32_t)at + 1;
	return false;
}

static enum fail
end_some(struct json_maker *m)
{
	const struct level *level = &m->levels[m->reader.depth];

	for (; m->placed < m->ended.count && m->work < JSON_MAKER_WORK; m->placed++) {
		const struct json_member *from = m->stack + level->start + m->placed;

		m->work += sizeof *from;
		if (m->ended.type == JSON_ARRAY) {
			m->items[m->placed] = from->value;
			continue;
		}
		m->members[m->placed] = *from;
		if (is_twice(m, m->placed))
			return FAIL_PERM;
	}
	if (m->placed < m->ended.count)
		return FAIL_NONE;
	mem_free(m->table);
	m->table = NULL;
	m->count = level->start;
	m->name = level->name;
	m->doing = READING;
	return push(m, &m->ended);
}

/* --- tokens ---------------------------------------------------------------------------------- */

static enum fail
take_token(struct json_maker *m, const struct json_token *token)
{
	struct json value = { .type = JSON_NULL };

	switch (token->type) {
	case JSON_TOKEN_END:
	case JSON_TOKEN_PAUSE: return FAIL_NONE;
	case JSON_TOKEN_NAME:
	case JSON_TOKEN_STRING: return begin_text(m, token);
	case JSON_TOKEN_ARRAY_BEGIN:
	case JSON_TOKEN_OBJECT_BEGIN:
		m->levels[m->reader.depth - 1] =
		    (struct level){ .name = m->name, .start = m->count };
		return FAIL_NONE;
	case JSON_TOKEN_ARRAY_END: return begin_end(m, false);
	case JSON_TOKEN_OBJECT_END: return begin_end(m, true);
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
	}
	return push(m, &value);
}

static enum fail
read_some(struct json_maker *m, const struct json **out)
{
	size_t before = m->reader.at;
	struct json_token token;
	struct json *root;
	enum fail fail;

	m->reader.pause = before + JSON_MAKER_WORK - m->work;
	fail = json_next(&m->reader, &token);
	m->work += m->reader.at - before;
	if (fail == FAIL_NONE)
		fail = take_token(m, &token);
	if (fail != FAIL_NONE || token.type != JSON_TOKEN_END)
		return fail;
	root = arena_alloc(m->arena, 1, sizeof *root);
	if (root == NULL)
		return FAIL_LIMIT;
	*root = m->stack[0].value;
	*out = root;
	return FAIL_NONE;
}

enum fail
json_maker_step(struct json_maker *m, const struct json **out)
{
	enum fail fail = FAIL_NONE;

	*out = NULL;
	for (m->work = 0; m->work < JSON_MAKER_WORK && fail == FAIL_NONE && *out == NULL;)
		switch (m->doing) {
		case READING: fail = read_some(m, out); break;
		case UNESCAPING: fail = unescape_some(m); break;
		case ENDING: fail = end_some(m); break;
		}
	return fail;
}
