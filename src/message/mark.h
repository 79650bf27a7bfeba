/*
 * mark.h - words found in a text, marked for HTML (RFC 8621 5).
 *
 * Words are compared as message_contains() does, by i;unicode-casemap (RFC 5051): a mark goes around the characters
 * whose forms the word's form lies in. `&`, `<` and `>` of the text become entities, so that nothing of it is HTML.
 */
#ifndef MESSAGE_MARK_H
#define MESSAGE_MARK_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Where the first of the words is in the text, or STR_NONE. Empty words are nowhere. */
size_t mark_find(struct str text, const struct str *words, size_t count);

/*
 * Append the text with all words marked, at most `max` bytes of it, cut between characters and all tags closed.
 * False when it was cut.
 */
bool mark_write(struct buf *out, struct str text, const struct str *words, size_t count,
    size_t max);

#endif
