/*
 * hmac.h - HMAC over any hash (RFC 2104).
 */
#ifndef CRYPTO_HMAC_H
#define CRYPTO_HMAC_H

#include "base/str.h"
#include "crypto/hash.h"

struct hmac_state {
	struct hash_state inner, outer; /* private: after their padded keys */
	enum hash kind;
};

void hmac_init(struct hmac_state *s, enum hash kind, struct str key);
void hmac_add(struct hmac_state *s, struct str bytes);

/* Write hash_size(kind) bytes; the state may be added to further. */
void hmac_get(const struct hmac_state *s, unsigned char *out);

void hmac_once(enum hash kind, struct str key, struct str bytes, unsigned char *out);

#endif
