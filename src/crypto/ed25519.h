/*
 * ed25519.h - Ed25519 signatures (RFC 8032 5.1): keys are seeds of 32 bytes.
 */
#ifndef CRYPTO_ED25519_H
#define CRYPTO_ED25519_H

#include <stdbool.h>

#include "base/str.h"

#define ED25519_SEED_BYTES      32
#define ED25519_PUBLIC_BYTES    32
#define ED25519_SIGNATURE_BYTES 64
#define ED25519_COST            50 /* of one signature, made or verified (base/effort.h) */

void ed25519_public(const unsigned char seed[ED25519_SEED_BYTES],
    unsigned char out[ED25519_PUBLIC_BYTES]);
void ed25519_sign(const unsigned char seed[ED25519_SEED_BYTES], struct str message,
    unsigned char out[ED25519_SIGNATURE_BYTES]);

/* False for wrong lengths too. */
bool ed25519_verify(struct str public_key, struct str message, struct str signature);

#endif
