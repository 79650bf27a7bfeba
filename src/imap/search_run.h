/*
 * search_run.h - the messages of a mailbox that match a search program, one after the other, in slices.
 *
 * A run may look at another mailbox than the selected one. It goes on from a UID, so the mailbox may
 * change between two slices.
 */
#ifndef IMAP_SEARCH_RUN_H
#define IMAP_SEARCH_RUN_H

#include "imap/search_eval.h"

enum imap_found {
	FOUND_ONE,   /* *out is the next that matches */
	FOUND_LATER, /* the slice is used up */
	FOUND_END,
};

struct imap_search_run {              /* fields: read only, but init it before anything can fail */
	struct imap_session *session; /* borrow */
	struct view_session *view;    /* borrow */
	struct imap_search *search;   /* borrow */
	struct imap_matcher matcher;
	struct view_walk at; /* of this slice */
	uint32_t next;       /* the first UID not yet looked at */
	bool is_slice_over;
	bool needs_outline; /* set by the caller: what is found has one (imap_matcher_outline()) */
};

/*
 * `view` is the mailbox, open until imap_search_run_release(). Sets are resolved and names looked
 * up: FAIL_TEMP when the store failed.
 */
MUST_CHECK enum fail imap_search_run_init(struct imap_search_run *r, struct imap_session *s,
    struct view_session *view, struct imap_search *search);
void imap_search_run_release(struct imap_search_run *r);

/* Before the first slice: look at no more messages than the limit allows, and say so in the reply. */
void imap_search_run_cut(struct imap_search_run *r);

/* The same of what cannot do a part: true when there are too many messages to look at; answered by search_no. */
MUST_CHECK bool imap_search_run_is_too_long(const struct imap_search_run *r);
enum imap_state imap_search_too_long(struct imap_session *s, const struct imap_search *search);

/* At the start of each slice; then one message after the other. */
void imap_search_run_resume(struct imap_search_run *r);
enum imap_found imap_search_run_next(struct imap_search_run *r, struct imap_slice *slice,
    struct view_seen *out);

/*
 * Read the arguments by one of the rules of search.h, with all named filters in their places (filter.c).
 * IMAP_READ: `out` is there and all that it asks for is offered; else it was refused.
 */
enum imap_state imap_search_read(struct imap_session *s, struct imap_cursor *args,
    enum fail (*rule)(struct imap_cursor *c, struct imap_search *out), struct imap_search *out);

/* The name of an annotation whose value is a filter (RFC 5466 3.2), and is that a whole search program? */
bool imap_is_filter(struct str name);
bool imap_filter_is_whole(struct str value, struct arena *arena);

/*
 * After refusing: a program that is not one, a charset, an option that is switched off. IMAP_READ
 * when there is nothing to refuse.
 */
enum imap_state imap_search_refuse(struct imap_session *s, const struct imap_search *search,
    const struct imap_cursor *args, enum fail fail);

/* NO of a search: what SAVE would have kept is nothing then, BAD changes nothing (RFC 9051 6.4.4.1). */
enum imap_state imap_search_no(struct imap_session *s, const struct imap_search *search,
    const char *code, const char *text);
enum imap_state imap_search_fail(struct imap_session *s, const struct imap_search *search,
    enum fail fail);

/* More was found than can be kept; some messages could not be read. */
enum imap_state imap_search_too_many(struct imap_session *s, const struct imap_search *search);
enum imap_state imap_search_unread(struct imap_session *s, const struct imap_search *search,
    enum fail fail);

/* "* ESEARCH (TAG "a") UID", what follows is the caller's. */
void imap_esearch_begin(struct imap_session *s, struct buf *out);

#endif
