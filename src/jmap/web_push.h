/*
 * web_push.h - a message for a push service, encrypted for one client and signed by us: pure.
 *
 * Content coding aes128gcm in one record (RFC 8188 2), its keys agreed on as Web Push does (RFC 8291 3),
 * and the Authorization of VAPID (RFC 8292 3).
 */
#ifndef JMAP_WEB_PUSH_H
#define JMAP_WEB_PUSH_H

#include <stdint.h>

/* base */
#include "base/buf.h"

/* rooms */
#include "crypto/p256.h"

#define WEB_PUSH_AUTH_BYTES   16   /* the secret of a client (RFC 8291 3.2) */
#define WEB_PUSH_SALT_BYTES   16   /* RFC 8188 2.1 */
#define WEB_PUSH_RECORD_BYTES 4096 /* what every push service takes (RFC 8291 4) */
#define WEB_PUSH_PLAIN_MAX \
	3993 /* bytes of a message that fit into it: less header, padding and tag */
#define VAPID_LIFE_S (12 * 3600) /* of a token; at most a day is allowed (RFC 8292 2) */

struct web_push_keys {     /* of the client */
	struct str p256dh; /* its public key: P256_PUBLIC_BYTES */
	struct str auth;   /* WEB_PUSH_AUTH_BYTES */
};

/*
 * Append `plain` encrypted. FAIL_LIMIT: longer than WEB_PUSH_PLAIN_MAX; FAIL_SYNTAX: keys that are none.
 */
MUST_CHECK enum fail web_push_encrypt(const struct web_push_keys *keys, struct str plain,
    struct buf *out);

/* The same with our part given: the salt and our secret, each for one message only (for tests). */
MUST_CHECK enum fail web_push_encrypt_with(const struct web_push_keys *keys,
    const unsigned char salt[WEB_PUSH_SALT_BYTES], const unsigned char secret[P256_SECRET_BYTES],
    struct str plain, struct buf *out);

/*
 * Append "vapid t=.., k=..": who we are to the push service at `origin` ("https://push.example.net"), for
 * VAPID_LIFE_S from now; `contact` is a mailto: or https: URL.
 */
void vapid_write(const unsigned char secret[P256_SECRET_BYTES], struct str origin,
    struct str contact, int64_t now_s, struct buf *out);

/* Append our public key as base64url (RFC 9749 3). */
void vapid_key_write(const unsigned char secret[P256_SECRET_BYTES], struct buf *out);

#endif
