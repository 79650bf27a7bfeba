/*
 * The list in slices. Ordered by receivedAt, candidates are judged in the order of the list, and no more of them than
 * the caller needs; those of the account come in that order, batch after batch. Other orders need all matches first:
 *
 *     NARROW --> COLLECT --one mailbox, or few--> SORT --> JUDGE --> DONE      by receivedAt
 *                   +--a batch of the account's list----->  +--more are needed--> COLLECT
 *     NARROW --> COLLECT --> JUDGE --> KEYS --> SORT --> DONE                  by anything else
 *
 * Candidates come from the view of the mailbox that the filter names, which is in memory, or from the account's
 * list by receivedAt; the full-text index leaves out what cannot match, and when it names few, these are all.
 */
#include "jmap/email_list.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "jmap/email_collect.h"
#include "jmap/email_top.h"
#include "mail/mailbox.h"
#include "mail/view.h"

#define CANDIDATE_BYTES (16 * 1024 * 1024) /* one Email while it is judged, without its file */

/* --- judging --------------------------------------------------------------------------------------- */

static struct candidate
candidate_of(struct jmap_call *c, struct email_list *l, const struct sort_item *item)
{
	arena_reset(&l->arena);
	return (struct candidate){
		.id = item->id,
		.thread_id = item->thread_id,
		.received_s = item->received_s,
		.has_entry = !l->is_streamed, /* the account's list has neither size nor keywords */
		.mailbox = l->mailbox,
		.size = item->size,
		.keywords = item->keywords,
		.account = c->account,
		.access = c->access,
		.index = &l->index,
		.a = &l->arena,
		.call = c,
		.file = &l->file,
	};
}

/*
 * It is the next of the list, unless it is there already (a copy in the same mailbox has the same keys, so it is the
 * neighbour) or, when threads collapse, another one of its thread is.
 */
static void
tell(struct email_list *l, const struct sort_item *item)
{
	if (item->id == l->told)
		return;
	l->told = item->id;
	if (l->collapses && !id_set_add(&l->threads, item->thread_id))
		return;
	if (l->count == l->id_cap) {
		l->id_cap = l->id_cap ? 2 * l->id_cap : 64;
		l->ids = mem_resize(l->ids, l->id_cap, sizeof(*l->ids));
	}
	l->ids[l->count++] = item->id;
	l->total = l->count;
}

static bool
is_enough(const struct email_list *l)
{
	return !l->needs_total && l->count >= l->needed;
}

/* Of a batch: what is not complete yet comes first in the next one. */
static void
drop_judged(struct email_list *l)
{
	l->item_count -= l->ready;
	if (l->item_count > 0)
		memmove(l->items, l->items + l->ready, l->item_count * sizeof(*l->items));
}

/* Does it match? False: the slice is over, the call waits, or it failed. */
static bool
judge(struct jmap_call *c, struct email_list *l, const struct sort_item *item, bool *is_match_out)
{
	struct candidate who = candidate_of(c, l, item);
	enum fail fail;

	*is_match_out = false;
	fail = filter_judge(l->filter, &who, is_match_out);
	if (fail == FAIL_NONE && *is_match_out && !l->mailbox)
		fail = jmap_email_look(c->access, item->id, &l->arena);
	*is_match_out = *is_match_out && fail == FAIL_NONE;
	candidate_end(&who);
	if (fail && fail != FAIL_MISSING)
		jmap_fail_with(c, fail);
	return (fail == FAIL_NONE || fail == FAIL_MISSING) && !who.is_cut;
}

/* Keep the items that match, in the list or for their order; false when the slice is over or the call failed. */
static bool
judge_items(struct jmap_call *c, struct email_list *l)
{
	bool is_certain = l->mailbox && filter_is_mailbox_only(l->filter);

	while (l->at < l->ready && !(email_list_is_by_date(l) && is_enough(l))) {
		struct sort_item item = l->items[l->at];
		bool is_match = true;

		if (!is_certain && !judge(c, l, &item, &is_match))
			return false;
		l->at++;
		if (is_match && email_list_is_by_date(l))
			tell(l, &item);
		else if (is_match)
			l->items[l->kept++] = item;
		if (!is_certain && jmap_slice_over(c))
			return false;
	}
	if (!email_list_is_by_date(l))
		l->item_count = l->kept;
	else if (l->is_streamed)
		drop_judged(l);
	return true;
}

