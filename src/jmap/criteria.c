#include "jmap/criteria.h"

/* --- the filter --------------------------------------------------------------------------------- */

bool
jmap_criteria_wrong(const struct jmap_criteria *k)
{
	jmap_invalid(k->call, k->wrong);
	return false;
}

bool
jmap_criteria_unknown(const struct jmap_criteria *k)
{
	jmap_fail(k->call, "unsupportedFilter", "There is no such condition.");
	return false;
}

/* Operators, FilterConditions, their members and the ids in these; what is no filter counts as one. */
static size_t
size_of(const struct json *filter)
{
	const struct json *conditions = json_find(filter, STR("conditions"));
	size_t size = 1;

	if (!json_is(filter, JSON_OBJECT))
		return 1;
	if (json_is(conditions, JSON_ARRAY)) {
		for (uint32_t i = 0; i < conditions->count; i++)
			size += size_of(&conditions->items[i]);
		return size;
	}
	for (uint32_t i = 0; i < filter->count; i++) {
		const struct json *v = &filter->members[i].value;

		size += json_is(v, JSON_ARRAY) ? 1 + (size_t)v->count : 1;
	}
	return size;
}

bool
jmap_criteria_read(struct jmap_criteria *k, struct jmap_call *c, const char *wrong,
    bool (*condition)(struct jmap_criteria *k, const struct json_member *member, const void *thing,
	bool *out))
{
	*k = (struct jmap_criteria){ .call = c,
		.filter = jmap_arg(c->args, STR("filter")),
		.wrong = wrong,
		.condition = condition };
	if (size_of(k->filter) <= JMAP_FILTER_MAX)
		return true;
	jmap_fail(c, "unsupportedFilter", "The filter has too many conditions.");
	return false;
}

static bool judge(struct jmap_criteria *k, const struct json *filter, const void *thing, bool *out);

/* AND: none says no. OR: one says yes. NOT: none says yes. */
static bool
judge_operator(struct jmap_criteria *k, const struct json *filter, const void *thing, bool *out)
{
	const struct json *conditions = json_find(filter, STR("conditions"));
	struct str name;
	bool is_and, is_or, one;

	if (!json_get_text(json_find(filter, STR("operator")), &name) ||
	    !json_is(conditions, JSON_ARRAY))
		return jmap_criteria_wrong(k);
	is_and = str_eq(name, STR("AND"));
	is_or = str_eq(name, STR("OR"));
	if (!is_and && !is_or && !str_eq(name, STR("NOT")))
		return jmap_criteria_wrong(k);
	*out = !is_or;
	for (uint32_t i = 0; i < conditions->count; i++) {
		if (!judge(k, &conditions->items[i], thing, &one))
			return false;
		if (one != is_and)
			*out = is_or;
	}
	return true;
}

static bool
judge(struct jmap_criteria *k, const struct json *filter, const void *thing, bool *out)
{
	bool one;

	*out = true;
	if (!json_is(filter, JSON_OBJECT))
		return jmap_criteria_wrong(k);
	if (json_find(filter, STR("operator")))
		return judge_operator(k, filter, thing, out);
	for (uint32_t i = 0; i < filter->count; i++) {
		if (!k->condition(k, &filter->members[i], thing, &one))
			return false;
		*out = *out && one;
	}
	return true;
}

bool
jmap_criteria_judge(struct jmap_criteria *k, const void *thing, bool *out)
{
	*out = true;
	return !k->filter || judge(k, k->filter, thing, out);
}

/* --- the order ---------------------------------------------------------------------------------- */

bool
jmap_sort_list(struct jmap_call *c, const struct json **out)
{
	*out = jmap_arg(c->args, STR("sort"));
	if (!*out || (json_is(*out, JSON_ARRAY) && (*out)->count <= JMAP_SORT_MAX))
		return true;
	jmap_invalid(c, "sort is no list, or too long.");
	return false;
}

bool
jmap_comparator_read(struct jmap_call *c, const struct json *comparator, struct str *property_out,
    bool *is_descending_out)
{
	const struct json *ascending = jmap_arg(comparator, STR("isAscending"));
	bool is_ascending = true;

	if (!json_get_text(json_find(comparator, STR("property")), property_out) ||
	    (ascending && !json_get_bool(ascending, &is_ascending))) {
		jmap_invalid(c, "A comparator is wrong.");
		return false;
	}
	*is_descending_out = !is_ascending;
	return true;
}

bool
jmap_comparator_unknown(struct jmap_call *c)
{
	jmap_fail(c, "unsupportedSort", "There is no such order.");
	return false;
}
