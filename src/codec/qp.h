/*
 * qp.h - quoted-printable (RFC 2045 6.7) and its sister, the "Q" encoding of RFC 2047 4.2.
 *
 * The encoder takes text with CRLF or LF line ends and gives lines of at most 76 characters, ended by
 * CRLF, with soft breaks; in binary mode it encodes CR and LF too. No line begins with "-", so that none can
 * be taken for a delimiter of a multipart. The decoder is liberal: a wrong "=xy" stays as it is, blanks before
 * a line end are dropped, lower-case digits count. Both may stop after any byte.
 */
#ifndef CODEC_QP_H
#define CODEC_QP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* Zeroed is ready for text; set is_binary first for bytes that have no lines. */
struct qp_encoder {
	bool is_binary;  /* CR and LF are data */
	unsigned column; /* characters in the current line */
	char held;       /* a blank or CR whose successor decides, or 0 */
};

void qp_encoder_feed(struct qp_encoder *e, struct str text, struct buf *out);
void qp_encoder_end(struct qp_encoder *e, struct buf *out);

#define QP_HELD_MAX 80 /* blanks held back at most; more than a line may have are data */

enum qp_state { QP_TEXT, QP_EQUALS, QP_EQUALS_HEX, QP_EQUALS_BLANK, QP_EQUALS_CR };

/* Zeroed is ready. Line ends come out as they came in. */
struct qp_decoder { /* fields: read only */
	enum qp_state state;
	char first;             /* the first digit after "=" */
	size_t held_count;      /* blanks that may stand before a line end */
	char held[QP_HELD_MAX]; /* which they are */
	bool is_damaged;        /* an "=" that began nothing was kept */
};

void qp_decoder_feed(struct qp_decoder *d, struct str text, struct buf *out);
void qp_decoder_end(struct qp_decoder *d, struct buf *out);

/* Decode / encode the text of a "Q" encoded word ("_" is a space). Decoding is liberal as above. */
void qp_word_parse(struct buf *out, struct str text);
void qp_word_write(struct buf *out, struct str bytes);

#endif
