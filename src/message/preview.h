/*
 * preview.h - the first words of a message (RFC 8621 4.1.4 preview, RFC 8970).
 *
 * text/plain is preferred, then text/html. Quoted lines, their introduction, signatures and rows of
 * punctuation are passed over; blanks collapse. At most PREVIEW_CHARS characters of UTF-8.
 */
#ifndef MESSAGE_PREVIEW_H
#define MESSAGE_PREVIEW_H

#include "base/buf.h"
#include "message/message.h"

#define PREVIEW_CHARS 256  /* RFC 8621 4.1.4 and RFC 8970 3.1 allow up to 256 characters */
#define PREVIEW_BYTES 1024 /* they take at most this */

/* Append the preview of m. Reads a bounded piece of the body; needs m->bytes or a summary. */
void preview_write(const struct message *m, struct buf *out);

#endif
