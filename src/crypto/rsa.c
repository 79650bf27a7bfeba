#include "crypto/rsa.h"

/* system */
#include <bearssl.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/der.h"
#include "crypto/random.h"

#define EXPONENT 65537
#define EXPONENT_BYTES \
	4 /* the largest that we raise to, as Go and Windows do: more is work for nothing */
#define KILOBIT 1024
#define VERIFY_COST \
	12 /* measured, of 1024 bits and a byte of exponent; within a tenth for all sizes */
#define SIGN_COST       310                 /* the same, of 1024 bits */
#define FACTOR_APART    16                  /* bytes that a factor may be shorter than half of n */
#define GENERATOR_BYTES 32                  /* of entropy for the generator of a key */
#define INTEGERS_MAX    (RSA_BYTES_MAX * 5) /* bytes of RSAPrivateKey, at most 4.5 times n */

/* rsaEncryption 1.2.840.113549.1.1.1 */
static const struct str oid_rsa = STR_INIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");

/* BearSSL takes keys as bytes it may not change, through pointers that say it could. */
static unsigned char *
bytes_of(struct str s)
{
	return (unsigned char *)(uintptr_t)s.p;
}

static unsigned
bit_length(struct str s)
{
	unsigned bits = (unsigned)s.n * 8;

	for (unsigned char top = s.n ? (unsigned char)s.p[0] : 0; bits > 0 && !(top & 0x80);
	     top = (unsigned char)(top << 1))
		bits--;
	return bits;
}

static bool
is_odd(struct str number)
{
	return number.n > 0 && (number.p[number.n - 1] & 1);
}

/* n and e can be those of a key, and are of our size. */
static enum fail
judge_public(struct rsa_public *key)
{
	key->bits = bit_length(key->n);
	if (!is_odd(key->n) || !is_odd(key->e) || str_eq(key->e, STR("\x01")))
		return FAIL_SYNTAX;
	if (key->bits < RSA_BITS_MIN || key->bits > RSA_BITS_MAX || key->e.n > EXPONENT_BYTES)
		return FAIL_PERM;
	return FAIL_NONE;
}

/* AlgorithmIdentifier of RSA: its parameters are NULL (RFC 8017 A.1); some leave them out. */
static bool
is_rsa(struct str algorithm)
{
	struct str oid;

	return der_take(&algorithm, DER_OID, &oid) && str_eq(oid, oid_rsa) &&
	    (algorithm.n == 0 || str_eq(algorithm, STR("\x05\x00")));
}

/* SubjectPublicKeyInfo ::= SEQUENCE { AlgorithmIdentifier, BIT STRING }; what is in there */
static bool
unwrap_info(struct str info, struct str *out)
{
	struct str algorithm, bits;

	return der_take(&info, DER_SEQUENCE, &algorithm) && is_rsa(algorithm) &&
	    der_take(&info, DER_BIT_STRING, &bits) && info.n == 0 && str_skip_char(&bits, '\0') &&
	    der_take(&bits, DER_SEQUENCE, out) && bits.n == 0;
}

enum fail
rsa_public_parse(struct rsa_public *out, struct str der)
{
	struct str s, info;

	*out = (struct rsa_public){ 0 };
	if (!der_take(&der, DER_SEQUENCE, &s) || der.n > 0)
		return FAIL_SYNTAX;
	info = s;
	if (unwrap_info(info, &info))
		s = info;
	/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER } */
	if (!der_unsigned(&s, &out->n) || !der_unsigned(&s, &out->e) || s.n > 0)
		return FAIL_SYNTAX;
	return judge_public(out);
}

/* RSAPrivateKey ::= SEQUENCE { version, n, e, d, p, q, dP, dQ, qInv } */
enum fail
rsa_private_parse(struct rsa_private *out, struct str der)
{
	struct str s, version, d;
	struct str *n = &out->public.n, *p = &out->p, *q = &out->q;
	enum fail fail;

	*out = (struct rsa_private){ 0 };
	if (!der_take(&der, DER_SEQUENCE, &s) || !der_unsigned(&s, &version) ||
	    !der_unsigned(&s, n) || !der_unsigned(&s, &out->public.e) || !der_unsigned(&s, &d) ||
	    !der_unsigned(&s, p) || !der_unsigned(&s, q) || !der_unsigned(&s, &out->dp) ||
	    !der_unsigned(&s, &out->dq) || !der_unsigned(&s, &out->iq))
		return FAIL_SYNTAX;
	fail = judge_public(&out->public);
	if (fail != FAIL_NONE)
		return fail;
	/* BearSSL's code sizes its buffers by n and expects both factors to be about half of it. */
	if (bit_length(*p) + bit_length(*q) != out->public.bits || p->n < n->n / 2 - FACTOR_APART ||
	    q->n < n->n / 2 - FACTOR_APART || out->dp.n > p->n || out->dq.n > q->n ||
	    out->iq.n > p->n || !is_odd(*p) || !is_odd(*q))
		return FAIL_SYNTAX;
	return FAIL_NONE;
}

bool
rsa_verify(const struct rsa_public *key, const unsigned char digest[RSA_DIGEST_BYTES],
    struct str signature)
{
	const br_rsa_public_key public = { bytes_of(key->n), key->n.n, bytes_of(key->e), key->e.n };
	unsigned char signed_digest[RSA_DIGEST_BYTES];

