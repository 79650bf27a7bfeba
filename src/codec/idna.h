/*
 * idna.h - domain names between U-labels and A-labels (RFC 5890, 5891), in a mail server's measure.
 *
 * Names are lower-cased; the full-width dots count as dots (RFC 5895). Labels are checked for length,
 * hyphens at the ends, and that an A-label decodes to what encodes to it again. Not done: Unicode
 * normalisation, the contextual and bidi rules of RFC 5892 and 5893.
 */
#ifndef CODEC_IDNA_H
#define CODEC_IDNA_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define IDNA_DOMAIN_MAX 253 /* bytes of the ASCII form without a final dot (RFC 1035 2.3.4) */

/*
 * Append the ASCII form, lower case, of a domain in any form. A final dot is dropped. FAIL_SYNTAX:
 * empty, an empty or too long label, letters other than letters, digits, hyphen, underscore in ASCII,
 * a wrong A-label, malformed UTF-8.
 */
MUST_CHECK enum fail idna_write_ascii(struct buf *out, struct str domain);

/* Append the Unicode form, lower case; labels that are no good A-labels stay as they are. */
MUST_CHECK enum fail idna_write_unicode(struct buf *out, struct str domain);

#endif
