#include "imap/resync.h"

/* rooms */
#include "imap/vanished.h"

struct resync_work { /* arena: the command's */
	struct imap_vanished vanished;
	struct imap_walk walk;
	uint64_t since;
	bool is_vanished_told;
};

/* A set's numbers one after the other. */
struct numbers {
	const struct imap_set *set;
	size_t range;
	uint32_t next; /* 0: the first of the range */
};

static bool
number_next(struct numbers *n, uint32_t *out)
{
	const struct imap_range *r;

	if (n->range == n->set->count)
		return false;
	r = &n->set->ranges[n->range];
	*out = n->next ? n->next : r->first;
	n->next = *out + 1;
	if (*out == r->last) {
		n->range++;
		n->next = 0;
	}
	return true;
}

/*
 * RFC 7162 3.2.5.2: where number and UID are as in the mailbox, the client knows of all expunges up to there. Not
 * more steps than the mailbox has messages.
 */
static uint32_t
last_match(const struct imap_session *s, const struct imap_select_params *params)
{
	struct numbers numbers = { .set = &params->match_numbers };
	struct numbers uids = { .set = &params->match_uids };
	uint32_t count = view_session_count(&s->view), number, uid, last = 0;

	while (number_next(&numbers, &number) && number <= count && number_next(&uids, &uid))
		if (view_session_uid(&s->view, number, NULL) == uid)
			last = uid;
	return last;
}

static enum imap_state
resync_step(struct imap_session *s)
{
	struct resync_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	struct view_seen seen;

	if (!imap_drain(s, &s->run.before))
		return IMAP_WORK;
	if (!w->is_vanished_told && !imap_vanished_step(s, &w->vanished, &slice))
		return IMAP_WORK;
	w->is_vanished_told = true;
	imap_walk_resume(s, &w->walk);
	while (imap_walk_next(s, &w->walk, &seen)) {
		if (seen.entry && seen.entry->modseq > w->since)
			imap_tell(s, seen.seq, seen.entry, TELL_UID | TELL_FLAGS);
		if (imap_slice_over(s, &slice))
			return IMAP_WORK;
	}
	return imap_selected(s);
}

enum imap_state
imap_resync(struct imap_session *s, const struct imap_select_params *params)
{
	struct resync_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	enum fail fail = FAIL_LIMIT;

	if (w) {
		imap_walk_all(s, &w->walk);
		if (params->has_known)
			w->walk.set = params->known;
		w->since = params->modseq;
		fail = imap_vanished_begin(s, &w->walk.set, params->modseq,
		    params->has_match ? last_match(s, params) : 0, &w->vanished);
	}
	if (fail != FAIL_NONE) {
		imap_unselect(s);
		buf_clear(&s->run.before);
		return imap_fail(s, fail);
	}
	s->run.data = w;
	s->run.work = resync_step;
	return IMAP_WORK;
}
