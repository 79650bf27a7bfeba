#include "tls/key.h"

/* system */
#include <string.h>

/* base */
#include "base/buf.h"
#include "base/mem.h"

/* rooms */
#include "codec/der.h"
#include "crypto/rsa.h"

#define RSA_BITS_LEAST 2048 /* of servers (RFC 9325 4.2) */
#define KEY_BYTES_MAX  8192 /* of DER; RSA 4096 has 2400 */
#define EC_SIGN_MAX    139  /* bytes br_ecdsa_sign_asn1 may write */

/* rsaEncryption 1.2.840.113549.1.1.1, id-ecPublicKey 1.2.840.10045.2.1, the two curves */
static const struct str oid_rsa = STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
static const struct str oid_ec = STR_INIT("\x2a\x86\x48\xce\x3d\x02\x01");
static const struct str oid_p256 = STR_INIT("\x2a\x86\x48\xce\x3d\x03\x01\x07");
static const struct str oid_p384 = STR_INIT("\x2b\x81\x04\x00\x22");

/* BearSSL takes keys as bytes it may not change, through pointers that say it could. */
static unsigned char *
bytes_of(struct str s)
{
	return (unsigned char *)(uintptr_t)s.p;
}

static enum fail
parse_rsa(struct tls_key *key, struct str der)
{
	struct rsa_private rsa;
	enum fail fail = rsa_private_parse(&rsa, der);

	if (fail != FAIL_NONE)
		return fail;
	if (rsa.public.bits < RSA_BITS_LEAST)
		return FAIL_PERM;
	key->type = BR_KEYTYPE_RSA;
	key->rsa = (br_rsa_private_key){
		.n_bitlen = rsa.public.bits,
		.p = bytes_of(rsa.p),
		.plen = rsa.p.n,
		.q = bytes_of(rsa.q),
		.qlen = rsa.q.n,
		.dp = bytes_of(rsa.dp),
		.dplen = rsa.dp.n,
		.dq = bytes_of(rsa.dq),
		.dqlen = rsa.dq.n,
		.iq = bytes_of(rsa.iq),
		.iqlen = rsa.iq.n,
	};
	return FAIL_NONE;
}

/* ECPrivateKey ::= SEQUENCE { 1, OCTET STRING, [0] curve OPTIONAL, [1] .. } (RFC 5915 3) */
static enum fail
parse_ec(struct tls_key *key, struct str der, struct str curve)
{
	struct str s, version, x, wrapped;
	size_t n;

	if (!der_take(&der, DER_SEQUENCE, &s) || !der_unsigned(&s, &version) ||
	    !der_take(&s, DER_OCTET_STRING, &x) || x.n == 0)
		return FAIL_SYNTAX;
	if (der_take(&s, DER_CONSTRUCTED(0), &wrapped) && !der_take(&wrapped, DER_OID, &curve))
		return FAIL_PERM; /* explicit parameters */
	key->type = BR_KEYTYPE_EC;
	key->ec = (br_ec_private_key){ .x = bytes_of(x), .xlen = x.n };
	if (str_eq(curve, oid_p256))
		key->ec.curve = BR_EC_secp256r1;
	else if (str_eq(curve, oid_p384))
		key->ec.curve = BR_EC_secp384r1;
	else
		return FAIL_PERM;
	n = key->ec.curve == BR_EC_secp256r1 ? 32 : 48;
	return x.n <= n ? FAIL_NONE : FAIL_SYNTAX;
}

/* PrivateKeyInfo ::= SEQUENCE { version, AlgorithmIdentifier, OCTET STRING } (RFC 5208 5) */
static enum fail
parse_pkcs8(struct tls_key *key, struct str der)
{
	struct str s, version, algorithm, oid, inner, curve = { 0 };

	if (!der_take(&der, DER_SEQUENCE, &s) || !der_unsigned(&s, &version) ||
	    !der_take(&s, DER_SEQUENCE, &algorithm) || !der_take(&algorithm, DER_OID, &oid) ||
	    !der_take(&s, DER_OCTET_STRING, &inner))
		return FAIL_SYNTAX;
	if (str_eq(oid, oid_rsa))
		return parse_rsa(key, inner);
	if (!str_eq(oid, oid_ec) || !der_take(&algorithm, DER_OID, &curve))
		return FAIL_PERM;
	return parse_ec(key, inner, curve);
}

enum fail
tls_key_parse(struct tls_key *key, struct str label, struct str der)
{
	enum fail fail;

	*key = (struct tls_key){ 0 };
	buf_init_secret(&key->der, KEY_BYTES_MAX);
	buf_add(&key->der, der);
	if (!buf_ok(&key->der))
		fail = FAIL_PERM;
	else if (str_eq(label, STR("RSA PRIVATE KEY")))
		fail = parse_rsa(key, buf_str(&key->der));
	else if (str_eq(label, STR("EC PRIVATE KEY")))
		fail = parse_ec(key, buf_str(&key->der), (struct str){ 0 });
	else if (str_eq(label, STR("PRIVATE KEY")))
		fail = parse_pkcs8(key, buf_str(&key->der));
	else
		fail = FAIL_PERM;
	if (fail != FAIL_NONE)
		tls_key_release(key);
	return fail;
}

