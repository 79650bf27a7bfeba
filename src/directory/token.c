#include "directory/token.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/random.h"

#define TOKEN_START STR("stk_")

void
token_create(struct buf *out)
{
	buf_add(out, TOKEN_START);
	random_text(out, TOKEN_BYTES - TOKEN_START.n);
}

bool
token_is_one(struct str secret)
{
	if (secret.n != TOKEN_BYTES || !str_skip(&secret, TOKEN_START))
		return false;
	for (size_t i = 0; i < secret.n; i++)
		if (!char_is_alpha(secret.p[i]) && !char_is_digit(secret.p[i]))
			return false;
	return true;
}

void
token_hash_write(struct buf *out, struct str secret)
{
	unsigned char hash[HASH_SIZE_MAX];

	hash_once(HASH_SHA256, secret, hash);
	base64url_write(out, str_of((const char *)hash, hash_size(HASH_SHA256)));
}
