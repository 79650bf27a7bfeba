#include "directory/credential.h"

/* rooms */
#include "directory/token.h"

#define TEXT_MAX 64 /* bytes of the whole hash as text */

void
credential_write(struct buf *out, struct str stored)
{
	struct buf text;

	buf_init(&text, TEXT_MAX);
	token_hash_write(&text, stored);
	buf_add(out, str_head(buf_str(&text), DIRECTORY_CREDENTIAL_CHARS));
	buf_release(&text);
}
