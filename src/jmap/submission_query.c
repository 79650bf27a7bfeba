/*
 * EmailSubmission/query and /queryChanges (RFC 8621 7.3, 7.4): there are few, so all are read and judged at once.
 */
#include "mail/submission.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/criteria.h"
#include "jmap/methods.h"
#include "jmap/query.h"
#include "message/date.h"

enum sort_by { SORT_EMAIL, SORT_THREAD, SORT_SENT, SORT_BY_COUNT };

struct comparator {
	enum sort_by by;
	bool is_descending;
};

struct query {
	struct jmap_criteria criteria;
	struct comparator comparators[JMAP_SORT_MAX];
	size_t comparator_count;
	bool is_immutable; /* nothing is asked for that changes: undoStatus does */
	uint64_t *ids;     /* arena: the list */
	size_t count;
};

static const struct jmap_query_type query_type = { ID_SUBMISSION, CHANGE_SUBMISSION,
	SUBMISSIONS_MAX };

/* --- the filter ------------------------------------------------------------------------------------- */

/* Is the id in this list? */
static bool
judge_ids(const struct jmap_criteria *k, const struct json *v, enum id_kind kind, uint64_t id,
    bool *out)
{
	struct str text;
	uint64_t n;

	*out = false;
	if (!json_is(v, JSON_ARRAY))
		return jmap_criteria_wrong(k);
	for (uint32_t i = 0; i < v->count; i++) {
		if (!json_get_text(&v->items[i], &text))
			return jmap_criteria_wrong(k);
		*out |= id_parse(jmap_created_find(k->call->run, text), kind, &n) && n == id;
	}
	return true;
}

/* One member of a FilterCondition; false when the call's error was set. */
static bool
judge_condition(struct jmap_criteria *k, const struct json_member *member, const void *thing,
    bool *out)
{
	const struct json *v = &member->value;
	const struct submission *s = thing;
	struct str text;
	struct date date;

	if (str_eq(member->name, STR("identityIds")))
		return judge_ids(k, v, ID_IDENTITY, s->identity_id, out);
	if (str_eq(member->name, STR("emailIds")))
		return judge_ids(k, v, ID_EMAIL, s->email_id, out);
	if (str_eq(member->name, STR("threadIds")))
		return judge_ids(k, v, ID_THREAD, s->thread_id, out);
	if (!str_eq(member->name, STR("undoStatus")) && !str_eq(member->name, STR("before")) &&
	    !str_eq(member->name, STR("after")))
		return jmap_criteria_unknown(k);
	if (!json_get_text(v, &text))
		return jmap_criteria_wrong(k);
	if (str_eq(member->name, STR("undoStatus"))) {
		container_of(k, struct query, criteria)->is_immutable = false;
		*out = str_eq(submission_undo_names[s->undo], text);
		return true;
	}
	if (date_parse_3339(text, &date) != FAIL_NONE)
		return jmap_criteria_wrong(k);
	*out = str_eq(member->name, STR("before")) ? s->send_s < date.unix_s
						   : s->send_s >= date.unix_s;
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
	const struct json *sort;

	if (!jmap_sort_list(c, &sort))
		return false;
	for (uint32_t i = 0; sort && i < sort->count; i++) {
		struct comparator *out = &q->comparators[q->comparator_count++];
		struct str text;
		size_t k = 0;

		if (!jmap_comparator_read(c, &sort->items[i], &text, &out->is_descending))
			return false;
		while (k < ARRAY_LEN(names) && !str_eq(names[k].name, text))
			k++;
		if (k == ARRAY_LEN(names))
			return jmap_comparator_unknown(c);
		out->by = names[k].by;
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
	/* a wrong filter is wrong without submissions, too */
	if (!jmap_criteria_judge(&q->criteria, &none, &is_match))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!jmap_criteria_judge(&q->criteria, &all[i], &is_match))
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
	*q = (struct query){ .is_immutable = true };
	return read_sort(c, q) &&
	    jmap_criteria_read(&q->criteria, c, "A condition of the filter has the wrong type.",
		judge_condition) &&
	    make_list(c, q);
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
