/*
 * Principal/query and /queryChanges (RFC 9670 2.4, 2.5). The order is always that of the directory, which
 * does not tell what changed in it: changes of a list are told only when nothing did, and canCalculateChanges is false.
 */
#include "jmap/principal.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "codec/json.h"
#include "jmap/access.h"
#include "jmap/criteria.h"
#include "jmap/methods.h"
#include "jmap/query.h"
#include "message/text.h"

struct finding {
	struct jmap_criteria criteria;
	struct principals all;
	size_t at;
	struct principal **found; /* arena */
	size_t count;
};

static void
find_release(struct jmap_call *c)
{
	struct finding *f = c->state;

	principals_release(&f->all);
}

/* --- the filter ----------------------------------------------------------------------------------- */

/* "accountIds": one of them belongs to the Principal, as far as the user sees. */
static bool
has_account(const struct jmap_criteria *k, const struct principal *one, const struct json *ids,
    bool *out)
{
	struct jmap_call *c = k->call;
	struct jmap_access x;
	struct str text;
	enum fail fail;

	*out = false;
	if (!json_is(ids, JSON_ARRAY))
		return jmap_criteria_wrong(k);
	fail = principal_access(c, one, &x);
	for (uint32_t i = 0; fail == FAIL_NONE && i < ids->count; i++) {
		struct id_text id = id_text(ID_ACCOUNT, x.account->id);

		*out |= json_get_text(&ids->items[i], &text) && str_eq(text, id_str(&id));
	}
	jmap_access_release(&x);
	if (fail && fail != FAIL_MISSING)
		jmap_fail_with(c, fail);
	return !c->error;
}

static bool
judge_condition(struct jmap_criteria *k, const struct json_member *member, const void *thing,
    bool *out)
{
	const struct principal *one = thing;
	bool in_email, in_name;
	struct str text;

	if (str_eq(member->name, STR("accountIds")))
		return has_account(k, one, &member->value, out);
	if (!json_get_text(&member->value, &text))
		return jmap_criteria_wrong(k);
	in_email = one->email.p && text_contains(one->email, text);
	in_name = text_contains(one->name, text);
	if (str_eq(member->name, STR("email"))) {
		*out = in_email;
	} else if (str_eq(member->name, STR("name"))) {
		*out = in_name;
	} else if (str_eq(member->name, STR("text"))) {
		*out = in_email || in_name;
	} else if (str_eq(member->name, STR("type"))) {
		*out = str_eq(text, one->is_group ? STR("group") : STR("individual"));
	} else if (str_eq(member->name, STR("timeZone"))) {
		*out = false; /* none is known */
	} else {
		return jmap_criteria_unknown(k);
	}
	return true;
}

/* --- the answer ----------------------------------------------------------------------------------- */

static enum jmap_step
answer(struct jmap_call *c, const struct finding *f)
{
	static const struct jmap_query_type type = { ID_ACCOUNT, CHANGE_TYPE_COUNT,
		JMAP_QUERY_MAX };
	struct jmap_window w;
	struct str anchor;
	size_t start, at = 0;

	if (!jmap_window_read(c, &type, &w) || !jmap_arg_text(c, STR("anchor"), &anchor))
		return JMAP_DONE;
	while (w.has_anchor && at < f->count && !str_eq(f->found[at]->id, anchor))
		at++;
	if (!jmap_window_start(&w, at, f->count, &start))
		return jmap_fail(c, "anchorNotFound", NULL);
	json_object_begin(&c->w);
	jmap_write_account(c);
	json_name_string(&c->w, STR("queryState"), f->all.state);
	json_name_bool(&c->w, STR("canCalculateChanges"), false);
	json_name(&c->w, STR("position"));
	json_u64(&c->w, size_min(start, f->count));
	json_name(&c->w, STR("ids"));
	json_array_begin(&c->w);
	for (size_t i = 0; i < w.limit && start + i < f->count; i++)
		json_string(&c->w, f->found[start + i]->id);
	json_array_end(&c->w);
	if (w.has_total) {
		json_name(&c->w, STR("total"));
		json_u64(&c->w, f->count);
	}
	json_object_end(&c->w);
	return JMAP_DONE;
}

static bool
find_begin(struct jmap_call *c)
{
	struct finding *f = arena_alloc(&c->arena, 1, sizeof(*f));
	const struct json *sort = jmap_arg(c->args, STR("sort"));

	if (!f) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	c->state = f;
	c->release = find_release;
	if (!jmap_criteria_read(&f->criteria, c, "The filter is wrong.", judge_condition))
		return false;
	if (!sort || (json_is(sort, JSON_ARRAY) && sort->count == 0))
		return true;
	jmap_fail(c, "unsupportedSort", "There is no order but one.");
	return false;
}

/* The list; JMAP_DONE: it is there, or the call's error was set. */
static enum jmap_step
find(struct jmap_call *c)
{
	struct finding *f;
	enum jmap_step step;
	bool is_match;

	if (!c->state && !find_begin(c))
		return JMAP_DONE;
	f = c->state;
	step = principals_load(c, &f->all);
	if (step != JMAP_DONE || c->error)
		return step;
	if (!f->found)
		f->found = arena_alloc(&c->arena, f->all.count + 1, sizeof(struct principal *));
	if (!f->found)
		return jmap_fail_with(c, FAIL_LIMIT);
	for (; f->at < f->all.count; f->at++) {
		if (jmap_slice_over(c))
			return JMAP_YIELD;
		if (!jmap_criteria_judge(&f->criteria, &f->all.items[f->at], &is_match))
			return JMAP_DONE;
		if (is_match)
			f->found[f->count++] = &f->all.items[f->at];
	}
	return JMAP_DONE;
}

enum jmap_step
jmap_principal_query(struct jmap_call *c)
{
	enum jmap_step step = find(c);

	return step != JMAP_DONE || c->error ? step : answer(c, c->state);
}

enum jmap_step
jmap_principal_query_changes(struct jmap_call *c)
{
	const struct finding *f;
	enum jmap_step step;
	struct jmap_since since;

	if (!jmap_since_args(c, &since))
		return JMAP_DONE;
	step = find(c);
	if (step != JMAP_DONE || c->error)
		return step;
	f = c->state;
	if (!str_eq(since.state_text, f->all.state))
		return jmap_fail(c, "cannotCalculateChanges", NULL);
	jmap_query_changes_begin(c, &since, f->all.state, f->count);
	jmap_write_no_ids(c, STR("removed"));
	jmap_write_no_ids(c, STR("added"));
	json_object_end(&c->w);
	return JMAP_DONE;
}
