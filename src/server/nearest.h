/*
 * nearest.h - which known word did the owner mean?
 */
#ifndef SERVER_NEAREST_H
#define SERVER_NEAREST_H

#include "base/str.h"

#define NEAREST_WORD_MAX 64 /* bytes: longer words are not compared */

struct nearest {
	struct str word;   /* what was written; set by the caller */
	struct str best;   /* the nearest offered so far, empty when none is near */
	unsigned distance; /* edits between the two */
};

/*
 * Offer a known word; it becomes `best` when it is nearer than those before and at most a third of
 * it has to change (insert, delete or replace one byte each; Levenshtein's distance).
 */
void nearest_offer(struct nearest *n, struct str known);

#endif
