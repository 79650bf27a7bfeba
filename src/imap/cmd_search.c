/* SEARCH and UID SEARCH (RFC 9051 6.4.4; ESEARCH of RFC 4731, SEARCHRES of RFC 5182). */
#include "imap/search.h"

/* rooms */
#include "imap/search_eval.h"
#include "imap/command.h"
#include "message/imap_string.h"

struct search_work { /* arena: the command's */
	struct imap_walk walk;
	struct imap_search search;
	struct imap_matcher matcher;
	struct imap_ranges found; /* own; sequence numbers or UIDs */
	struct imap_ranges uids;  /* own; for SAVE */
	uint32_t min, max, min_uid, max_uid;
	uint64_t count;
};

static void
search_release(struct imap_session *s)
{
	struct search_work *w = s->run.data;

	imap_matcher_release(&w->matcher);
	imap_ranges_release(&w->found);
	imap_ranges_release(&w->uids);
}

/* --- answering ---------------------------------------------------------------------------------- */

static bool
is_esearch(const struct imap_session *s, const struct search_work *w)
{
	return w->search.has_return || imap_is_rev2(s);
}

/* "* SEARCH 2 84 882" */
static void
search_write(struct buf *out, const struct search_work *w)
{
	buf_add_c(out, "* SEARCH");
	for (size_t i = 0; i < w->found.count; i++)
		for (uint32_t n = w->found.ranges[i].first; n <= w->found.ranges[i].last; n++) {
			buf_add_char(out, ' ');
			buf_add_u64(out, n);
		}
	buf_add_c(out, "\r\n");
}

/* "* ESEARCH (TAG "a") UID MIN 2 COUNT 3 ALL 2,10:11" */
static void
esearch_write(struct imap_session *s, struct buf *out, const struct search_work *w)
{
	unsigned returns = w->search.has_return ? w->search.returns : SEARCH_ALL;

	if (returns == SEARCH_SAVE)
		return; /* RFC 9051 6.4.4.1 */
	buf_add_c(out, "* ESEARCH (TAG ");
	imap_string_write(out, s->run.tag);
	buf_add_c(out, s->run.is_uid ? ") UID" : ")");
	if (returns & SEARCH_MIN && w->count > 0) {
		buf_add_c(out, " MIN ");
		buf_add_u64(out, w->min);
	}
	if (returns & SEARCH_MAX && w->count > 0) {
		buf_add_c(out, " MAX ");
		buf_add_u64(out, w->max);
	}
	if (returns & SEARCH_COUNT) {
		buf_add_c(out, " COUNT ");
		buf_add_u64(out, w->count);
	}
	if (returns & SEARCH_ALL && w->count > 0) {
		buf_add_c(out, " ALL ");
		imap_ranges_write(out, &w->found);
	}
	buf_add_c(out, "\r\n");
}

/* RFC 9051 6.4.4.1: only MIN and MAX are saved when only they were asked for */
static void
save(struct imap_session *s, struct search_work *w)
{
	if (!(w->search.returns & SEARCH_SAVE))
		return;
	imap_ranges_release(&s->saved);
	if (w->search.returns & (SEARCH_MIN | SEARCH_MAX) &&
	    !(w->search.returns & (SEARCH_ALL | SEARCH_COUNT))) {
		if (w->search.returns & SEARCH_MIN && w->count > 0)
			imap_ranges_add(&s->saved, w->min_uid);
		if (w->search.returns & SEARCH_MAX && w->count > 0 &&
		    (w->max_uid != w->min_uid || s->saved.count == 0))
			imap_ranges_add(&s->saved, w->max_uid);
		return;
	}
	s->saved = w->uids;
	w->uids = (struct imap_ranges){ 0 };
}

static enum imap_state
done(struct imap_session *s, struct search_work *w)
{
	if (w->found.is_over || w->uids.is_over)
		return imap_no(s, "LIMIT", "Too many results");
	save(s, w);
	if (is_esearch(s, w))
		esearch_write(s, &s->run.before, w);
	else
		search_write(&s->run.before, w);
	if (w->matcher.is_some_unreadable)
		return imap_no(s, "UNAVAILABLE", "Some messages could not be read");
	return imap_ok(s, NULL, "Search done");
}

/* --- searching ---------------------------------------------------------------------------------- */

static void
found(struct imap_session *s, struct search_work *w, const struct view_seen *seen)
{
	uint32_t n = s->run.is_uid ? seen->uid : seen->seq;

	if (w->count == 0) {
		w->min = n;
		w->min_uid = seen->uid;
	}
	w->max = n;
	w->max_uid = seen->uid;
	w->count++;
	if (!w->search.has_return || w->search.returns & SEARCH_ALL)
		imap_ranges_add(&w->found, n);
	if (w->search.returns & SEARCH_SAVE)
		imap_ranges_add(&w->uids, seen->uid);
}

static enum imap_state
search_step(struct imap_session *s)
{
	struct search_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	struct view_seen seen;
	bool is_over = false;

	imap_walk_resume(s, &w->walk);
	while (!is_over && imap_walk_next(s, &w->walk, &seen)) {
		if (!seen.entry)
			continue;
		switch (imap_matches(&w->matcher, w->search.root, &seen, &slice)) {
		case MATCH_NO: break;
		case MATCH_YES: found(s, w, &seen); break;
		case MATCH_LATER: w->walk.next = seen.uid; return IMAP_WORK;
		}
		is_over = imap_matcher_was_slow(&w->matcher) ? imap_slice_over_now(s, &slice)
							     : imap_slice_over(s, &slice);
	}
	return is_over ? IMAP_WORK : done(s, w);
}

static enum imap_state
refused(struct imap_session *s, struct search_work *w, const struct imap_cursor *args,
    enum fail fail)
{
	if (w->search.returns & SEARCH_SAVE)
		imap_ranges_release(&s->saved); /* RFC 9051 6.4.4.1: "$" is empty then */
	if (fail == FAIL_MISSING)
		return imap_no(s, "BADCHARSET (US-ASCII UTF-8)", "That charset is not known");
	return imap_wrong(s, args);
}

enum imap_state
imap_cmd_search(struct imap_session *s, struct imap_cursor *args)
{
	struct search_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	uint32_t count = view_session_count(&s->view);
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	fail = imap_search_parse(args, &w->search);
	if (fail != FAIL_NONE)
		return refused(s, w, args, fail);
	if (w->search.has_charset && s->have & HAVE_UTF8)
		return imap_bad(s, "All strings are in UTF-8 (RFC 6855 3)");
	imap_search_resolve(w->search.root, count, view_session_last_uid(&s->view));
	imap_matcher_init(&w->matcher, s);
	imap_walk_all(s, &w->walk);
	s->run.data = w;
	s->run.work = search_step;
	s->run.release = search_release;
	fail = imap_matcher_prepare(&w->matcher, w->search.root);
	return fail == FAIL_NONE ? IMAP_WORK : imap_fail(s, fail);
}
