/*
 * Quota/query and Quota/queryChanges (RFC 9425 4.4, 4.5). What changed in a list is never told: it is two ids long.
 */
#include "jmap/methods.h"
#include "jmap/query.h"
#include "jmap/quota.h"

struct quotas {
	struct jmap_call *call;
	struct quota_numbers now;
	uint64_t ids[QUOTA_END];
	size_t count;
};

static const struct jmap_query_type query_type = { ID_QUOTA, CHANGE_TYPE_COUNT, JMAP_QUERY_MAX };

static bool
wrong(struct jmap_call *c)
{
	jmap_invalid(c, "The filter is wrong.");
	return false;
}

/* One member of a FilterCondition; false when the call's error was set. */
static bool
judge_condition(struct jmap_call *c, const struct json_member *member, uint64_t id, bool *out)
{
	struct str text;

	if (!json_get_text(&member->value, &text))
		return wrong(c);
	if (str_eq(member->name, STR("name"))) {
		*out = str_find(quota_names[id], text) != STR_NONE;
	} else if (str_eq(member->name, STR("scope"))) {
		*out = str_eq(text, STR("account"));
	} else if (str_eq(member->name, STR("resourceType"))) {
		*out = str_eq(text, quota_resource_types[id]);
	} else if (str_eq(member->name, STR("type"))) {
		*out = str_eq(text, STR("Email"));
	} else {
		jmap_fail(c, "unsupportedFilter", "There is no such condition.");
		return false;
	}
	return true;
}

/* A filter's depth is bounded by the reader of JSON. */
static bool
judge(struct jmap_call *c, const struct json *filter, uint64_t id, bool *out)
{
	const struct json *conditions = json_find(filter, STR("conditions"));
	struct str name = { 0 };
	bool is_or, one;

	*out = true;
	if (!filter)
		return true;
	if (!json_is(filter, JSON_OBJECT))
		return wrong(c);
	if (!json_find(filter, STR("operator"))) {
		for (uint32_t i = 0; i < filter->count; i++) {
			if (!judge_condition(c, &filter->members[i], id, &one))
				return false;
			*out &= one;
		}
		return true;
	}
	if (!json_get_text(json_find(filter, STR("operator")), &name) ||
	    !json_is(conditions, JSON_ARRAY))
		return wrong(c);
	is_or = str_eq(name, STR("OR"));
	if (!is_or && !str_eq(name, STR("AND")) && !str_eq(name, STR("NOT")))
		return wrong(c);
	*out = !is_or;
	for (uint32_t i = 0; i < conditions->count; i++) {
		if (!judge(c, &conditions->items[i], id, &one))
			return false;
		if (one != str_eq(name, STR("AND")))
			*out = is_or;
	}
	return true;
}

/* Is the second one to stand before the first? False too when the call's error was set. */
static bool
is_other_way(struct quotas *l, const struct json *sort)
{
	uint64_t a = l->ids[0], b = l->ids[1];

	for (uint32_t i = 0; i < sort->count; i++) {
		const struct json *ascending = jmap_arg(&sort->items[i], STR("isAscending"));
		bool is_ascending = true;
		struct str by;
		int order;

		if (!json_get_text(json_find(&sort->items[i], STR("property")), &by) ||
		    (ascending && !json_get_bool(ascending, &is_ascending))) {
			jmap_invalid(l->call, "A comparator is wrong.");
			return false;
		}
		if (str_eq(by, STR("name"))) {
			order = str_cmp(quota_names[a], quota_names[b]);
		} else if (str_eq(by, STR("used"))) {
			order =
			    (l->now.used[a] > l->now.used[b]) - (l->now.used[a] < l->now.used[b]);
		} else {
			jmap_fail(l->call, "unsupportedSort", "There is no such order.");
			return false;
		}
		if (order != 0)
			return is_ascending == (order > 0);
	}
	return false;
}

static bool
make_list(struct quotas *l)
{
	struct jmap_call *c = l->call;
	const struct json *sort = jmap_arg(c->args, STR("sort"));
	const struct json *filter = jmap_arg(c->args, STR("filter"));
	bool is_match;

	if (sort && (!json_is(sort, JSON_ARRAY) || sort->count > JMAP_SORT_MAX)) {
		jmap_invalid(c, "sort is no list, or too long.");
		return false;
	}
	l->ids[0] = QUOTA_BYTES;
	l->ids[1] = QUOTA_MESSAGES;
	if (sort && is_other_way(l, sort)) {
		l->ids[0] = QUOTA_MESSAGES;
		l->ids[1] = QUOTA_BYTES;
	}
	for (size_t i = 0; i < 2 && !c->error; i++) {
		uint64_t id = l->ids[i];

		if (judge(c, filter, id, &is_match) && is_match &&
		    quota_is_there(c, &l->now, (enum quota)id))
			l->ids[l->count++] = id;
	}
	return !c->error;
}

enum jmap_step
jmap_quota_query(struct jmap_call *c)
{
	struct quotas l = { .call = c, .now = quota_numbers(c->account) };
	struct jmap_window window;
	struct buf state;
	enum jmap_step step;

	if (!make_list(&l) || !jmap_window_read(c, &query_type, &window))
		return JMAP_DONE;
	buf_init(&state, JMAP_ID_MAX);
	quota_state_write(&state, &l.now);
	window.state_text = buf_str(&state);
	step = jmap_query_answer(c, &query_type, &window, l.ids, l.count, l.count);
	buf_release(&state);
	return step;
}

/* As canCalculateChanges said (RFC 8620 5.5). */
enum jmap_step
jmap_quota_query_changes(struct jmap_call *c)
{
	struct str since;

	if (!jmap_arg_text(c, STR("sinceQueryState"), &since))
		return JMAP_DONE;
	if (!since.p)
		return jmap_invalid(c, "sinceQueryState is missing.");
	return jmap_fail(c, "cannotCalculateChanges", NULL);
}
