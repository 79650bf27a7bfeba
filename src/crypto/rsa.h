/*
 * rsa.h - RSA signatures: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 8.2), and the forms of keys.
 *
 * Public keys may be anybody's: sizes and exponents are bounded, so that verifying takes a millisecond at most
 * whatever is given. Signing with 2048 bits takes some 2 ms, making such a key up to seconds.
 *
 * Ownership: parsed keys point into the DER.
 */
#ifndef CRYPTO_RSA_H
#define CRYPTO_RSA_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define RSA_BITS_MIN       1024 /* RFC 8301 3.2 */
#define RSA_BITS_MAX       4096 /* the same; BearSSL's BR_MAX_RSA_SIZE */
#define RSA_BYTES_MAX      (RSA_BITS_MAX / 8)
#define RSA_DIGEST_BYTES   32   /* of SHA-256 */
#define RSA_PUBLIC_DER_MAX 4096 /* a key of 16384 bits is still read, to say how long it is */

struct rsa_public { /* unsigned, big endian, without leading zeros */
	struct str n, e;
	unsigned bits; /* of n */
};

struct rsa_private {
	struct rsa_public public;
	struct str p, q, dp, dq, iq;
};

/*
 * SubjectPublicKeyInfo (RFC 5280 4.1) or RSAPublicKey alone (RFC 8017 A.1.1; RFC 6376's errata allow both).
 *   FAIL_SYNTAX  neither, or bytes behind it, or numbers that are no key: an even modulus, an exponent of 1
 *   FAIL_PERM    out->bits are not ours, or the exponent has more than 32 bits
 */
MUST_CHECK enum fail rsa_public_parse(struct rsa_public *out, struct str der);

/* RSAPrivateKey (RFC 8017 A.1.2). FAIL_PERM: a size that is not ours. */
MUST_CHECK enum fail rsa_private_parse(struct rsa_private *out, struct str der);

/* Is it this key's signature of what has this digest? False for wrong lengths, too. */
bool rsa_verify(const struct rsa_public *key, const unsigned char digest[RSA_DIGEST_BYTES],
    struct str signature);

/* What verifying and signing cost (base/effort.h). */
unsigned rsa_verify_cost(const struct rsa_public *key);
unsigned rsa_sign_cost(const struct rsa_private *key);

/* Append the signature; false (nothing appended): the key's numbers do not fit together. */
MUST_CHECK bool rsa_sign(const struct rsa_private *key,
    const unsigned char digest[RSA_DIGEST_BYTES], struct buf *out);

/* Append a fresh RSAPrivateKey of `bits`, 1024 .. 4096, exponent 65537, to a buf_init_secret(). */
void rsa_generate(unsigned bits, struct buf *der_out);

/* Append the SubjectPublicKeyInfo. */
void rsa_public_write(const struct rsa_public *key, struct buf *der_out);

#endif
