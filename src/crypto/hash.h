/*
 * hash.h - MD5, SHA-1 and the SHA-2 family, whole and piece by piece (RFC 1321, FIPS 180-4).
 *
 * MD5 and SHA-1 are for what protocols still name (CRAM-MD5, SCRAM-SHA-1, WebSocket), not for trust.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

enum hash { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512, HASH_COUNT };

#define HASH_SIZE_MAX  64  /* bytes of the longest digest */
#define HASH_BLOCK_MAX 128 /* bytes of the longest block */

struct hash_state {
	uint64_t words[28]; /* private: the library's context */
};

/* Bytes of a digest; bytes of the blocks it is made from. */
size_t hash_size(enum hash kind);
size_t hash_block(enum hash kind);

void hash_init(struct hash_state *s, enum hash kind);
void hash_add(struct hash_state *s, struct str bytes);

/* Write hash_size() bytes; the state may be added to further. */
void hash_get(const struct hash_state *s, unsigned char *out);

/* All in one. */
void hash_once(enum hash kind, struct str bytes, unsigned char *out);

#endif
