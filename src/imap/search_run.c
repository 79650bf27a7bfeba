#include "imap/search_run.h"

/* rooms */
#include "imap/context.h"
#include "imap/message_limit.h"
#include "message/imap_string.h"

enum fail
imap_search_run_init(struct imap_search_run *r, struct imap_session *s, struct view_session *view,
    struct imap_search *search)
{
	*r = (struct imap_search_run){ .session = s, .view = view, .search = search, .next = 1 };
	imap_matcher_init(&r->matcher, s, view);
	imap_search_resolve(search->root, view_session_count(view), view_session_last_uid(view));
	imap_matcher_narrow(&r->matcher, search->root);
	if (search->has_modseq)
		imap_condstore_begin(s); /* RFC 7162 3.1.5 */
	/* RFC 7162 3.2.10.2: numbers of a UID command, too, must mean the same until it is over */
	s->run.keeps_numbers |= search->has_numbers;
	return imap_matcher_prepare(&r->matcher, search->root);
}

void
imap_search_run_release(struct imap_search_run *r)
{
	imap_matcher_release(&r->matcher);
}

void
imap_search_run_cut(struct imap_search_run *r)
{
	struct imap_session *s = r->session;

	if (imap_search_limit(s, r->view, r->search->root, &s->run.limited_uid))
		r->next = s->run.limited_uid;
}

bool
imap_search_run_is_too_long(const struct imap_search_run *r)
{
	uint32_t lowest;

	return imap_search_limit(r->session, r->view, r->search->root, &lowest);
}

void
imap_search_run_resume(struct imap_search_run *r)
{
	imap_progress(r->session, view_lower(r->view->view, r->next), view_session_count(r->view));
	view_walk_start(&r->at, r->view, r->next);
	r->is_slice_over = false;
}

enum imap_found
imap_search_run_next(struct imap_search_run *r, struct imap_slice *slice, struct view_seen *out)
{
	struct imap_session *s = r->session;

	if (!imap_matcher_is_ready(&r->matcher, slice))
		return FOUND_LATER;
	while (!r->is_slice_over) {
		enum imap_match match;

		if (!view_walk_next(&r->at, out))
			return FOUND_END;
		r->next = out->uid;
		if (!out->entry)
			continue;
		match = imap_matches(&r->matcher, r->search->root, out, slice);
		if (match == MATCH_YES && r->needs_outline)
			(void)imap_matcher_outline(&r->matcher);
		if (imap_matcher_is_cut(&r->matcher))
			return FOUND_LATER;
		/* each other one would be waited for in vain, too */
		if (r->matcher.is_unreached)
			return FOUND_END;
		r->next = out->uid + 1;
		r->is_slice_over = imap_matcher_was_slow(&r->matcher)
		    ? imap_slice_over_now(s, slice)
		    : imap_slice_over(s, slice);
		if (match == MATCH_YES)
			return FOUND_ONE;
	}
	return FOUND_LATER;
}

static void
forget_saved(struct imap_session *s, const struct imap_search *search)
{
	if (search->returns & SEARCH_SAVE)
		imap_ranges_release(&s->saved);
}

enum imap_state
imap_search_no(struct imap_session *s, const struct imap_search *search, const char *code,
    const char *text)
{
	forget_saved(s, search);
	return imap_no(s, code, text);
}

enum imap_state
imap_search_fail(struct imap_session *s, const struct imap_search *search, enum fail fail)
{
	forget_saved(s, search);
	return imap_fail(s, fail);
}

enum imap_state
imap_search_too_many(struct imap_session *s, const struct imap_search *search)
{
	/* RFC 9051 6.4.4.1, RFC 5182 2.5 */
	return imap_search_no(s, search, search->returns & SEARCH_SAVE ? "NOTSAVED" : "LIMIT",
	    "Too many results");
}

enum imap_state
imap_search_too_long(struct imap_session *s, const struct imap_search *search)
{
	forget_saved(s, search);
	return imap_limit_no(s, imap_message_limit(s), 0, "Too many messages, try fewer UIDs");
}

enum imap_state
imap_search_unread(struct imap_session *s, const struct imap_search *search, enum fail fail)
{
	forget_saved(s, search);
	return imap_unread(s, fail);
}

enum imap_state
imap_search_refuse(struct imap_session *s, const struct imap_search *search,
    const struct imap_cursor *args, enum fail fail)
{
	if (fail == FAIL_NONE && search->returns & SEARCH_UPDATE && imap_context_has_tag(s))
		return imap_bad(s, "Tag reuse"); /* RFC 5267 4.3 */
	if (fail == FAIL_NONE && search->has_numbers && s->have & HAVE_UIDONLY)
		return imap_uid_required(s); /* RFC 9586 section 3 */
	if (fail == FAIL_NONE && imap_offers_all(s, &search->needs))
		return IMAP_READ;
	if (fail == FAIL_MISSING)
		return imap_search_no(s, search, "BADCHARSET (US-ASCII UTF-8)",
		    "That charset is not known");
	if (fail == FAIL_LIMIT)
		forget_saved(s, search);
	return imap_wrong(s, args);
}

void
imap_esearch_begin(struct imap_session *s, struct buf *out)
{
	buf_add_c(out, "* ESEARCH (TAG ");
	imap_string_write(out, s->run.tag);
	buf_add_c(out, s->run.is_uid ? ") UID" : ")");
}
