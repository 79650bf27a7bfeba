/*
 * EmailSubmission/query and /queryChanges (RFC 8621 7.3, 7.4): there are few, so all are read and judged at once.
 */
#include "mail/submission.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/methods.h"
#include "jmap/query.h"
#include "message/date.h"

enum sort_by { SORT_EMAIL, SORT_THREAD, SORT_SENT, SORT_BY_COUNT };

struct comparator {
	enum sort_by by;
	bool is_descending;
};

struct query {
	struct jmap_call *call;
	const struct json *filter;
	struct comparator comparators[JMAP_SORT_MAX];
	size_t comparator_count;
	unsigned conditions; /* of the filter, counted: JMAP_FILTER_MAX */
	bool is_immutable;   /* nothing is asked for that changes: undoStatus does */
	uint64_t *ids;       /* arena: the list */
	size_t count;
};

static const struct jmap_query_type query_type = { ID_SUBMISSION, CHANGE_SUBMISSION,
	SUBMISSIONS_MAX };

/* --- the filter ------------------------------------------------------------------------------------- */

static bool
wrong(struct jmap_call *c)
{
	jmap_invalid(c, "A condition of the filter has the wrong type.");
	return false;
}

/* Is the id in this list? */
static bool
judge_ids(struct jmap_call *c, const struct json *v, enum id_kind kind, uint64_t id, bool *out)
{
	struct str text;
	uint64_t n;

	*out = false;
	if (!json_is(v, JSON_ARRAY))
		return wrong(c);
	for (uint32_t i = 0; i < v->count; i++) {
		if (!json_get_text(&v->items[i], &text))
			return wrong(c);
		*out |= id_parse(jmap_created_find(c->run, text), kind, &n) && n == id;
	}
	return true;
}

/* One member of a FilterCondition; false when the call's error was set. */
static bool
judge_condition(struct query *q, const struct json_member *member, const struct submission *s,
    bool *out)
{
	const struct json *v = &member->value;
	struct jmap_call *c = q->call;
	struct str text;
	struct date date;

	if (str_eq(member->name, STR("identityIds")))
		return judge_ids(c, v, ID_IDENTITY, s->identity_id, out);
	if (str_eq(member->name, STR("emailIds")))
		return judge_ids(c, v, ID_EMAIL, s->email_id, out);
	if (str_eq(member->name, STR("threadIds")))
		return judge_ids(c, v, ID_THREAD, s->thread_id, out);
	if (!str_eq(member->name, STR("undoStatus")) && !str_eq(member->name, STR("before")) &&
	    !str_eq(member->name, STR("after"))) {
		jmap_fail(c, "unsupportedFilter", "There is no such condition.");
		return false;
	}
	if (!json_get_text(v, &text))
		return wrong(c);
	if (str_eq(member->name, STR("undoStatus"))) {
		q->is_immutable = false;
		*out = str_eq(submission_undo_names[s->undo], text);
		return true;
	}
	if (date_parse_3339(text, &date) != FAIL_NONE)
		return wrong(c);
	*out = str_eq(member->name, STR("before")) ? s->send_s < date.unix_s
						   : s->send_s >= date.unix_s;
	return true;
}

static bool judge(struct query *q, const struct json *filter, const struct submission *s,
    bool *out);

/* AND: none says no. OR: one says yes. NOT: none says yes. */
static bool
judge_operator(struct query *q, const struct json *filter, const struct submission *s, bool *out)
{
	const struct json *conditions = json_find(filter, STR("conditions"));
	struct str name;
	bool is_and, is_or, one;

	if (!json_get_text(json_find(filter, STR("operator")), &name) ||
	    !json_is(conditions, JSON_ARRAY))
		return wrong(q->call);
	is_and = str_eq(name, STR("AND"));
	is_or = str_eq(name, STR("OR"));
	if (!is_and && !is_or && !str_eq(name, STR("NOT")))
		return wrong(q->call);
	*out = !is_or;
	for (uint32_t i = 0; i < conditions->count; i++) {
		if (!judge(q, &conditions->items[i], s, &one))
			return false;
		if (one != is_and)
			*out = is_or;
	}
	return true;
}

/* Nesting is as deep as JSON's may be. */
static bool
judge(struct query *q, const struct json *filter, const struct submission *s, bool *out)
{
	bool one;

	*out = true;
	if (!filter)
		return true;
	if (!json_is(filter, JSON_OBJECT))
		return wrong(q->call);
	if (++q->conditions > JMAP_FILTER_MAX) {
		jmap_fail(q->call, "unsupportedFilter", "The filter has too many conditions.");
		return false;
	}
	if (json_find(filter, STR("operator")))
		return judge_operator(q, filter, s, out);
	for (uint32_t i = 0; i < filter->count; i++) {
		if (!judge_condition(q, &filter->members[i], s, &one))
			return false;
		*out = *out && one;
	}
	return true;
}

