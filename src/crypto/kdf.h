/*
 * kdf.h - keys from passwords and from keys: PBKDF2 (RFC 8018 5.2) and HKDF (RFC 5869).
 */
#ifndef CRYPTO_KDF_H
#define CRYPTO_KDF_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "crypto/hash.h"

/* `n` bytes of key; iterations at least 1. Takes long: about 0.6 us per iteration (SHA-256). */
void pbkdf2(enum hash kind, struct str secret, struct str salt, uint32_t iterations,
    unsigned char *out, size_t n);

/* `n` bytes of key, at most 255 * hash_size(kind). */
void hkdf(enum hash kind, struct str key, struct str salt, struct str info, unsigned char *out,
    size_t n);

#endif
