/*
 * charset.h - every charset of mail into UTF-8, as a stream.
 *
 * US-ASCII, UTF-8, UTF-7, UTF-16, ISO-8859-1 .. 16, windows-125x and -874, KOI8-R/U, Macintosh,
 * IBM437/850/852/855/866, GB2312/GBK/GB18030, Big5, EUC-JP, Shift_JIS, ISO-2022-JP, EUC-KR, with
 * their usual aliases. Tables are generated at build time (charset_tables.py). What cannot be
 * decoded becomes U+FFFD and is counted; NUL becomes U+FFFD too, so text never holds NUL.
 * The other direction is never needed: what we write is UTF-8.
 */
#ifndef MESSAGE_CHARSET_H
#define MESSAGE_CHARSET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct charset;

/* By name or alias, without case; NULL when we do not know it. */
const struct charset *charset_find(struct str name);

/* Its preferred MIME name. */
struct str charset_name(const struct charset *charset);

/* UTF-8 with broken sequences taken as windows-1252: for text that does not say what it is. */
const struct charset *charset_guess(void);

struct charset_decoder { /* fields: read only */
	const struct charset *charset;
	uint32_t bad;             /* sequences that could not be decoded */
	uint32_t mode;            /* shift state: ISO-2022, UTF-7, UTF-16 byte order */
	uint32_t bits, bit_count; /* UTF-7 */
	uint32_t high;            /* high surrogate seen */
	unsigned char held[4];    /* bytes of an unfinished character */
	uint8_t held_count;
};

void charset_decoder_init(struct charset_decoder *d, const struct charset *charset);

/* Append `in` as UTF-8; may stop inside a character, which the next call goes on with. */
void charset_decode(struct charset_decoder *d, struct str in, struct buf *out);

/* The input is over: an unfinished character becomes U+FFFD. */
void charset_decode_end(struct charset_decoder *d, struct buf *out);

/* The whole of `in` at once, into the arena; unknown charsets (NULL) as charset_guess(). */
struct str charset_to_utf8(const struct charset *charset, struct str in, struct arena *a);

#endif
