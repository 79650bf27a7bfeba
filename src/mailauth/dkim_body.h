/*
 * dkim_body.h - the hash of a body in one canonical form, from any pieces (RFC 6376 3.4.3, 3.4.4, 3.7).
 *
 * The body is hashed once, however many signatures ask: each length that one signed (l=) is taken on the way.
 * Only CRLF ends a line; CR and LF alone are characters.
 */
#ifndef MAILAUTH_DKIM_BODY_H
#define MAILAUTH_DKIM_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"
#include "crypto/hash.h"
#include "mailauth/dkim_signature.h"

#define DKIM_LENGTHS_MAX 16 /* different ones of one message: of 8 signatures, ARC's, and whole */
#define DKIM_STAGE_BYTES 1024

struct dkim_length {
	uint64_t length;
	bool is_known; /* the digest is there */
	unsigned char digest[DKIM_DIGEST_BYTES];
};

struct dkim_body { /* zeroed is ready, but for `canon`; fields: read only */
	enum dkim_canon canon;
	struct hash_state hash;
	uint64_t bytes; /* hashed so far */
	struct dkim_length lengths[DKIM_LENGTHS_MAX];
	size_t length_count;
	uint64_t line_ends; /* CRLFs that count only when something follows */
	bool has_cr;        /* the last byte was a CR */
	bool has_blank; /* relaxed: blanks that count only when something follows in their line */
	char stage[DKIM_STAGE_BYTES];
	size_t staged;
};

/* To be told before the first piece. FAIL_LIMIT: too many different lengths. */
MUST_CHECK enum fail dkim_body_want(struct dkim_body *b, uint64_t length);

/* Nothing is done when nobody wants a digest. */
void dkim_body_add(struct dkim_body *b, struct str piece);
void dkim_body_end(struct dkim_body *b);

/* The digest, NULL when the body is shorter than that. */
const unsigned char *dkim_body_digest(const struct dkim_body *b, uint64_t length);

#endif
