/*
 * base64.h - base64 and base64url, whole and as a stream.
 *
 * Writing gives canonical text (RFC 4648 4 and 5; lines of 76 for MIME, RFC 2045 6.8). The whole
 * parsers are strict: right alphabet, right padding, zero bits at the end. The stream decoder is
 * what mail needs: it skips everything outside the alphabet, takes padding as the end of a group, and
 * may stop after any byte.
 */
#ifndef CODEC_BASE64_H
#define CODEC_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/* Append `bytes` as base64 with padding, in one line. */
void base64_write(struct buf *out, struct str bytes);

/* Append `bytes` as base64url without padding. */
void base64url_write(struct buf *out, struct str bytes);

/*
 * Strict parsers; bytes are appended to `out`. FAIL_SYNTAX: not canonical (nothing is promised
 * about what was appended); FAIL_LIMIT: `out` is full. base64url allows padding or none.
 */
MUST_CHECK enum fail base64_parse(struct buf *out, struct str text);
MUST_CHECK enum fail base64url_parse(struct buf *out, struct str text);

/* Characters that base64_write() makes of `n` bytes, n up to SIZE_MAX / 2. */
static inline size_t
base64_length(size_t n)
{
	return n / 3 * 4 + (n % 3 ? 4 : 0);
}

/* MIME encoder: lines of 76 characters ended by CRLF. Zeroed is ready. */
struct base64_encoder {
	unsigned char rest[3]; /* bytes not yet written */
	unsigned rest_count;   /* 0 .. 2 */
	unsigned column;       /* characters in the current line */
};

void base64_encoder_feed(struct base64_encoder *e, struct str bytes, struct buf *out);
void base64_encoder_end(struct base64_encoder *e, struct buf *out); /* ends the last line too */

/* MIME decoder (RFC 2045 6.8). Zeroed is ready. Liberal, it cannot fail. */
struct base64_decoder {  /* fields: read only */
	uint32_t bits;   /* characters of the current group, 6 bits each */
	unsigned count;  /* how many, 0 .. 3 */
	bool is_damaged; /* a byte outside the alphabet that is no line end or blank was skipped, or
			    the text ended within a group without padding */
};

/* Decode what `text` completes and append it to `out`. */
void base64_decoder_feed(struct base64_decoder *d, struct str text, struct buf *out);

/* No more text: append the bytes of an unfinished group. The decoder is ready for new text. */
void base64_decoder_end(struct base64_decoder *d, struct buf *out);

#endif
