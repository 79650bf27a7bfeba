#include "crypto/private_key.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/random.h"

/* rsaEncryption 1.2.840.113549.1.1.1, id-Ed25519 1.3.101.112 (RFC 8410 3) */
static const struct str oid_rsa = STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
static const struct str oid_ed25519 = STR_INIT("\x2b\x65\x70");

static enum fail
take_rsa(struct private_key *key, struct str der)
{
	key->kind = PRIVATE_KEY_RSA;
	buf_add(&key->der, der);
	return rsa_private_parse(&key->rsa, buf_str(&key->der));
}

/* CurvePrivateKey ::= OCTET STRING (RFC 8410 7) */
static enum fail
take_ed25519(struct private_key *key, struct str der)
{
	struct str seed;

	if (!der_take(&der, DER_OCTET_STRING, &seed) || der.n > 0 || seed.n != sizeof key->seed)
		return FAIL_SYNTAX;
	key->kind = PRIVATE_KEY_ED25519;
	memcpy(key->seed, seed.p, sizeof key->seed);
	return FAIL_NONE;
}

/* PrivateKeyInfo ::= SEQUENCE { version, AlgorithmIdentifier, OCTET STRING, .. } (RFC 5208 5) */
static enum fail
take_pkcs8(struct private_key *key, struct str der)
{
	struct str s, version, algorithm, oid, inner;

	if (!der_take(&der, DER_SEQUENCE, &s) || !der_unsigned(&s, &version) ||
	    !der_take(&s, DER_SEQUENCE, &algorithm) || !der_take(&algorithm, DER_OID, &oid) ||
	    !der_take(&s, DER_OCTET_STRING, &inner))
		return FAIL_SYNTAX;
	if (str_eq(oid, oid_rsa))
		return take_rsa(key, inner);
	if (str_eq(oid, oid_ed25519))
		return take_ed25519(key, inner);
	return FAIL_PERM;
}

static enum fail
take(struct private_key *key, struct str label, struct str der)
{
	if (str_eq(label, STR("PRIVATE KEY")))
		return take_pkcs8(key, der);
	if (str_eq(label, STR("RSA PRIVATE KEY")))
		return take_rsa(key, der);
	return FAIL_PERM;
}

enum fail
private_key_parse(struct private_key *key, struct str pem)
{
	struct buf der;
	struct str label;
	enum fail fail;

	*key = (struct private_key){ 0 };
	buf_init_secret(&key->der, PRIVATE_KEY_PEM_MAX);
	buf_init_secret(&der, PRIVATE_KEY_PEM_MAX);
	do
		fail = pem_next(&pem, &label, &der);
	while (fail == FAIL_NONE && !str_ends(label, STR("PRIVATE KEY")));
	if (fail == FAIL_NONE)
		fail = take(key, label, buf_str(&der));
	buf_release(&der);
	if (fail != FAIL_NONE)
		private_key_release(key);
	return fail;
}

void
private_key_generate(struct private_key *key, enum private_key_kind kind)
{
	*key = (struct private_key){ .kind = kind };
	buf_init_secret(&key->der, PRIVATE_KEY_PEM_MAX);
	if (kind == PRIVATE_KEY_ED25519) {
		random_bytes(key->seed, sizeof key->seed);
		return;
	}
	rsa_generate(PRIVATE_KEY_RSA_BITS, &key->der);
	invariant(rsa_private_parse(&key->rsa, buf_str(&key->der)) == FAIL_NONE);
}

void
private_key_release(struct private_key *key)
{
	buf_release(&key->der);
	mem_wipe(key, sizeof *key);
}

void
private_key_write(const struct private_key *key, struct buf *pem_out)
{
	struct buf parts, inner;

	buf_init_secret(&parts, PRIVATE_KEY_PEM_MAX);
	buf_init_secret(&inner, PRIVATE_KEY_PEM_MAX);
	der_write_unsigned(&parts, (struct str){ 0 });
	if (key->kind == PRIVATE_KEY_RSA) {
		der_write(&inner, DER_OID, oid_rsa);
		der_write(&inner, DER_NULL, (struct str){ 0 });
		der_write(&parts, DER_SEQUENCE, buf_str(&inner));
		der_write(&parts, DER_OCTET_STRING, buf_str(&key->der));
	} else {
		der_write(&inner, DER_OID, oid_ed25519);
		der_write(&parts, DER_SEQUENCE, buf_str(&inner));
		buf_clear(&inner);
		der_write(&inner, DER_OCTET_STRING, str_of(key->seed, sizeof key->seed));
		der_write(&parts, DER_OCTET_STRING, buf_str(&inner));
	}
	buf_clear(&inner);
	der_write(&inner, DER_SEQUENCE, buf_str(&parts));
	invariant(buf_ok(&inner));
	pem_write(pem_out, "PRIVATE KEY", buf_str(&inner));
	buf_release(&parts);
	buf_release(&inner);
}

void
private_key_public_write(const struct private_key *key, struct buf *out)
{
	unsigned char public[ED25519_PUBLIC_BYTES];

	if (key->kind == PRIVATE_KEY_RSA) {
		rsa_public_write(&key->rsa.public, out);
		return;
	}
	ed25519_public(key->seed, public);
	buf_add(out, str_of(public, sizeof public));
}

unsigned
private_key_cost(const struct private_key *key)
{
	return key->kind == PRIVATE_KEY_RSA ? rsa_sign_cost(&key->rsa) : ED25519_COST;
}

bool
private_key_sign(const struct private_key *key, const unsigned char digest[RSA_DIGEST_BYTES],
    struct buf *out)
{
	unsigned char signature[ED25519_SIGNATURE_BYTES];

	if (key->kind == PRIVATE_KEY_RSA)
		return rsa_sign(&key->rsa, digest, out);
	ed25519_sign(key->seed, str_of(digest, RSA_DIGEST_BYTES), signature);
	buf_add(out, str_of(signature, sizeof signature));
	return true;
}
