#include "jmap/set.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/id_set.h"

enum stage { STAGE_CREATE, STAGE_UPDATE, STAGE_DESTROY, STAGE_COUNT };

static const struct str done_names[] = { STR_INIT("created"), STR_INIT("updated"),
	STR_INIT("destroyed") };
static const struct str failed_names[] = { STR_INIT("notCreated"), STR_INIT("notUpdated"),
	STR_INIT("notDestroyed") };
static const struct str argument_names[] = { STR_INIT("create"), STR_INIT("update"),
	STR_INIT("destroy") };
static_assert(ARRAY_LEN(done_names) == STAGE_COUNT && ARRAY_LEN(failed_names) == STAGE_COUNT &&
	ARRAY_LEN(argument_names) == STAGE_COUNT,
    "names per stage");

struct set {
	const struct jmap_set_type *type;
	void *more;
	const struct json *items[STAGE_COUNT]; /* NULL: none */
	struct buf failed[STAGE_COUNT];        /* own; the notXxx objects, without their ends */
	struct json_writer failed_w[STAGE_COUNT];
	unsigned stage;
	uint32_t at;
	bool has_done; /* something of this stage was done */
	bool is_last_pass, has_moved;
	bool *is_settled;      /* arena; per item of this stage */
	struct id_set updated; /* own: told already, by another name for the same */
	uint64_t old_state;
};

enum jmap_set_said
jmap_set_error(struct jmap_set_error *e, const char *type, const char *text)
{
	e->type = type;
	e->text = text;
	return SET_ERROR;
}

enum jmap_set_said
jmap_set_invalid(struct jmap_set_error *e, struct str property, const char *text)
{
	if (!str_empty(property) && e->property_count < SET_PROPERTIES_MAX)
		e->properties[e->property_count++] = property;
	return jmap_set_error(e, "invalidProperties", text);
}

enum jmap_set_said
jmap_set_both(enum jmap_set_said a, enum jmap_set_said b)
{
	if (a == SET_FAIL || b == SET_FAIL)
		return SET_FAIL;
	if (a == SET_ERROR || b == SET_ERROR)
		return SET_ERROR;
	return a == SET_OK ? b : a;
}

bool
jmap_set_goes_on(enum jmap_set_said said, const struct jmap_set_error *e)
{
	if (said == SET_OK)
		return true;
	return (said == SET_ERROR || said == SET_LATER) && e->type &&
	    str_eq(str_c(e->type), STR("invalidProperties")) &&
	    e->property_count < SET_PROPERTIES_MAX;
}

enum jmap_set_said
jmap_set_failed(struct jmap_call *c)
{
	jmap_fail(c, "serverPartialFail", "The store failed.");
	return SET_FAIL;
}

void
jmap_set_error_write(struct json_writer *w, const struct jmap_set_error *e)
{
	json_object_begin(w);
	json_name_string(w, STR("type"), str_c(e->type));
	if (e->text)
		json_name_string(w, STR("description"), str_c(e->text));
	if (e->property_count > 0) {
		json_name(w, STR("properties"));
		json_array_begin(w);
		for (size_t i = 0; i < e->property_count; i++)
			json_string(w, e->properties[i]);
		json_array_end(w);
	}
	if (e->existing_id) {
		json_name(w, STR("existingId"));
		jmap_write_id(w, e->existing_kind, e->existing_id);
	}
	if (e->number_name) {
		json_name(w, str_c(e->number_name));
		json_u64(w, e->number);
	}
	if (e->list_name) {
		json_name(w, str_c(e->list_name));
		json_array_begin(w);
		for (size_t i = 0; i < e->list_count; i++)
			json_string(w, e->list[i]);
		json_array_end(w);
	}
	json_object_end(w);
}

bool
jmap_set_state_of(struct jmap_call *c, struct str argument, const struct account *account,
    enum change_type type)
{
	struct str text;
	uint64_t state;

	if (!jmap_arg_text(c, argument, &text))
		return false;
	if (!text.p || (id_parse(text, ID_STATE, &state) && state == change_state(account, type)))
		return true;
	jmap_fail(c, "stateMismatch", NULL);
	return false;
}

bool
jmap_set_state(struct jmap_call *c, enum change_type type)
{
	return jmap_set_state_of(c, STR("ifInState"), c->account, type);
}

static void
set_release(struct jmap_call *c)
{
	struct set *s = c->state;

	for (unsigned i = 0; i < STAGE_COUNT; i++)
		buf_release(&s->failed[i]);
	id_set_release(&s->updated);
	if (s->type->end && s->more)
		s->type->end(s->more);
}

