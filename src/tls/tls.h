/*
 * tls.h - encrypt a connection, as server or as client.
 *
 * TLS 1.2 (RFC 5246) by BearSSL; no TLS 1.3, no renegotiation, no compression. By default only
 * suites with ephemeral ECDH and AEAD are offered (RFC 9325 4.2). A server context holds
 * certificates (several names, RSA and ECDSA side by side, chosen by SNI, RFC 6066) and the session
 * cache. After the filter is installed the session reads and writes as before; the handshake runs
 * by itself in reading calls. Idle connections hold no record buffers.
 *
 * Ownership: contexts and trust are counted: connections keep theirs alive, so the server may swap
 * a new one in and free the old one at any time. No BearSSL type appears here.
 */
#ifndef TLS_TLS_H
#define TLS_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "net/conn.h"

/* --- server side ---------------------------------------------------------------------------- */

struct tls_context;

struct tls_files {
	struct str chain; /* path of a PEM file: our certificate, then the intermediate ones */
	struct str key;   /* path of a PEM file: RSA 2048-4096 or EC P-256/P-384 private key */
};

struct tls_options {
	const struct tls_files *files; /* the first is the default for unknown names */
	size_t file_count;
	bool has_old_suites; /* CBC suites with ephemeral keys too, for old programs */
	size_t sessions;     /* entries of the session cache, 0 for none */
};

/*
 * Read certificates and keys. On failure one line naming the file and the reason is appended to
 * `why`:
 *   FAIL_MISSING  a file cannot be read
 *   FAIL_SYNTAX   a file holds no certificate or no key, or they are damaged
 *   FAIL_PERM     the key does not belong to the certificate, or is of a kind we do not do
 */
MUST_CHECK enum fail tls_context_load(struct tls_context **out, const struct tls_options *options,
    struct buf *why);

/* Give the caller's hold back; *ctx becomes NULL. */
void tls_context_free(struct tls_context **ctx);

/* One of its files changed since it was loaded (time, size or inode): worth loading anew. */
bool tls_context_changed(const struct tls_context *ctx);

/* The earliest end of validity of its certificates, seconds since 1970. */
int64_t tls_context_expires_s(const struct tls_context *ctx);

/*
 * Start TLS on an inbound connection: at once for implicit TLS, or after the reply to STARTTLS was
 * appended (that reply still leaves in clear). FAIL_PERM when the peer already sent bytes behind
 * STARTTLS (RFC 3207 6, injection): close. Protocol names come from the service's `alpn`.
 */
MUST_CHECK enum fail tls_accept(struct conn *c, struct tls_context *ctx);

/* --- client side ---------------------------------------------------------------------------- */

struct tls_trust;

/* Parse a PEM bundle of CA certificates once; "" for the system's. Failures as above. */
MUST_CHECK enum fail tls_trust_load(struct tls_trust **out, struct str path, struct buf *why);
void tls_trust_free(struct tls_trust **trust);

/* One more owner, who lets go by tls_trust_free(); NULL stays NULL. */
struct tls_trust *tls_trust_hold(struct tls_trust *trust);

/* The certificates of one more bundle; failures as above, and then nothing was added. */
MUST_CHECK enum fail tls_trust_add(struct tls_trust *trust, struct str path, struct buf *why);

enum tls_verify {
	TLS_VERIFY_REQUIRED, /* chain and name must be right, or the handshake fails */
	TLS_VERIFY_RECORDED, /* opportunistic (RFC 7435): go on; tls_facts.is_verified tells */
};

/* What lets a client resume a session with the same server; zeroed at first; a secret. */
struct tls_session {
	unsigned char bytes[96];
	bool is_set;
};

struct tls_client_options {
	struct str name;         /* SNI and the name to verify */
	struct tls_trust *trust; /* may be NULL with TLS_VERIFY_RECORDED: nothing is verified */
	enum tls_verify verify;
	const char *const *alpn; /* NULL-terminated, static; or NULL */
	bool keeps_chain;        /* for tls_chain() */
	struct tls_session
	    *session; /* borrow: until the handshake is done; used and updated; or NULL */
};

/*
 * Start TLS as client; failures as tls_accept(), and FAIL_PERM when verification is required
 * without a trust or without a host name (addresses cannot be verified).
 */
MUST_CHECK enum fail tls_client(struct conn *c, const struct tls_client_options *options);

/* --- facts ---------------------------------------------------------------------------------- */

struct tls_facts {
	const char *version;  /* "TLS1.2" */
	const char *cipher;   /* "ECDHE_RSA_WITH_AES_128_GCM_SHA256" */
	struct str name;      /* server name of the peer's SNI (server side); lives with the conn */
	const char *protocol; /* ALPN, or NULL */
	bool is_resumed;
	bool is_verified;       /* client: chain and name were right */
	bool is_done;           /* the handshake ended well; all others are valid only then */
	bool is_truncated;      /* the peer's bytes ended without a close_notify */
	int error;              /* BearSSL's code, 0 for none */
	const char *error_name; /* "BR_ERR_X509_NOT_TRUSTED" */
	const char *doubt; /* client: the same of a chain that need not be right; "" when it is */
	uint8_t peer_sha256[32]; /* client: hash of the peer's certificate (DER) */
};

/* False when c has no TLS. */
bool tls_facts(const struct conn *c, struct tls_facts *out);

/*
 * Client: the certificates that the server showed (chain.h), when the order said so, until tls_chain_drop(). Empty: not
 * kept, or larger than TLS_CHAIN_BYTES_MAX.
 */
struct str tls_chain(const struct conn *c);
void tls_chain_drop(struct conn *c);

/* The handshake ended well. */
bool tls_is_done(const struct conn *c);

/* --- channel binding ------------------------------------------------------------------------ */

/* What a login above can be bound to (RFC 5929). tls-exporter (RFC 9266) is for TLS 1.3. */
enum tls_binding {
	TLS_BINDING_UNIQUE,    /* the client's first Finished message: this connection */
	TLS_BINDING_END_POINT, /* a hash of the server's certificate */
	TLS_BINDING_COUNT
};
extern const char *const tls_binding_names[]; /* "tls-unique" .. */

/*
 * May logins be bound to it? That is so when we are the server and certificates have an end point, and
 * does not change when the handshake ends. False for NULL.
 */
bool tls_can_bind(const struct conn *c);

/*
 * Append the data of a binding:
 *   FAIL_MISSING  no TLS, or the handshake is not done
 *   FAIL_PERM     not this binding: tls-unique of a resumed session; the end point of a certificate whose
 *                 signature gives no hash, or as client
 */
MUST_CHECK enum fail tls_binding(const struct conn *c, enum tls_binding kind, struct buf *out);

/* --- self-signed certificates --------------------------------------------------------------- */

/*
 * An EC P-256 key and a self-signed certificate for `names` (DNS names and IP addresses, separated
 * by blanks; the first is the subject), valid `days` days from now, appended as PEM to key_out and
 * chain_out. FAIL_SYNTAX: no name, or one that is neither.
 */
MUST_CHECK enum fail tls_make_self_signed(struct str names, unsigned days, struct buf *key_out,
    struct buf *chain_out);

/* The same into two files, the key readable by its owner only; why as tls_context_load(). */
MUST_CHECK enum fail tls_write_self_signed(struct str names, unsigned days,
    const struct tls_files *files, struct buf *why);

#endif
