/*
 * quoted_string.h - a text between quotes, in header fields, addresses and IMAP's answers.
 *
 * CR, LF and NUL may not stand there: who may meet them has refused or replaced them before, or writes a literal.
 */
#ifndef MESSAGE_QUOTED_STRING_H
#define MESSAGE_QUOTED_STRING_H

#include "base/buf.h"
#include "base/str.h"

/*
 * Append `text` as a quoted-string (RFC 5322 3.2.4, with UTF-8: RFC 6532; quoted of RFC 9051 section 9 escapes the same),
 * which reads back as the same.
 */
void quoted_string_write(struct buf *out, struct str text);

#endif
