/*
 * seven.h - a message in 7 bits, for hosts that take no more (RFC 6152 3, RFC 2045 6, RFC 3030 3).
 *
 * Leaf parts whose content is 8-bit or binary are written again in quoted-printable (text) or base64
 * (everything else, and text that is mostly 8-bit), their Content-Transfer-Encoding changed or added;
 * multiparts and message/rfc822 around them are labelled 7bit. Text that has only bare LF for line ends gets
 * CRLF and no encoding. Everything else passes byte for byte: boundaries, other fields, parts that fit
 * already, signed parts included as long as they fit. (A signature over a part that does not fit breaks; that
 * is the price which RFC 6152 3 names, and why the sender of signed mail encodes it himself.)
 *
 * Header fields that hold 8-bit text (RFC 6532 without SMTPUTF8) become encoded words where that is possible,
 * parameters RFC 2231, domains IDNA, else "?" per byte. What is around the parts of a multipart gets "?". A
 * boundary that does not fit, or whose delimiters do not, is replaced by one of ours.
 *
 * The structure is what message_parse() sees, and message_parse() sees the same in what comes out: as many
 * parts, of the same kinds, with the same content. What that takes in broken messages: an encoding that was
 * broken is undone as far as it goes and written anew; one that nobody knows (RFC 2045 6.4) is taken for
 * bytes; parts past the limits are leaves; a blank line is added where a header ended without one.
 *
 * The message is read in place and written in pieces, so that its size costs no memory. Pure. Time is linear:
 * seven_init() reads the message twice.
 *
 * Ownership: a struct seven borrows the message's bytes until seven_release().
 */
#ifndef MESSAGE_SEVEN_H
#define MESSAGE_SEVEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define SEVEN_PIECE_MAX \
	(8 * 1024) /* bytes of one piece: enough for a write, little for each connection */

/* Why a message needs it; 0: it fits as it is. Lines over 998 bytes and NUL, bare CR or LF need it, too. */
enum {
	SEVEN_NEEDS_8BIT = 1,   /* bytes above 127 */
	SEVEN_NEEDS_BINARY = 2, /* NUL, bare CR, bare LF, or lines over 998 bytes */
};
unsigned seven_needs(struct str message);

enum seven_target {
	SEVEN_FOR_7BIT, /* nothing above 127 is left, and nothing binary */
	SEVEN_FOR_8BIT, /* only what is binary is changed (BINARYMIME to a host without it) */
};

struct seven {       /* fields: private */
	void *inner; /* own */
};

/*
 * FAIL_LIMIT: too much structure to change it safely: a header over MESSAGE_HEADER_MAX that has to change, or
 * so many parameters and long fields that they were not all looked at. Release it all the same.
 */
MUST_CHECK enum fail seven_init(struct seven *s, struct str message, enum seven_target target);

/* Append the next piece (1 .. SEVEN_PIECE_MAX bytes) to `out`; false at the end, or when `out` is full. */
MUST_CHECK bool seven_next(struct seven *s, struct buf *out);

/* Safe in any state, on zeroed ones too. */
void seven_release(struct seven *s);

#endif
