/*
 * connection.h - what TLS keeps of a connection: the filter, the engine, both sides' options. Private to the room.
 *
 * begin.c makes one, filter.c moves its records, facts.c tells about it. It is the filter's, and goes with it.
 */
#ifndef TLS_CONNECTION_H
#define TLS_CONNECTION_H

/* base */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "net/filter.h"
#include "tls/context.h"
#include "tls/engine.h"
#include "tls/tls.h"
#include "tls/trust.h"
#include "tls/verify.h"

struct tls {
	struct filter filter;
	struct engine engine;
	struct buf wire; /* records that the socket did not take yet */
	struct buf raw;  /* bytes that were read behind what the reader had room for */
	struct log log;
	struct policy policy;        /* server */
	struct tls_trust *trust;     /* client; own: a hold */
	struct verify *verify;       /* client; own; until the handshake is done */
	struct tls_session *session; /* client; borrow; until the handshake is done */
	const char *const *alpn;     /* borrow; static */
	struct buf chain;            /* client; what the server showed, if it is kept */
	unsigned chain_error;        /* client; what was wrong with it */
	bool is_server;
	bool is_done, is_resumed, is_verified;
	bool is_named;   /* client: there is a host name to verify */
	bool is_told;    /* its failure was logged */
	bool has_closed; /* our close_notify was made */
	bool is_ended;   /* the peer's bytes ended */
	unsigned char peer_sha256[32];
	union {
		br_ssl_server_context server;
		br_ssl_client_context client;
	} ssl;
};

_Static_assert(sizeof(struct tls) <= 4864, "an idle TLS connection stays under 6 KB");

extern const struct filter_ops tls_ops;

/* A connection's, or NULL: it has no TLS. */
static inline struct tls *
tls_under(const struct conn *c)
{
	struct filter *f = conn_filter(c, &tls_ops);

	return f ? container_of(f, struct tls, filter) : NULL;
}

/* One without an engine yet. */
struct tls *tls_begin(struct conn *c);

/* Put it on the connection; its first records wait behind what was said in clear. On failure it is gone. */
MUST_CHECK enum fail tls_push(struct tls *t, struct conn *c);

#endif
