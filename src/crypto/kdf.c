#include "crypto/kdf.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "crypto/hmac.h"

/* T_i = F(P, S, c, i) of RFC 8018 5.2 step 3. */
static void
pbkdf2_block(const struct hmac_state *keyed, struct str salt, uint32_t iterations, uint32_t index,
    unsigned char *out)
{
	unsigned char last[4] = { (unsigned char)(index >> 24), (unsigned char)(index >> 16),
		(unsigned char)(index >> 8), (unsigned char)index };
	unsigned char u[HASH_SIZE_MAX];
	size_t n = hash_size(keyed->kind);
	struct hmac_state s = *keyed;

	hmac_add(&s, salt);
	hmac_add(&s, str_of(last, sizeof last));
	hmac_get(&s, u);
	memcpy(out, u, n);
	for (uint32_t i = 1; i < iterations; i++) {
		s.inner = keyed->inner;
		hmac_add(&s, str_of(u, n));
		hmac_get(&s, u);
		for (size_t j = 0; j < n; j++)
			out[j] ^= u[j];
	}
	mem_wipe(u, sizeof u);
	mem_wipe(&s, sizeof s);
}

void
pbkdf2(enum hash kind, struct str secret, struct str salt, uint32_t iterations, unsigned char *out,
    size_t n)
{
	struct hmac_state keyed;
	unsigned char block[HASH_SIZE_MAX];

	hmac_init(&keyed, kind, secret);
	for (uint32_t index = 1; n > 0; index++) {
		size_t take = size_min(n, hash_size(kind));

		pbkdf2_block(&keyed, salt, iterations, index, block);
		memcpy(out, block, take);
		out += take;
		n -= take;
	}
	mem_wipe(&keyed, sizeof keyed);
	mem_wipe(block, sizeof block);
}

void
hkdf(enum hash kind, struct str key, struct str salt, struct str info, unsigned char *out, size_t n)
{
	unsigned char extracted[HASH_SIZE_MAX], block[HASH_SIZE_MAX];
	size_t size = hash_size(kind);
	struct hmac_state keyed;

	invariant(n <= 255 * size);
	hmac_once(kind, salt, key, extracted);
	hmac_init(&keyed, kind, str_of(extracted, size));
	for (unsigned char index = 1; n > 0; index++) {
		struct hmac_state s = keyed;
		size_t take = size_min(n, size);

		if (index > 1)
			hmac_add(&s, str_of(block, size));
		hmac_add(&s, info);
		hmac_add(&s, str_of(&index, 1));
		hmac_get(&s, block);
		memcpy(out, block, take);
		out += take;
		n -= take;
		mem_wipe(&s, sizeof s);
	}
	mem_wipe(&keyed, sizeof keyed);
	mem_wipe(extracted, sizeof extracted);
	mem_wipe(block, sizeof block);
}
