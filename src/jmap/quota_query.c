/*
 * Quota/query and Quota/queryChanges (RFC 9425 4.4, 4.5). A state says what was used and allowed
 * then, so that the old list is made again and compared with the new one.
 */
/* system */
#include <string.h>

/* rooms */
#include "jmap/criteria.h"
#include "jmap/methods.h"
#include "jmap/query.h"
#include "jmap/quota.h"

struct quotas {
	struct jmap_criteria criteria;
	struct quota_numbers now;
	uint64_t ids[QUOTA_END];
	size_t count;
};

static const struct jmap_query_type query_type = { ID_QUOTA, CHANGE_TYPE_COUNT, JMAP_QUERY_MAX };

/* One member of a FilterCondition; false when the call's error was set. */
static bool
judge_condition(struct jmap_criteria *k, const struct json_member *member, const void *thing,
    bool *out)
{
	uint64_t id = *(const uint64_t *)thing;
	struct str text;

	if (!json_get_text(&member->value, &text))
		return jmap_criteria_wrong(k);
	if (str_eq(member->name, STR("name"))) {
		*out = str_find(quota_names[id], text) != STR_NONE;
	} else if (str_eq(member->name, STR("scope"))) {
		*out = str_eq(text, STR("account"));
	} else if (str_eq(member->name, STR("resourceType"))) {
		*out = str_eq(text, quota_resource_types[id]);
	} else if (str_eq(member->name, STR("type"))) {
		*out = str_eq(text, STR("Email"));
	} else {
		return jmap_criteria_unknown(k);
	}
	return true;
}

/* Is the second one to stand before the first? False too when the call's error was set. */
static bool
is_other_way(struct quotas *l, const struct json *sort)
{
	uint64_t a = l->ids[0], b = l->ids[1];

	for (uint32_t i = 0; i < sort->count; i++) {
		bool is_descending;
		struct str by;
		int order;

		if (!jmap_comparator_read(l->criteria.call, &sort->items[i], &by, &is_descending))
			return false;
		if (str_eq(by, STR("name"))) {
			order = str_cmp(quota_names[a], quota_names[b]);
		} else if (str_eq(by, STR("used"))) {
			order =
			    (l->now.used[a] > l->now.used[b]) - (l->now.used[a] < l->now.used[b]);
		} else {
			return jmap_comparator_unknown(l->criteria.call);
		}
		if (order != 0)
			return is_descending != (order > 0);
	}
	return false;
}

static bool
make_list(struct quotas *l)
{
	struct jmap_call *c = l->criteria.call;
	const struct json *sort;
	bool is_match;

	if (!jmap_sort_list(c, &sort))
		return false;
	l->ids[0] = QUOTA_BYTES;
	l->ids[1] = QUOTA_MESSAGES;
	if (sort && is_other_way(l, sort)) {
		l->ids[0] = QUOTA_MESSAGES;
		l->ids[1] = QUOTA_BYTES;
	}
	for (size_t i = 0; i < 2 && !c->error; i++) {
		uint64_t id = l->ids[i];

		if (jmap_criteria_judge(&l->criteria, &id, &is_match) && is_match &&
		    quota_is_there(c, &l->now, (enum quota)id))
			l->ids[l->count++] = id;
	}
	return !c->error;
}

/* The list of when these were the numbers; false when the call's error was set. */
static bool
list_at(struct jmap_call *c, struct quota_numbers numbers, struct quotas *l)
{
	*l = (struct quotas){ .now = numbers };
	return jmap_criteria_read(&l->criteria, c, "The filter is wrong.", judge_condition) &&
	    make_list(l);
}

enum jmap_step
jmap_quota_query(struct jmap_call *c)
{
	struct jmap_window window;
	struct quotas l;
	struct buf state;
	enum jmap_step step;

	if (!list_at(c, quota_numbers(c->account), &l) ||
	    !jmap_window_read(c, &query_type, &window))
		return JMAP_DONE;
	buf_init(&state, JMAP_ID_MAX);
	quota_state_write(&state, &l.now);
	window.state_text = buf_str(&state);
	window.says_changes = true;
	step = jmap_query_answer(c, &query_type, &window, l.ids, l.count, l.count);
	buf_release(&state);
	return step;
}

/* --- Quota/queryChanges -------------------------------------------------------------------------- */

static bool
is_same(const struct quotas *a, const struct quotas *b)
{
	return a->count == b->count && memcmp(a->ids, b->ids, a->count * sizeof(a->ids[0])) == 0;
}

/* One that is in both lists may still have moved: all go and come again. */
static void
write_lists(struct jmap_call *c, const struct quotas *was, const struct quotas *now, bool is_moved)
{
	json_name(&c->w, STR("removed"));
	json_array_begin(&c->w);
	for (size_t i = 0; is_moved && i < was->count; i++)
		jmap_write_id(&c->w, ID_QUOTA, was->ids[i]);
	json_array_end(&c->w);
	json_name(&c->w, STR("added"));
	json_array_begin(&c->w);
	for (size_t i = 0; is_moved && i < now->count; i++) {
		json_object_begin(&c->w);
		json_name(&c->w, STR("id"));
		jmap_write_id(&c->w, ID_QUOTA, now->ids[i]);
		json_name(&c->w, STR("index"));
		json_u64(&c->w, i);
		json_object_end(&c->w);
	}
	json_array_end(&c->w);
}

static enum jmap_step
answer_changes(struct jmap_call *c, const struct quotas *was, const struct quotas *now,
    const struct jmap_since *since)
{
	struct buf state;
	bool is_moved = !is_same(was, now);

	if (is_moved && was->count + now->count > since->max)
		return jmap_fail(c, "tooManyChanges", NULL);
	buf_init(&state, JMAP_ID_MAX);
	quota_state_write(&state, &now->now);
	jmap_query_changes_begin(c, since, buf_str(&state), now->count);
	buf_release(&state);
	write_lists(c, was, now, is_moved);
	json_object_end(&c->w);
	return JMAP_DONE;
}

enum jmap_step
jmap_quota_query_changes(struct jmap_call *c)
{
	struct quota_numbers then;
	struct quotas now, was;
	struct jmap_since since;

	if (!jmap_since_args(c, &since))
		return JMAP_DONE;
	if (!quota_state_parse(since.state_text, &then))
		return jmap_fail(c, "cannotCalculateChanges", "This state is not ours.");
	if (!list_at(c, quota_numbers(c->account), &now) || !list_at(c, then, &was))
		return JMAP_DONE;
	return answer_changes(c, &was, &now, &since);
}
