/*
 * imap_string.h - the one writer of IMAP strings (RFC 9051 4.3).
 *
 * Short text of printable US-ASCII is quoted, all else is a literal, which every client takes.
 * NUL, which no string may hold, is written as "?".
 */
#ifndef MESSAGE_IMAP_STRING_H
#define MESSAGE_IMAP_STRING_H

#include "base/buf.h"
#include "base/str.h"

/* string: quoted or literal. */
void imap_string_write(struct buf *out, struct str s);

/* nstring: NIL when s.p is NULL. */
void imap_nstring_write(struct buf *out, struct str s);

/* nstrings with a blank between them; one call for many costs less. */
void imap_nstrings_write(struct buf *out, const struct str *items, size_t count);

/* astring: an atom when it can be one. */
void imap_astring_write(struct buf *out, struct str s);

/* A quoted string that may hold UTF-8, for clients that know it (IMAP4rev2, UTF8=ACCEPT). */
void imap_utf8_write(struct buf *out, struct str s);

#endif
