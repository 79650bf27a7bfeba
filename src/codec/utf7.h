/*
 * utf7.h - mailbox names of IMAP4rev1: "modified UTF-7" (RFC 3501 5.1.3, RFC 9051 A.1).
 *
 * Strict in the reading direction: an encoding is taken only in its one canonical form, so that a
 * name has one spelling. Plain UTF-7 (RFC 2152) is a charset and belongs to the message room.
 */
#ifndef CODEC_UTF7_H
#define CODEC_UTF7_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * Append the UTF-8 of a modified UTF-7 name. FAIL_SYNTAX: bytes above 0x7e or controls, bad base64,
 * printable ASCII inside it, two runs that should be one, lone surrogates. FAIL_LIMIT: `out` full.
 */
MUST_CHECK enum fail utf7_imap_parse(struct buf *out, struct str name);

/* Append the modified UTF-7 of a UTF-8 name; malformed bytes become U+FFFD. */
void utf7_imap_write(struct buf *out, struct str name);

#endif
