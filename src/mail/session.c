#include "mail/session.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mail/inner.h"

#define SESSION_LIST_MIN 16 /* first size of a session's lists */

/* --- \Recent -------------------------------------------------------------------------------------------- */

/* Messages first .. last are \Recent for this session. */
static void
recent_add(struct view_session *s, uint32_t first, uint32_t last)
{
	const struct view *v = s->view;
	size_t from = view_lower(v, first), to;

	if (first > last)
		return;
	for (to = from; to < v->count && v->entries[to].uid <= last; to++)
		;
	if (to == from)
		return;
	s->recent_count += (uint32_t)(to - from);
	if (s->recent_ranges > 0 && s->recent[s->recent_ranges - 1].last + 1 == first) {
		s->recent[s->recent_ranges - 1].last = last;
		return;
	}
	s->recent = mem_resize(s->recent, s->recent_ranges + 1, sizeof(*s->recent));
	s->recent[s->recent_ranges++] = (struct view_range){ first, last };
}

/* Give this session the messages that no session was told of. */
static void
recent_take(struct view_session *s)
{
	struct mailbox *m = mailbox_get(s->view->account, s->view->mailbox);
	uint32_t mine = s->recent_ranges > 0 ? s->recent[s->recent_ranges - 1].last : 0;

	if (!m || m->recent_uid >= s->known_uid)
		return;
	/* EXAMINE leaves them to others: it must not count them again with the next arrival */
	recent_add(s, (m->recent_uid > mine ? m->recent_uid : mine) + 1, s->known_uid);
	if (!s->is_read_only)
		m->recent_uid = s->known_uid;
}

bool
view_session_is_recent(const struct view_session *s, uint32_t uid)
{
	for (size_t i = 0; i < s->recent_ranges; i++)
		if (uid >= s->recent[i].first && uid <= s->recent[i].last)
			return true;
	return false;
}

uint32_t
view_recent(const struct account *a, const struct mailbox *m)
{
	struct view *v;
	uint32_t count;

	if (m->recent_uid >= m->uid_next - 1)
		return 0;
	if (view_open(&account_inner(a)->account, m->id, &v))
		return 0;
	count = (uint32_t)(v->count - view_lower(v, m->recent_uid + 1));
	view_close(&v);
	return count;
}

/* --- opening --------------------------------------------------------------------------------------------- */

static void
session_know_all(struct view_session *s)
{
	s->known = s->view->count;
	if (s->known)
		s->known_uid = s->view->entries[s->known - 1].uid;
}

enum fail
view_session_open(struct view_session *s, struct account *a, uint32_t mailbox, bool is_read_only)
{
	struct view *v;
	enum fail fail = view_open(a, mailbox, &v);

	*s = (struct view_session){ .view = v, .is_read_only = is_read_only };
	if (fail)
		return fail;
	list_append(&v->private->sessions, &s->node);
	session_know_all(s);
	recent_take(s);
	return FAIL_NONE;
}

void
view_session_close(struct view_session *s)
{
	list_remove(&s->node);
	mem_free(s->ghosts);
	mem_free(s->changed);
	mem_free(s->recent);
	view_close(&s->view);
	*s = (struct view_session){ .view = NULL };
}

/* --- what happened ------------------------------------------------------------------------------------------ */

static uint32_t *
uids_grow(uint32_t *list, size_t count, size_t *cap)
{
	if (count < *cap)
		return list;
	*cap = *cap ? *cap * 2 : SESSION_LIST_MIN;
	return mem_resize(list, *cap, sizeof(*list));
}

void
session_flags_changed(struct view_session *s, const struct view_entry *entry)
{
	if (s->is_gone || entry->uid > s->known_uid)
		return;
	if (s->changed_count > s->changed_start && s->changed[s->changed_count - 1] == entry->uid)
		return;
	if (s->changed_count == s->changed_start && !s->is_changed_lost)
		s->told_modseq = entry->modseq - 1;
	if (s->changed_count - s->changed_start >= VIEW_CHANGED_MAX) {
		s->is_changed_lost = true; /* the modseqs in the view know it all */
		s->changed_start = s->changed_count = 0;
		s->scan_at = 0;
		s->scan_modseq = s->view->account->modseq;
		return;
	}
	s->changed = uids_grow(s->changed, s->changed_count, &s->changed_cap);
	s->changed[s->changed_count++] = entry->uid;
}

void
session_expunged(struct view_session *s, const struct view_entry *entry, size_t at)
{
	uint32_t uid = entry->uid;
	size_t i;

	if (s->is_gone || uid > s->known_uid)
		return;
	s->known--;
	if (s->scan_at > at)
		s->scan_at--;
	if (s->ghost_start == s->ghost_count)
		s->ghost_modseq = entry->modseq;
	s->ghosts = uids_grow(s->ghosts, s->ghost_count, &s->ghost_cap);
	for (i = s->ghost_count; i > s->ghost_start && s->ghosts[i - 1] > uid; i--)
		s->ghosts[i] = s->ghosts[i - 1];
	s->ghosts[i] = uid;
	s->ghost_count++;
}

/* --- numbers ------------------------------------------------------------------------------------------------- */