static enum fail
parse_rsa_public(struct str der, br_x509_pkey *out)
{
	struct rsa_public rsa;
	enum fail fail = rsa_public_parse(&rsa, der);

	if (fail != FAIL_NONE)
		return fail;
	out->key_type = BR_KEYTYPE_RSA;
	out->key.rsa = (br_rsa_public_key){ .n = bytes_of(rsa.n),
		.nlen = rsa.n.n,
		.e = bytes_of(rsa.e),
		.elen = rsa.e.n };
	return FAIL_NONE;
}

/* SEQUENCE { AlgorithmIdentifier, BIT STRING } */
enum fail
tls_public_key_parse(struct str spki, br_x509_pkey *out)
{
	struct str s, algorithm, oid, bits, curve;

	*out = (br_x509_pkey){ 0 };
	if (!der_take(&spki, DER_SEQUENCE, &s) || spki.n > 0 ||
	    !der_take(&s, DER_SEQUENCE, &algorithm) || !der_take(&algorithm, DER_OID, &oid) ||
	    !der_take(&s, DER_BIT_STRING, &bits) || !str_skip_char(&bits, '\0') || bits.n == 0)
		return FAIL_SYNTAX;
	if (str_eq(oid, oid_rsa))
		return parse_rsa_public(bits, out);
	if (!str_eq(oid, oid_ec) || !der_take(&algorithm, DER_OID, &curve) ||
	    (!str_eq(curve, oid_p256) && !str_eq(curve, oid_p384)))
		return FAIL_PERM;
	out->key_type = BR_KEYTYPE_EC;
	out->key.ec = (br_ec_public_key){ .curve = str_eq(curve, oid_p256) ? BR_EC_secp256r1
									   : BR_EC_secp384r1,
		.q = bytes_of(bits),
		.qlen = bits.n };
	return FAIL_NONE;
}

void
tls_key_release(struct tls_key *key)
{
	buf_release(&key->der);
	*key = (struct tls_key){ 0 };
}

static const struct {
	int id;
	const br_hash_class *class;
	const unsigned char *oid;
} hashes[] = {
	{ br_sha256_ID, &br_sha256_vtable, BR_HASH_OID_SHA256 },
	{ br_sha384_ID, &br_sha384_vtable, BR_HASH_OID_SHA384 },
	{ br_sha512_ID, &br_sha512_vtable, BR_HASH_OID_SHA512 },
	{ br_sha224_ID, &br_sha224_vtable, BR_HASH_OID_SHA224 },
	{ br_sha1_ID, &br_sha1_vtable, BR_HASH_OID_SHA1 },
};

size_t
tls_key_sign(const struct tls_key *key, int hash_id, const void *hash, size_t hash_n,
    unsigned char *p, size_t n)
{
	size_t i = 0, rsa_n = (key->rsa.n_bitlen + 7) / 8;

	while (i < ARRAY_LEN(hashes) && hashes[i].id != hash_id)
		i++;
	if (i == ARRAY_LEN(hashes))
		return 0;
	if (key->type == BR_KEYTYPE_EC) {
		if (n < EC_SIGN_MAX)
			return 0;
		return br_ecdsa_sign_asn1_get_default()(br_ec_get_default(), hashes[i].class, hash,
		    &key->ec, p);
	}
	if (n < rsa_n ||
	    !br_rsa_pkcs1_sign_get_default()(hashes[i].oid, hash, hash_n, &key->rsa, p))
		return 0;
	return rsa_n;
}

static bool
rsa_verifies(const br_rsa_public_key *public, const unsigned char *p, size_t n,
    const unsigned char hash[32])
{
	unsigned char out[32];

	return br_rsa_pkcs1_vrfy_get_default()(p, n, BR_HASH_OID_SHA256, sizeof out, public, out) &&
	    memcmp(out, hash, sizeof out) == 0;
}

bool
tls_key_matches(const struct tls_key *key, const br_x509_pkey *public)
{
	static const unsigned char hash[32] = { 1, 2, 3 };
	unsigned char signature[RSA_BYTES_MAX];
	size_t n;

	if (key->type != public->key_type)
		return false;
	if (key->type == BR_KEYTYPE_EC && key->ec.curve != public->key.ec.curve)
		return false;
	n = tls_key_sign(key, br_sha256_ID, hash, sizeof hash, signature, sizeof signature);
	if (n == 0)
		return false;
	if (key->type == BR_KEYTYPE_RSA)
		return rsa_verifies(&public->key.rsa, signature, n, hash);
	return br_ecdsa_vrfy_asn1_get_default()(br_ec_get_default(), hash, sizeof hash,
	    &public->key.ec, signature, n);
}
