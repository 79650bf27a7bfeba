#include "crypto/ed25519.h"

/* system */
#include <sodium.h>

/* base */
#include "base/mem.h"

void
ed25519_public(const unsigned char seed[ED25519_SEED_BYTES],
    unsigned char out[ED25519_PUBLIC_BYTES])
{
	unsigned char secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(out, secret, seed);
	mem_wipe(secret, sizeof secret);
}

void
ed25519_sign(const unsigned char seed[ED25519_SEED_BYTES], struct str message,
    unsigned char out[ED25519_SIGNATURE_BYTES])
{
	unsigned char public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];

	crypto_sign_seed_keypair(public, secret, seed);
	crypto_sign_detached(out, NULL, (const unsigned char *)message.p, message.n, secret);
	mem_wipe(secret, sizeof secret);
}

bool
ed25519_verify(struct str public_key, struct str message, struct str signature)
{
	return public_key.n == ED25519_PUBLIC_BYTES && signature.n == ED25519_SIGNATURE_BYTES &&
	    crypto_sign_verify_detached((const unsigned char *)signature.p,
		(const unsigned char *)message.p, message.n,
		(const unsigned char *)public_key.p) == 0;
}
