/*
 * key.h - private keys from DER: PKCS#1, SEC 1, PKCS#8 (private to tls).
 *
 * Own parser: BearSSL 0.6's decoder writes past its buffer on hostile key files. RSA 2048-4096 and
 * EC P-256, P-384 only.
 */
#ifndef TLS_KEY_H
#define TLS_KEY_H

#include <bearssl.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

struct tls_key {
	int type;       /* BR_KEYTYPE_RSA, BR_KEYTYPE_EC */
	struct buf der; /* own; the parts below point into it; wiped on release */
	br_rsa_private_key rsa;
	br_ec_private_key ec;
};

/*
 * Parse a key; `label` is its PEM label. The bytes are copied.
 *   FAIL_SYNTAX  not a key;  FAIL_PERM  a kind or size that we do not do
 */
MUST_CHECK enum fail tls_key_parse(struct tls_key *key, struct str label, struct str der);
void tls_key_release(struct tls_key *key);

/* The key signs and this public key verifies: they belong together. */
bool tls_key_matches(const struct tls_key *key, const br_x509_pkey *public);

/*
 * A public key as certificates have it, SubjectPublicKeyInfo as a whole (RFC 5280 4.1); it points into `spki`.
 *   FAIL_SYNTAX  not a key;  FAIL_PERM  a kind that we do not do
 */
MUST_CHECK enum fail tls_public_key_parse(struct str spki, br_x509_pkey *out);

/* A TLS signature over a hash (RFC 5246 7.4.3); its length, 0 when it does not fit into n bytes. */
size_t tls_key_sign(const struct tls_key *key, int hash_id, const void *hash, size_t hash_n,
    unsigned char *p, size_t n);

#endif
