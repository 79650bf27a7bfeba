/*
 * credential.h - which password or token a login was made with, as a name that is no secret. Private to the room.
 *
 * It is part of the SHA-256 of what directory.db stores (and that is a hash itself), so that a new password, even
 * the same one again, has another name: its salt differs. Nothing that opens an account can be made of it.
 */
#ifndef DIRECTORY_CREDENTIAL_H
#define DIRECTORY_CREDENTIAL_H

#include "base/buf.h"
#include "base/str.h"
#include "directory/directory.h"

/* Append the name of what is stored: DIRECTORY_CREDENTIAL_CHARS of A-Za-z0-9 - and _. */
void credential_write(struct buf *out, struct str stored);

#endif
