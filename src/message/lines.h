/*
 * lines.h - are these bytes lines of mail, which transfer encoding fits them, and CRLF for LF.
 */
#ifndef MESSAGE_LINES_H
#define MESSAGE_LINES_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define LINES_LENGTH_MAX 998 /* bytes before the line end (RFC 5322 2.1.1, RFC 2045 2.7) */

/* What may be wrong with some bytes. */
enum {
	BAD_HIGH = 1, /* above 127 */
	BAD_NUL = 2,
	BAD_CR = 4,    /* without LF */
	BAD_LF = 8,    /* without CR */
	BAD_LONG = 16, /* a line over LINES_LENGTH_MAX */
	BAD_BINARY = BAD_NUL | BAD_CR | BAD_LF | BAD_LONG,
};

/* What is wrong with whole lines (the last may lack its end). */
unsigned lines_scan(struct str s);

/* The same piece by piece: zeroed but for `rest`, what is to be looked at, and `counts_odd`. */
struct lines_scan { /* fields: read only */
	struct str rest;
	unsigned bad; /* of all until here */
	bool counts_odd;
	size_t odd; /* when they are counted: bytes that quoted-printable has to encode */
};

/* Look at the next piece, so much that it takes well under a millisecond; false when nothing is left. */
MUST_CHECK bool lines_scan_next(struct lines_scan *s);

/* Is base64 better than quoted-printable, which can be read with bare eyes and so may take half as much again? */
bool lines_are_odd(struct str s);

/* Append s with CRLF for each LF; *had_cr tells pieces of one text that the last one ended in CR. */
void lines_write(struct buf *out, struct str s, bool *had_cr);

#endif
