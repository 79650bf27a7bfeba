/*
 * scram_client.h - the client's side of SCRAM-SHA-1 and SCRAM-SHA-256 (RFC 5802, RFC 7677).
 *
 * Pure computation: messages in, messages out; the caller moves them. Stretching the password takes
 * long, and the server says how long, so it is done in slices:
 *
 *     scram_login_first--> server first --scram_login_challenge, scram_login_work until true,
 *     scram_login_final--> server final --scram_login_verify--> FAIL_NONE: it knows the password too
 *
 * Not done: channel binding, and SASLprep of what is not ASCII: such names and passwords are used as they
 * come, as in scram.h.
 *
 * Ownership: a struct scram_login holds buffers and secrets until scram_login_release(), safe on a
 * zeroed one.
 */
#ifndef CRYPTO_SCRAM_CLIENT_H
#define CRYPTO_SCRAM_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "crypto/hash.h"
#include "crypto/hmac.h"

#define SCRAM_LOGIN_ITERATIONS_MIN 4096    /* RFC 7677 4; fewer help whoever tries passwords */
#define SCRAM_LOGIN_ITERATIONS_MAX 1000000 /* about a second of work; more would be an attack */

struct scram_login { /* fields: read only */
	enum hash hash;
	struct buf nonce;    /* own: ours, then both */
	struct buf auth;     /* own: the messages so far, joined as the signature wants them */
	uint32_t iterations; /* that the server asked for; 0: no challenge yet */
	uint32_t done;       /* .. and how many were made */
	struct hmac_state keyed;
	unsigned char last[HASH_SIZE_MAX], salted[HASH_SIZE_MAX];
};

void scram_login_init(struct scram_login *l, enum hash hash);
void scram_login_release(struct scram_login *l);

/*
 * Append the client's first message; `nonce` is our part (printable, no comma). FAIL_SYNTAX: not a
 * name that can be said (empty, NUL, not UTF-8).
 */
MUST_CHECK enum fail scram_login_first(struct scram_login *l, struct str user, struct str nonce,
    struct buf *out);

/*
 * Take the server's first message; `secret` is used here only.
 *   FAIL_SYNTAX  no such message, or not of this exchange
 *   FAIL_LIMIT   it asks for too few or too many iterations
 */
MUST_CHECK enum fail scram_login_challenge(struct scram_login *l, struct str message,
    struct str secret);

/* Make up to `most` iterations, about 0.6 us each; true when all are made. */
MUST_CHECK bool scram_login_work(struct scram_login *l, uint32_t most);

/* Append the client's final message. */
void scram_login_final(struct scram_login *l, struct buf *out);

/*
 * Take the server's final message.
 *   FAIL_NONE    it is the server that knows our keys
 *   FAIL_DENIED  it says that we are not let in, or its signature is wrong
 *   FAIL_SYNTAX  no such message
 */
MUST_CHECK enum fail scram_login_verify(struct scram_login *l, struct str message);

#endif
