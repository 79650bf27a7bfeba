/*
 * scram.h - the server's side of SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677).
 *
 * Pure computation: messages in, messages out; the caller moves them (base64 is SASL's framing) and
 * asks the directory for the keys between the first two steps:
 *
 *     client first --scram_client_first--> user --(directory)--> keys --scram_server_first-->
 *     client final --scram_client_final--> FAIL_NONE and the server's signature, or FAIL_DENIED
 *
 * Not done: channel binding (the -PLUS names are not offered, "p=" is refused) and SASLprep of what is
 * not ASCII: such names and passwords are used as they come.
 *
 * Ownership: a struct scram holds buffers until scram_release(), safe on a zeroed one.
 */
#ifndef CRYPTO_SCRAM_H
#define CRYPTO_SCRAM_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "crypto/hash.h"

#define SCRAM_SALT_MAX       64
#define SCRAM_ITERATIONS     10000 /* of keys made here; RFC 7677 4 asks for 4096 at least */
#define SCRAM_ITERATIONS_MAX 10000000
#define SCRAM_MESSAGE_MAX    4096 /* bytes of any message of the exchange */

struct scram_keys {
	enum hash hash; /* HASH_SHA1 or HASH_SHA256 */
	uint32_t iterations;
	size_t salt_n;
	unsigned char salt[SCRAM_SALT_MAX];
	unsigned char stored_key[HASH_SIZE_MAX],
	    server_key[HASH_SIZE_MAX]; /* hash_size(hash) used */
};

/* Make keys with a fresh salt; and from a given salt already in *keys, with its iterations. */
void scram_keys_create(struct scram_keys *keys, enum hash hash, struct str secret);
void scram_keys_derive(struct scram_keys *keys, struct str secret);

/*
 * Keys that no password fits, the same each time for the same name: what an unknown user is answered
 * with, so that nobody learns who exists. `key` is a secret of the server.
 */
void scram_keys_fake(struct scram_keys *keys, enum hash hash, struct str name, struct str key);

/* As text "SCRAM-SHA-256$10000:SALT$STOREDKEY:SERVERKEY" in base64, a form that others use too. */
void scram_keys_write(const struct scram_keys *keys, struct buf *out);
MUST_CHECK enum fail scram_keys_parse(struct scram_keys *keys, struct str text);

struct scram {              /* fields: read only */
	struct buf user;    /* own: the name to log in, "=2C" and "=3D" decoded */
	struct buf authzid; /* own: the name to act as, empty when not given */
	struct buf gs2;     /* own: the client's header, which comes back in its final message */
	struct buf auth;    /* own: the messages so far, joined as the signature wants them */
	struct buf nonce;   /* own: the client's, then both */
	struct scram_keys keys;
};

void scram_init(struct scram *s);
void scram_release(struct scram *s);

/* Take the client's first message; s->user is set. FAIL_SYNTAX; FAIL_PERM: channel binding asked. */
MUST_CHECK enum fail scram_client_first(struct scram *s, struct str message);

/* Append the server's first message; `nonce` is the server's part (printable, no comma). */
void scram_server_first(struct scram *s, const struct scram_keys *keys, struct str nonce,
    struct buf *out);

/*
 * Take the client's final message; on FAIL_NONE the server's final message "v=.." is appended.
 * FAIL_DENIED: wrong password; FAIL_SYNTAX: no such message, or not of this exchange.
 */
MUST_CHECK enum fail scram_client_final(struct scram *s, struct str message, struct buf *out);

/* Does this password give these keys? In constant time. */
bool scram_keys_verify(const struct scram_keys *keys, struct str secret);

#endif
