#include "jmap/blob_parse.h"

static void
parse_release(struct jmap_call *c)
{
	struct jmap_blob_parse *p = c->state;

	jmap_blob_load_release(&p->load);
	arena_release(&p->arena);
	if (p->type->end && p->more)
		p->type->end(p->more);
}

static bool
take_ids(struct jmap_call *c, struct jmap_blob_parse *p)
{
	if (!p->ids) {
		jmap_invalid(c, "blobIds is missing.");
		return false;
	}
	if (p->ids->count > JMAP_GET_MAX) {
		jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInGet.");
		return false;
	}
	p->is_repeated = jmap_repeated(c, p->ids);
	p->is_broken = arena_alloc(&c->arena, p->ids->count + 1, sizeof(bool));
	p->is_missing = arena_alloc(&c->arena, p->ids->count + 1, sizeof(bool));
	if (p->is_repeated && p->is_broken && p->is_missing)
		return true;
	jmap_fail_with(c, FAIL_LIMIT);
	return false;
}

static bool
parse_begin(struct jmap_call *c, const struct jmap_blob_parse_type *type)
{
	struct jmap_blob_parse *p = arena_alloc(&c->arena, 1, sizeof(*p));

	if (!p) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	p->type = type;
	arena_init(&p->arena, type->arena_bytes);
	c->state = p;
	c->release = parse_release;
	if (!jmap_arg_texts(c, STR("blobIds"), &p->ids) ||
	    (type->begin && !type->begin(c, &p->more)) || !take_ids(c, p))
		return false;
	json_object_begin(&c->w);
	jmap_write_account(c);
	return true;
}

static struct str
name_of(const struct jmap_blob_parse *p)
{
	struct str name = { 0 };

	(void)!json_get_text(&p->ids->items[p->at], &name);
	return name;
}

void
jmap_blob_parsed(struct jmap_call *c, struct jmap_blob_parse *p)
{
	if (!p->has_parsed) {
		json_name(&c->w, STR("parsed"));
		json_object_begin(&c->w);
		p->has_parsed = true;
	}
	json_name(&c->w, name_of(p));
}

/* False when the slice is over. */
static bool
load(struct jmap_call *c, struct jmap_blob_parse *p, enum fail *fail_out)
{
	struct str text = jmap_created_find(c->run, name_of(p));

	if (!p->is_loading) {
		arena_reset(&p->arena);
		*fail_out = FAIL_MISSING;
		if (!text.p || !blob_id_parse(text, &p->id))
			return true;
	}
	p->is_loading =
	    !jmap_blob_load_in(c, &p->load, c->access, &p->id, true, &p->arena, fail_out);
	return !p->is_loading;
}

/* The next one. A failure ends the call. False when the slice is over. */
static bool
parse_item(struct jmap_call *c, struct jmap_blob_parse *p, enum fail *fail_out)
{
	*fail_out = FAIL_NONE;
	if (p->is_repeated[p->at])
		return true;
	if (!p->is_open && !load(c, p, fail_out))
		return false;
	if (*fail_out == FAIL_NONE)
		*fail_out = p->type->one(c, p);
	else if (*fail_out == FAIL_LIMIT)
		*fail_out = FAIL_PERM;
	p->is_open = c->is_unfinished;
	if (p->is_open)
		return false;
	jmap_blob_load_release(&p->load);
	p->is_missing[p->at] = *fail_out == FAIL_MISSING;
	p->is_broken[p->at] = *fail_out == FAIL_PERM;
	if (*fail_out == FAIL_MISSING || *fail_out == FAIL_PERM)
		*fail_out = FAIL_NONE;
	return true;
}

enum jmap_step
jmap_blob_parse(struct jmap_call *c, const struct jmap_blob_parse_type *type)
{
	struct jmap_blob_parse *p;

	if (!c->state && !parse_begin(c, type))
		return JMAP_DONE;
	p = c->state;
	while (p->at < p->ids->count) {
		enum fail fail;

		if (!parse_item(c, p, &fail))
			return JMAP_YIELD;
		if (fail)
			return jmap_fail_with(c, fail);
		if (++p->at < p->ids->count && jmap_slice_over(c))
			return JMAP_YIELD;
	}
	if (p->has_parsed)
		json_object_end(&c->w);
	else
		json_name_null(&c->w, STR("parsed"));
	jmap_write_texts_or_null(c, STR("notParsable"), p->ids, p->is_broken);
	jmap_write_texts_or_null(c, STR("notFound"), p->ids, p->is_missing);
	json_object_end(&c->w);
	return JMAP_DONE;
}
