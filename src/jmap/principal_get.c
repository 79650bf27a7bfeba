/*
 * Principal/get, /changes and /set (RFC 9670 2.1 to 2.3). They are the directory's: nobody changes them here.
 */
#include "jmap/principal.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/get.h"
#include "jmap/methods.h"
#include "jmap/private.h"

enum property {
	PROPERTY_ID,
	PROPERTY_TYPE,
	PROPERTY_NAME,
	PROPERTY_DESCRIPTION,
	PROPERTY_EMAIL,
	PROPERTY_TIME_ZONE,
	PROPERTY_CAPABILITIES,
	PROPERTY_ACCOUNTS,
	PROPERTY_COUNT
};

static const struct str property_names[] = { STR_INIT("id"), STR_INIT("type"), STR_INIT("name"),
	STR_INIT("description"), STR_INIT("email"), STR_INIT("timeZone"), STR_INIT("capabilities"),
	STR_INIT("accounts") };
static_assert(ARRAY_LEN(property_names) == PROPERTY_COUNT, "a name per property");

struct getting {
	struct principals all;
	const struct json *ids; /* NULL: all of them */
	uint32_t asked;         /* bits of enum property */
	size_t at;
	bool is_begun;
};

static void
get_release(struct jmap_call *c)
{
	struct getting *g = c->state;

	principals_release(&g->all);
}

static struct getting *
get_new(struct jmap_call *c)
{
	struct getting *g = arena_alloc(&c->arena, 1, sizeof(*g));

	if (!g) {
		jmap_fail_with(c, FAIL_LIMIT);
		return NULL;
	}
	c->state = g;
	c->release = get_release;
	return g;
}

/* --- Principal/get -------------------------------------------------------------------------------- */

