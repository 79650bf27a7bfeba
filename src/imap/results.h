/*
 * results.h - what a search found, in its order, and how it is told (RFC 9051 7.3.4, RFC 4731, 5267, 9394).
 *
 * Hits are added one by one, in mailbox order by SEARCH, sorted by SORT. Only what the return options
 * ask for is kept: numbers as ranges, a score each.
 *
 * Ownership: zeroed is empty; imap_results_release() gives back what grew.
 */
#ifndef IMAP_RESULTS_H
#define IMAP_RESULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "imap/search.h"
#include "imap/set.h"

struct view;

struct imap_hit {
	uint32_t number; /* as the client counts in this command: sequence number or UID */
	uint32_t uid;
	uint64_t modseq;
	unsigned score; /* 1 .. 100 */
};

struct imap_results {                     /* fields: read only */
	const struct imap_search *search; /* borrow */
	uint64_t count, modseq;           /* all that were found; the highest of theirs */
	struct imap_hit first, last;
	struct imap_ranges numbers, uids; /* own */
	struct buf scores;                /* own; a byte each */
};

void imap_results_init(struct imap_results *r, const struct imap_search *search);
void imap_results_add(struct imap_results *r, const struct imap_hit *hit);
void imap_results_release(struct imap_results *r);

/* False: there were more than can be kept (IMAP_RANGES_MAX). */
bool imap_results_ok(const struct imap_results *r);

/*
 * search-return-data of the options, each behind a SP: " MIN 2 COUNT 3 ALL 2,10:11 MODSEQ 7". `view`
 * is the mailbox, for the MODSEQ of a PARTIAL.
 */
void imap_results_write(struct buf *out, const struct imap_results *r, const struct view *view);

/*
 * "* SORT 2 84 882 (MODSEQ 7)" with its line end: without options, as it was before there were any. `is_down`: the
 * last one first.
 */
void imap_results_plain_write(struct buf *out, const struct imap_results *r, const char *name,
    bool is_down);

/* SAVE keeps all that are found (RFC 9051 6.4.4.1, RFC 9394 3.2). */
bool imap_search_saves_all(const struct imap_search *search);

/* SAVE alone: there is nothing to tell (RFC 9051 6.4.4.1). */
bool imap_search_is_silent(const struct imap_search *search);

/* Move the UIDs that "$" shall name (RFC 9051 6.4.4.1, RFC 9394 3.2) to `saved`. */
void imap_results_save(struct imap_results *r, struct imap_ranges *saved);

#endif
