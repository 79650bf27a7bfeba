/*
 * sodium_unused.c - the parts of libsodium that are not built.
 *
 * sodium_init() lets each part choose how to compute on this processor. The ciphers, Poly1305 and X25519 are
 * not used here, and without these answers they would all be linked for that question's sake.
 */
#include <stdlib.h>

int crypto_stream_chacha20_ietf(unsigned char *c, unsigned long long n, const unsigned char *nonce,
    const unsigned char *key);
int _crypto_onetimeauth_poly1305_pick_best_implementation(void);
int _crypto_scalarmult_curve25519_pick_best_implementation(void);
int _crypto_stream_chacha20_pick_best_implementation(void);
int _crypto_stream_salsa20_pick_best_implementation(void);

int
_crypto_onetimeauth_poly1305_pick_best_implementation(void)
{
	return 0;
}

int
_crypto_scalarmult_curve25519_pick_best_implementation(void)
{
	return 0;
}

int
_crypto_stream_chacha20_pick_best_implementation(void)
{
	return 0;
}

int
_crypto_stream_salsa20_pick_best_implementation(void)
{
	return 0;
}

/* Random bytes that a seed repeats are what it would be for; nobody asks for them. */
int
crypto_stream_chacha20_ietf(unsigned char *c, unsigned long long n, const unsigned char *nonce,
    const unsigned char *key)
{
	(void)c;
	(void)n;
	(void)nonce;
	(void)key;
	abort();
}
