/*
 * Mailbox/query and Mailbox/queryChanges (RFC 8621 2.3, 2.4): all mailboxes are in memory, so this is done at once.
 */
#include "mail/mailbox.h"

/* system */
#include <string.h>

/* base */
#include "base/num.h"

/* rooms */
#include "jmap/access_mailbox.h"
#include "jmap/args.h"
#include "jmap/collation.h"
#include "jmap/criteria.h"
#include "jmap/methods.h"
#include "jmap/query.h"

enum sort_by { SORT_NAME, SORT_ORDER, SORT_PARENT, SORT_BY_COUNT };

struct comparator {
	enum sort_by by;
	bool is_descending;
	enum collation collation;
};

struct found {
	struct mailbox *mailbox;
	struct str folded; /* the name as texts are looked for in it */
	struct str *keys;  /* arena: of each comparator by name */
	bool is_subscribed;
};

struct query {
	struct jmap_criteria criteria;
	struct comparator comparators[JMAP_SORT_MAX];
	size_t comparator_count;
	bool is_tree_sorted, is_tree_filtered;
	uint64_t *ids; /* arena: the list */
	size_t count;
};

static const struct jmap_query_type query_type = { ID_MAILBOX, CHANGE_MAILBOX, MAILBOX_COUNT_MAX };

/* --- the filter --------------------------------------------------------------------------------- */

/* One member of a FilterCondition on one mailbox; false when the call's error was set. */
static bool
judge_condition(struct jmap_criteria *k, const struct json_member *member, const void *thing,
    bool *out)
{
	const struct json *v = &member->value;
	const struct found *f = thing;
	const struct mailbox *m = f->mailbox;
	struct str text;
	uint64_t id = 0;

	if (str_eq(member->name, STR("parentId"))) {
		if (!json_is(v, JSON_NULL) && !json_get_text(v, &text))
			return jmap_criteria_wrong(k);
		if (json_is(v, JSON_NULL))
			*out = m->parent == 0;
		else
			*out = id_parse(text, ID_MAILBOX, &id) && id == m->parent;
	} else if (str_eq(member->name, STR("name"))) {
		if (!json_get_text(v, &text) ||
		    collation_key(COLLATION_UNICODE, text, &k->call->arena, &text))
			return jmap_criteria_wrong(k);
		*out = str_find(f->folded, text) != STR_NONE;
	} else if (str_eq(member->name, STR("role"))) {
		if (!json_is(v, JSON_NULL) && !json_get_text(v, &text))
			return jmap_criteria_wrong(k);
		if (json_is(v, JSON_NULL))
			*out = m->role == MAILBOX_ROLE_NONE;
		else
			*out = m->role != MAILBOX_ROLE_NONE &&
			    str_eq(mailbox_role_names[m->role], text);
	} else if (str_eq(member->name, STR("hasAnyRole"))) {
		if (!json_get_bool(v, out))
			return jmap_criteria_wrong(k);
		*out = *out == (m->role != MAILBOX_ROLE_NONE);
	} else if (str_eq(member->name, STR("isSubscribed"))) {
		if (!json_get_bool(v, out))
			return jmap_criteria_wrong(k);
		*out = *out == f->is_subscribed;
	} else {
		return jmap_criteria_unknown(k);
	}
	return true;
}

/* --- the order ---------------------------------------------------------------------------------- */

static bool
read_sort(struct jmap_call *c, struct query *q)
{
	static const struct str names[SORT_BY_COUNT] = { STR_INIT("name"), STR_INIT("sortOrder"),
		STR_INIT("parentId") };
	const struct json *sort;

	if (!jmap_sort_list(c, &sort))
		return false;
	for (uint32_t i = 0; sort && i < sort->count; i++) {
		struct comparator *out = &q->comparators[q->comparator_count++];
		struct str text;
		unsigned by = 0;

		if (!jmap_comparator_read(c, &sort->items[i], &text, &out->is_descending))
			return false;
		while (by < SORT_BY_COUNT && !str_eq(names[by], text))
			by++;
		if (by == SORT_BY_COUNT)
			return jmap_comparator_unknown(c);
		out->by = (enum sort_by)by;
		if (by == SORT_NAME && !collation_read(c, &sort->items[i], &out->collation))
			return false;
	}
	return true;
}

