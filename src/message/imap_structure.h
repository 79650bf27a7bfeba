/*
 * imap_structure.h - ENVELOPE, BODY and BODYSTRUCTURE (RFC 9051 7.5.2 and section 9).
 *
 * Pure: tree in, syntax out; a summary is enough.
 */
#ifndef MESSAGE_IMAP_STRUCTURE_H
#define MESSAGE_IMAP_STRUCTURE_H

#include <stdbool.h>

#include "base/buf.h"
#include "message/message.h"

/* The envelope of the message (or embedded message) whose root is `root`. */
void envelope_write(struct buf *out, const struct part *root);

/* BODYSTRUCTURE (extended) or BODY of a part and all below it. */
void bodystructure_write(struct buf *out, const struct part *p, bool is_extended);

#endif
