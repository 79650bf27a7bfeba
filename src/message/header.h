/*
 * header.h - fields of a header block: walk, find, unfold, decode (RFC 5322 2.2, RFC 2047).
 *
 * A header block is any text that begins with fields; walking ends at the blank line or at the first
 * line that is neither a field nor a continuation. Names are compared without case. Values are raw
 * until they are unfolded (line ends before blanks go away) or decoded (unfolded, encoded words
 * turned into UTF-8; broken ones stay as text; 8-bit text is UTF-8 or else windows-1252).
 *
 * Ownership: results point into the block, or into the arena when something had to be changed. A
 * full arena gives the unchanged raw text.
 */
#ifndef MESSAGE_HEADER_H
#define MESSAGE_HEADER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct header {
	struct str name;  /* without the colon and blanks before it */
	struct str value; /* raw: after the colon, folds inside, without the last line end */
	struct str whole; /* the field as it stands, with its last line end */
};

/* The next field; `cur` moves behind it. False at the end of the fields (cur stands there). */
bool header_next(struct str *cur, struct header *out);

/*
 * The same for who must not miss a field that others may see: lines that are none do not end the header, only the
 * blank line does, where cur stands then.
 */
bool header_next_any(struct str *cur, struct header *out);

/* The first, or the last, field of this name. */
bool header_find(struct str block, struct str name, struct header *out);
bool header_find_last(struct str block, struct str name, struct header *out);

/* Where the fields end: the number of bytes up to and with the blank line; lines that are no field end them, too. */
size_t header_size(struct str bytes);

/*
 * Where the header ends by its first empty line alone, whatever stands in front of that: what transport, and whoever
 * judges it, goes by. 0: there is none yet. `from`: so many bytes were looked at already.
 */
size_t header_block_end(struct str bytes, size_t from);

/* Line ends removed, blanks at both ends removed. */
struct str header_unfold(struct str raw, struct arena *a);

/* Unfolded and RFC 2047 decoded UTF-8 without control characters, without blanks in front. */
struct str header_text(struct str raw, struct arena *a);
void header_text_write(struct buf *out, struct str raw);

/*
 * The same by the letter of RFC 8621 4.1.2.2 (asText), but for Normalization Form C: only spaces go in front, control
 * characters only where they were encoded (tabs, too), and encoded words count only where blanks or the ends of the
 * text are on both sides (RFC 2047 5).
 */
struct str header_text_strict(struct str raw, struct arena *a);

/* The value as RFC 8621 4.1.2.1 asks of asRaw: unchanged, but valid UTF-8 without NUL. */
struct str header_raw_utf8(struct str raw, struct arena *a);

/* The size of the comment that begins at "(", with what is nested in it (RFC 5322 3.2.2); 0: it does not end. */
size_t header_comment_size(struct str s);

/* Pass over blanks, comments (the last one may lack its end) and the characters of `others`. */
void header_skip_blanks(struct str *cur, struct str others);

/* The value with each comment replaced by a blank, but not inside of <> (RFC 5322 3.2.2). */
struct str header_uncomment(struct str raw, struct arena *a);

/*
 * The next URL of List-Post and the like, without the blanks in it; false at the end, or where something else stands
 * in place of one (RFC 2369 2: the rest is ignored). An empty one is passed over. Comments must be gone.
 */
bool header_next_url(struct str *cur, struct arena *a, struct str *out);

/*
 * Write the fields whose name is (or is not) among names[], as they stand, then a blank line:
 * BODY[HEADER.FIELDS (..)] and .NOT of RFC 9051 6.4.5. Not those behind MESSAGE_HEADER_MAX: however many names are
 * asked for, a block costs some 30 ms at most.
 */
void header_subset_write(struct buf *out, struct str block, const struct str *names,
    size_t name_count, bool is_not);

#endif
