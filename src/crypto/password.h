/*
 * password.h - stored passwords: check against every form in use, make the best one.
 *
 * Known forms: $argon2id$ (and {ARGON2ID}), $2a$ $2b$ $2y$ (bcrypt), $5$ and $6$ (crypt with SHA-2),
 * $pbkdf2-sha256$ $pbkdf2-sha512$ $pbkdf2$ (passlib's), {PBKDF2}$1$salt$rounds$hex (SHA-1),
 * {SSHA} {SSHA256} {SSHA512} {SHA256} {SHA512}, SCRAM-SHA-256$.. and SCRAM-SHA-1$.., each also behind
 * the scheme names of other servers ({CRYPT}, {BLF-CRYPT}, {SHA256-CRYPT}, {SHA512-CRYPT}).
 * Anything else, above all the C library's DES fallback, is refused and never tried.
 *
 * All of this takes time on purpose (up to 250 ms): call it in the directory's child only.
 */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define PASSWORD_SECRET_MAX 1024 /* bytes; longer ones are wrong without being tried */

/* FAIL_DENIED: wrong; FAIL_PERM: the stored form is unknown, damaged or too costly. */
MUST_CHECK enum fail password_verify(struct str stored, struct str secret);

/* Takes the time of a wrong password for a user who does not exist. */
void password_verify_nobody(struct str secret);

/* Append $argon2id$ with 19 MiB, t=2, p=1. FAIL_LIMIT: secret too long or empty; FAIL_TEMP: memory. */
MUST_CHECK enum fail password_create(struct str secret, struct buf *out);

#endif