	return signature.n == key->n.n &&
	    br_rsa_pkcs1_vrfy_get_default()((const unsigned char *)signature.p, signature.n,
		BR_HASH_OID_SHA256, sizeof signed_digest, &public, signed_digest) == 1 &&
	    memcmp(signed_digest, digest, sizeof signed_digest) == 0;
}

static unsigned
kilobits(const struct rsa_public *key)
{
	return (key->bits + KILOBIT - 1) / KILOBIT;
}

/* A multiplication takes the square of the size, and there are as many as the exponent has bits. */
unsigned
rsa_verify_cost(const struct rsa_public *key)
{
	unsigned size = kilobits(key);

	return VERIFY_COST * size * size * (unsigned)(key->e.n + 1);
}

unsigned
rsa_sign_cost(const struct rsa_private *key)
{
	unsigned size = kilobits(&key->public);

	return SIGN_COST * size * size * size;
}

bool
rsa_sign(const struct rsa_private *key, const unsigned char digest[RSA_DIGEST_BYTES],
    struct buf *out)
{
	const br_rsa_private_key private = {
		.n_bitlen = key->public.bits,
		.p = bytes_of(key->p),
		.plen = key->p.n,
		.q = bytes_of(key->q),
		.qlen = key->q.n,
		.dp = bytes_of(key->dp),
		.dplen = key->dp.n,
		.dq = bytes_of(key->dq),
		.dqlen = key->dq.n,
		.iq = bytes_of(key->iq),
		.iqlen = key->iq.n,
	};
	unsigned char signature[RSA_BYTES_MAX];

	/* Verified, because a key whose parts do not fit would sign what tells its factors. */
	if (!br_rsa_pkcs1_sign_get_default()(BR_HASH_OID_SHA256, digest, RSA_DIGEST_BYTES, &private,
		signature) ||
	    !rsa_verify(&key->public, digest, str_of(signature, key->public.n.n)))
		return false;
	buf_add(out, str_of(signature, key->public.n.n));
	return true;
}

static void
write_number(struct buf *out, const unsigned char *p, size_t n)
{
	while (n > 0 && *p == 0) {
		p++;
		n--;
	}
	der_write_unsigned(out, str_of(p, n));
}

void
rsa_generate(unsigned bits, struct buf *der_out)
{
	unsigned char private_bytes[BR_RSA_KBUF_PRIV_SIZE(RSA_BITS_MAX)];
	unsigned char public_bytes[BR_RSA_KBUF_PUB_SIZE(RSA_BITS_MAX)];
	unsigned char d[RSA_BYTES_MAX], seed[GENERATOR_BYTES];
	br_rsa_private_key key;
	br_rsa_public_key public;
	br_hmac_drbg_context generator;
	struct buf numbers;
	size_t d_size;

	invariant(bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX);
	random_bytes(seed, sizeof seed);
	br_hmac_drbg_init(&generator, &br_sha256_vtable, seed, sizeof seed);
	invariant(br_rsa_keygen_get_default()(&generator.vtable, &key, private_bytes, &public,
	    public_bytes, bits, EXPONENT));
	d_size = br_rsa_compute_privexp_get_default()(d, &key, EXPONENT);
	invariant(d_size > 0);
	buf_init_secret(&numbers, INTEGERS_MAX);
	der_write_unsigned(&numbers, (struct str){ 0 });
	write_number(&numbers, public.n, public.nlen);
	write_number(&numbers, public.e, public.elen);
	write_number(&numbers, d, d_size);
	write_number(&numbers, key.p, key.plen);
	write_number(&numbers, key.q, key.qlen);
	write_number(&numbers, key.dp, key.dplen);
	write_number(&numbers, key.dq, key.dqlen);
	write_number(&numbers, key.iq, key.iqlen);
	invariant(buf_ok(&numbers));
	der_write(der_out, DER_SEQUENCE, buf_str(&numbers));
	buf_release(&numbers);
	mem_wipe(private_bytes, sizeof private_bytes);
	mem_wipe(d, sizeof d);
	mem_wipe(seed, sizeof seed);
	mem_wipe(&generator, sizeof generator);
}

void
rsa_public_write(const struct rsa_public *key, struct buf *der_out)
{
	struct buf algorithm, numbers, bits, info;

	buf_init(&algorithm, RSA_PUBLIC_DER_MAX);
	buf_init(&numbers, RSA_PUBLIC_DER_MAX);
	buf_init(&bits, RSA_PUBLIC_DER_MAX);
	buf_init(&info, RSA_PUBLIC_DER_MAX);
	der_write(&algorithm, DER_OID, oid_rsa);
	der_write(&algorithm, DER_NULL, (struct str){ 0 });
	der_write_unsigned(&numbers, key->n);
	der_write_unsigned(&numbers, key->e);
	buf_add_char(&bits, '\0'); /* none of the last byte is unused */
	der_write(&bits, DER_SEQUENCE, buf_str(&numbers));
	der_write(&info, DER_SEQUENCE, buf_str(&algorithm));
	der_write(&info, DER_BIT_STRING, buf_str(&bits));
	der_write(der_out, DER_SEQUENCE, buf_str(&info));
	buf_release(&algorithm);
	buf_release(&numbers);
	buf_release(&bits);
	buf_release(&info);
}