static int
compare(const struct query *q, const struct found *a, const struct found *b)
{
	int order = 0;

	for (size_t i = 0; i < q->comparator_count && order == 0; i++) {
		switch (q->comparators[i].by) {
		case SORT_NAME: order = str_cmp(a->keys[i], b->keys[i]); break;
		case SORT_ORDER:
			order = (a->mailbox->sort_order > b->mailbox->sort_order) -
			    (a->mailbox->sort_order < b->mailbox->sort_order);
			break;
		case SORT_PARENT:
			order = (a->mailbox->parent > b->mailbox->parent) -
			    (a->mailbox->parent < b->mailbox->parent);
			break;
		case SORT_BY_COUNT: break;
		}
		order = q->comparators[i].is_descending ? -order : order;
	}
	if (order == 0 && q->comparator_count > 0)
		order = (a->mailbox->id > b->mailbox->id) - (a->mailbox->id < b->mailbox->id);
	return order;
}

/* Two runs in order, from[0 .. middle-1] and from[middle .. count-1], into one. */
static void
merge(const struct query *q, const struct found *from, size_t middle, size_t count,
    struct found *out)
{
	size_t i = 0, j = middle;

	for (size_t k = 0; k < count; k++) {
		bool takes_left = j == count || (i < middle && compare(q, &from[i], &from[j]) <= 0);

		out[k] = takes_left ? from[i++] : from[j++];
	}
}

/* Merging, since there may be thousands; without `sort` they stay in the order of the tree. */
static void
sort_found(const struct query *q, struct found *found, struct found *spare, size_t count)
{
	for (size_t width = 1; q->comparator_count > 0 && width < count; width *= 2) {
		for (size_t at = 0; at < count; at += 2 * width)
			merge(q, found + at, size_min(width, count - at),
			    size_min(2 * width, count - at), spare + at);
		memcpy(found, spare, count * sizeof(*found));
	}
}

/* What is below each mailbox, by places in the account's list; the top has the place behind it. */
struct tree {
	const struct account *account;
	uint32_t *first, *next; /* arena: places in `sorted`, and one more; 0: none */
};

static size_t
place_of(const struct tree *t, uint32_t mailbox)
{
	return mailbox ? mailbox_place(t->account, mailbox) : t->account->mailbox_count;
}

static bool
tree_init(struct tree *t, struct jmap_call *c, const struct found *sorted, size_t count)
{
	size_t places = c->account->mailbox_count + 1;

	t->account = c->account;
	t->first = arena_alloc(&c->arena, places, sizeof(*t->first));
	t->next = arena_alloc(&c->arena, places, sizeof(*t->next));
	for (size_t i = count; t->first && t->next && i-- > 0;) {
		uint32_t *first = &t->first[place_of(t, sorted[i].mailbox->parent)];

		t->next[i] = *first;
		*first = (uint32_t)i + 1;
	}
	return t->first && t->next;
}

/* sortAsTree: children behind their parent, siblings as sorted. As deep as mailboxes are. */
static size_t
add_children(const struct tree *t, const struct found *sorted, uint32_t parent, struct found *out,
    size_t at)
{
	for (uint32_t i = t->first[place_of(t, parent)]; i > 0; i = t->next[i - 1]) {
		out[at++] = sorted[i - 1];
		at = add_children(t, sorted, sorted[i - 1].mailbox->id, out, at);
	}
	return at;
}

/* The call's error is set when it is false. */
static bool
sort_tree(struct jmap_call *c, const struct found *sorted, struct found *out, size_t *count)
{
	struct tree tree;

	if (!tree_init(&tree, c, sorted, *count)) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	*count = add_children(&tree, sorted, 0, out, 0);
	return true;
}

/* --- the method --------------------------------------------------------------------------------- */

/* It matches, and so do all above it. */
static bool
is_in_tree(const struct account *a, const bool *is_match, const struct mailbox *m)
{
	for (unsigned depth = 0; m && depth < MAILBOX_DEPTH_MAX; depth++) {
		if (!is_match[mailbox_place(a, m->id)])
			return false;
		m = m->parent ? mailbox_get(a, m->parent) : NULL;
	}
	return true;
}

/* Keep what matches, in the order of `found`; filterAsTree asks it of all parents too. */
static bool
filter_found(struct query *q, struct found *found, size_t *count)
{
	struct jmap_call *c = q->criteria.call;
	bool *is_match = arena_alloc(&c->arena, c->account->mailbox_count + 1, sizeof(*is_match));
	size_t kept = 0;

	if (!is_match) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	for (size_t i = 0; i < *count; i++)
		if (!jmap_criteria_judge(&q->criteria, &found[i],
			&is_match[mailbox_place(c->account, found[i].mailbox->id)]))
			return false;
	for (size_t i = 0; i < *count; i++) {
		const struct mailbox *m = found[i].mailbox;

		if (q->is_tree_filtered ? is_in_tree(c->account, is_match, m)
					: is_match[mailbox_place(c->account, m->id)])
			found[kept++] = found[i];
	}
	*count = kept;
	return true;
}

