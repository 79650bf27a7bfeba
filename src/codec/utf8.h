/*
 * utf8.h - UTF-8 (RFC 3629): check, walk, write, cut, and fold case.
 *
 * "Valid" is exactly RFC 3629 section 4: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef CODEC_UTF8_H
#define CODEC_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define UTF8_REPLACEMENT 0xfffdu

bool utf8_is_valid(struct str s);
bool utf8_is_ascii(struct str s);

/* Take one code point; false (nothing moved) at the end or at a malformed sequence. */
MUST_CHECK bool utf8_next(struct str *cur, uint32_t *out);

/*
 * Take one code point of a text that is not empty; a malformed sequence counts as one U+FFFD
 * and moves past its longest well-formed start, at least one byte (Unicode's recommendation).
 */
uint32_t utf8_take(struct str *cur);

/*
 * Could it steer a terminal, or make a line look like another? Controls (C0, DEL, C1), separators of lines, and
 * marks that turn the direction of text (Unicode's UAX 9).
 */
bool utf8_is_control(uint32_t code_point);

/* Append s with "?" for each of those, and malformed sequences replaced by U+FFFD: one line for human eyes. */
void utf8_write_plain(struct buf *out, struct str s);

/* Append one code point; one that cannot be (surrogate, too large) is written as U+FFFD. */
void utf8_write(struct buf *out, uint32_t code_point);

/* Append s with malformed sequences replaced by U+FFFD. */
void utf8_write_valid(struct buf *out, struct str s);

/* Code points in s (malformed sequences as in utf8_take). */
size_t utf8_length(struct str s);

/* The first `count` code points; and the longest start of at most `n` bytes that cuts none. */
struct str utf8_head(struct str s, size_t count);
struct str utf8_cut(struct str s, size_t n);

/*
 * Append s in the form that collation i;unicode-casemap compares (RFC 5051 section 2): each code
 * point to its titlecase form, then fully decomposed. Two texts match when their forms are equal; one
 * contains the other when its form does. Malformed bytes become U+FFFD.
 */
void utf8_casemap(struct buf *out, struct str s);

/*
 * Append s in Unicode's Normalization Form C (UAX 15); malformed bytes become U+FFFD. A character with more marks
 * than any language has is ordered in pieces.
 */
void utf8_nfc(struct buf *out, struct str s);

/* Append s in lower case, code point by code point (Unicode's simple mapping). */
void utf8_lower(struct buf *out, struct str s);
uint32_t utf8_lower_one(uint32_t code_point);

#endif
