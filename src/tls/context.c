#include "tls/context.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "tls/x509.h"

#define SESSION_BYTES 100 /* of one entry of BearSSL's cache */
#define SESSIONS_MAX  1000000

struct tls_context {
	unsigned holds;
	struct credential *credentials; /* own */
	size_t credential_count;
	br_ssl_server_context template; /* copied for each connection */
	br_ssl_session_cache_lru cache;
	unsigned char *cache_store; /* own */
};

/* --- choosing ------------------------------------------------------------------------------- */

static enum x509_match
match_of(const struct credential *c, struct str host)
{
	struct str names = c->names, name;
	enum x509_match best = X509_MATCH_NONE;

	while (best != X509_MATCH_EXACT && x509_next_name(&names, &name)) {
		enum x509_match match = x509_match_name(name, host);

		if (match > best)
			best = match;
	}
	return best;
}

/* The credential of a key type that fits the name best; NULL when none has that type and fits. */
static const struct credential *
find(const struct tls_context *ctx, struct str host, int key_type, enum x509_match *match_out)
{
	const struct credential *best = NULL;

	*match_out = X509_MATCH_NONE;
	for (size_t i = 0; i < ctx->credential_count; i++) {
		const struct credential *c = &ctx->credentials[i];
		enum x509_match match =
		    c->key.type == key_type ? match_of(c, host) : X509_MATCH_NONE;

		if (match > *match_out) {
			*match_out = match;
			best = c;
		}
	}
	return best;
}

/* The pair to choose from: an EC and an RSA one for the same name, either may be NULL. */
struct pair {
	const struct credential *ec, *rsa;
};

static struct pair
find_pair(const struct tls_context *ctx, struct str host)
{
	enum x509_match ec, rsa;
	struct pair pair = { find(ctx, host, BR_KEYTYPE_EC, &ec),
		find(ctx, host, BR_KEYTYPE_RSA, &rsa) };

	/* An exact match of one kind is better than "*." of the other. */
	if (ec > rsa)
		pair.rsa = NULL;
	if (rsa > ec)
		pair.ec = NULL;
	return pair;
}

static struct pair
pair_for(const struct tls_context *ctx, struct str host)
{
	const struct credential *first = &ctx->credentials[0];
	struct pair pair = find_pair(ctx, host);
	struct str names = first->names, name;

	if (pair.ec || pair.rsa)
		return pair;
	/* An unknown name, or none: the first certificate, and its twin of the other kind. */
	if (x509_next_name(&names, &name))
		pair = find_pair(ctx, name);
	if (first->key.type == BR_KEYTYPE_EC)
		pair.ec = first;
	else
		pair.rsa = first;
	return pair;
}

/* The hash to sign with: what the client can do, the usual one first; 0 for none. */
static int
choose_hash(uint32_t offered)
{
	static const int order[] = { br_sha256_ID, br_sha384_ID, br_sha512_ID, br_sha224_ID,
		br_sha1_ID };

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		if (offered >> order[i] & 1)
			return order[i];
	}
	return 0;
}

static int
choose(const br_ssl_server_policy_class **class, const br_ssl_server_context *ssl,
    br_ssl_server_choices *choices)
{
	struct policy *policy = (struct policy *)(void *)class;
	struct pair pair =
	    pair_for(policy->context, str_c(br_ssl_engine_get_server_name(&ssl->eng)));
	uint32_t hashes = br_ssl_server_get_client_hashes(ssl);
	int rsa_hash = choose_hash(hashes & 0xff), ec_hash = choose_hash(hashes >> 8 & 0xff);
	size_t count;
	const br_suite_translated *suites = br_ssl_server_get_client_suites(ssl, &count);

	/* A client that cannot check signatures on our curve takes the RSA one. */
	if (pair.ec && !(br_ssl_server_get_client_curves(ssl) >> pair.ec->key.ec.curve & 1))
		pair.ec = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct credential *c = NULL;
		int hash = 0;

		switch (suites[i][1] >> 12) {
		case BR_SSLKEYX_ECDHE_ECDSA:
			c = pair.ec;
			hash = ec_hash;
			break;
		case BR_SSLKEYX_ECDHE_RSA:
			c = pair.rsa;
			hash = rsa_hash;
			break;
		}
		if (c && hash) {
			policy->chosen = c;
			choices->cipher_suite = suites[i][0];
			choices->algo_id = 0xff00u + (unsigned)hash;
			choices->chain = c->chain;
			choices->chain_len = c->chain_count;
			return 1;
		}
	}
	return 0;
}

