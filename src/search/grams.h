/*
 * grams.h - the set of three-byte pieces of a text (private to the room, and to its tests).
 *
 * Bytes and not characters: the comparison that decides looks for the bytes of one folded text in another, so
 * every text of three bytes can be narrowed, one Chinese character too. A gram is a number: its three bytes, and
 * above them whether it stood in the header or the body. Grams with a NUL are left out, so 0 is none: GRAM_CUT
 * takes its place and says that not all of a message is known.
 *
 * As a list, a set is the ascending differences as varints (store/record.h's), some two bytes a gram.
 */
#ifndef SEARCH_GRAMS_H
#define SEARCH_GRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

#define GRAM_VARINT_MAX 5           /* bytes of one number in a list */
#define GRAMS_MAX       (32 * 1024) /* different ones of a message: a long book has half of it */
#define GRAMS_TEXT_MAX  (4 * 1024 * 1024)  /* bytes of text of a message that are looked at */
#define GRAMS_FOLD_MAX  (16 * 1024 * 1024) /* bytes of one folded piece */
#define GRAMS_LIST_MAX  (5 * GRAMS_MAX)    /* bytes of a list */
#define GRAMS_NEEDLE    16                 /* by which a text is looked for, spread over it */

#define GRAM_HEADER UINT32_C(0x0000000)
#define GRAM_BODY   UINT32_C(0x1000000)
#define GRAM_END    UINT32_C(0x2000000) /* all are below */
#define GRAM_CUT    UINT32_C(0)

struct grams {           /* fields: read only */
	uint32_t *slots; /* own; open addressing, 0 is free */
	size_t mask, count;
	struct buf folded; /* own */
	uint32_t last;     /* the last three bytes, the latest lowest */
	uint64_t bytes;    /* of text so far */
	bool is_cut;       /* there was more than the limits allow */
};

void grams_init(struct grams *g);
void grams_release(struct grams *g);

/* Add the grams of a piece of UTF-8; `place` GRAM_HEADER or GRAM_BODY; goes_on: it continues the last one. */
void grams_add(struct grams *g, uint32_t place, struct str text, bool goes_on);

/* Something of the message is not known: it may hold every text. */
void grams_cut(struct grams *g);

/* The list. The set is empty afterwards. */
void grams_write(struct grams *g, struct buf *out);

struct gram_cursor {     /* fields: read only */
	struct str rest; /* borrow: the list */
	uint32_t gram;   /* the current one; GRAM_END at the end */
};
void gram_cursor_init(struct gram_cursor *c, struct str list);
void gram_cursor_far(
    struct gram_cursor *c); /* private: a difference of several bytes, or the end */

/* Some million times in a question: most differences are of one byte. */
static inline void
gram_cursor_next(struct gram_cursor *c)
{
	if (c->rest.n == 0 || (unsigned char)c->rest.p[0] >= 0x80) {
		gram_cursor_far(c);
		return;
	}
	c->gram += (unsigned char)c->rest.p[0];
	c->rest.p++;
	c->rest.n--;
	if (c->gram > GRAM_END)
		c->gram = GRAM_END;
}

/* The grams by which a text is looked for, without place; how many. 0: too short to be looked for. */
size_t grams_of_needle(struct str needle, uint32_t out[GRAMS_NEEDLE]);

/* A varint from the front of `rest`; false: damaged. */
bool gram_varint(struct str *rest, uint32_t *out);
void gram_varint_write(struct buf *out, uint32_t n);

#endif
