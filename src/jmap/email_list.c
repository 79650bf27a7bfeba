/*
 * The list in slices:
 *
 *     COLLECT --> NARROW --> JUDGE --> KEYS --> SORT --> DONE
 *
 * Candidates come from the view of the mailbox that the filter names, which is in memory, or from the account's
 * list by receivedAt; the full-text index leaves out what cannot match.
 */
#include "jmap/email_list.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/email_top.h"
#include "jmap/id_set.h"
#include "mail/index.h"
#include "mail/mailbox.h"
#include "mail/view.h"

#define COLLECT_BATCH   1000
#define CANDIDATE_BYTES (16 * 1024 * 1024) /* one Email while it is judged */

static void
add_item(struct email_list *l, const struct sort_item *item)
{
	if (l->item_count == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 256;
		l->items = mem_resize(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->item_count++] = *item;
}

/* All of a mailbox at once: it is in memory. */
static enum fail
collect_view(struct jmap_call *c, struct email_list *l)
{
	struct view *view;
	enum fail fail = view_open(c->account, l->mailbox, &view);

	if (fail)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	l->cap = view->count;
	l->items = mem_new(view->count + 1, sizeof(*l->items));
	for (size_t i = 0; i < view->count; i++) {
		const struct view_entry *entry = &view->entries[i];

		if (entry->flags & FLAG_DELETED)
			continue;
		l->items[l->item_count++] = (struct sort_item){
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
collect_batch(struct jmap_call *c, struct email_list *l, bool *done)
{
	struct email_order batch[COLLECT_BATCH];
	size_t count;
	enum fail fail = email_ordered(c->account, true, l->has_last ? &l->last : NULL, batch,
	    COLLECT_BATCH, &count);

	if (fail)
		return fail;
	for (size_t i = 0; i < count; i++)
		add_item(l,
		    &(struct sort_item){
			.id = batch[i].id,
			.thread_id = batch[i].thread_id,
			.received_s = batch[i].received_s,
		    });
	*done = count < COLLECT_BATCH;
	if (count > 0)
		l->last = batch[count - 1];
	l->has_last = l->has_last || count > 0;
	return FAIL_NONE;
}

static struct candidate
candidate_of(struct jmap_call *c, struct email_list *l, const struct sort_item *item)
{
	arena_reset(&l->arena);
	return (struct candidate){
		.id = item->id,
		.thread_id = item->thread_id,
		.received_s = item->received_s,
		.has_entry = l->mailbox != 0,
		.mailbox = l->mailbox,
		.size = item->size,
		.keywords = item->keywords,
		.account = c->account,
		.access = c->access,
		.index = &l->index,
		.a = &l->arena,
	};
}

/* Ask the index; what comes after this is a candidate. */
static bool
narrow_items(struct jmap_call *c, struct email_list *l)
{
	if (!l->index.search)
		search_query_start(&l->index, mail_search(c->account->mail), c->account->id,
		    filter_narrow(l->filter, &c->arena));
	return search_query_step(&l->index, c->slice_end_us);
}

/* Keep the items that match; false when the slice is over or the call failed. */
static bool
judge_items(struct jmap_call *c, struct email_list *l)
{
	while (l->at < l->item_count) {
		struct sort_item item = l->items[l->at];
		struct candidate who;
		bool is_match = false;
		enum fail fail;

		if (!search_query_has(&l->index, item.id)) {
			l->at++;
			if ((l->at & 1023) == 0 && jmap_slice_over(c))
				return false;
			continue;
		}
		who = candidate_of(c, l, &item);
		who.slice_end_us = c->slice_end_us;
		fail = filter_judge(l->filter, &who, &is_match);
		if (fail == FAIL_NONE && is_match && !l->mailbox)
			fail = jmap_email_look(c->access, item.id, &l->arena);
		blob_unmap(&who.map);
		if (fail && fail != FAIL_MISSING) {
			jmap_fail_with(c, fail);
			return false;
		}
		if (who.is_cut)
			return false;
		if (fail == FAIL_NONE && is_match)
			l->items[l->kept++] = item;
		l->at++;
		if (jmap_slice_over(c))
			return false;
	}
	l->item_count = l->kept;
	return true;
}

static bool
make_keys(struct jmap_call *c, struct email_list *l)
{
	if (!l->keys)
		l->keys = mem_new(l->item_count * l->sort.count + 1, sizeof(*l->keys));
	while (l->at < l->item_count) {
		struct candidate who = candidate_of(c, l, &l->items[l->at]);
		enum fail fail =
		    sort_keys(&l->sort, &who, &c->arena, &l->keys[l->at * l->sort.count]);

		blob_unmap(&who.map);
		if (fail && fail != FAIL_MISSING) {
			jmap_fail_with(c, fail);
			return false;
		}
		l->at++;
		if (jmap_slice_over(c))
			return false;
	}
	return true;
}

static void
sort_begin(struct email_list *l)
{
	l->sorting = (struct sorting){
		.sort = &l->sort,
		.items = l->items,
		.keys = l->keys,
		.order = mem_new(l->item_count + 1, sizeof(uint32_t)),
		.spare = mem_new(l->item_count + 1, sizeof(uint32_t)),
		.count = l->item_count,
	};
	for (size_t i = 0; i < l->item_count; i++)
		l->sorting.order[i] = (uint32_t)i;
}

/*
 * The ids, without Emails that stand twice (a copy in the same mailbox has the same keys, so it is the
 * neighbour) and, when threads collapse, with but the first of each.
 */
static void
take_ids(struct email_list *l)
{
	struct id_set threads = { .slots = NULL };
	uint64_t last = 0;

	l->ids = mem_new(l->item_count + 1, sizeof(*l->ids));
	for (size_t i = 0; i < l->item_count; i++) {
		const struct sort_item *item = &l->items[l->sorting.order[i]];

		if (item->id == last)
			continue;
		last = item->id;
		if (!l->collapses || id_set_add(&threads, item->thread_id))
			l->ids[l->count++] = item->id;
	}
	l->total = l->count;
	id_set_release(&threads);
}

/* --- the first of a mailbox ------------------------------------------------------------------------ */

/* The start of a mailbox by receivedAt, whose counts are known. False when it has to be made in full. */
static bool
take_top(struct jmap_call *c, struct email_list *l)
{
	const struct mailbox *m = mailbox_get(c->account, l->mailbox);
	struct email_top top = { .is_descending = l->sort.items[0].is_descending,
		.collapses = l->collapses,
		.needed = l->needed };
	struct view *view;
	bool is_found;

	if (!m || l->needed > EMAIL_TOP_MAX || !filter_is_mailbox_only(l->filter) ||
	    !sort_is_received_only(&l->sort) || view_open(c->account, l->mailbox, &view))
		return false;
	top.ids_out = mem_new(l->needed + 1, sizeof(*top.ids_out));
	is_found = email_top_find(&top, view);
	view_close(&view);
	if (!is_found) {
		mem_free(top.ids_out);
		return false;
	}
	l->ids = top.ids_out;
	l->count = top.count;
	l->total = l->collapses ? m->total_threads : m->total_emails;
	return true;
}

/* --- stages ------------------------------------------------------------------------------------ */

static bool
collect(struct jmap_call *c, struct email_list *l)
{
	bool done = true;
	enum fail fail = FAIL_NONE;

	if (l->mailbox) {
		fail = collect_view(c, l);
	} else {
		do {
			fail = collect_batch(c, l, &done);
		} while (!fail && !done && !jmap_slice_over(c));
	}
	if (fail)
		jmap_fail_with(c, fail);
	return fail == FAIL_NONE && done;
}

/* One stage as far as the slice goes; true when it is complete. */
static bool
run_stage(struct jmap_call *c, struct email_list *l)
{
	switch (l->stage) {
	case LIST_COLLECT: return collect(c, l);
	case LIST_NARROW: return narrow_items(c, l);
	case LIST_JUDGE:
		return (l->mailbox && filter_is_mailbox_only(l->filter)) || judge_items(c, l);
	case LIST_KEYS: return sort_is_received_only(&l->sort) || make_keys(c, l);
	case LIST_SORT:
		if (!l->sorting.order)
			sort_begin(l);
		while (!sort_pass(&l->sorting))
			if (jmap_slice_over(c))
				return false;
		take_ids(l);
		return true;
	case LIST_DONE: break;
	}
	return true;
}

bool
email_list_step(struct email_list *l, struct jmap_call *c)
{
	if (l->stage == LIST_COLLECT && !l->items && take_top(c, l))
		l->stage = LIST_DONE;
	while (l->stage != LIST_DONE) {
		if (!run_stage(c, l))
			return false;
		l->stage++;
		l->at = 0;
	}
	return true;
}

/* --- begin and end ------------------------------------------------------------------------------- */

bool
email_list_read(struct email_list *l, struct jmap_call *c)
{
	arena_init(&l->arena, CANDIDATE_BYTES);
	if (!jmap_arg_bool(c, STR("collapseThreads"), false, &l->collapses) ||
	    !sort_read(c, jmap_arg(c->args, STR("sort")), &l->sort))
		return false;
	l->filter = filter_read(c, jmap_arg(c->args, STR("filter")));
	if (!l->filter)
		return false;
	l->mailbox = filter_mailbox(l->filter);
	l->needed = SIZE_MAX;
	return true;
}

static void
drop_list(struct email_list *l)
{
	search_query_release(&l->index);
	mem_free(l->items);
	mem_free(l->keys);
	mem_free(l->sorting.order);
	mem_free(l->sorting.spare);
	mem_free(l->ids);
	arena_release(&l->arena);
}

bool
email_list_restart(struct email_list *l, struct jmap_call *c)
{
	size_t needed = l->needed;
	bool is_read;

	drop_list(l);
	*l = (struct email_list){ .filter = NULL };
	is_read = email_list_read(l, c);
	l->needed = needed;
	return is_read;
}

void
email_list_release(struct email_list *l)
{
	drop_list(l);
}

bool
email_list_is_immutable(const struct email_list *l)
{
	return !l->collapses && filter_is_immutable(l->filter) && sort_is_immutable(&l->sort);
}

bool
email_list_minds_threads(const struct email_list *l)
{
	return l->collapses || filter_minds_threads(l->filter) || sort_minds_threads(&l->sort);
}
