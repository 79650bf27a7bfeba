/*
 * SORT and UID SORT (RFC 5256, 5957), with the return options of ESORT (RFC 5267 section 3).
 *
 *     FINDING, a key for each message that matches --the end--> SORTING --in order--> told
 */
#include "imap/command.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "imap/context.h"
#include "imap/results.h"
#include "imap/search_run.h"
#include "imap/sorter.h"

#define MOVES_PER_LOOK 1000 /* of the sorter between two looks at the clock: some 50 us */

struct sort_work { /* arena: the command's */
	struct imap_search search;
	struct imap_search_run run;
	struct imap_results results;
	uint64_t modseq; /* of the mailbox, when it began */
	struct imap_sorter sorter;
	struct imap_hit *hits;   /* own; as they were found */
	size_t cap;              /* of hits */
	struct imap_ranges uids; /* own; of all of them, when SAVE needs them ascending */
};

static void
sort_release(struct imap_session *s)
{
	struct sort_work *w = s->run.data;

	imap_search_run_release(&w->run);
	imap_results_release(&w->results);
	imap_sorter_release(&w->sorter);
	imap_ranges_release(&w->uids);
	mem_free(w->hits);
}

/* --- telling -------------------------------------------------------------------------------------------- */

static void
sort_told(struct imap_session *s, struct sort_work *w)
{
	struct buf *out = &s->run.before;

	if (!w->search.has_return) {
		imap_results_plain_write(out, &w->results, "* SORT", false);
		return;
	}
	if (imap_search_is_silent(&w->search))
		return;
	imap_esearch_begin(s, out);
	imap_results_write(out, &w->results, s->view.view);
	buf_add_c(out, "\r\n");
}

static void
save(struct imap_session *s, struct sort_work *w)
{
	if (imap_search_saves_all(&w->search)) {
		imap_ranges_release(&w->results.uids);
		w->results.uids = w->uids;
		w->uids = (struct imap_ranges){ 0 };
	}
	imap_results_save(&w->results, &s->saved);
}

static void
keep_updated(struct imap_session *s, const struct sort_work *w)
{
	struct imap_context *c = imap_context_begin(s, &w->search, s->run.is_uid, w->modseq);

	for (size_t i = 0; c && i < w->sorter.count && !c->is_over; i++)
		imap_context_add(c, w->hits[imap_sorter_get(&w->sorter, i)].uid,
		    imap_sorter_key(&w->sorter, i));
}

static enum imap_state
done(struct imap_session *s, struct sort_work *w)
{
	for (size_t i = 0; i < w->sorter.count; i++)
		imap_results_add(&w->results, &w->hits[imap_sorter_get(&w->sorter, i)]);
	sort_told(s, w);
	if (w->search.returns & SEARCH_UPDATE)
		keep_updated(s, w);
	if (w->search.returns & SEARCH_SAVE)
		save(s, w);
	if (w->run.matcher.unread != FAIL_NONE)
		return imap_search_unread(s, &w->search, w->run.matcher.unread);
	return imap_ok(s, NULL, "Sorted");
}

/* --- finding and sorting ---------------------------------------------------------------------------------- */

static enum imap_state
sorting_step(struct imap_session *s)
{
	struct sort_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();

	while (!imap_sorter_step(&w->sorter, MOVES_PER_LOOK))
		if (imap_slice_over_now(s, &slice))
			return IMAP_WORK;
	return done(s, w);
}

static void
found_one(struct imap_session *s, struct sort_work *w, const struct view_seen *seen)
{
	struct imap_sort_of of = { .entry = seen->entry,
		.score = imap_matcher_score(&w->run.matcher) };

	if (w->search.sort.needs_summary)
		of.summary = imap_matcher_outline(&w->run.matcher);
	imap_sort_key_write(&w->sorter.keys, &w->search.sort, &of, &w->run.matcher.arena);
	imap_sorter_add(&w->sorter);
	if (w->sorter.is_over)
		return;
	if (w->sorter.count > w->cap) {
		w->cap = size_max(64, 2 * w->cap);
		w->hits = mem_resize(w->hits, w->cap, sizeof(*w->hits));
	}
	w->hits[w->sorter.count - 1] =
	    (struct imap_hit){ .number = s->run.is_uid ? seen->uid : seen->seq,
		    .uid = seen->uid,
		    .modseq = seen->entry->modseq,
		    .score = of.score };
	if (imap_search_saves_all(&w->search))
		imap_ranges_add(&w->uids, seen->uid);
}

static enum imap_state
finding_step(struct imap_session *s)
{
	struct sort_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();
	struct view_seen seen;
	enum imap_found found;

	imap_search_run_resume(&w->run);
	while ((found = imap_search_run_next(&w->run, &slice, &seen)) == FOUND_ONE) {
		found_one(s, w, &seen);
		if (w->sorter.is_over)
			return imap_search_too_many(s, &w->search);
		if (w->search.sort.needs_summary && imap_slice_over_now(s, &slice))
			return IMAP_WORK;
	}
	if (found == FOUND_END)
		s->run.work = sorting_step;
	return IMAP_WORK;
}

enum imap_state
imap_cmd_sort(struct imap_session *s, struct imap_cursor *args)
{
	struct sort_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	enum imap_state refused;
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	refused = imap_search_read(s, args, imap_sort_parse, &w->search);
	if (refused != IMAP_READ)
		return refused;
	imap_results_init(&w->results, &w->search);
	w->modseq = s->view.view->account->modseq;
	imap_sorter_init(&w->sorter);
	fail = imap_search_run_init(&w->run, s, &s->view, &w->search);
	w->run.needs_outline = w->search.sort.needs_summary;
	s->run.data = w;
	s->run.work = finding_step;
	s->run.release = sort_release;
	if (fail == FAIL_NONE && imap_search_run_is_too_long(&w->run))
		return imap_search_too_long(s, &w->search);
	return fail == FAIL_NONE ? IMAP_WORK : imap_search_fail(s, &w->search, fail);
}
