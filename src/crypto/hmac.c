#include "crypto/hmac.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

void
hmac_init(struct hmac_state *s, enum hash kind, struct str key)
{
	unsigned char block[HASH_BLOCK_MAX] = { 0 };
	size_t n = hash_block(kind);

	if (key.n > n)
		hash_once(kind, key, block);
	else if (key.n > 0)
		memcpy(block, key.p, key.n);
	for (size_t i = 0; i < n; i++)
		block[i] ^= 0x36;
	hash_init(&s->inner, kind);
	hash_add(&s->inner, str_of(block, n));
	for (size_t i = 0; i < n; i++)
		block[i] ^= 0x36 ^ 0x5c;
	hash_init(&s->outer, kind);
	hash_add(&s->outer, str_of(block, n));
	s->kind = kind;
	mem_wipe(block, sizeof block);
}

void
hmac_add(struct hmac_state *s, struct str bytes)
{
	hash_add(&s->inner, bytes);
}

void
hmac_get(const struct hmac_state *s, unsigned char *out)
{
	struct hash_state outer = s->outer;

	hash_get(&s->inner, out);
	hash_add(&outer, str_of(out, hash_size(s->kind)));
	hash_get(&outer, out);
}

void
hmac_once(enum hash kind, struct str key, struct str bytes, unsigned char *out)
{
	struct hmac_state s;

	hmac_init(&s, kind, key);
	hmac_add(&s, bytes);
	hmac_get(&s, out);
	mem_wipe(&s, sizeof s);
}
