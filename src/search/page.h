/*
 * page.h - who has a gram, or a word: pages of bits (private to the room, and its tests).
 *
 * A page is a row of entries, by ascending gram, or for words in any order:
 *
 *     varint  the difference to the gram before (in the first entry: the gram)    the word (words.h), then twice,
 *     varint  bytes of what follows * 4 + kind                                    for header and body
 *     bytes   PAGE_LIST: ascending differences of bits as varints (the first: the bit) · PAGE_BITS: all bits ·
 *             PAGE_ALL: nothing, every message of the chunk has it
 */
#ifndef SEARCH_PAGE_H
#define SEARCH_PAGE_H

#include "search/bits.h"
#include "search/words.h"

#define PAGE_BYTES \
	4000 /* when so many are reached the page is full: with its row it fits a page of the file */
#define PAGE_MAX (PAGE_BYTES + CHUNK_SIZE)

/*
 * Page 0 of a chunk: its messages, and what pages it has: first those of grams, with the first gram of each, then
 * those of words. Without pages of grams everything in it is a candidate.
 */
struct directory {
	struct bits all;
	unsigned word_pages;
	struct str firsts; /* borrow: 4 bytes each */
};
#define DIRECTORY_MAX (CHUNK_SIZE / 8 + 2 + 4 * 2048)

void directory_write(struct buf *out, const struct directory *d);
bool directory_read(struct str from, struct directory *out);

/* How many pages of grams begin with this gram or a lower one: the last of them may have it. */
size_t directory_page_of(const struct directory *d, uint32_t gram);

/* Append an entry; `was` is the gram of the one before, 0 at the beginning of a page. */
void page_add(struct buf *page, uint32_t was, uint32_t gram, const struct bits *have,
    const struct bits *all);

/* Who has the gram: nobody, when it is not in the page. False: the page is damaged. */
bool page_find(struct str page, uint32_t gram, const struct bits *all, struct bits *out);

/* The same of a word. */
void page_add_word(struct buf *page, const struct word *word, const struct bits *in_header,
    const struct bits *in_body, const struct bits *all);

/* Who has a word that holds the needle, added to what there is. False: the page is damaged. */
bool page_prove(struct str page, struct str needle, const struct bits *all, struct bits *in_header,
    struct bits *in_body);

#endif
