/*
 * search_narrow.h - what the full-text index can say about SEARCH keys (search/search.h).
 */
#ifndef IMAP_SEARCH_NARROW_H
#define IMAP_SEARCH_NARROW_H

#include "base/arena.h"
#include "imap/search.h"
#include "search/search.h"

/*
 * The texts of a tree of keys: what is negated, and what is no text, is SEARCH_ANYTHING. NULL: nothing in it can be
 * narrowed, or the arena is full. Keys get the numbers of their proofs.
 */
struct search_term *imap_search_narrow(struct arena *a, struct imap_key *root);

#endif
