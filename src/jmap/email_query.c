/*
 * Email/query (RFC 8621 4.4): collect, judge, sort, answer, in slices.
 *
 *     COLLECT --> NARROW --> JUDGE --> KEYS --> SORT --> answer
 *
 * Candidates come from the view of the mailbox that the filter names, which is in memory, or from
 * the account's list by receivedAt; the full-text index leaves out what cannot match. /queryChanges is not offered, and the answer says so.
 */
#include "jmap/sort.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "jmap/methods.h"
#include "mail/changes.h"
#include "mail/index.h"
#include "mail/view.h"

#define COLLECT_BATCH   1000
#define CANDIDATE_BYTES (16 * 1024 * 1024) /* one Email while it is judged */

enum stage { STAGE_COLLECT, STAGE_NARROW, STAGE_JUDGE, STAGE_KEYS, STAGE_SORT, STAGE_ANSWER };

struct query {
	const struct filter *filter;
	struct sort sort;
	uint32_t mailbox;
	bool collapses, has_total, has_anchor;
	int64_t position, anchor_offset;
	uint64_t anchor, limit;
	bool is_limited; /* by us */
	enum stage stage;
	struct search_query index; /* which can match */
	struct sort_item *items;   /* own */
	size_t count, cap, at, kept;
	struct sort_key *keys;   /* own */
	struct sorting sorting;  /* order and spare: own */
	struct arena arena;      /* one candidate at a time */
	struct email_order last; /* where collecting stands */
	bool has_last;
};

static void
query_release(struct jmap_call *c)
{
	struct query *q = c->state;

	search_query_release(&q->index);
	mem_free(q->items);
	mem_free(q->keys);
	mem_free(q->sorting.order);
	mem_free(q->sorting.spare);
	arena_release(&q->arena);
}

static bool
read_window(struct jmap_call *c, struct query *q)
{
	struct str anchor;
	const struct json *limit = jmap_arg(c->args, STR("limit"));

	if (!jmap_arg_int(c, STR("position"), 0, &q->position) ||
	    !jmap_arg_int(c, STR("anchorOffset"), 0, &q->anchor_offset) ||
	    !jmap_arg_text(c, STR("anchor"), &anchor) ||
	    !jmap_arg_uint(c, STR("limit"), JMAP_QUERY_MAX, &q->limit) ||
	    !jmap_arg_bool(c, STR("calculateTotal"), false, &q->has_total) ||
	    !jmap_arg_bool(c, STR("collapseThreads"), false, &q->collapses))
		return false;
	q->has_anchor = anchor.p != NULL;
	if (q->has_anchor && !id_parse(anchor, ID_EMAIL, &q->anchor))
		q->anchor = 0;
	q->is_limited = q->limit > JMAP_QUERY_MAX || !limit;
	if (q->limit > JMAP_QUERY_MAX)
		q->limit = JMAP_QUERY_MAX;
	return true;
}

static bool
query_begin(struct jmap_call *c)
{
	struct query *q = arena_alloc(&c->arena, 1, sizeof(*q));

	if (!q) {
		jmap_fail_with(c, FAIL_LIMIT);
		return false;
	}
	arena_init(&q->arena, CANDIDATE_BYTES);
	c->state = q;
	c->release = query_release;
	if (!read_window(c, q) || !sort_read(c, jmap_arg(c->args, STR("sort")), &q->sort))
		return false;
	q->filter = filter_read(c, jmap_arg(c->args, STR("filter")));
	if (!q->filter)
		return false;
	q->mailbox = filter_mailbox(q->filter);
	return true;
}

static void
add_item(struct query *q, const struct sort_item *item)
{
	if (q->count == q->cap) {
		q->cap = q->cap ? 2 * q->cap : 256;
		q->items = mem_resize(q->items, q->cap, sizeof(*q->items));
	}
	q->items[q->count++] = *item;
}

/* All of a mailbox at once: it is in memory. */
static enum fail
collect_view(struct jmap_call *c, struct query *q)
{
	struct view *view;
	enum fail fail = view_open(c->account, q->mailbox, &view);

	if (fail)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	q->cap = view->count;
	q->items = mem_new(view->count + 1, sizeof(*q->items));
	for (size_t i = 0; i < view->count; i++) {
		const struct view_entry *entry = &view->entries[i];

		if (entry->flags & FLAG_DELETED)
			continue;
		q->items[q->count++] = (struct sort_item){
			.id = entry->email_id,
			.thread_id = entry->thread_id,
			.received_s = entry->received_s,
			.keywords = entry->flags,
			.size = entry->size,
		};
	}
	view_close(&view);
	return FAIL_NONE;
}

