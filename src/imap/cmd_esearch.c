/*
 * ESEARCH: many mailboxes searched by one command (RFC 7377).
 *
 * One mailbox after the other, in slices: open a view of it, run the program, tell what was found. The program
 * is parsed anew for each, because "*" and names mean something else in each.
 */
#include "imap/command.h"

/* rooms */
#include "imap/context.h"
#include "imap/list_rows.h"
#include "imap/results.h"
#include "imap/search_run.h"
#include "message/imap_string.h"

struct esearch_work { /* arena: the command's */
	struct imap_search search;
	struct imap_rows rows;       /* own: hold the accounts */
	struct imap_source *sources; /* arena */
	size_t count, at;
	/* the mailbox under way */
	bool is_in;
	struct view_session view; /* own; of a mailbox that is not selected */
	struct arena arena;       /* own; of its program */
	struct imap_search program;
	struct imap_search_run run;
	struct imap_results results;
	enum fail unread; /* as of a matcher, of all mailboxes */
	uint64_t modseq;  /* of the selected mailbox, when it was entered */
};

static bool
is_selected(const struct imap_session *s, const struct imap_source *source)
{
	return imap_box_has_id(s, source->account, source->id);
}

static void
leave_mailbox(struct esearch_work *w)
{
	if (!w->is_in)
		return;
	if (w->unread != FAIL_PERM && w->run.matcher.unread != FAIL_NONE)
		w->unread = w->run.matcher.unread;
	imap_search_run_release(&w->run);
	imap_results_release(&w->results);
	view_session_close(&w->view);
	w->is_in = false;
}

static void
esearch_release(struct imap_session *s)
{
	struct esearch_work *w = s->run.data;

	leave_mailbox(w);
	arena_release(&w->arena);
	imap_rows_release(&w->rows);
}

/* FAIL_MISSING: it was deleted since the command began, or may not be read any more. */
static enum fail
look_again(struct imap_session *s, const struct imap_source *source)
{
	const struct mailbox *m = mailbox_get(source->account, source->id);
	unsigned rights = 0;
	enum fail fail = m ? imap_rights(s, m, &rights) : FAIL_MISSING;

	return fail == FAIL_NONE && !(rights & ACL_READ) ? FAIL_MISSING : fail;
}

static enum fail
enter_mailbox(struct imap_session *s, struct esearch_work *w)
{
	struct imap_cursor c = { .at = w->search.program, .arena = &w->arena };
	struct view_session *view = is_selected(s, &w->sources[w->at]) ? &s->view : &w->view;
	enum fail fail;

	arena_reset(&w->arena);
	w->program = w->search;
	fail = imap_search_keys(&c, w->search.charset, &w->program);
	if (fail == FAIL_NONE && view == &w->view)
		fail = view_session_open(&w->view, w->sources[w->at].account, w->sources[w->at].id,
		    true);
	if (fail != FAIL_NONE)
		return fail;
	imap_results_init(&w->results, &w->search);
	w->modseq = view->view->account->modseq;
	w->is_in = true;
	return imap_search_run_init(&w->run, s, view, &w->program);
}

/* "* ESEARCH (TAG "a" MAILBOX "b" UIDVALIDITY 1) UID ALL 4001": only where something was found */
static void
mailbox_told(struct imap_session *s, struct esearch_work *w)
{
	const struct mailbox *m = mailbox_get(w->sources[w->at].account, w->sources[w->at].id);
	struct buf *out = &s->run.before;

	if (!m || w->results.count == 0 || imap_search_is_silent(&w->search))
		return;
	buf_add_c(out, "* ESEARCH (TAG ");
	imap_string_write(out, s->run.tag);
	buf_add_c(out, " MAILBOX ");
	imap_path_write(s, out, m);
	buf_add_c(out, " UIDVALIDITY ");
	buf_add_u64(out, m->uid_validity);
	buf_add_c(out, ") UID");
	imap_results_write(out, &w->results, w->run.view->view);
	buf_add_c(out, "\r\n");
}

