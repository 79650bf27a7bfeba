/*
 * author.h - who a message says it is from: the addresses of its From and Sender fields (RFC 5322 3.6.2).
 *
 * For owners who want users to write under their own addresses only, not just in the envelope (RFC 6409 6.1).
 */
#ifndef DELIVERY_AUTHOR_H
#define DELIVERY_AUTHOR_H

#include "base/buf.h"

#define AUTHORS_MAX 8192 /* bytes of all addresses; more than that is nobody's own */

/* Append each address of a header, with a line feed behind it: of every From and Sender there is. */
void authors_write(struct buf *out, struct str head);

#endif