/* create: Id[Foo], update: Id[PatchObject], destroy: Id[] */
static bool
take_items(struct jmap_call *c, struct set *s)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		const struct json *v = jmap_arg(c->args, argument_names[i]);

		if (i == STAGE_DESTROY && !jmap_arg_texts(c, argument_names[i], &v))
			return false;
		s->items[i] = v;
		count += v ? v->count : 0;
		if (!v || i == STAGE_DESTROY)
			continue;
		if (!json_is(v, JSON_OBJECT)) {
			jmap_invalid(c, "create or update is no object.");
			return false;
		}
		for (uint32_t m = 0; m < v->count; m++) {
			if (json_is(&v->members[m].value, JSON_OBJECT))
				continue;
			jmap_invalid(c, "What is to be created or updated is no object.");
			return false;
		}
	}
	if (count <= JMAP_SET_MAX)
		return true;
	jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInSet.");
	return false;
}

static bool
stage_begin(struct jmap_call *c, struct set *s)
{
	const struct json *items = s->items[s->stage];

	s->at = 0;
	s->has_done = s->has_moved = s->is_last_pass = false;
	if (items && s->stage == STAGE_DESTROY) /* twice the same is told once */
		s->is_settled = jmap_repeated(c, items);
	else
		s->is_settled = arena_alloc(&c->arena, items ? items->count + 1 : 1, sizeof(bool));
	if (s->is_settled)
		return true;
	jmap_fail_with(c, FAIL_LIMIT);
	return false;
}

static bool
set_begin(struct jmap_call *c, const struct jmap_set_type *type)
{
	struct set *s = arena_alloc(&c->arena, 1, sizeof(*s));

	if (!s) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	s->type = type;
	c->state = s;
	c->release = set_release;
	if (!take_items(c, s) || (!type->is_stateless && !jmap_set_state(c, type->change)) ||
	    (type->begin && !type->begin(c, &s->more)) || !stage_begin(c, s))
		return false;
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		buf_init(&s->failed[i], JMAP_RESPONSE_MAX);
		s->failed_w[i].out = &s->failed[i];
	}
	json_object_begin(&c->w);
	if (type->is_stateless)
		return true;
	s->old_state = change_state(c->account, type->change);
	jmap_write_account(c);
	jmap_write_state(&c->w, STR("oldState"), s->old_state);
	return true;
}

/* The name under which this stage's item is reported. */
static struct str
item_name(const struct set *s)
{
	const struct json *items = s->items[s->stage];
	struct str name = { 0 };

	if (s->stage != STAGE_DESTROY)
		return items->members[s->at].name;
	return json_get_text(&items->items[s->at], &name) ? name : (struct str){ 0 };
}

static enum jmap_set_said
run_item(struct jmap_call *c, struct set *s, uint64_t *id_out, struct jmap_set_error *e)
{
	const struct json *items = s->items[s->stage];
	struct str id;

	if (s->stage == STAGE_CREATE) {
		if (!s->type->create)
			return jmap_set_error(e, "forbidden", "These cannot be created.");
		if (!jmap_is_id(items->members[s->at].name))
			return jmap_set_error(e, "invalidProperties", "The creation id is no Id.");
		return s->type->create(c, s->more, &items->members[s->at].value, id_out, e);
	}
	id = jmap_created_find(c->run, item_name(s));
	if (!id.p || !id_parse(id, s->type->kind, id_out))
		return jmap_set_error(e, "notFound", NULL);
	if (s->stage == STAGE_UPDATE)
		return s->type->update(c, s->more, *id_out, &items->members[s->at].value, e);
	return s->type->destroy(c, s->more, *id_out, e);
}

static enum fail
item_done(struct jmap_call *c, struct set *s, uint64_t id)
{
	struct id_text text = id_text(s->type->kind, id);

	if (!s->has_done) {
		json_name(&c->w, done_names[s->stage]);
		if (s->stage == STAGE_DESTROY)
			json_array_begin(&c->w);
		else
			json_object_begin(&c->w);
	}
	s->has_done = true;
	switch ((enum stage)s->stage) {
	case STAGE_CREATE:
		jmap_created_add(c->run, item_name(s), id_str(&text));
		json_name(&c->w, item_name(s));
		return s->type->created(c, s->more, id);
	case STAGE_UPDATE:
		if (!id_set_add(&s->updated, id))
			break;
		json_name(&c->w, id_str(&text));
		if (s->type->updated)
			return s->type->updated(c, s->more, id);
		json_null(&c->w);
		break;
	case STAGE_DESTROY: json_string(&c->w, id_str(&text)); break;
	case STAGE_COUNT: break;
	}
	return FAIL_NONE;
}

