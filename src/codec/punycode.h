/*
 * punycode.h - Punycode (RFC 3492): one label of Unicode in letters, digits and hyphens.
 *
 * Without the "xn--" prefix and without any view of which labels are allowed: see idna.h.
 */
#ifndef CODEC_PUNYCODE_H
#define CODEC_PUNYCODE_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define PUNYCODE_POINTS_MAX 256 /* code points of a label; a DNS label has 63 bytes */

/* Append the Punycode of a UTF-8 label. FAIL_SYNTAX: malformed UTF-8; FAIL_LIMIT: too long. */
MUST_CHECK enum fail punycode_write(struct buf *out, struct str label);

/* Append the UTF-8 of a Punycode label. FAIL_SYNTAX: not Punycode; FAIL_LIMIT: too long. */
MUST_CHECK enum fail punycode_parse(struct buf *out, struct str text);

#endif
