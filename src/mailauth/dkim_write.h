/*
 * dkim_write.h - fields with tags, folded, and signed at their end. Private to the room.
 *
 *     struct dkim_writer w = { .out = &field };
 *     dkim_write_begin(&w, "DKIM-Signature");
 *     dkim_write_tag(&w, "d", domain); ..
 *     dkim_write_signature(&w, &signed_text, canon, key)
 */
#ifndef MAILAUTH_DKIM_WRITE_H
#define MAILAUTH_DKIM_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "crypto/private_key.h"
#include "mailauth/dkim_content.h"

struct dkim_writer {
	struct buf *out; /* borrow: the caller's, empty at first */
	size_t column;
};

void dkim_write_begin(struct dkim_writer *w, const char *name);

/* "tag=value;", in a new line when this one is full. */
void dkim_write_tag(struct dkim_writer *w, const char *tag, struct str value);
void dkim_write_number(struct dkim_writer *w, const char *tag, uint64_t n);

/* Base64 in lines. */
void dkim_write_bytes(struct dkim_writer *w, const char *tag, struct str bytes);

/* h=, in lines. */
void dkim_write_names(struct dkim_writer *w, struct str names);

/*
 * The names of those fields that are worth signing (RFC 6376 5.4.1), From once more, and those named `also` ("": none);
 * FAIL_LIMIT: too many.
 */
MUST_CHECK enum fail dkim_write_usual_names(const struct dkim_content *content, struct str also,
    struct buf *out);

/*
 * b=, and the end of the field: it signs `text` (to which the field itself is appended, in canonical form).
 * FAIL_LIMIT: something is too long; FAIL_PERM: the key is damaged.
 */
MUST_CHECK enum fail dkim_write_signature(struct dkim_writer *w, struct buf *text,
    enum dkim_canon canon, const struct private_key *key);

#endif
