#include "crypto/p256.h"

/* system */
#include <bearssl.h>
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "crypto/hash.h"
#include "crypto/random.h"

#define CURVE BR_EC_secp256r1

void
p256_secret(unsigned char out[P256_SECRET_BYTES])
{
	static const unsigned char zero[P256_SECRET_BYTES];
	size_t n;
	const unsigned char *order = br_ec_get_default()->order(CURVE, &n);

	invariant(n == P256_SECRET_BYTES);
	do /* 1 .. order - 1, evenly: the chance of another round is 2^-32 */
		random_bytes(out, P256_SECRET_BYTES);
	while (memcmp(out, order, n) >= 0 || memcmp(out, zero, n) == 0);
}

void
p256_public(const unsigned char secret[P256_SECRET_BYTES], unsigned char out[P256_PUBLIC_BYTES])
{
	size_t n = br_ec_get_default()->mulgen(out, secret, P256_SECRET_BYTES, CURVE);

	invariant(n == P256_PUBLIC_BYTES);
}

bool
p256_agree(const unsigned char secret[P256_SECRET_BYTES], struct str public_key,
    unsigned char out[P256_SHARED_BYTES])
{
	unsigned char point[P256_PUBLIC_BYTES];
	bool is_point;

	if (public_key.n != sizeof point)
		return false;
	memcpy(point, public_key.p, sizeof point);
	is_point =
	    br_ec_get_default()->mul(point, sizeof point, secret, P256_SECRET_BYTES, CURVE) == 1;
	memcpy(out, point + 1, P256_SHARED_BYTES);
	mem_wipe(point, sizeof point);
	return is_point;
}

void
p256_sign(const unsigned char secret[P256_SECRET_BYTES], struct str message,
    unsigned char out[P256_SIGNATURE_BYTES])
{
	unsigned char digest[HASH_SIZE_MAX], copy[P256_SECRET_BYTES];
	br_ec_private_key key = { CURVE, copy, sizeof copy };
	size_t n;

	memcpy(copy, secret, sizeof copy);
	hash_once(HASH_SHA256, message, digest);
	n = br_ecdsa_sign_raw_get_default()(br_ec_get_default(), &br_sha256_vtable, digest, &key,
	    out);
	mem_wipe(copy, sizeof copy);
	invariant(n == P256_SIGNATURE_BYTES);
}

bool
p256_verify(struct str public_key, struct str message, struct str signature)
{
	unsigned char digest[HASH_SIZE_MAX], point[P256_PUBLIC_BYTES];
	br_ec_public_key key = { CURVE, point, sizeof point };

	if (public_key.n != sizeof point || signature.n != P256_SIGNATURE_BYTES)
		return false;
	memcpy(point, public_key.p, sizeof point);
	hash_once(HASH_SHA256, message, digest);
	return br_ecdsa_vrfy_raw_get_default()(br_ec_get_default(), digest, hash_size(HASH_SHA256),
		   &key, signature.p, signature.n) == 1;
}