static void
item_failed(struct set *s, const struct jmap_set_error *e)
{
	struct json_writer *w = &s->failed_w[s->stage];

	if (buf_str(&s->failed[s->stage]).n == 0)
		json_object_begin(w);
	json_name(w, item_name(s));
	jmap_set_error_write(w, e);
}

enum item { ITEM_SETTLED, ITEM_LATER, ITEM_WAIT, ITEM_YIELD, ITEM_FAILED };

/* One item; FAILED: the call ended. */
static enum item
set_item(struct jmap_call *c, struct set *s)
{
	struct jmap_set_error e = { 0 };
	uint64_t id = 0;
	enum jmap_set_said said = run_item(c, s, &id, &e);
	enum fail fail = FAIL_NONE;

	if (said == SET_LATER && !s->is_last_pass)
		return ITEM_LATER;
	if (said == SET_WAIT || said == SET_YIELD)
		return said == SET_WAIT ? ITEM_WAIT : ITEM_YIELD;
	s->is_settled[s->at] = s->has_moved = true;
	switch (said) {
	case SET_OK: fail = item_done(c, s, id); break;
	case SET_ERROR:
	case SET_LATER: item_failed(s, &e); break;
	case SET_WAIT:
	case SET_YIELD:
	case SET_FAIL: return ITEM_FAILED;
	}
	if (fail)
		jmap_fail_with(c, fail);
	return fail ? ITEM_FAILED : ITEM_SETTLED;
}

/* Close this stage's member; go to the next one. */
static bool
stage_end(struct jmap_call *c, struct set *s)
{
	if (!s->has_done)
		json_name_null(&c->w, done_names[s->stage]);
	else if (s->stage == STAGE_DESTROY)
		json_array_end(&c->w);
	else
		json_object_end(&c->w);
	s->stage++;
	return s->stage == STAGE_COUNT || stage_begin(c, s);
}

static void
set_end(struct jmap_call *c, struct set *s)
{
	for (unsigned i = 0; i < STAGE_COUNT; i++) {
		json_name(&c->w, failed_names[i]);
		if (buf_str(&s->failed[i]).n == 0) {
			json_null(&c->w);
			continue;
		}
		json_object_end(&s->failed_w[i]);
		json_raw(&c->w, buf_str(&s->failed[i]));
	}
	if (!s->type->is_stateless)
		jmap_write_state(&c->w, STR("newState"), change_state(c->account, s->type->change));
	json_object_end(&c->w);
}

/* All items of this stage that are not settled, once. */
static enum item
set_pass(struct jmap_call *c, struct set *s, uint32_t count)
{
	enum item item;

	for (; s->at < count; s->at++) {
		if (s->is_settled[s->at])
			continue;
		if (jmap_slice_over(c))
			return ITEM_YIELD;
		item = set_item(c, s);
		if (item != ITEM_SETTLED && item != ITEM_LATER)
			return item;
	}
	return ITEM_SETTLED;
}

enum jmap_step
jmap_set(struct jmap_call *c, const struct jmap_set_type *type)
{
	struct set *s;

	if (!c->state && !set_begin(c, type))
		return JMAP_DONE;
	s = c->state;
	while (s->stage < STAGE_COUNT) {
		uint32_t count = s->items[s->stage] ? s->items[s->stage]->count : 0;
		bool has_left = false;

		switch (set_pass(c, s, count)) {
		case ITEM_SETTLED:
		case ITEM_LATER: break;
		case ITEM_WAIT: return JMAP_WAIT;
		case ITEM_YIELD: return JMAP_YIELD;
		case ITEM_FAILED: return JMAP_DONE;
		}
		for (uint32_t i = 0; i < count; i++)
			has_left = has_left || !s->is_settled[i];
		if (has_left) { /* another pass; the last one when this one settled nothing */
			s->is_last_pass = !s->has_moved;
			s->has_moved = false;
			s->at = 0;
		} else if (!stage_end(c, s)) {
			return JMAP_DONE;
		}
	}
	set_end(c, s);
	if (type->done)
		type->done(c, s->more);
	return JMAP_DONE;
}