/* Those that the user may reach (RFC 9670 2: "accounts"). */
static enum fail
write_accounts(struct jmap_call *c, const struct principal *one)
{
	struct jmap_access x;
	enum fail fail = principal_access(c, one, &x);

	if (fail == FAIL_NONE) {
		json_object_begin(&c->w);
		jmap_account_write(c->run->host.jmap, &c->w, &x);
		json_object_end(&c->w);
	} else {
		json_null(&c->w);
	}
	jmap_access_release(&x);
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

static enum fail
write_property(struct jmap_call *c, const struct principal *one, enum property property)
{
	struct json_writer *w = &c->w;

	json_name(w, property_names[property]);
	switch (property) {
	case PROPERTY_ID: json_string(w, one->id); break;
	case PROPERTY_TYPE: json_string(w, one->is_group ? STR("group") : STR("individual")); break;
	case PROPERTY_NAME: json_string(w, one->name); break;
	case PROPERTY_EMAIL:
		if (one->email.p)
			json_string(w, one->email);
		else
			json_null(w);
		break;
	case PROPERTY_DESCRIPTION:
	case PROPERTY_TIME_ZONE: json_null(w); break;
	case PROPERTY_CAPABILITIES:
		json_object_begin(w);
		json_object_end(w);
		break;
	case PROPERTY_ACCOUNTS: return write_accounts(c, one);
	case PROPERTY_COUNT: break;
	}
	return FAIL_NONE;
}

static enum fail
write_one(struct jmap_call *c, const struct getting *g, const struct principal *one)
{
	enum fail fail = FAIL_NONE;

	json_object_begin(&c->w);
	for (unsigned p = 0; p < PROPERTY_COUNT && fail == FAIL_NONE; p++)
		if (g->asked & 1u << p)
			fail = write_property(c, one, (enum property)p);
	json_object_end(&c->w);
	return fail;
}

static bool
is_asked(const struct getting *g, struct str id)
{
	struct str one;

	for (uint32_t i = 0; g->ids && i < g->ids->count; i++)
		if (json_get_text(&g->ids->items[i], &one) && str_eq(one, id))
			return true;
	return g->ids == NULL;
}

static bool
is_there(const struct getting *g, struct str id)
{
	for (size_t i = 0; i < g->all.count; i++)
		if (str_eq(g->all.items[i].id, id))
			return true;
	return false;
}

/* Each id once (RFC 8620 5.1). */
static void
write_missing(struct jmap_call *c, const struct getting *g)
{
	struct str id, before;

	json_name(&c->w, STR("notFound"));
	json_array_begin(&c->w);
	for (uint32_t i = 0; g->ids && i < g->ids->count; i++) {
		bool is_new = json_get_text(&g->ids->items[i], &id) && !is_there(g, id);

		for (uint32_t k = 0; k < i && is_new; k++)
			is_new = !json_get_text(&g->ids->items[k], &before) || !str_eq(before, id);
		if (is_new)
			json_string(&c->w, id);
	}
	json_array_end(&c->w);
}

static bool
get_begin(struct jmap_call *c)
{
	struct getting *g = get_new(c);
	const struct json *properties;

	if (!g || !jmap_arg_texts(c, STR("ids"), &g->ids) ||
	    !jmap_arg_texts(c, STR("properties"), &properties) ||
	    !jmap_properties(c, properties, property_names, PROPERTY_COUNT,
		(1 << PROPERTY_COUNT) - 1, &g->asked))
		return false;
	if (!g->ids || g->ids->count <= JMAP_GET_MAX)
		return true;
	jmap_fail(c, "requestTooLarge", "These are more than maxObjectsInGet.");
	return false;
}

enum jmap_step
jmap_principal_get(struct jmap_call *c)
{
	struct getting *g;
	enum jmap_step step;

	if (!c->state && !get_begin(c))
		return JMAP_DONE;
	g = c->state;
	step = principals_load(c, &g->all);
	if (step != JMAP_DONE || c->error)
		return step;
	if (!g->is_begun) {
		g->is_begun = true;
		json_object_begin(&c->w);
		jmap_write_account(c);
		json_name_string(&c->w, STR("state"), g->all.state);
		json_name(&c->w, STR("list"));
		json_array_begin(&c->w);
	}
	for (; g->at < g->all.count; g->at++) {
		enum fail fail = FAIL_NONE;

		if (jmap_slice_over(c))
			return JMAP_YIELD;
		if (is_asked(g, g->all.items[g->at].id))
			fail = write_one(c, g, &g->all.items[g->at]);
		if (fail)
			return jmap_fail_with(c, fail);
	}
	json_array_end(&c->w);
	write_missing(c, g);
	json_object_end(&c->w);
	return JMAP_DONE;
}

/* --- Principal/changes ---------------------------------------------------------------------------- */

enum jmap_step
jmap_principal_changes(struct jmap_call *c)
{
	struct getting *g = c->state;
	enum jmap_step step;
	struct str since;

	if (!jmap_arg_text(c, STR("sinceState"), &since))
		return JMAP_DONE;
	if (!since.p)
		return jmap_invalid(c, "sinceState is missing.");
	if (!g)
		g = get_new(c);
	if (!g)
		return JMAP_DONE;
	step = principals_load(c, &g->all);
	if (step != JMAP_DONE || c->error)
		return step;
	if (!str_eq(since, g->all.state))
		return jmap_fail(c, "cannotCalculateChanges", NULL);
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name_string(&c->w, STR("oldState"), since);
	json_name_string(&c->w, STR("newState"), since);
	json_name_bool(&c->w, STR("hasMoreChanges"), false);
	jmap_write_no_ids(c, STR("created"));
	jmap_write_no_ids(c, STR("updated"));
	jmap_write_no_ids(c, STR("destroyed"));
	json_object_end(&c->w);
	return JMAP_DONE;
}

/* --- Principal/set -------------------------------------------------------------------------------- */

static bool
write_forbidden(struct jmap_call *c, struct str argument, struct str name)
{
	const struct json *v = jmap_arg(c->args, argument);
	bool is_list = json_is(v, JSON_ARRAY);

	json_name(&c->w, name);
	if (!v || v->count == 0) {
		json_null(&c->w);
		return true;
	}
	json_object_begin(&c->w);
	for (uint32_t i = 0; i < v->count; i++) {
		struct str id = { 0 };

		if (is_list ? !json_get_text(&v->items[i], &id) : !json_is(v, JSON_OBJECT))
			return false;
		json_name(&c->w, is_list ? id : v->members[i].name);
		json_object_begin(&c->w);
		json_name_string(&c->w, STR("type"), STR("forbidden"));
		json_object_end(&c->w);
	}
	json_object_end(&c->w);
	return true;
}

enum jmap_step
jmap_principal_set(struct jmap_call *c)
{
	struct getting *g = c->state;
	enum jmap_step step;
	struct str in_state;

	if (!jmap_arg_text(c, STR("ifInState"), &in_state))
		return JMAP_DONE;
	if (!g)
		g = get_new(c);
	if (!g)
		return JMAP_DONE;
	step = principals_load(c, &g->all);
	if (step != JMAP_DONE || c->error)
		return step;
	if (in_state.p && !str_eq(in_state, g->all.state))
		return jmap_fail(c, "stateMismatch", NULL);
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name_string(&c->w, STR("oldState"), g->all.state);
	json_name_string(&c->w, STR("newState"), g->all.state);
	json_name_null(&c->w, STR("created"));
	json_name_null(&c->w, STR("updated"));
	json_name_null(&c->w, STR("destroyed"));
	if (!write_forbidden(c, STR("create"), STR("notCreated")) ||
	    !write_forbidden(c, STR("update"), STR("notUpdated")) ||
	    !write_forbidden(c, STR("destroy"), STR("notDestroyed")))
		return jmap_invalid(c, "create, update or destroy is wrong.");
	json_object_end(&c->w);
	return JMAP_DONE;
}
