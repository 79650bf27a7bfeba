/*
 * der.h - elements of DER (X.690), in and out.
 *
 * Pure. Only what certificates and keys need: tags under 31, definite lengths under 2^24, shortest
 * length forms. Cursors move on success only.
 */
#ifndef CODEC_DER_H
#define CODEC_DER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_NULL = 0x05,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_UTC_TIME = 0x17,
	DER_TIME = 0x18, /* GeneralizedTime */
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};
#define DER_CONTEXT(n)     ((uint8_t)(0x80 | (n))) /* [n], primitive */
#define DER_CONSTRUCTED(n) ((uint8_t)(0xa0 | (n))) /* [n], constructed */

/* The next element whatever its tag; false at the end and when it is damaged. */
MUST_CHECK bool der_next(struct str *cur, uint8_t *tag_out, struct str *content_out);

/* The next element when it has this tag. */
MUST_CHECK bool der_take(struct str *cur, uint8_t tag, struct str *content_out);

/* An INTEGER that is not negative, without its leading zero. */
MUST_CHECK bool der_unsigned(struct str *cur, struct str *bytes_out);

/* Append an element. */
void der_write(struct buf *out, uint8_t tag, struct str content);

/* Append an INTEGER of these bytes, taken as not negative. */
void der_write_unsigned(struct buf *out, struct str bytes);

#endif
