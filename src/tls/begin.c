/* TLS begins on a connection, from either side. */
#include "tls/connection.h"

/* system */
#include <string.h>

/* rooms */
#include "net/net.h"
#include "tls/chain.h"

#define ALPN_MAX        8
#define SERVER_NAME_MAX 256 /* with its NUL, as BearSSL keeps it */

static void
set_alpn(struct tls *t, const char *const *names)
{
	size_t n = 0;

	if (names == NULL)
		return;
	while (n < ALPN_MAX && names[n])
		n++;
	t->alpn = names;
	br_ssl_engine_set_protocol_names(t->engine.ssl, (const char **)(uintptr_t)names, n);
}

enum fail
tls_accept(struct conn *c, struct tls_context *ctx)
{
	struct tls *t = tls_begin(c);
	const struct listener *l = conn_listener(c);

	t->is_server = true;
	tls_context_prepare(tls_context_hold(ctx), &t->ssl.server, &t->policy);
	engine_begin(&t->engine, &t->ssl.server.eng);
	set_alpn(t, l && l->service ? l->service->alpn : NULL);
	br_ssl_server_reset(&t->ssl.server);
	return tls_push(t, c);
}

/* The host name for SNI and verification; empty for addresses, which neither knows (RFC 6066 3). */
static void
host_name(struct str s, char out[SERVER_NAME_MAX])
{
	struct net_address address;

	out[0] = '\0';
	if (s.n >= SERVER_NAME_MAX || str_find_char(s, '\0') != STR_NONE ||
	    net_address_parse(s, &address) == FAIL_NONE)
		return;
	if (s.n > 0)
		memcpy(out, s.p, s.n);
	out[s.n] = '\0';
}

enum fail
tls_client(struct conn *c, const struct tls_client_options *options)
{
	char name[SERVER_NAME_MAX];
	br_ssl_session_parameters before;
	bool is_resuming = options->session && options->session->is_set;
	struct tls *t;
	br_ssl_client_context *ssl;

	host_name(options->name, name);
	if (options->verify == TLS_VERIFY_REQUIRED && (name[0] == '\0' || options->trust == NULL))
		return FAIL_PERM;
	t = tls_begin(c);
	ssl = &t->ssl.client;
	t->is_named = name[0] != '\0';
	t->trust = tls_trust_hold(options->trust);
	t->verify = mem_new(1, sizeof *t->verify);
	verify_init(t->verify, t->trust, options->verify == TLS_VERIFY_REQUIRED);
	buf_init(&t->chain, TLS_CHAIN_BYTES_MAX);
	if (options->keeps_chain)
		t->verify->chain = &t->chain;
	t->session = options->session;
	br_ssl_client_zero(ssl);
	engine_profile(&ssl->eng, false);
	br_ssl_engine_set_default_rsavrfy(&ssl->eng);
	br_ssl_engine_set_default_ecdsa(&ssl->eng);
	br_ssl_engine_set_x509(&ssl->eng, &t->verify->vtable);
	engine_begin(&t->engine, &ssl->eng);
	set_alpn(t, options->alpn);
	if (is_resuming) {
		memcpy(&before, options->session->bytes, sizeof before);
		br_ssl_engine_set_session_parameters(&ssl->eng, &before);
	}
	br_ssl_client_reset(ssl, name, is_resuming);
	return tls_push(t, c);
}