/* --- the order ---------------------------------------------------------------------------------------- */

static bool
read_sort(struct jmap_call *c, struct query *q)
{
	/* "sentAt" is the RFC's word; the property is called sendAt */
	static const struct {
		struct str name;
		enum sort_by by;
	} names[] = { { STR_INIT("emailId"), SORT_EMAIL }, { STR_INIT("threadId"), SORT_THREAD },
		{ STR_INIT("sentAt"), SORT_SENT }, { STR_INIT("sendAt"), SORT_SENT } };
	const struct json *sort = jmap_arg(c->args, STR("sort"));

	if (!sort)
		return true;
	if (!json_is(sort, JSON_ARRAY) || sort->count > JMAP_SORT_MAX) {
		jmap_invalid(c, "sort is no list, or too long.");
		return false;
	}
	for (uint32_t i = 0; i < sort->count; i++) {
		const struct json *ascending = jmap_arg(&sort->items[i], STR("isAscending"));
		bool is_ascending = true;
		struct str text;
		size_t k = 0;

		if (!json_get_text(json_find(&sort->items[i], STR("property")), &text) ||
		    (ascending && !json_get_bool(ascending, &is_ascending))) {
			jmap_invalid(c, "A comparator is wrong.");
			return false;
		}
		while (k < ARRAY_LEN(names) && !str_eq(names[k].name, text))
			k++;
		if (k == ARRAY_LEN(names)) {
			jmap_fail(c, "unsupportedSort", "There is no such order.");
			return false;
		}
		q->comparators[q->comparator_count++] =
		    (struct comparator){ names[k].by, !is_ascending };
	}
	return true;
}

static int
compare(const struct query *q, const struct submission *a, const struct submission *b)
{
	int order = 0;

	for (size_t i = 0; i < q->comparator_count && order == 0; i++) {
		switch (q->comparators[i].by) {
		case SORT_EMAIL:
			order = (a->email_id > b->email_id) - (a->email_id < b->email_id);
			break;
		case SORT_THREAD:
			order = (a->thread_id > b->thread_id) - (a->thread_id < b->thread_id);
			break;
		case SORT_SENT: order = (a->send_s > b->send_s) - (a->send_s < b->send_s); break;
		case SORT_BY_COUNT: break;
		}
		order = q->comparators[i].is_descending ? -order : order;
	}
	return order ? order : (a->id > b->id) - (a->id < b->id);
}

/* Insertion: they come by id, which is nearly the order that is asked for. */
static void
sort_found(const struct query *q, struct submission *found, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct submission one = found[i];
		size_t at = i;

		for (; at > 0 && compare(q, &found[at - 1], &one) > 0; at--)
			found[at] = found[at - 1];
		found[at] = one;
	}
}

/* --- the methods ---------------------------------------------------------------------------------------- */

/* Make the list; false when the call's error was set. */
static bool
make_list(struct jmap_call *c, struct query *q)
{
	struct submission *all, none = { .id = 0 };
	size_t count, kept = 0;
	bool is_match;
	enum fail fail = submission_list(c->account, &c->arena, &all, &count);

	q->ids = arena_alloc(&c->arena, count + 1, sizeof(*q->ids));
	if (fail || !q->ids) {
		jmap_fail_with(c, fail ? fail : FAIL_LIMIT);
		return false;
	}
	if (!judge(q, q->filter, &none,
		&is_match)) /* a wrong filter is wrong without submissions, too */
		return false;
	for (size_t i = 0; i < count; i++) {
		q->conditions = 0;
		if (!judge(q, q->filter, &all[i], &is_match))
			return false;
		if (is_match)
			all[kept++] = all[i];
	}
	sort_found(q, all, kept);
	for (q->count = 0; q->count < kept; q->count++)
		q->ids[q->count] = all[q->count].id;
	return true;
}

static bool
query_begin(struct jmap_call *c, struct query *q)
{
	*q = (struct query){ .call = c,
		.filter = jmap_arg(c->args, STR("filter")),
		.is_immutable = true };
	return read_sort(c, q) && make_list(c, q);
}

enum jmap_step
jmap_submission_query(struct jmap_call *c)
{
	struct jmap_window window;
	struct query q;

	if (!query_begin(c, &q) || !jmap_window_read(c, &query_type, &window))
		return JMAP_DONE;
	return jmap_query_answer(c, &query_type, &window, q.ids, q.count, q.count);
}

enum jmap_step
jmap_submission_query_changes(struct jmap_call *c)
{
	struct jmap_since since;
	struct query q;

	if (!query_begin(c, &q) || !jmap_since_read(c, &query_type, &since))
		return JMAP_DONE;
	return jmap_query_changes_answer(c, &query_type, &since, q.is_immutable, q.ids, q.count);
}
