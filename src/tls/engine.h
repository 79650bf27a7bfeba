/*
 * engine.h - a BearSSL engine that owns no record buffers while it is idle (private to tls).
 *
 * An engine needs 16.7 KB for a record that comes in and 16.5 KB for one that goes out. We lend it
 * one pair that the whole program shares, between engine_lend() and engine_return(). What is left
 * then in the middle of a record moves to a buffer of its own until that record is done. This file
 * alone knows the insides of BearSSL's engine, which is pinned to 0.6.
 */
#ifndef TLS_ENGINE_H
#define TLS_ENGINE_H

#include <bearssl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct engine {
	br_ssl_engine_context *ssl;      /* borrow: the context it is part of */
	unsigned char *own_in, *own_out; /* own; NULL when nothing is under way */
	unsigned char header[4];         /* the first bytes of a record header */
	bool is_lent;
};

/* Suites, hashes, implementations: our profile (RFC 9325 4.2), TLS 1.2 only. */
void engine_profile(br_ssl_engine_context *ssl, bool has_old_suites);

/* The processor does AES itself; where not, ChaCha20 is preferred. */
bool engine_has_aes(void);

/* Give the engine its first buffers and 32 fresh random bytes; then reset client or server. */
void engine_begin(struct engine *e, br_ssl_engine_context *ssl);

/* Everything else happens between these two. Lending never nests. */
void engine_lend(struct engine *e);
void engine_return(struct engine *e);

/* The handshake ended and application data may flow. */
bool engine_is_open(const struct engine *e);

/* The handshake ended, and later our side or the peer closed. */
bool engine_is_closing(const struct engine *e);

/* Nothing encrypted goes out yet: an alert may be written in clear. */
bool engine_is_clear(const struct engine *e);

/* The suite in use. */
uint16_t engine_suite(const struct engine *e);

/* That suite signs with an EC key (else with an RSA one). */
bool engine_is_ecdsa(const struct engine *e);

/*
 * What the client's Finished message of a full handshake held: its first one, tls-unique (RFC 5929 3.1).
 * BearSSL keeps it for renegotiation (RFC 5746), which we never do, so it stays what it was.
 */
#define ENGINE_FINISHED_BYTES 12
struct str engine_client_finished(const struct engine *e);

/* Position of the ALPN name agreed on, or -1. */
int engine_protocol(const struct engine *e);

/* Free private buffers and wipe what they held. */
void engine_release(struct engine *e);

/* Memory held at this moment, for tests. */
size_t engine_held_bytes(const struct engine *e);

#endif