/* --- other orders ---------------------------------------------------------------------------------- */

static bool
make_keys(struct jmap_call *c, struct email_list *l)
{
	if (!l->keys)
		l->keys = mem_new(l->item_count * l->sort.count + 1, sizeof(*l->keys));
	while (l->at < l->item_count) {
		struct candidate who = candidate_of(c, l, &l->items[l->at]);
		enum fail fail =
		    sort_keys(&l->sort, &who, &c->arena, &l->keys[l->at * l->sort.count]);

		candidate_end(&who);
		if (fail && fail != FAIL_MISSING)
			jmap_fail_with(c, fail);
		if (who.is_cut || c->error)
			return false;
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

/* By receivedAt they are judged in order; by anything else they were judged, and this is the list. */
static void
sort_end(struct email_list *l)
{
	struct sort_item *items;

	if (!email_list_is_by_date(l)) {
		for (size_t i = 0; i < l->item_count; i++)
			tell(l, &l->items[l->sorting.order[i]]);
		return;
	}
	items = mem_new(l->item_count + 1, sizeof(*items));
	for (size_t i = 0; i < l->item_count; i++)
		items[i] = l->items[l->sorting.order[i]];
	mem_free(l->items);
	l->items = items;
	l->cap = l->item_count + 1;
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
sort_items(struct jmap_call *c, struct email_list *l)
{
	if (!l->sorting.order)
		sort_begin(l);
	while (!sort_pass(&l->sorting))
		if (jmap_slice_over(c))
			return false;
	sort_end(l);
	return true;
}

/* One stage as far as the slice goes; true when it is complete. */
static bool
run_stage(struct jmap_call *c, struct email_list *l)
{
	switch (l->stage) {
	case LIST_NARROW: return email_narrow(l, c);
	case LIST_COLLECT: return email_collect(l, c);
	case LIST_JUDGE: return judge_items(c, l);
	case LIST_KEYS: return make_keys(c, l);
	case LIST_SORT: return sort_items(c, l);
	case LIST_DONE: break;
	}
	return true;
}

static enum email_list_stage
stage_after(const struct email_list *l)
{
	switch (l->stage) {
	case LIST_NARROW: return LIST_COLLECT;
	case LIST_COLLECT:
		return email_list_is_by_date(l) && !l->is_streamed ? LIST_SORT : LIST_JUDGE;
	case LIST_JUDGE:
		if (!email_list_is_by_date(l))
			return LIST_KEYS;
		return l->is_streamed && !l->has_all && !is_enough(l) ? LIST_COLLECT : LIST_DONE;
	case LIST_KEYS: return LIST_SORT;
	case LIST_SORT: return email_list_is_by_date(l) ? LIST_JUDGE : LIST_DONE;
	case LIST_DONE: break;
	}
	return LIST_DONE;
}

bool
email_list_step(struct email_list *l, struct jmap_call *c)
{
	if (l->stage == LIST_NARROW && !l->index.search && take_top(c, l))
		l->stage = LIST_DONE;
	while (l->stage != LIST_DONE) {
		if (!run_stage(c, l))
			return false;
		l->stage = stage_after(l);
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
	candidate_file_release(&l->file);
	mem_free(l->items);
	mem_free(l->keys);
	mem_free(l->sorting.order);
	mem_free(l->sorting.spare);
	mem_free(l->ids);
	id_set_release(&l->threads);
	arena_release(&l->arena);
}

bool
email_list_restart(struct email_list *l, struct jmap_call *c)
{
	size_t needed = l->needed;
	bool needs_total = l->needs_total, is_read;

	drop_list(l);
	*l = (struct email_list){ .filter = NULL };
	is_read = email_list_read(l, c);
	l->needed = needed;
	l->needs_total = needs_total;
	return is_read;
}

void
email_list_release(struct email_list *l)
{
	drop_list(l);
}

bool
email_list_is_by_date(const struct email_list *l)
{
	return sort_is_received_only(&l->sort);
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
