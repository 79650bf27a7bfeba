/* SEARCH and UID SEARCH (RFC 9051 6.4.4; ESEARCH of RFC 4731, SEARCHRES of RFC 5182, PARTIAL of RFC 9394). */
#include "imap/command.h"

/* rooms */
#include "imap/context.h"
#include "imap/results.h"
#include "imap/search_run.h"

struct search_work { /* arena: the command's */
	struct imap_search search;
	struct imap_search_run run;
	struct imap_results results;
	uint64_t modseq; /* of the mailbox, when it began */
};

static void
search_release(struct imap_session *s)
{
	struct search_work *w = s->run.data;

	imap_search_run_release(&w->run);
	imap_results_release(&w->results);
}

static void
esearch_write(struct imap_session *s, struct buf *out, const struct search_work *w)
{
	if (imap_search_is_silent(&w->search))
		return;
	imap_esearch_begin(s, out);
	imap_results_write(out, &w->results, s->view.view);
	buf_add_c(out, "\r\n");
}

static enum imap_state
done(struct imap_session *s, struct search_work *w)
{
	if (!imap_results_ok(&w->results))
		return imap_search_too_many(s, &w->search);
	if (w->search.has_return || imap_is_rev2(s))
		esearch_write(s, &s->run.before, w);
	else
		imap_results_plain_write(&s->run.before, &w->results, "* SEARCH",
		    s->run.limited_uid != 0);
	if (w->search.returns & SEARCH_UPDATE)
		imap_context_search(s, &w->search, s->run.is_uid, w->modseq, &w->results.uids);
	if (w->search.returns & SEARCH_SAVE)
		imap_results_save(&w->results, &s->saved);
	if (w->run.matcher.unread != FAIL_NONE)
		return imap_search_unread(s, &w->search, w->run.matcher.unread);
	return imap_ok(s, NULL, "Search done");
}

static enum imap_state
search_step(struct imap_session *s)
{
	struct search_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	struct view_seen seen;
	enum imap_found found;

	imap_search_run_resume(&w->run);
	while ((found = imap_search_run_next(&w->run, &slice, &seen)) == FOUND_ONE) {
		struct imap_hit hit = { .number = s->run.is_uid ? seen.uid : seen.seq,
			.uid = seen.uid,
			.modseq = seen.entry->modseq,
			.score = imap_matcher_score(&w->run.matcher) };

		imap_results_add(&w->results, &hit);
	}
	return found == FOUND_LATER ? IMAP_WORK : done(s, w);
}

enum imap_state
imap_cmd_search(struct imap_session *s, struct imap_cursor *args)
{
	struct search_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	enum imap_state refused;
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	refused = imap_search_read(s, args, imap_search_parse, &w->search);
	if (refused != IMAP_READ)
		return refused;
	if (w->search.has_charset && s->have & HAVE_UTF8)
		return imap_bad(s, "All strings are in UTF-8 (RFC 6855 3)");
	imap_results_init(&w->results, &w->search);
	w->modseq = s->view.view->account->modseq;
	fail = imap_search_run_init(&w->run, s, &s->view, &w->search);
	imap_search_run_cut(&w->run);
	s->run.data = w;
	s->run.work = search_step;
	s->run.release = search_release;
	return fail == FAIL_NONE ? IMAP_WORK : imap_search_fail(s, &w->search, fail);
}
