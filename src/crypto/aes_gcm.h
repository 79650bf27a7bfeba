/*
 * aes_gcm.h - AES-128 in Galois/Counter Mode (RFC 5116 5.1): encrypt, and tell whether it is whole.
 *
 * A nonce must never be used twice with one key.
 */
#ifndef CRYPTO_AES_GCM_H
#define CRYPTO_AES_GCM_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"

#define AES128_KEY_BYTES 16
#define GCM_NONCE_BYTES  12
#define GCM_TAG_BYTES    16

/* Append `plain` encrypted, and the tag of GCM_TAG_BYTES behind it. */
void aes128gcm_seal(const unsigned char key[AES128_KEY_BYTES],
    const unsigned char nonce[GCM_NONCE_BYTES], struct str plain, struct buf *out);

/* Append what was sealed; FAIL_DENIED when it is not as it was made, FAIL_LIMIT `out` is full. */
MUST_CHECK enum fail aes128gcm_open(const unsigned char key[AES128_KEY_BYTES],
    const unsigned char nonce[GCM_NONCE_BYTES], struct str sealed, struct buf *out);

#endif