/* Sequence number of the ghost with this index. */
static uint32_t
ghost_seq(const struct view_session *s, size_t ghost)
{
	return (uint32_t)(view_lower(s->view, s->ghosts[ghost]) + ghost - s->ghost_start + 1);
}

uint32_t
view_session_uid(const struct view_session *s, uint32_t seq, const struct view_entry **entry_out)
{
	size_t low = s->ghost_start, high = s->ghost_count;
	const struct view_entry *entry = NULL;
	uint32_t uid;

	invariant(seq >= 1 && seq <= view_session_count(s));
	while (low < high) { /* the first ghost at or behind seq */
		size_t middle = low + (high - low) / 2;

		if (ghost_seq(s, middle) < seq)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < s->ghost_count && ghost_seq(s, low) == seq) {
		uid = s->ghosts[low];
	} else {
		entry = s->view->entries + (seq - 1 - (low - s->ghost_start));
		uid = entry->uid;
	}
	if (entry_out)
		*entry_out = entry;
	return uid;
}

/* Index of the first ghost whose uid is not below `uid`. */
static size_t
ghost_lower(const struct view_session *s, uint32_t uid)
{
	size_t low = s->ghost_start, high = s->ghost_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->ghosts[middle] < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t
view_session_seq(const struct view_session *s, uint32_t uid)
{
	struct view_walk walk;
	struct view_seen seen;

	view_walk_start(&walk, s, uid);
	return view_walk_next(&walk, &seen) && seen.uid == uid ? seen.seq : 0;
}

uint32_t
view_session_lower(const struct view_session *s, uint32_t uid)
{
	struct view_walk walk;

	view_walk_start(&walk, s, uid);
	return (uint32_t)(walk.at + walk.ghost - s->ghost_start);
}

uint32_t
view_session_last_uid(const struct view_session *s)
{
	uint32_t uid = s->known ? s->view->entries[s->known - 1].uid : 0;

	if (s->ghost_count > s->ghost_start && s->ghosts[s->ghost_count - 1] > uid)
		uid = s->ghosts[s->ghost_count - 1];
	return uid;
}

void
view_walk_start(struct view_walk *w, const struct view_session *s, uint32_t uid)
{
	w->session = s;
	w->at = view_lower(s->view, uid);
	w->ghost = ghost_lower(s, uid);
	if (w->at > s->known)
		w->at = s->known;
}

/* --- events -------------------------------------------------------------------------------------------------- */

static bool
expunge_next(struct view_session *s, enum view_expunges way, struct view_event *out)
{
	bool is_down = way == VIEW_EXPUNGES_DOWN;
	size_t at;

	if (way == VIEW_EXPUNGES_LATER || s->ghost_start == s->ghost_count)
		return false;
	at = is_down ? s->ghost_count - 1 : s->ghost_start;
	*out = (struct view_event){ .type = VIEW_EXPUNGE,
		.seq = ghost_seq(s, at),
		.uid = s->ghosts[at] };
	if (is_down)
		s->ghost_count--;
	else
		s->ghost_start++;
	if (s->recent_count > 0 && view_session_is_recent(s, out->uid))
		s->recent_count--;
	if (s->ghost_start == s->ghost_count) {
		mem_free(s->ghosts);
		s->ghosts = NULL;
		s->ghost_start = s->ghost_count = s->ghost_cap = 0;
		s->ghost_modseq = 0;
	}
	return true;
}

static bool
exists_next(struct view_session *s, struct view_event *out)
{
	if (s->known == s->view->count)
		return false;
	session_know_all(s);
	recent_take(s);
	*out = (struct view_event){ .type = VIEW_EXISTS, .seq = view_session_count(s) };
	return true;
}

static bool
flags_event(const struct view_session *s, const struct view_entry *entry, struct view_event *out)
{
	*out = (struct view_event){ .type = VIEW_FLAGS,
		.seq = view_session_seq(s, entry->uid),
		.uid = entry->uid,
		.entry = entry };
	return true;
}

static bool
flags_next(struct view_session *s, struct view_event *out)
{
	while (s->is_changed_lost) {
		const struct view_entry *entry = s->view->entries + s->scan_at;

		if (s->scan_at >= s->known) {
			s->is_changed_lost = false;
			s->told_modseq = s->scan_modseq;
			break;
		}
		s->scan_at++;
		if (entry->modseq > s->told_modseq && entry->modseq <= s->scan_modseq)
			return flags_event(s, entry, out);
	}
	while (s->changed_start < s->changed_count) {
		const struct view_entry *entry = view_find(s->view, s->changed[s->changed_start++]);

		if (entry)
			return flags_event(s, entry, out);
	}
	mem_free(s->changed);
	s->changed = NULL;
	s->changed_start = s->changed_count = s->changed_cap = 0;
	return false;
}

bool
view_session_next(struct view_session *s, enum view_expunges expunges, struct view_event *out)
{
	if (!s->view || s->is_gone)
		return false;
	return expunge_next(s, expunges, out) || exists_next(s, out) || flags_next(s, out);
}

bool
view_session_pending(const struct view_session *s)
{
	if (!s->view || s->is_gone)
		return false;
	return s->ghost_start < s->ghost_count || s->known < s->view->count || s->is_changed_lost ||
	    s->changed_start < s->changed_count;
}
