#include "imap/vanished.h"

/* base */
#include "base/num.h"

/* rooms */
#include "mail/changes.h"

enum fail
imap_vanished_begin(struct imap_session *s, const struct imap_set *set, uint64_t since,
    uint32_t above, struct imap_vanished *out)
{
	struct account *a = s->view.view->account;
	uint32_t mailbox = s->view.view->mailbox;
	const struct mailbox *m = mailbox_get(a, mailbox);
	enum fail fail;

	*out = (struct imap_vanished){ .set = *set, .above = above, .next = above + 1 };
	if (!m)
		return FAIL_MISSING;
	out->last = m->uid_next - 1;
	fail = expunged_since(a, mailbox, since, &s->run.arena, &out->uids, &out->count);
	out->is_log_short = fail == FAIL_PERM;
	return out->is_log_short ? FAIL_NONE : fail;
}

void
imap_vanished_write(struct imap_session *s, struct imap_ranges *gone, bool is_earlier)
{
	struct buf *out = conn_out(s->conn);

	if (gone->count == 0)
		return;
	buf_add_c(out, is_earlier ? "* VANISHED (EARLIER) " : "* VANISHED ");
	imap_ranges_write(out, gone);
	buf_add_c(out, "\r\n");
	imap_ranges_clear(gone);
}

/*
 * The first UID at or behind `uid` that must not be told: its message is there, announced or not; or it went and
 * the client still counts it, so that a VANISHED without EARLIER will come. UINT32_MAX when there is none.
 */
static uint32_t
next_there(const struct imap_session *s, uint32_t uid)
{
	const struct view *v = s->view.view;
	size_t at = view_lower(v, uid);
	uint32_t there = at < v->count ? v->entries[at].uid : UINT32_MAX;
	struct view_walk walk;

	view_walk_start(&walk, &s->view, uid);
	if (walk.ghost < s->view.ghost_count && s->view.ghosts[walk.ghost] < there)
		there = s->view.ghosts[walk.ghost];
	return there;
}

/* The next UIDs of the log; false at its end. */
static bool
log_next(struct imap_session *s, struct imap_vanished *v, struct imap_ranges *gone)
{
	uint32_t uid;

	if (v->at == v->count)
		return false;
	uid = v->uids[v->at++];
	if (uid > v->above && imap_set_has(&v->set, uid) && next_there(s, uid) != uid)
		imap_ranges_add(gone, uid);
	return true;
}

/* The next gap of the mailbox, without the log; false at the end. */
static bool
gap_next(struct imap_session *s, struct imap_vanished *v, struct imap_ranges *gone)
{
	const struct imap_range *r = imap_set_from(&v->set, v->next);
	uint32_t first, last, there;

	if (!r || v->next > v->last)
		return false;
	first = r->first > v->next ? r->first : v->next;
	last = r->last < v->last ? r->last : v->last;
	if (first > last)
		return false;
	there = next_there(s, first);
	if (there == first) {
		v->next = first + 1;
		return true;
	}
	if (last >= there)
		last = there - 1;
	imap_ranges_add_all(gone, first, last);
	v->next = last + 1;
	return true;
}

bool
imap_vanished_step(struct imap_session *s, struct imap_vanished *v, struct imap_slice *slice)
{
	struct imap_ranges gone = { 0 };
	bool is_over = false, has_more = true;

	while (has_more && !is_over) {
		has_more = v->is_log_short ? gap_next(s, v, &gone) : log_next(s, v, &gone);
		if (gone.count == IMAP_VANISHED_RANGES)
			imap_vanished_write(s, &gone, true);
		is_over = imap_slice_over(s, slice);
	}
	imap_vanished_write(s, &gone, true);
	imap_ranges_release(&gone);
	return !has_more;
}
