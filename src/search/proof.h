/*
 * proof.h - who surely has a text (private to the room).
 */
#ifndef SEARCH_PROOF_H
#define SEARCH_PROOF_H

#include "search/bits.h"
#include "search/plan.h"
#include "search/search.h"

struct search_proof { /* of one chunk, for one text */
	uint64_t chunk;
	unsigned number; /* of the text */
	struct bits in_header, in_body;
};

/* For each text of the query's plan a proof, empty as yet; the first of them, valid until the next call. */
struct search_proof *proofs_add(struct search_query *q, uint64_t chunk);

/* Add what the words of one message prove. */
void proofs_of_row(struct search_proof *first, const struct search_plan *p, unsigned bit,
    struct str words);

#endif
