/*
 * email_list.h - the Emails of an account that match a filter, in order, made in slices (RFC 8621 4.4).
 *
 * The caller reads the arguments, says how much of the list it needs, and steps until the list is there. The
 * list is that of the account's Email state when the last step ended only if the state did not move between
 * the first and the last one; the caller looks and may start again.
 *
 * Ownership: lives in the call; email_list_release() gives back what it holds.
 */
#ifndef JMAP_EMAIL_LIST_H
#define JMAP_EMAIL_LIST_H

/* rooms */
#include "jmap/id_set.h"
#include "jmap/sort.h"
#include "search/search.h"

enum email_list_stage {
	LIST_NARROW,
	LIST_COLLECT,
	LIST_JUDGE,
	LIST_KEYS,
	LIST_SORT,
	LIST_DONE,
};

struct email_list { /* zeroed at first; fields: read only but for `needed` and `needs_total` */
	const struct filter *filter;
	struct sort sort;
	uint32_t mailbox; /* all of them are in it; 0: not known */
	bool collapses;
	size_t needed; /* ids from the start that the caller wants, at least; SIZE_MAX: all */
	bool needs_total;
	/* filled in when it is done: */
	uint64_t *ids; /* own */
	size_t count;  /* of ids */
	size_t total;  /* of the whole list, when it was wanted */

	enum email_list_stage stage;
	struct search_query index; /* which can match */
	struct sort_item *items;   /* own */
	size_t item_count, cap, at, kept;
	size_t named;     /* candidates that the index names, or does not know yet */
	size_t ready;     /* items that can be judged */
	bool is_streamed; /* items come in batches of the account's list */
	bool has_all;     /* the last batch came */
	size_t id_cap;
	uint64_t told;              /* the last that came up for the list */
	struct id_set threads;      /* of the list, when they collapse */
	struct sort_key *keys;      /* own */
	struct sorting sorting;     /* order and spare: own */
	struct arena arena;         /* one candidate at a time */
	struct candidate_file file; /* .. the same */
	struct email_order last;    /* where collecting stands */
	bool has_last;
};

/* Read filter, sort, collapseThreads; false when the call's error was set. Release it in any case. */
MUST_CHECK bool email_list_read(struct email_list *l, struct jmap_call *c);

/* Go on; true when it is done. False: the slice is over, or the call's error was set. */
MUST_CHECK bool email_list_step(struct email_list *l, struct jmap_call *c);

/*
 * From the beginning again. The arguments are read anew: rights and the bits of keywords may have moved as well. False:
 * the call's error was set.
 */
MUST_CHECK bool email_list_restart(struct email_list *l, struct jmap_call *c);
void email_list_release(struct email_list *l);

/* Ordered by receivedAt and nothing else. */
bool email_list_is_by_date(const struct email_list *l);

/* Whether an Email is in it, and before or behind which others, never changes. */
bool email_list_is_immutable(const struct email_list *l);

/* Whether an Email is in it, or where, may depend on others of its thread. */
bool email_list_minds_threads(const struct email_list *l);

#endif