/* One batch of the account's list; *done at its end. */
static enum fail
collect_batch(struct jmap_call *c, struct query *q, bool *done)
{
	struct email_order batch[COLLECT_BATCH];
	size_t count;
	enum fail fail = email_ordered(c->account, true, q->has_last ? &q->last : NULL, batch,
	    COLLECT_BATCH, &count);

	if (fail)
		return fail;
	for (size_t i = 0; i < count; i++)
		add_item(q,
		    &(struct sort_item){
			.id = batch[i].id,
			.thread_id = batch[i].thread_id,
			.received_s = batch[i].received_s,
		    });
	*done = count < COLLECT_BATCH;
	if (count > 0)
		q->last = batch[count - 1];
	q->has_last = q->has_last || count > 0;
	return FAIL_NONE;
}

static struct candidate
candidate_of(struct jmap_call *c, struct query *q, const struct sort_item *item)
{
	arena_reset(&q->arena);
	return (struct candidate){
		.id = item->id,
		.thread_id = item->thread_id,
		.received_s = item->received_s,
		.has_entry = q->mailbox != 0,
		.mailbox = q->mailbox,
		.size = item->size,
		.keywords = item->keywords,
		.account = c->account,
		.a = &q->arena,
	};
}

/* Ask the index; what comes after this is a candidate. */
static bool
narrow_items(struct jmap_call *c, struct query *q)
{
	if (!q->index.search)
		search_query_start(&q->index, mail_search(c->account->mail), c->account->id,
		    filter_narrow(q->filter, &c->arena));
	return search_query_step(&q->index, c->slice_end_us);
}

/* Keep the items that match; false when the slice is over or the call failed. */
static bool
judge_items(struct jmap_call *c, struct query *q)
{
	while (q->at < q->count) {
		struct sort_item item = q->items[q->at];
		struct candidate who;
		bool is_match = false;
		enum fail fail;

		if (!search_query_has(&q->index, item.id)) {
			q->at++;
			if ((q->at & 1023) == 0 && jmap_slice_over(c))
				return false;
			continue;
		}
		who = candidate_of(c, q, &item);
		who.slice_end_us = c->slice_end_us;
		fail = filter_judge(q->filter, &who, &is_match);
		blob_unmap(&who.map);
		if (fail && fail != FAIL_MISSING) {
			jmap_fail_with(c, fail);
			return false;
		}
		if (who.is_cut)
			return false;
		if (fail == FAIL_NONE && is_match)
			q->items[q->kept++] = item;
		q->at++;
		if ((who.is_full || (q->at & 15) == 0) && jmap_slice_over(c))
			return false;
	}
	q->count = q->kept;
	return true;
}

static bool
make_keys(struct jmap_call *c, struct query *q)
{
	if (!q->keys)
		q->keys = mem_new(q->count * q->sort.count + 1, sizeof(*q->keys));
	while (q->at < q->count) {
		struct candidate who = candidate_of(c, q, &q->items[q->at]);
		enum fail fail =
		    sort_keys(&q->sort, &who, &c->arena, &q->keys[q->at * q->sort.count]);

		blob_unmap(&who.map);
		if (fail && fail != FAIL_MISSING) {
			jmap_fail_with(c, fail);
			return false;
		}
		q->at++;
		if ((q->at & 15) == 0 && jmap_slice_over(c))
			return false;
	}
	return true;
}

static void
sort_begin(struct query *q)
{
	q->sorting = (struct sorting){
		.sort = &q->sort,
		.items = q->items,
		.keys = q->keys,
		.order = mem_new(q->count + 1, sizeof(uint32_t)),
		.spare = mem_new(q->count + 1, sizeof(uint32_t)),
		.count = q->count,
	};
	for (size_t i = 0; i < q->count; i++)
		q->sorting.order[i] = (uint32_t)i;
}

/* --- the answer -------------------------------------------------------------------------------- */

/* A set of thread ids; thread ids are never 0. */
struct id_set {
	uint64_t *slots; /* own */
	size_t mask;
};

static void
id_set_init(struct id_set *s, size_t count)
{
	size_t slots = 16;

	while (slots < 2 * count)
		slots *= 2;
	s->slots = mem_new(slots, sizeof(*s->slots));
	s->mask = slots - 1;
}

static bool
id_set_add(struct id_set *s, uint64_t id)
{
	size_t at = (size_t)(id * 0x9e3779b97f4a7c15u >> 20) & s->mask;

	for (; s->slots[at]; at = (at + 1) & s->mask)
		if (s->slots[at] == id)
			return false;
	s->slots[at] = id;
	return true;
}

