#include "jmap/email_collect.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/index.h"
#include "mail/view.h"

#define COLLECT_BATCH 1000
/* So many candidates that the index names are looked up one by one, in about the time that 20 times as many take in a
 * walk over the account's list. */
#define NAMED_MAX 1000

static void
add_item(struct email_list *l, const struct sort_item *item)
{
	if (l->item_count == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 256;
		l->items = mem_resize(l->items, l->cap, sizeof(*l->items));
	}
	l->items[l->item_count++] = *item;
}

bool
email_narrow(struct email_list *l, struct jmap_call *c)
{
	uint64_t last = email_last(c->account);

	if (!l->index.search)
		search_query_start(&l->index, mail_search(c->account->mail), c->account->id,
		    filter_narrow(l->filter, &c->arena));
	if (!search_query_step(&l->index, c->slice_end_us))
		return false;
	l->named = l->index.count;
	if (last > l->index.indexed_to)
		l->named += (size_t)(last - l->index.indexed_to);
	l->is_streamed = !l->mailbox && (!l->index.is_narrow || l->named > NAMED_MAX);
	return true;
}

/* All of a mailbox at once: it is in memory. */
static enum fail
collect_view(struct jmap_call *c, struct email_list *l)
{
	struct view *view;
	enum fail fail = view_open(c->account, l->mailbox, &view);

	if (fail)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	for (size_t i = 0; i < view->count; i++) {
		const struct view_entry *entry = &view->entries[i];

		if ((entry->flags & FLAG_DELETED) || !search_query_has(&l->index, entry->email_id))
			continue;
		add_item(l,
		    &(struct sort_item){
			.id = entry->email_id,
			.thread_id = entry->thread_id,
			.received_s = entry->received_s,
			.keywords = entry->flags,
			.size = entry->size,
		    });
	}
	view_close(&view);
	return FAIL_NONE;
}

/* Those that the index names, and those that it does not know yet. */
static bool
collect_named(struct jmap_call *c, struct email_list *l, enum fail *fail_out)
{
	while (l->at < l->named) {
		uint64_t id = l->at < l->index.count
		    ? l->index.ids[l->at]
		    : l->index.indexed_to + 1 + (l->at - l->index.count);
		struct email *email;

		arena_reset(&l->arena);
		*fail_out = email_get(c->account, id, &l->arena, &email);
		if (*fail_out == FAIL_NONE && email_is_visible(email))
			add_item(l,
			    &(struct sort_item){
				.id = id,
				.thread_id = email->thread_id,
				.received_s = email->received_s,
				.keywords = email->keywords,
				.size = email->size,
			    });
		else if (*fail_out && *fail_out != FAIL_MISSING)
			return false;
		*fail_out = FAIL_NONE;
		if ((++l->at & 15) == 0 && l->at < l->named && jmap_slice_over(c))
			return false;
	}
	return true;
}

/* One batch of the account's list. */
static enum fail
collect_batch(struct jmap_call *c, struct email_list *l)
{
	bool is_newest_first = !email_list_is_by_date(l) || l->sort.items[0].is_descending;
	struct email_order batch[COLLECT_BATCH];
	size_t count;
	enum fail fail = email_ordered(c->account, is_newest_first, l->has_last ? &l->last : NULL,
	    batch, COLLECT_BATCH, &count);

	if (fail)
		return fail;
	for (size_t i = 0; i < count; i++)
		if (search_query_has(&l->index, batch[i].id))
			add_item(l,
			    &(struct sort_item){
				.id = batch[i].id,
				.thread_id = batch[i].thread_id,
				.received_s = batch[i].received_s,
			    });
	l->has_all = count < COLLECT_BATCH;
	if (count > 0)
		l->last = batch[count - 1];
	l->has_last = l->has_last || count > 0;
	return FAIL_NONE;
}

/*
 * How many items are complete and in order. Newest first, Emails of the same second come with the latest id first, but
 * stand in the list with the earliest first: more of the last second may follow.
 */
static size_t
items_in_order(struct email_list *l)
{
	size_t end = l->item_count;

	while (!l->has_all && end > 0 && l->items[end - 1].received_s == l->last.received_s)
		end--;
	for (size_t from = 0, to; from < end && l->sort.items[0].is_descending; from = to) {
		for (to = from + 1;
		     to < end && l->items[to].received_s == l->items[from].received_s;)
			to++;
		for (size_t i = from, j = to - 1; i < j; i++, j--) {
			struct sort_item item = l->items[i];

			l->items[i] = l->items[j];
			l->items[j] = item;
		}
	}
	return end;
}

/* The account's list, as far as it is needed now; true when there is something to judge, or nothing more. */
static bool
collect_list(struct jmap_call *c, struct email_list *l, enum fail *fail_out)
{
	do {
		*fail_out = collect_batch(c, l);
		if (*fail_out)
			return false;
		l->ready = email_list_is_by_date(l) ? items_in_order(l)
		    : l->has_all                    ? l->item_count
						    : 0;
		if (l->ready > 0 || l->has_all)
			return true;
	} while (!jmap_slice_over(c));
	return false;
}

bool
email_collect(struct email_list *l, struct jmap_call *c)
{
	enum fail fail = FAIL_NONE;
	bool is_done = true;

	if (l->is_streamed)
		is_done = collect_list(c, l, &fail);
	else if (l->mailbox)
		fail = collect_view(c, l);
	else
		is_done = collect_named(c, l, &fail);
	if (!l->is_streamed)
		l->ready = l->item_count;
	if (fail)
		jmap_fail_with(c, fail);
	return fail == FAIL_NONE && is_done;
}
