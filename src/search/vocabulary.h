/*
 * vocabulary.h - the words that several messages of a chunk have (private to the room, and its tests).
 *
 * Read twice: the messages' lists are counted first, then those words are collected that are in enough of them, a
 * bucket after the other, so that a vocabulary of any size takes a megabyte. Words may be missing (words.h).
 */
#ifndef SEARCH_VOCABULARY_H
#define SEARCH_VOCABULARY_H

#include "search/bits.h"
#include "search/words.h"

#define WORD_COMMON \
	4 /* times that a word must be there; where there are fewer, these messages are looked at */
#define WORD_BUCKETS 8
#define BUCKET_WORDS 4096 /* of a bucket; a chunk of ordinary mail has a tenth. More are left out */

struct vocabulary_word {
	struct word word;
	struct bits in_header, in_body;
};

struct vocabulary {      /* fields: read only */
	uint8_t *counts; /* own: by hash */
	uint16_t *slots; /* own; open addressing: the item's place plus 1, 0 is free */
	struct vocabulary_word *items; /* own */
	size_t count, cap;
};

void vocabulary_init(struct vocabulary *v);
void vocabulary_release(struct vocabulary *v);

/* First, for each message once. */
void vocabulary_count(struct vocabulary *v, struct str list);

/* Then, for each bucket: empty it, and for each message once. */
void vocabulary_clear(struct vocabulary *v);
void vocabulary_collect(struct vocabulary *v, unsigned bucket, unsigned bit, struct str list);

/* The bucket's next word from place `*at` on that is common enough; NULL: there is none. */
const struct vocabulary_word *vocabulary_next(const struct vocabulary *v, size_t *at);

#endif
