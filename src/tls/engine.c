#include "tls/engine.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"
#include "sys/sys.h"

/*
 * What we know of BearSSL 0.6: when these change, read its ssl_engine.c again. Its comment explains
 * the registers: ixa == ixb < 5 while a header is awaited, ixa bytes of it lie in ibuf; oxc == oxa
 * < oxb while nothing waits in obuf.
 */
#if UINTPTR_MAX == UINT64_MAX
_Static_assert(sizeof(br_ssl_engine_context) == 3616, "BearSSL 0.6's engine");
_Static_assert(sizeof(br_ssl_server_context) == 4128, "BearSSL 0.6's server context");
#endif

static struct {
	unsigned char in[BR_SSL_BUFSIZE_INPUT], out[BR_SSL_BUFSIZE_OUTPUT];
	bool is_lent;
} shared;

/* --- profile -------------------------------------------------------------------------------- */

#define GCM_SUITES \
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, \
	    BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, BR_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
#define CHACHA_SUITES \
	BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, \
	    BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
#define OLD_SUITES \
	BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, \
	    BR_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384, BR_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384, \
	    BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, BR_TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, \
	    BR_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, BR_TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA
#define MODERN_COUNT 6

static const uint16_t aes_first[] = { GCM_SUITES, CHACHA_SUITES, OLD_SUITES };
static const uint16_t chacha_first[] = { CHACHA_SUITES, GCM_SUITES, OLD_SUITES };

bool
engine_has_aes(void)
{
	return br_aes_x86ni_ctr_get_vtable() != NULL || br_aes_pwr8_ctr_get_vtable() != NULL;
}

void
engine_profile(br_ssl_engine_context *ssl, bool has_old_suites)
{
	static const br_hash_class *const hashes[] = { &br_sha1_vtable, &br_sha224_vtable,
		&br_sha256_vtable, &br_sha384_vtable, &br_sha512_vtable };

	br_ssl_engine_set_versions(ssl, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(ssl, engine_has_aes() ? aes_first : chacha_first,
	    has_old_suites ? ARRAY_LEN(aes_first) : MODERN_COUNT);
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++)
		br_ssl_engine_set_hash(ssl, br_sha1_ID + (int)i, hashes[i]);
	br_ssl_engine_set_prf_sha256(ssl, &br_tls12_sha256_prf);
	br_ssl_engine_set_prf_sha384(ssl, &br_tls12_sha384_prf);
	br_ssl_engine_set_default_ec(ssl);
	br_ssl_engine_set_default_aes_gcm(ssl);
	br_ssl_engine_set_default_chapol(ssl);
	if (has_old_suites)
		br_ssl_engine_set_default_aes_cbc(ssl);
	/* Our order counts where it matters: without AES in hardware, and with old suites. */
	if (!engine_has_aes() || has_old_suites)
		br_ssl_engine_add_flags(ssl, BR_OPT_ENFORCE_SERVER_PREFERENCES);
	br_ssl_engine_add_flags(ssl, BR_OPT_NO_RENEGOTIATION);
}

/* --- lending -------------------------------------------------------------------------------- */

void
engine_begin(struct engine *e, br_ssl_engine_context *ssl)
{
	unsigned char seed[32];

	*e = (struct engine){ .ssl = ssl, .is_lent = true };
	invariant(!shared.is_lent);
	shared.is_lent = true;
	br_ssl_engine_set_buffers_bidi(ssl, shared.in, sizeof shared.in, shared.out,
	    sizeof shared.out);
	sys_random(seed, sizeof seed);
	br_ssl_engine_inject_entropy(ssl, seed, sizeof seed);
	ssl->rng_os_rand_done = 1; /* seeded: BearSSL need not open /dev/urandom */
	mem_wipe(seed, sizeof seed);
}

void
engine_lend(struct engine *e)
{
	br_ssl_engine_context *ssl = e->ssl;

	invariant(!shared.is_lent && !e->is_lent);
	shared.is_lent = e->is_lent = true;
	ssl->ibuf = e->own_in ? e->own_in : shared.in;
	ssl->obuf = e->own_out ? e->own_out : shared.out;
	if (e->own_in == NULL)
		memcpy(shared.in, e->header, sizeof e->header);
}

static void
drop(unsigned char **p, size_t n)
{
	if (*p == NULL)
		return;
	mem_wipe(*p, n);
	mem_free(*p);
	*p = NULL;
}

/* Nothing is under way: at most the beginning of a header was read. */
static bool
is_idle_in(const br_ssl_engine_context *ssl)
{
	return ssl->err != BR_ERR_OK || ssl->shutdown_recv ||
	    (ssl->ixa == ssl->ixb && ssl->ixa < 5);
}

static bool
is_idle_out(const br_ssl_engine_context *ssl)
{
	return ssl->err != BR_ERR_OK || (ssl->oxc == ssl->oxa && ssl->oxb > ssl->oxa);
}

void
engine_return(struct engine *e)
{
	br_ssl_engine_context *ssl = e->ssl;

	invariant(e->is_lent);
	if (is_idle_in(ssl)) {
		memcpy(e->header, ssl->ibuf, sizeof e->header);
		drop(&e->own_in, sizeof shared.in);
	} else if (e->own_in == NULL) {
		e->own_in = mem_new(1, sizeof shared.in);
		memcpy(e->own_in, shared.in, ssl->ixb);
	}
	if (is_idle_out(ssl)) {
		drop(&e->own_out, sizeof shared.out);
	} else if (e->own_out == NULL) {
		e->own_out = mem_new(1, sizeof shared.out);
		memcpy(e->own_out, shared.out, size_max(ssl->oxa, ssl->oxc));
	}
	ssl->ibuf = ssl->obuf = NULL;
	shared.is_lent = e->is_lent = false;
}

void
engine_release(struct engine *e)
{
	drop(&e->own_in, sizeof shared.in);
	drop(&e->own_out, sizeof shared.out);
}

size_t
engine_held_bytes(const struct engine *e)
{
	return (e->own_in ? sizeof shared.in : 0) + (e->own_out ? sizeof shared.out : 0);
}

/* --- facts ---------------------------------------------------------------------------------- */

bool
engine_is_open(const struct engine *e)
{
	return e->ssl->application_data == 1;
}

bool
engine_is_closing(const struct engine *e)
{
	return e->ssl->application_data == 2;
}

bool
engine_is_clear(const struct engine *e)
{
	return e->ssl->out.vtable == &br_sslrec_out_clear_vtable;
}

uint16_t
engine_suite(const struct engine *e)
{
	return e->ssl->session.cipher_suite;
}

bool
engine_is_ecdsa(const struct engine *e)
{
	switch (engine_suite(e)) {
	case BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256:
	case BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384:
	case BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256:
	case BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256:
	case BR_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384:
	case BR_TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA:
	case BR_TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: return true;
	}
	return false;
}

struct str
engine_client_finished(const struct engine *e)
{
	_Static_assert(sizeof e->ssl->saved_finished == 2 * ENGINE_FINISHED_BYTES,
	    "the client's, then the server's");
	return str_of(e->ssl->saved_finished, ENGINE_FINISHED_BYTES);
}

int
engine_protocol(const struct engine *e)
{
	return (int)e->ssl->selected_protocol - 1;
}