/* One slice of one mailbox; FOUND_END: it is done. */
static enum imap_found
search_mailbox(struct esearch_work *w, struct imap_slice *slice)
{
	struct view_seen seen;
	enum imap_found found;

	imap_search_run_resume(&w->run);
	while ((found = imap_search_run_next(&w->run, slice, &seen)) == FOUND_ONE) {
		struct imap_hit hit = { .number = seen.uid,
			.uid = seen.uid,
			.modseq = seen.entry->modseq,
			.score = imap_matcher_score(&w->run.matcher) };

		imap_results_add(&w->results, &hit);
	}
	return found;
}

/* A mailbox was searched to its end: tell, keep what is to be kept. */
static void
mailbox_done(struct imap_session *s, struct esearch_work *w)
{
	mailbox_told(s, w);
	if (w->search.returns & SEARCH_UPDATE && is_selected(s, &w->sources[w->at]))
		imap_context_search(s, &w->search, true, w->modseq, &w->results.uids);
	if (w->search.returns & SEARCH_SAVE)
		imap_results_save(&w->results, &s->saved);
}

static enum imap_state
esearch_step(struct imap_session *s)
{
	struct esearch_work *w = s->run.data;
	struct imap_slice slice = imap_slice_begin();

	for (; w->at < w->count; w->at++) {
		enum fail fail = look_again(s, &w->sources[w->at]);

		if (!imap_drain(s, &s->run.before) || imap_slice_over_now(s, &slice))
			return IMAP_WORK;
		if (fail == FAIL_NONE && !w->is_in)
			fail = enter_mailbox(s, w);
		if (fail != FAIL_NONE && fail != FAIL_MISSING)
			return imap_search_fail(s, &w->search, fail);
		if (fail == FAIL_NONE && search_mailbox(w, &slice) != FOUND_END)
			return IMAP_WORK;
		if (fail == FAIL_NONE && !imap_results_ok(&w->results))
			return imap_search_too_many(s, &w->search);
		if (fail == FAIL_NONE)
			mailbox_done(s, w);
		leave_mailbox(w);
	}
	if (w->unread != FAIL_NONE)
		return imap_search_unread(s, &w->search, w->unread);
	return imap_ok(s, NULL, "Searched");
}

/* RFC 7377 2.2: UPDATE is about the selected mailbox only. */
static bool
updates_nothing(const struct imap_session *s, const struct esearch_work *w)
{
	if (!(w->search.returns & SEARCH_UPDATE))
		return false;
	for (size_t i = 0; i < w->count; i++)
		if (is_selected(s, &w->sources[i]))
			return false;
	return true;
}

enum imap_state
imap_cmd_esearch(struct imap_session *s, struct imap_cursor *args)
{
	struct esearch_work *w = arena_alloc(&s->run.arena, 1, sizeof(*w));
	enum imap_state refused;
	enum fail fail;

	if (!w)
		return imap_fail(s, FAIL_LIMIT);
	refused = imap_search_read(s, args, imap_esearch_parse, &w->search);
	if (refused != IMAP_READ)
		return refused;
	/* RFC 7377 2.2: "$" is about the selected mailbox alone */
	if (w->search.returns & SEARCH_SAVE && !imap_sources_only_selected(&w->search.sources))
		return imap_bad(s, "SAVE is of the selected mailbox");
	if ((w->search.sources.groups & SOURCE_SELECTED || w->search.returns & SEARCH_UPDATE) &&
	    !imap_is_selected(s))
		return imap_bad(s, "Select a mailbox first");
	arena_init(&w->arena, IMAP_ARENA_MAX);
	s->run.data = w;
	s->run.work = esearch_step;
	s->run.release = esearch_release;
	fail = imap_sources_find(s, &w->search.sources, &w->rows, &w->sources, &w->count);
	if (fail != FAIL_NONE)
		return imap_fail(s, fail);
	if (updates_nothing(s, w))
		imap_context_refuse(s, "The selected mailbox is not searched");
	return IMAP_WORK;
}
