/*
 * p256.h - the curve P-256: keys, agreement (ECDH, RFC 6090 4), signatures (ECDSA with SHA-256, as the
 * ES256 of RFC 7518 3.4).
 *
 * A secret is a number of 32 bytes, a public key a point of 65: 04, x, y. Each call takes about a
 * millisecond, several on a small machine.
 */
#ifndef CRYPTO_P256_H
#define CRYPTO_P256_H

#include <stdbool.h>

#include "base/fail.h"
#include "base/str.h"

#define P256_SECRET_BYTES    32
#define P256_PUBLIC_BYTES    65
#define P256_SHARED_BYTES    32
#define P256_SIGNATURE_BYTES 64 /* r and s, 32 bytes each */

/* A fresh secret. */
void p256_secret(unsigned char out[P256_SECRET_BYTES]);

/* The public key of a secret that p256_secret() made. */
void p256_public(const unsigned char secret[P256_SECRET_BYTES],
    unsigned char out[P256_PUBLIC_BYTES]);

/* What two keys share: x of the product. False when `public_key` is no point of the curve. */
MUST_CHECK bool p256_agree(const unsigned char secret[P256_SECRET_BYTES], struct str public_key,
    unsigned char out[P256_SHARED_BYTES]);

void p256_sign(const unsigned char secret[P256_SECRET_BYTES], struct str message,
    unsigned char out[P256_SIGNATURE_BYTES]);

/* False for wrong lengths too. */
bool p256_verify(struct str public_key, struct str message, struct str signature);

#endif