const struct credential *
policy_credential(const struct policy *policy, const struct engine *engine)
{
	struct pair pair;

	if (policy->chosen)
		return policy->chosen;
	pair = pair_for(policy->context, str_c(br_ssl_engine_get_server_name(engine->ssl)));
	return engine_is_ecdsa(engine) ? pair.ec : pair.rsa;
}

/* Suites without ephemeral keys are never offered. */
static uint32_t
no_key_exchange(const br_ssl_server_policy_class **class, unsigned char *data, size_t *n)
{
	(void)class;
	(void)data;
	(void)n;
	return 0;
}

static size_t
sign(const br_ssl_server_policy_class **class, unsigned algorithm, unsigned char *data,
    size_t hash_n, size_t n)
{
	const struct policy *policy = (const struct policy *)(const void *)class;
	unsigned char hash[64];

	if (hash_n > sizeof hash || policy->chosen == NULL)
		return 0;
	memcpy(hash, data, hash_n);
	return tls_key_sign(&policy->chosen->key, algorithm & 0xff, hash, hash_n, data, n);
}

static const br_ssl_server_policy_class policy_class = {
	.context_size = sizeof(struct policy),
	.choose = choose,
	.do_keyx = no_key_exchange,
	.do_sign = sign,
};

/* --- life ----------------------------------------------------------------------------------- */

enum fail
tls_context_load(struct tls_context **out, const struct tls_options *options, struct buf *why)
{
	struct tls_context *ctx;
	size_t sessions = size_min(options->sessions, SESSIONS_MAX);
	enum fail fail;

	if (options->file_count == 0) {
		buf_add_c(why, "no certificate is configured");
		return FAIL_MISSING;
	}
	ctx = mem_new(1, sizeof *ctx);
	ctx->holds = 1;
	ctx->credentials = mem_new(options->file_count, sizeof ctx->credentials[0]);
	for (size_t i = 0; i < options->file_count; i++) {
		fail = credential_load(&ctx->credentials[i], &options->files[i], why);
		if (fail != FAIL_NONE) {
			tls_context_free(&ctx);
			return fail;
		}
		ctx->credential_count++;
	}
	br_ssl_server_zero(&ctx->template);
	engine_profile(&ctx->template.eng, options->has_old_suites);
	if (sessions > 0) {
		ctx->cache_store = mem_new(sessions, SESSION_BYTES);
		br_ssl_session_cache_lru_init(&ctx->cache, ctx->cache_store,
		    sessions * SESSION_BYTES);
		br_ssl_server_set_cache(&ctx->template, &ctx->cache.vtable);
	}
	*out = ctx;
	return FAIL_NONE;
}

void
tls_context_free(struct tls_context **context)
{
	struct tls_context *ctx = *context;

	*context = NULL;
	if (ctx == NULL || --ctx->holds > 0)
		return;
	for (size_t i = 0; i < ctx->credential_count; i++)
		credential_release(&ctx->credentials[i]);
	mem_free(ctx->credentials);
	mem_free(ctx->cache_store);
	mem_free(ctx);
}

struct tls_context *
tls_context_hold(struct tls_context *ctx)
{
	ctx->holds++;
	return ctx;
}

void
tls_context_prepare(struct tls_context *ctx, br_ssl_server_context *ssl, struct policy *policy)
{
	memcpy(ssl, &ctx->template, sizeof *ssl);
	*policy = (struct policy){ .vtable = &policy_class, .context = ctx };
	br_ssl_server_set_policy(ssl, &policy->vtable);
}

bool
tls_context_changed(const struct tls_context *ctx)
{
	for (size_t i = 0; i < ctx->credential_count; i++) {
		if (credential_changed(&ctx->credentials[i]))
			return true;
	}
	return false;
}

bool
tls_context_can_bind(const struct tls_context *ctx)
{
	for (size_t i = 0; i < ctx->credential_count; i++) {
		if (ctx->credentials[i].end_point_n == 0)
			return false;
	}
	return true;
}

int64_t
tls_context_expires_s(const struct tls_context *ctx)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < ctx->credential_count; i++)
		first = i64_min(first, ctx->credentials[i].not_after_s);
	return first;
}