/* What a mailbox is found and sorted by. */
static enum fail
found_init(struct query *q, struct found *f, struct mailbox *m)
{
	struct arena *a = &q->criteria.call->arena;
	enum fail fail = collation_key(COLLATION_UNICODE, m->name, a, &f->folded);

	f->mailbox = m;
	f->keys = arena_alloc(a, q->comparator_count + 1, sizeof(*f->keys));
	if (!f->keys)
		return FAIL_LIMIT;
	for (size_t i = 0; i < q->comparator_count && !fail; i++)
		if (q->comparators[i].by == SORT_NAME)
			fail = collation_key(q->comparators[i].collation, m->name, a, &f->keys[i]);
	return fail ? fail : jmap_mailbox_subscribed(q->criteria.call, m, &f->is_subscribed);
}

/* Make the list; false when the call's error was set. */
static bool
make_list(struct query *q)
{
	struct jmap_call *c = q->criteria.call;
	size_t count = c->account->mailbox_count, shown = 0;
	struct mailbox **tree = arena_alloc(&c->arena, count + 1, sizeof(struct mailbox *));
	struct found *found = arena_alloc(&c->arena, count + 1, sizeof(*found));
	struct found *sorted = arena_alloc(&c->arena, count + 1, sizeof(*sorted));
	bool is_good = tree && found && sorted;

	if (is_good)
		mailbox_tree(c->account, tree);
	q->ids = arena_alloc(&c->arena, count + 1, sizeof(*q->ids));
	for (size_t i = 0; i < count && is_good; i++)
		if (jmap_mailbox_is_shown(c->access, tree[i]->id))
			is_good = found_init(q, &found[shown++], tree[i]) == FAIL_NONE;
	count = shown;
	if (!is_good || !q->ids) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	sort_found(q, found, sorted, count);
	if (q->is_tree_sorted) {
		if (!sort_tree(c, found, sorted, &count))
			return false;
		found = sorted;
	}
	if (!filter_found(q, found, &count))
		return false;
	for (q->count = 0; q->count < count; q->count++)
		q->ids[q->count] = found[q->count].mailbox->id;
	return true;
}

static bool
query_begin(struct jmap_call *c, struct query *q)
{
	*q = (struct query){ .count = 0 };
	return jmap_criteria_read(&q->criteria, c, "A condition of the filter has the wrong type.",
		   judge_condition) &&
	    read_sort(c, q) && jmap_arg_bool(c, STR("sortAsTree"), false, &q->is_tree_sorted) &&
	    jmap_arg_bool(c, STR("filterAsTree"), false, &q->is_tree_filtered) && make_list(q);
}

enum jmap_step
jmap_mailbox_query(struct jmap_call *c)
{
	struct jmap_window window;
	struct query q;

	if (!query_begin(c, &q) || !jmap_window_read(c, &query_type, &window))
		return JMAP_DONE;
	return jmap_query_answer(c, &query_type, &window, q.ids, q.count, q.count);
}

/* In a tree one mailbox that moves takes others along: all that are there may have moved. */
static bool
add_all(struct jmap_call *c, struct jmap_since *since)
{
	for (size_t i = 0; i < c->account->mailbox_count; i++)
		if (jmap_mailbox_is_shown(c->access, c->account->mailboxes[i]->id) &&
		    !jmap_since_add(c, since, c->account->mailboxes[i]->id))
			return false;
	return true;
}

enum jmap_step
jmap_mailbox_query_changes(struct jmap_call *c)
{
	struct jmap_since since;
	struct query q;
	size_t kept = 0;

	if (!query_begin(c, &q) || !jmap_since_read(c, &query_type, &since))
		return JMAP_DONE;
	for (size_t i = 0; i < since.count; i++) { /* counts move nothing in a list */
		const struct mailbox *m = mailbox_get(c->account, (uint32_t)since.items[i].id);

		if (since.items[i].kind != CHANGE_UPDATED || !m ||
		    m->properties_modseq > since.old_state)
			since.items[kept++] = since.items[i];
	}
	since.count = kept;
	if (kept > 0 && (q.is_tree_sorted || q.is_tree_filtered || q.comparator_count == 0) &&
	    !add_all(c, &since))
		return JMAP_DONE;
	return jmap_query_changes_answer(c, &query_type, &since, false, q.ids, q.count);
}