/*
 * Leave out Emails that stand twice (a copy in the same mailbox has the same keys, so it is the
 * neighbour) and, when threads collapse, all but the first of each. Stops at `enough` results.
 */
static void
thin_out(struct query *q, size_t enough)
{
	uint32_t *order = q->sorting.order;
	struct id_set threads = { 0 };
	uint64_t last = 0;
	size_t kept = 0;

	if (q->collapses)
		id_set_init(&threads, q->count);
	for (size_t i = 0; i < q->count && kept < enough; i++) {
		const struct sort_item *item = &q->items[order[i]];

		if (item->id == last)
			continue;
		last = item->id;
		if (!q->collapses || id_set_add(&threads, item->thread_id))
			order[kept++] = order[i];
	}
	q->count = kept;
	mem_free(threads.slots);
}

/* How many results must be known to answer. */
static size_t
results_needed(const struct query *q)
{
	size_t enough;

	if (q->has_total || q->has_anchor || q->position < 0 ||
	    !size_add((size_t)q->position, (size_t)q->limit, &enough))
		return SIZE_MAX;
	return enough;
}

/* Where the window begins (RFC 8620 5.5); false when the anchor is not there. */
static bool
find_start(const struct query *q, size_t *out)
{
	int64_t start = q->position, count = (int64_t)q->count;

	if (q->has_anchor) {
		for (start = 0; start < count; start++)
			if (q->items[q->sorting.order[start]].id == q->anchor)
				break;
		if (start == count)
			return false;
		start += q->anchor_offset;
	} else if (start < 0) {
		start += count;
	}
	*out = start < 0 ? 0 : (size_t)start;
	return true;
}

static enum jmap_step
answer(struct jmap_call *c, struct query *q)
{
	size_t start, end, total;

	thin_out(q, results_needed(q));
	total = q->count;
	if (!find_start(q, &start))
		return jmap_fail(c, "anchorNotFound", NULL);
	end = start < q->count ? start + size_min(q->count - start, (size_t)q->limit) : start;
	json_object_begin(&c->w);
	jmap_write_account(c);
	jmap_write_state(&c->w, STR("queryState"), change_state(c->account, CHANGE_EMAIL));
	json_name_bool(&c->w, STR("canCalculateChanges"), false);
	json_name(&c->w, STR("position"));
	json_u64(&c->w, start < total || total == 0 ? start : q->has_total ? total : start);
	json_name(&c->w, STR("ids"));
	json_array_begin(&c->w);
	for (size_t i = start; i < end; i++)
		jmap_write_id(&c->w, ID_EMAIL, q->items[q->sorting.order[i]].id);
	json_array_end(&c->w);
	if (q->has_total) {
		json_name(&c->w, STR("total"));
		json_u64(&c->w, total);
	}
	if (q->is_limited && end - start == q->limit) {
		json_name(&c->w, STR("limit"));
		json_u64(&c->w, q->limit);
	}
	json_object_end(&c->w);
	return JMAP_DONE;
}

/* --- stages ------------------------------------------------------------------------------------ */

static bool
collect(struct jmap_call *c, struct query *q)
{
	bool done = true;
	enum fail fail = FAIL_NONE;

	if (q->mailbox) {
		fail = collect_view(c, q);
	} else {
		do {
			fail = collect_batch(c, q, &done);
		} while (!fail && !done && !jmap_slice_over(c));
	}
	if (fail)
		jmap_fail_with(c, fail);
	return fail == FAIL_NONE && done;
}

/* One stage as far as the slice goes; true when it is complete. */
static bool
run_stage(struct jmap_call *c, struct query *q)
{
	switch (q->stage) {
	case STAGE_COLLECT: return collect(c, q);
	case STAGE_NARROW: return narrow_items(c, q);
	case STAGE_JUDGE:
		return (q->mailbox && filter_is_mailbox_only(q->filter)) || judge_items(c, q);
	case STAGE_KEYS: return sort_is_received_only(&q->sort) || make_keys(c, q);
	case STAGE_SORT:
		if (!q->sorting.order)
			sort_begin(q);
		while (!sort_pass(&q->sorting))
			if (jmap_slice_over(c))
				return false;
		return true;
	case STAGE_ANSWER: break;
	}
	return true;
}

enum jmap_step
jmap_email_query(struct jmap_call *c)
{
	struct query *q;

	if (!c->state && !query_begin(c))
		return JMAP_DONE;
	q = c->state;
	while (q->stage != STAGE_ANSWER) {
		if (!run_stage(c, q))
			return c->error ? JMAP_DONE : JMAP_YIELD;
		q->stage++;
		q->at = 0;
	}
	return answer(c, q);
}
