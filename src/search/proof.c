#include "search/proof.h"

/* base */
#include "base/mem.h"

struct search_proof *
proofs_add(struct search_query *q, uint64_t chunk)
{
	size_t first = q->proof_count;

	if (q->proof_cap < first + PLAN_WORDS_MAX) {
		q->proof_cap = 2 * (first + PLAN_WORDS_MAX);
		q->proofs = mem_resize(q->proofs, q->proof_cap, sizeof *q->proofs);
	}
	for (unsigned i = 0; i < q->plan->word_count; i++)
		q->proofs[q->proof_count++] =
		    (struct search_proof){ .chunk = chunk, .number = i + 1 };
	return &q->proofs[first];
}

void
proofs_of_row(struct search_proof *first, const struct search_plan *p, unsigned bit,
    struct str words)
{
	struct word word;

	while (p->word_count > 0 && word_take(&words, &word)) {
		for (unsigned i = 0; i < p->word_count; i++) {
			if (str_find(word_str(&word), word_str(&p->words[i])) == STR_NONE)
				continue;
			if (word.places & WORD_IN_HEADER)
				bits_set(&first[i].in_header, bit);
			if (word.places & WORD_IN_BODY)
				bits_set(&first[i].in_body, bit);
		}
	}
}

static const struct search_proof *
find_proof(const struct search_query *q, uint64_t chunk, unsigned number)
{
	size_t low = 0, high = q->proof_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct search_proof *p = &q->proofs[middle];

		if (p->chunk < chunk || (p->chunk == chunk && p->number < number))
			low = middle + 1;
		else
			high = middle;
	}
	return low < q->proof_count && q->proofs[low].chunk == chunk &&
		q->proofs[low].number == number
	    ? &q->proofs[low]
	    : NULL;
}

bool
search_query_proves(const struct search_query *q, unsigned number, enum search_where where,
    uint64_t email)
{
	const struct search_proof *p =
	    q->is_narrow ? find_proof(q, email >> CHUNK_BITS, number) : NULL;
	unsigned bit = (unsigned)(email % CHUNK_SIZE);

	return p &&
	    ((where != SEARCH_IN_BODY && bits_has(&p->in_header, bit)) ||
		(where != SEARCH_IN_HEADER && bits_has(&p->in_body, bit)));
}
