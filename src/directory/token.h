/*
 * token.h - secrets that programs log in with instead of the user's password. Private to the room.
 *
 *     stk_ and 40 characters of A-Za-z0-9      238 random bits
 *
 * Nobody guesses one, so that the directory keeps a plain hash, and a login costs one lookup. A token is for one
 * account, and its name there says for which program it is. The user's new password leaves it as it is.
 */
#ifndef DIRECTORY_TOKEN_H
#define DIRECTORY_TOKEN_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define TOKEN_BYTES    44 /* of a token */
#define TOKEN_NAME_MAX 100
#define TOKENS_MAX     100 /* of one account */

/* Append a new one. */
void token_create(struct buf *out);

/* Does the text look like one? */
bool token_is_one(struct str secret);

/* Append what is kept of it. */
void token_hash_write(struct buf *out, struct str secret);

#endif
