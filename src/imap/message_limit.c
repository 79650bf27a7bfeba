#include "imap/message_limit.h"

/* rooms */
#include "imap/search.h"

uint32_t
imap_message_limit(const struct imap_session *s)
{
	return imap_offers(s, CAP_MESSAGELIMIT) ? (uint32_t)s->service->settings->message_limit
						: UINT32_MAX;
}

enum imap_state
imap_limit_no(struct imap_session *s, uint32_t limit, uint32_t uid, const char *text)
{
	struct buf *out = imap_reply(s, "NO");

	buf_add_c(out, "[MESSAGELIMIT ");
	buf_add_u64(out, limit);
	if (uid != 0) {
		buf_add_char(out, ' ');
		buf_add_u64(out, uid);
	}
	buf_add_c(out, "] ");
	buf_add_c(out, text);
	buf_add_c(out, "\r\n");
	return IMAP_REPLY;
}

/* --- walks ---------------------------------------------------------------------------------------- */

/* The entries from UID `first` to UID `last`: the index of the first one, and how many. */
static size_t
entries_between(const struct view_session *view, uint32_t first, uint32_t last, size_t *at_out)
{
	size_t at = view_lower(view->view, first);
	size_t end = last == UINT32_MAX ? view->known : view_lower(view->view, last + 1);

	if (end > view->known)
		end = view->known;
	*at_out = at;
	return end > at ? end - at : 0;
}

/* How many messages a range names. */
static uint64_t
range_count(const struct imap_session *s, const struct imap_walk *w, const struct imap_range *r)
{
	size_t at;

	return w->is_uid ? entries_between(&s->view, r->first, r->last, &at)
			 : (uint64_t)r->last - r->first + 1;
}

/* The UID of the message in a range that has `skip` of it before it; the range begins there then. */
static uint32_t
range_cut(const struct imap_session *s, const struct imap_walk *w, struct imap_range *r,
    uint64_t skip)
{
	size_t at;

	if (w->is_uid) {
		(void)entries_between(&s->view, r->first, r->last, &at);
		r->first = s->view.view->entries[at + skip].uid;
		return r->first;
	}
	r->first += (uint32_t)skip;
	return view_session_uid(&s->view, r->first, NULL);
}

/* How many messages a set names, as far as that may be too many. */
static uint64_t
walk_count(const struct imap_session *s, const struct imap_walk *w)
{
	uint64_t total = 0;

	if (view_session_count(&s->view) <= imap_message_limit(s))
		return 0; /* no set names more: there is nothing to count */
	for (size_t i = 0; i < w->set.count; i++)
		total += range_count(s, w, &w->set.ranges[i]);
	return total;
}

bool
imap_walk_is_long(const struct imap_session *s, const struct imap_walk *w)
{
	return walk_count(s, w) > imap_message_limit(s);
}

bool
imap_walk_limit(struct imap_session *s, struct imap_walk *w, uint32_t *uid_out)
{
	struct imap_set *set = &w->set;
	uint64_t total = walk_count(s, w), skip, n;

	if (total <= imap_message_limit(s))
		return false;
	skip = total - imap_message_limit(s);
	while (skip >= (n = range_count(s, w, set->ranges))) {
		skip -= n;
		set->ranges++;
		set->count--;
	}
	*uid_out = range_cut(s, w, set->ranges, skip);
	return true;
}

bool
imap_walk_cut(struct imap_session *s, struct imap_walk *w)
{
	if (imap_walk_limit(s, w, &s->run.limited_uid))
		return true;
	s->run.limited_uid = 0;
	return false;
}

/* --- searches -------------------------------------------------------------------------------------- */

/* What lies outside of a set that must match need not be looked at. */
static void
narrow(const struct view_session *view, const struct imap_key *key, struct imap_range *between)
{
	const struct imap_set *set = &key->set;
	uint32_t first = 1, last = 0; /* nothing */

	if (key->is_not || set->is_saved)
		return;
	if (key->kind == KEY_AND)
		for (const struct imap_key *child = key->child; child; child = child->next)
			narrow(view, child, between);
	if (key->kind != KEY_UID && key->kind != KEY_SEQUENCE)
		return;
	if (set->count > 0) {
		first = set->ranges[0].first;
		last = imap_set_last(set);
	}
	if (key->kind == KEY_SEQUENCE) { /* a number beyond the last one names nothing */
		uint32_t count = view_session_count(view);

		last = last < count ? last : count;
		if (first <= last) {
			first = view_session_uid(view, first, NULL);
			last = view_session_uid(view, last, NULL);
		}
	}
	between->first = between->first > first ? between->first : first;
	between->last = between->last < last ? between->last : last;
}

bool
imap_search_limit(const struct imap_session *s, const struct view_session *view,
    const struct imap_key *root, uint32_t *uid_out)
{
	struct imap_range between = { 1, UINT32_MAX - 1 };
	size_t limit = imap_message_limit(s), count, at;

	if (view->known <= limit)
		return false;
	narrow(view, root, &between);
	count = between.first <= between.last
	    ? entries_between(view, between.first, between.last, &at)
	    : 0;
	if (count <= limit)
		return false;
	*uid_out = view->view->entries[at + count - limit].uid;
	return true;
}
