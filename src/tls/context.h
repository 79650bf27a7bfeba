/*
 * context.h - the server side's shared things, as filter.c needs them (private to tls).
 */
#ifndef TLS_CONTEXT_H
#define TLS_CONTEXT_H

#include <bearssl.h>

#include "tls/credential.h"
#include "tls/engine.h"

/* BearSSL's question "which certificate and suite", one per connection. */
struct policy {
	const br_ssl_server_policy_class *vtable; /* first: BearSSL knows us by it */
	struct tls_context *context;              /* borrow: held by the connection */
	const struct credential *chosen;          /* NULL in a resumed session */
};

/*
 * The credential that stands for us in a connection whose handshake is done. A resumed session has shown
 * none; it is the one that its name and suite lead to, because a cache never outlives its context.
 */
const struct credential *policy_credential(const struct policy *policy,
    const struct engine *engine);

/* Every credential has an end_point. */
bool tls_context_can_bind(const struct tls_context *ctx);

/* One more hold. */
struct tls_context *tls_context_hold(struct tls_context *ctx);

/* Fill in a server context and its policy, ready for engine_begin() and the reset. */
void tls_context_prepare(struct tls_context *ctx, br_ssl_server_context *ssl,
    struct policy *policy);

#endif
