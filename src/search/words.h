/*
 * words.h - the words of a message (private to the room, and its tests).
 *
 * A word is a run of letters, digits and bytes of other characters, folded as grams are; of a longer run its first
 * WORD_MAX bytes. Grams refute and must be complete. Words prove: where the word "invoice" is, "voice" is too. So a
 * set of words may lack some: short ones, those behind a limit, and those with letters and digits mixed, which name
 * one thing and are in one message.
 *
 * As a list, each word is a byte, the number of its bytes times 4 and the places where it stands, and these bytes.
 */
#ifndef SEARCH_WORDS_H
#define SEARCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define WORD_MIN       3    /* bytes: as short as what is looked for by grams */
#define WORD_MAX       24   /* bytes: its number fits a byte, with the place */
#define WORDS_MAX      4096 /* of a message: a long letter has a quarter */
#define WORD_PROBES    32   /* slots that are looked at for a word; more, and it is left out */
#define WORDS_LIST_MAX (WORDS_MAX * (WORD_MAX + 1)) /* bytes of a list */

enum word_place { WORD_IN_HEADER = 1, WORD_IN_BODY = 2 };

struct word {
	unsigned char n;      /* bytes; 0: no word */
	unsigned char places; /* word_place, or both */
	char p[WORD_MAX];
};

static inline struct str
word_str(const struct word *w)
{
	return str_of(w->p, w->n);
}

/* --- of one message ----------------------------------------------------------------------------------------- */

struct words {              /* fields: read only */
	struct word *items; /* own */
	size_t count, cap;
	uint16_t *slots; /* own; open addressing: the item's place plus 1, 0 is free */
};

void words_init(struct words *w);
void words_release(struct words *w);

/* Add the words of a piece of text that is folded already. */
void words_add(struct words *w, enum word_place place, struct str folded);

/* The list. */
void words_write(const struct words *w, struct buf *out);

/* --- lists --------------------------------------------------------------------------------------------------- */

void word_write(struct buf *out, const struct word *word);

/* Take the next word of a list; false: the end, or damaged. */
bool word_take(struct str *rest, struct word *word);

uint32_t word_hash(const struct word *word);

/* A text of nothing but one word's bytes, so that words can prove it; else false. */
bool word_of_needle(struct str needle, struct word *out);

#endif
