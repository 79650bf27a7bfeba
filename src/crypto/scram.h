/*
 * scram.h - the server's side of SCRAM-SHA-1 and SCRAM-SHA-256, plain and -PLUS (RFC 5802, RFC 7677).
 *
 * Pure computation: messages in, messages out; the caller moves them (base64 is SASL's framing) and
 * asks the directory for the keys between the first two steps:
 *
 *     client first --scram_client_first--> user --(directory)--> keys --scram_server_first-->
 *     client final --scram_client_final--> FAIL_NONE and the server's signature, or FAIL_DENIED
 *
 * Channel binding (RFC 5802 6): in a -PLUS exchange the client's first message names one in s->binding;
 * the caller finds its data (tls/tls.h) and gives it to scram_bind() before the client's final message.
 *
 * Not done: SASLprep of what is not ASCII: such names and passwords are used as they come.
 *
 * Ownership: a struct scram holds buffers until scram_release(), safe on a zeroed one.
 */
#ifndef CRYPTO_SCRAM_H
#define CRYPTO_SCRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "crypto/hash.h"

#define SCRAM_SALT_MAX       64
#define SCRAM_ITERATIONS     10000 /* of keys made here; RFC 7677 4 asks for 4096 at least */
#define SCRAM_ITERATIONS_MAX 10000000
#define SCRAM_MESSAGE_MAX    4096          /* bytes of any message of the exchange */
#define SCRAM_BINDING_MAX    HASH_SIZE_MAX /* bytes of a binding's data: a hash, or Finished's 12 */

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

/* What the client could choose from, which decides the flags that it may send (RFC 5802 6). */
enum scram_choice {
	SCRAM_UNBOUND, /* this mechanism, and its -PLUS was not offered: "n", "y" */
	SCRAM_BESIDE,  /* this mechanism, and its -PLUS was offered too: "n" */
	SCRAM_PLUS,    /* this is -PLUS: "p=NAME" */
};

struct scram {              /* fields: read only */
	struct buf user;    /* own: the name to log in, "=2C" and "=3D" decoded */
	struct buf authzid; /* own: the name to act as, empty when not given */
	struct buf binding; /* own: the name behind "p=", empty when not -PLUS */
	struct buf gs2;   /* own: the client's header, then the binding's data: "c=" repeats them */
	size_t header_n;  /* bytes of gs2 that are the header */
	struct buf auth;  /* own: the messages so far, joined as the signature wants them */
	struct buf nonce; /* own: the client's, then both */
	struct scram_keys keys;
	bool has_other_binding; /* the client sees another TLS than we do: somebody is between */
};

void scram_init(struct scram *s);
void scram_release(struct scram *s);

/*
 * Take the client's first message; s->user is set, and s->binding with SCRAM_PLUS.
 *   FAIL_SYNTAX  no such message
 *   FAIL_PERM    a flag of the other kind of mechanism: "p=" without -PLUS, or -PLUS without it
 *   FAIL_DENIED  "y" beside -PLUS: somebody between us took that out of our offer
 */
MUST_CHECK enum fail scram_client_first(struct scram *s, enum scram_choice choice,
    struct str message);

/* What this connection is, in the terms of s->binding; must be called when that is not empty. */
void scram_bind(struct scram *s, struct str data);

/* Append the server's first message; `nonce` is the server's part (printable, no comma). */
void scram_server_first(struct scram *s, const struct scram_keys *keys, struct str nonce,
    struct buf *out);

/*
 * Take the client's final message; on FAIL_NONE the server's final message "v=.." is appended.
 * FAIL_DENIED: wrong password, or bound to another connection than this (s->has_other_binding);
 * FAIL_SYNTAX: no such message, or not of this exchange.
 */
MUST_CHECK enum fail scram_client_final(struct scram *s, struct str message, struct buf *out);

/* Does this password give these keys? In constant time. */
bool scram_keys_verify(const struct scram_keys *keys, struct str secret);

#endif
