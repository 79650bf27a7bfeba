#include "jmap/email_top.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

#define KEPT_PER_ID \
	4 /* Emails looked at for each id wanted: threads collapse, copies are left out */
#define KEPT_MAX (KEPT_PER_ID * EMAIL_TOP_MAX)

/* A heap of the best so far, the worst of them first. */
struct heap {
	bool is_descending;
	size_t count, max;
	const struct view_entry *items[KEPT_MAX];
};

/* The order of the list: by receivedAt, then by id. */
static bool
is_before(const struct heap *h, const struct view_entry *a, const struct view_entry *b)
{
	if (a->received_s != b->received_s)
		return h->is_descending ? a->received_s > b->received_s
					: a->received_s < b->received_s;
	return a->email_id < b->email_id;
}

/* Let items[at] sink to its place below `count`. */
static void
sink(struct heap *h, size_t at, size_t count)
{
	const struct view_entry *item = h->items[at];

	for (size_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
		if (child + 1 < count && is_before(h, h->items[child], h->items[child + 1]))
			child++;
		if (!is_before(h, item, h->items[child]))
			break;
		h->items[at] = h->items[child];
		at = child;
	}
	h->items[at] = item;
}

static void
offer(struct heap *h, const struct view_entry *entry)
{
	if (h->count < h->max) {
		h->items[h->count++] = entry;
		for (size_t i = h->count == h->max ? h->max / 2 : 0; i > 0; i--)
			sink(h, i - 1, h->max);
	} else if (is_before(h, entry, h->items[0])) {
		h->items[0] = entry;
		sink(h, 0, h->count);
	}
}

/* The best first. */
static void
put_in_order(struct heap *h)
{
	for (size_t i = h->count / 2; i > 0; i--)
		sink(h, i - 1, h->count);
	for (size_t n = h->count; n > 1; n--) {
		const struct view_entry *worst = h->items[0];

		h->items[0] = h->items[n - 1];
		h->items[n - 1] = worst;
		sink(h, 0, n - 1);
	}
}

/* All entries of the span come behind what is kept; those of the same second may come before by their ids. */
static bool
is_behind(const struct heap *h, const struct view_span *span)
{
	if (h->count < h->max)
		return false;
	return h->is_descending ? span->latest_s < h->items[0]->received_s
				: span->earliest_s > h->items[0]->received_s;
}

/*
 * New arrivals stand at the end of a view, so that a walk from there finds the newest at once, and looks at no more than
 * the dates of the spans before.
 */
static void
walk(struct heap *h, const struct view *view)
{
	size_t spans = (view->count + VIEW_SPAN - 1) / VIEW_SPAN;

	for (size_t i = 0; i < spans; i++) {
		size_t span = h->is_descending ? spans - 1 - i : i;
		size_t end = size_min((span + 1) * VIEW_SPAN, view->count);

		if (is_behind(h, &view->spans[span]))
			continue;
		for (size_t at = span * VIEW_SPAN; at < end; at++)
			if (!(view->entries[at].flags & FLAG_DELETED))
				offer(h, &view->entries[at]);
	}
}

/* It stands before already: a second copy in the mailbox, or another one of a thread. */
static bool
is_told(const struct email_top *top, const struct heap *h, size_t at)
{
	const struct view_entry *one = h->items[at];

	for (size_t i = 0; i < at; i++)
		if (h->items[i]->email_id == one->email_id ||
		    (top->collapses && h->items[i]->thread_id == one->thread_id))
			return true;
	return false;
}

bool
email_top_find(struct email_top *top, const struct view *view)
{
	struct heap *h = mem_new(1, sizeof(*h));
	bool is_full;

	invariant(top->needed <= EMAIL_TOP_MAX);
	h->is_descending = top->is_descending;
	h->max = KEPT_PER_ID * top->needed;
	if (h->max > 0)
		walk(h, view);
	put_in_order(h);
	for (size_t i = 0; i < h->count && top->count < top->needed; i++)
		if (!is_told(top, h, i))
			top->ids_out[top->count++] = h->items[i]->email_id;
	is_full = h->count == h->max;
	mem_free(h);
	return top->count == top->needed || !is_full;
}
