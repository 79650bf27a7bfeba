/* What is known of a connection's TLS: version, suite, names, the chain, and what binds a login to it. */
#include "tls/connection.h"

/* system */
#include <string.h>

/* rooms */
#include "tls/name.h"

bool
tls_facts(const struct conn *c, struct tls_facts *out)
{
	const struct tls *t = tls_under(c);
	int protocol;

	*out = (struct tls_facts){ 0 };
	if (t == NULL)
		return false;
	protocol = engine_protocol(&t->engine);
	out->version = "TLS1.2";
	out->cipher = tls_suite_name(engine_suite(&t->engine));
	out->name = str_c(br_ssl_engine_get_server_name(t->engine.ssl));
	out->protocol = protocol >= 0 && t->alpn ? t->alpn[protocol] : NULL;
	out->is_resumed = t->is_resumed;
	out->is_verified = t->is_verified;
	out->is_done = t->is_done;
	out->error = br_ssl_engine_last_error(t->engine.ssl);
	out->is_truncated = t->is_ended;
	out->error_name = out->error ? tls_error_name(out->error) : "";
	out->doubt = t->chain_error ? tls_error_name((int)t->chain_error) : "";
	memcpy(out->peer_sha256, t->peer_sha256, sizeof out->peer_sha256);
	return true;
}

struct str
tls_chain(const struct conn *c)
{
	const struct tls *t = tls_under(c);

	return t && buf_ok(&t->chain) ? buf_str(&t->chain) : STR("");
}

void
tls_chain_drop(struct conn *c)
{
	struct tls *t = tls_under(c);

	if (t)
		buf_release(&t->chain);
}

/* --- channel binding ------------------------------------------------------------------------ */

const char *const tls_binding_names[] = {
	[TLS_BINDING_UNIQUE] = "tls-unique",
	[TLS_BINDING_END_POINT] = "tls-server-end-point",
};

_Static_assert(ARRAY_LEN(tls_binding_names) == TLS_BINDING_COUNT, "every binding has its name");

bool
tls_can_bind(const struct conn *c)
{
	const struct tls *t = c ? tls_under(c) : NULL;

	return t && t->is_server && tls_context_can_bind(t->policy.context);
}

enum fail
tls_binding(const struct conn *c, enum tls_binding kind, struct buf *out)
{
	const struct tls *t = tls_under(c);
	const struct credential *mine;

	if (t == NULL || !t->is_done)
		return FAIL_MISSING;
	if (kind == TLS_BINDING_UNIQUE) {
		/*
		 * A server between us and the client can lead two full handshakes to one master secret
		 * and then resume both sessions: the Finished messages are the same on both sides.
		 * Only the extended master secret stops that (RFC 7627 5.4), and BearSSL has none.
		 */
		if (t->is_resumed)
			return FAIL_PERM;
		buf_add(out, engine_client_finished(&t->engine));
		return FAIL_NONE;
	}
	mine = t->is_server ? policy_credential(&t->policy, &t->engine) : NULL;
	if (mine == NULL || mine->end_point_n == 0)
		return FAIL_PERM;
	buf_add(out, str_of(mine->end_point, mine->end_point_n));
	return FAIL_NONE;
}

bool
tls_is_done(const struct conn *c)
{
	const struct tls *t = tls_under(c);

	return t && t->is_done;
}
