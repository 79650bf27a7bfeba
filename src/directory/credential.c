#include "directory/credential.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/hash.h"

#define TEXT_MAX 64 /* bytes of the whole hash as text */

void
credential_write(struct buf *out, struct str stored)
{
	unsigned char hash[HASH_SIZE_MAX];
	struct buf text;

	buf_init(&text, TEXT_MAX);
	hash_once(HASH_SHA256, stored, hash);
	base64url_write(&text, str_of((const char *)hash, hash_size(HASH_SHA256)));
	buf_add(out, str_head(buf_str(&text), DIRECTORY_CREDENTIAL_CHARS));
	buf_release(&text);
}
