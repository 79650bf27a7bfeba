#include "imap/session.h"

/* base */
#include "base/mem.h"

/* "$": the UIDs that SEARCH saved (RFC 9051 6.4.4.1). */
static enum fail
use_saved(struct imap_session *s, struct imap_walk *w)
{
	struct imap_range *ranges;

	if (s->saved.count == 0)
		return FAIL_NONE;
	ranges = arena_alloc(&s->run.arena, s->saved.count, sizeof(*ranges));
	if (!ranges)
		return FAIL_LIMIT;
	for (size_t i = 0; i < s->saved.count; i++)
		ranges[i] = s->saved.ranges[i];
	w->set.ranges = ranges;
	w->set.count = s->saved.count;
	return FAIL_NONE;
}

enum fail
imap_walk_parse(struct imap_session *s, struct imap_cursor *args, struct imap_walk *w)
{
	uint32_t count = view_session_count(&s->view);

	*w = (struct imap_walk){ .is_uid = s->run.is_uid, .next = 1 };
	if (!imap_set_parse(args, &w->set))
		return imap_cursor_fail(args);
	if (w->set.is_saved) {
		w->is_uid = true;
		return use_saved(s, w);
	}
	imap_set_resolve(&w->set, w->is_uid ? view_session_last_uid(&s->view) : count);
	if (!w->is_uid && imap_set_last(&w->set) > count)
		return FAIL_SYNTAX; /* RFC 9051 section 9, seq-number */
	return FAIL_NONE;
}

void
imap_walk_all(struct imap_session *s, struct imap_walk *w)
{
	*w = (struct imap_walk){ .is_uid = true, .next = 1 };
	w->set.ranges = arena_alloc(&s->run.arena, 1, sizeof(*w->set.ranges));
	if (!w->set.ranges)
		return;
	w->set.ranges[0] = (struct imap_range){ 1, UINT32_MAX };
	w->set.count = 1;
}

/* The entries that a range of UIDs names: the index of the first one, and how many. */
static size_t
range_entries(const struct view_session *view, const struct imap_range *r, size_t *first_out)
{
	size_t first = view_lower(view->view, r->first);
	size_t end = r->last == UINT32_MAX ? view->known : view_lower(view->view, r->last + 1);

	*first_out = first;
	if (end > view->known)
		end = view->known;
	return end > first ? end - first : 0;
}

void
imap_walk_partial(struct imap_session *s, struct imap_walk *w, const struct imap_partial *p)
{
	uint64_t total = 0, place = 1, first, last;
	size_t kept = 0, at;

	invariant(w->is_uid);
	for (size_t i = 0; i < w->set.count; i++)
		total += range_entries(&s->view, &w->set.ranges[i], &at);
	if (!imap_partial_places(p, total, &first, &last)) {
		w->set.count = 0;
		return;
	}
	for (size_t i = 0; i < w->set.count; i++) {
		size_t n = range_entries(&s->view, &w->set.ranges[i], &at);
		const struct view_entry *entries = s->view.view->entries + at;
		uint64_t from = first > place ? first - place : 0;
		uint64_t to = last - place + 1; /* as long as place <= last */

		if (place <= last && from < n && to > from)
			w->set.ranges[kept++] = (struct imap_range){ entries[from].uid,
				entries[(to < n ? to : n) - 1].uid };
		place += n;
	}
	w->set.count = kept;
}

/* Stand on the first message whose number is not below that of range `range` and `next`. */
static void
walk_seek(struct imap_session *s, struct imap_walk *w)
{
	const struct imap_range *r = &w->set.ranges[w->range];
	uint32_t from = r->first > w->next ? r->first : w->next;

	if (!w->is_uid) {
		if (from > view_session_count(&s->view)) {
			w->range = w->set.count;
			return;
		}
		from = view_session_uid(&s->view, from, NULL);
	}
	view_walk_start(&w->at, &s->view, from);
}

void
imap_walk_downwards(struct imap_walk *w)
{
	w->is_down = true;
	w->next = 0;
	w->range = w->set.count;
}

/* The sequence number of the last message that is not above `uid`; 0: there is none. */
static uint32_t
seq_below(const struct view_session *view, uint32_t uid)
{
	return uid == UINT32_MAX ? view_session_count(view) : view_session_lower(view, uid + 1);
}

/* The ranges from w->range on were given, and of the one before it all from `next` on. */
static bool
walk_down(struct imap_session *s, struct imap_walk *w, struct view_seen *out)
{
	for (; w->range > 0; w->range--) {
		const struct imap_range *r = &w->set.ranges[w->range - 1];
		uint32_t last = w->next > 0 && w->next <= r->last ? w->next - 1 : r->last, n;

		if (last < r->first)
			continue;
		out->seq = w->is_uid ? seq_below(&s->view, last) : last;
		if (out->seq == 0)
			continue;
		out->uid = view_session_uid(&s->view, out->seq, &out->entry);
		n = w->is_uid ? out->uid : out->seq;
		if (n < r->first)
			continue;
		w->next = n;
		return true;
	}
	return false;
}

void
imap_walk_resume(struct imap_session *s, struct imap_walk *w)
{
	const struct imap_range *r;

	if (w->is_down) /* it holds no place in the view */
		return;
	r = imap_set_from(&w->set, w->next);
	w->range = r ? (size_t)(r - w->set.ranges) : w->set.count;
	if (r)
		walk_seek(s, w);
}

bool
imap_walk_next(struct imap_session *s, struct imap_walk *w, struct view_seen *out)
{
	if (w->is_down)
		return walk_down(s, w, out);
	while (w->range < w->set.count) {
		const struct imap_range *r = &w->set.ranges[w->range];
		uint32_t n;

		if (!view_walk_next(&w->at, out))
			return false;
		n = w->is_uid ? out->uid : out->seq;
		if (n >= r->first && n <= r->last) {
			w->next = n + 1;
			return true;
		}
		w->next = n;
		imap_walk_resume(s, w);
	}
	return false;
}

size_t
imap_walk_uids(struct imap_session *s, struct imap_walk *w, uint32_t *uids, size_t max,
    size_t *ghosts)
{
	struct view_seen seen;
	size_t count = 0;

	imap_walk_resume(s, w);
	while (count < max && imap_walk_next(s, w, &seen)) {
		if (seen.entry)
			uids[count++] = seen.uid;
		else
			(*ghosts)++;
	}
	return count;
}
