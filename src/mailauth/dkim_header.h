/*
 * dkim_header.h - fields in their canonical form (RFC 6376 3.4.1, 3.4.2, 3.7). Private to the room.
 */
#ifndef MAILAUTH_DKIM_HEADER_H
#define MAILAUTH_DKIM_HEADER_H

#include "base/buf.h"
#include "mailauth/dkim_content.h"
#include "mailauth/dkim_sign.h"

/* Bytes of what one signature signs: each field once, and the signature itself. */
#define DKIM_SIGNED_MAX (DKIM_HEADER_MAX + 2 * DKIM_FIELD_MAX)

/* Append a field, ended by CRLF. */
void dkim_header_write(struct buf *out, enum dkim_canon canon, const struct header *field);

/* The signature's own: without the value of b=, and without CRLF. */
void dkim_header_write_own(struct buf *out, enum dkim_canon canon, const struct header *field);

/* Append the fields that h= names, in its order. */
void dkim_header_write_named(struct buf *out, const struct dkim_content *content,
    enum dkim_canon canon, struct str names);

#endif
