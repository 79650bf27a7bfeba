#include "jmap/get.h"

struct jmap_get {
	const struct jmap_get_type *type;
	struct str *texts; /* ids as asked, each once; NULL when all are asked for */
	uint64_t *ids;     /* 0: no id of this type */
	size_t count, at;
	bool *is_missing;
	void *more;
	uint32_t asked; /* properties, as bits */
};

static void
get_release(struct jmap_call *c)
{
	struct jmap_get *g = c->state;

	if (g->type->end && g->more)
		g->type->end(g->more);
}

/* Each id once (RFC 8620 5.1: "the server MUST only include it once"). */
static enum fail
take_ids(struct jmap_call *c, struct jmap_get *g, const struct json *ids)
{
	const bool *is_repeated = jmap_repeated(c, ids);

	g->texts = arena_alloc(&c->arena, ids->count + 1, sizeof(*g->texts));
	g->ids = arena_alloc(&c->arena, ids->count + 1, sizeof(*g->ids));
	if (!is_repeated || !g->texts || !g->ids)
		return FAIL_LIMIT;
	for (uint32_t i = 0; i < ids->count; i++) {
		struct str id = { 0 };

		if (is_repeated[i] || !json_get_text(&ids->items[i], &id))
			continue;
		g->texts[g->count] = id;
		/* "#name" is taken for the creation id's id, as clients do within one request. */
		id = jmap_created_find(c->run, id);
		if (!id.p || !id_parse(id, g->type->kind, &g->ids[g->count]))
			g->ids[g->count] = 0;
		g->count++;
	}
	return FAIL_NONE;
}

/* Arguments; false when the call ended. */
static bool
read_properties(struct jmap_call *c, struct jmap_get *g, const struct json *properties)
{
	const struct jmap_get_type *type = g->type;

	if (type->begin)
		return type->begin(c, properties, &g->more);
	g->more = &g->asked;
	return jmap_properties(c, properties, type->names, type->name_count,
	    (1u << type->name_count) - 1, &g->asked);
}

static bool
get_begin(struct jmap_call *c, const struct jmap_get_type *type)
{
	struct jmap_get *g = arena_alloc(&c->arena, 1, sizeof(*g));
	const struct json *ids, *properties;
	enum fail fail;

	if (!g || !jmap_arg_texts(c, STR("ids"), &ids) ||
	    !jmap_arg_texts(c, STR("properties"), &properties)) {
		if (!g)
			jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	g->type = type;
	c->state = g;
	c->release = get_release;
	if (ids && ids->count > JMAP_GET_MAX)
		fail = FAIL_LIMIT;
	else if (ids)
		fail = take_ids(c, g, ids);
	else
		fail = type->all ? type->all(c, &g->ids, &g->count) : FAIL_LIMIT;
	g->is_missing = arena_alloc(&c->arena, g->count + 1, sizeof(*g->is_missing));
	if (!fail && !g->is_missing)
		fail = FAIL_LIMIT;
	if (fail == FAIL_LIMIT)
		jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInGet.");
	else if (fail)
		jmap_fail_with(c, fail);
	if (fail || !read_properties(c, g, properties))
		return false;
	json_object_begin(&c->w);
	if (!type->is_stateless)
		jmap_write_account(c);
	if (type->write_state)
		type->write_state(c, STR("state"));
	else if (!type->is_stateless)
		jmap_write_state(&c->w, STR("state"), change_state(c->account, type->change));
	json_name(&c->w, STR("list"));
	json_array_begin(&c->w);
	return true;
}

enum jmap_step
jmap_get(struct jmap_call *c, const struct jmap_get_type *type)
{
	struct jmap_get *g;

	if (!c->state && !get_begin(c, type))
		return JMAP_DONE;
	g = c->state;
	while (g->at < g->count) {
		size_t at = g->at;
		enum fail fail = g->ids[at] ? type->one(c, g->more, g->ids[at]) : FAIL_MISSING;

		if (c->is_waiting || c->is_unfinished)
			return JMAP_YIELD;
		g->at++;
		if (fail == FAIL_MISSING)
			g->is_missing[at] = true;
		else if (fail)
			return jmap_fail_with(c, fail);
		if (g->at < g->count && jmap_slice_over(c))
			return JMAP_YIELD;
	}
	json_array_end(&c->w);
	json_name(&c->w, STR("notFound"));
	json_array_begin(&c->w);
	for (size_t i = 0; g->texts && i < g->count; i++)
		if (g->is_missing[i])
			json_string(&c->w, g->texts[i]);
	json_array_end(&c->w);
	json_object_end(&c->w);
	return JMAP_DONE;
}

bool
jmap_properties_allowed(struct jmap_call *c, const struct json *properties)
{
	if (properties->count <= JMAP_PROPERTIES_MAX)
		return true;
	jmap_fail(c, "requestTooLarge", "These are too many properties.");
	return false;
}

bool
jmap_properties(struct jmap_call *c, const struct json *properties, const struct str *names,
    size_t count, uint32_t all, uint32_t *out)
{
	struct str name;

	*out = all | 1;
	if (!properties)
		return true;
	if (!jmap_properties_allowed(c, properties))
		return false;
	*out = 1;
	for (uint32_t i = 0; i < properties->count; i++) {
		size_t at = 0;

		if (!json_get_text(&properties->items[i], &name))
			continue;
		while (at < count && !str_eq(names[at], name))
			at++;
		if (at == count) {
			jmap_invalid(c, "There is no such property.");
			return false;
		}
		*out |= (uint32_t)1 << at;
	}
	return true;
}
