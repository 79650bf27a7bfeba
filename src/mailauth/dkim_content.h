/*
 * dkim_content.h - one message as signatures see it: its fields by name, and its body summed up as it goes by.
 *
 *     dkim_content_header(&content, block);
 *     dkim_verify_start(&verify, &content, ..);    any of those that look at it, or sign it, together:
 *     arc_verify_start(&chain, &content, ..);      the body is hashed once for all
 *     dkim_content_body(&content, piece); ..       as often as there are pieces
 *     dkim_content_end(&content);
 *
 * Lines end in CRLF. Only the header is kept, and of that DKIM_HEADER_MAX bytes and DKIM_FIELDS_MAX fields.
 */
#ifndef MAILAUTH_DKIM_CONTENT_H
#define MAILAUTH_DKIM_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "mailauth/dkim_body.h"
#include "message/header.h"

#define DKIM_HEADER_MAX \
	(256 * 1024)         /* bytes: canonical and hashed in 2 ms; honest ones have some 10 KB */
#define DKIM_FIELDS_MAX 4000 /* sorted in a millisecond; honest ones are under 200 */

struct dkim_content {          /* zeroed before the start; fields: read only */
	struct buf header;     /* own */
	struct header *fields; /* own: in their order; borrow: header */
	uint32_t *by_name;     /* own: which of fields, by name, and the last of a name first */
	size_t count;
	struct dkim_body bodies[DKIM_CANON_COUNT];
	bool is_cut; /* the header is too large: nothing that it says can be believed */
	bool
	    is_odd; /* there is more in it than fields: readers differ on where its body begins (RFC 6376 3.8) */
	bool is_ended; /* the body, too, is there */
};

/* The header, with or without the blank line, all that stands in front of the body; copied. */
void dkim_content_header(struct dkim_content *c, struct str block);

void dkim_content_body(struct dkim_content *c, struct str piece);
void dkim_content_end(struct dkim_content *c);
void dkim_content_release(struct dkim_content *c); /* safe when zeroed */

/*
 * Fields in the order of h=: of each name the last that was not taken yet (RFC 6376 5.4.2). `taken` has room for
 * c->count numbers and is zeroed before the first. False: there is no further one.
 */
bool dkim_content_take(const struct dkim_content *c, uint32_t *taken, struct str name,
    struct header *out);

#endif
