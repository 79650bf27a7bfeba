/*
 * private_key.h - keys that sign for a domain, RSA and Ed25519: PEM in and out (PKCS#8: RFC 5208, RFC 8410; and
 * PKCS#1's for RSA), made, and used.
 *
 * Ownership: the bytes are copied, and wiped on release.
 */
#ifndef CRYPTO_PRIVATE_KEY_H
#define CRYPTO_PRIVATE_KEY_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "crypto/ed25519.h"
#include "crypto/rsa.h"

enum private_key_kind { PRIVATE_KEY_RSA, PRIVATE_KEY_ED25519 };

#define PRIVATE_KEY_PEM_MAX       8192 /* bytes of PEM; RSA 4096 has 3300 */
#define PRIVATE_KEY_RSA_BITS      2048 /* of those that we make (RFC 8301 3.2) */
#define PRIVATE_KEY_SIGNATURE_MAX RSA_BYTES_MAX

struct private_key { /* fields: read only; must not be copied */
	enum private_key_kind kind;
	struct buf der;         /* own: RSAPrivateKey */
	struct rsa_private rsa; /* borrow: der */
	unsigned char seed[ED25519_SEED_BYTES];
};

/*
 * The first private key in the text. FAIL_MISSING: there is none; FAIL_SYNTAX: it is damaged; FAIL_PERM: a kind or a
 * size that we do not do. Only after FAIL_NONE must it be released.
 */
MUST_CHECK enum fail private_key_parse(struct private_key *key, struct str pem);

/* A fresh one; for RSA that may take seconds. */
void private_key_generate(struct private_key *key, enum private_key_kind kind);

void private_key_release(struct private_key *key);

/* Append it as PEM (PKCS#8), to a buf_init_secret(). */
void private_key_write(const struct private_key *key, struct buf *pem_out);

/* Append the public half as DKIM publishes it: SubjectPublicKeyInfo, or 32 bytes (RFC 6376 3.6.1, RFC 8463 4). */
void private_key_public_write(const struct private_key *key, struct buf *out);

/* What a signature costs (base/effort.h). */
unsigned private_key_cost(const struct private_key *key);

/*
 * Append a signature of what has this SHA-256: PKCS1-v1_5, or Ed25519 over the digest itself (RFC 8463 3). False
 * (nothing appended): the key's numbers do not fit together.
 */
MUST_CHECK bool private_key_sign(const struct private_key *key,
    const unsigned char digest[RSA_DIGEST_BYTES], struct buf *out);

#endif
