/*
 * partial.h - PARTIAL: some of many, counted from the first or from the last (RFC 9394 section 4, RFC 5267 4.4).
 */
#ifndef IMAP_PARTIAL_H
#define IMAP_PARTIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "imap/token.h"

struct imap_partial {
	uint32_t first, last; /* from 1, first <= last */
	bool is_from_last;    /* 1 is the last one */
	struct str text;      /* the range as it was asked for */
};

/* partial-range = nz-number ":" nz-number / "-" nz-number ":" "-" nz-number */
MUST_CHECK bool imap_partial_parse(struct imap_cursor *c, struct imap_partial *out);

/* Its places among `count` things, from 1; false when there are none. */
MUST_CHECK bool imap_partial_places(const struct imap_partial *p, uint64_t count,
    uint64_t *first_out, uint64_t *last_out);

#endif
