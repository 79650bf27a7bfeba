#include "tls/trust.h"

/* system */
#include <string.h>

/* base */
#include "base/arena.h"
#include "base/mem.h"

/* rooms */
#include "tls/credential.h"
#include "codec/pem.h"

#define TRUST_SYSTEM      "/etc/ssl/certs/ca-certificates.crt" /* Debian's ca-certificates */
#define TRUST_COUNT_MAX   4096                                 /* certificates; Debian has 150 */
#define TRUST_ARENA_BYTES (8 * 1024 * 1024)
#define DN_MAX            4096 /* bytes of a subject */

struct tls_trust {
	unsigned holds;
	struct arena arena;
	br_x509_trust_anchor *anchors; /* own */
	size_t count, cap;
};

/* BearSSL hands over the subject piece by piece. */
static void
take_dn(void *arg, const void *p, size_t n)
{
	buf_add(arg, str_of(p, n));
}

/* A copy in the arena, in BearSSL's type. */
static bool
copy(struct arena *a, const unsigned char *p, size_t n, unsigned char **out)
{
	*out = arena_alloc(a, n, 1);
	if (*out == NULL)
		return false;
	memcpy(*out, p, n);
	return true;
}

static bool
copy_key(struct arena *a, const br_x509_pkey *from, br_x509_pkey *to)
{
	*to = *from;
	if (from->key_type == BR_KEYTYPE_EC)
		return copy(a, from->key.ec.q, from->key.ec.qlen, &to->key.ec.q);
	return copy(a, from->key.rsa.n, from->key.rsa.nlen, &to->key.rsa.n) &&
	    copy(a, from->key.rsa.e, from->key.rsa.elen, &to->key.rsa.e);
}

/* One that BearSSL cannot read (an unusual key) is left out, as other programs do. */
static enum fail
add_anchor(struct tls_trust *trust, struct str der, struct buf *dn)
{
	br_x509_decoder_context d;
	const br_x509_pkey *key;
	br_x509_trust_anchor anchor = { 0 };

	buf_clear(dn);
	br_x509_decoder_init(&d, take_dn, dn);
	br_x509_decoder_push(&d, der.p, der.n);
	key = br_x509_decoder_get_pkey(&d);
	if (key == NULL || !buf_ok(dn))
		return FAIL_NONE;
	if (trust->count == TRUST_COUNT_MAX ||
	    !copy(&trust->arena, (const unsigned char *)buf_str(dn).p, dn->n, &anchor.dn.data) ||
	    !copy_key(&trust->arena, key, &anchor.pkey))
		return FAIL_LIMIT;
	anchor.dn.len = dn->n;
	anchor.flags = br_x509_decoder_isCA(&d) ? BR_X509_TA_CA : 0;
	if (trust->count == trust->cap) {
		trust->cap = trust->cap ? trust->cap * 2 : 16;
		trust->anchors = mem_resize(trust->anchors, trust->cap, sizeof trust->anchors[0]);
	}
	trust->anchors[trust->count++] = anchor;
	return FAIL_NONE;
}

static enum fail
parse(struct tls_trust *trust, struct str text)
{
	size_t before = trust->count;
	struct str label;
	struct buf der, dn;
	enum fail fail;

	buf_init(&der, TLS_FILE_MAX);
	buf_init(&dn, DN_MAX);
	while ((fail = pem_next(&text, &label, &der)) == FAIL_NONE) {
		if (!str_ends(label, STR("CERTIFICATE")))
			continue;
		fail = add_anchor(trust, buf_str(&der), &dn);
		if (fail != FAIL_NONE)
			break;
	}
	buf_release(&der);
	buf_release(&dn);
	return fail == FAIL_MISSING && trust->count > before ? FAIL_NONE : FAIL_SYNTAX;
}

enum fail
tls_trust_add(struct tls_trust *trust, struct str path, struct buf *why)
{
	size_t before = trust->count;
	const char *c = arena_c(&trust->arena, path);
	struct buf text;
	enum fail fail;

	invariant(c != NULL);
	fail = file_read(c, &text, NULL, why);
	if (fail == FAIL_NONE) {
		fail = parse(trust, buf_str(&text));
		if (fail != FAIL_NONE)
			refuse_file(why, c, "no CA certificates in it, or damaged ones", fail);
	}
	buf_release(&text);
	if (fail != FAIL_NONE)
		trust->count = before;
	return fail;
}

enum fail
tls_trust_load(struct tls_trust **out, struct str path, struct buf *why)
{
	struct tls_trust *trust = mem_new(1, sizeof *trust);
	enum fail fail;

	trust->holds = 1;
	arena_init(&trust->arena, TRUST_ARENA_BYTES);
	fail = tls_trust_add(trust, str_empty(path) ? STR(TRUST_SYSTEM) : path, why);
	if (fail != FAIL_NONE)
		tls_trust_free(&trust);
	*out = trust;
	return fail;
}

void
tls_trust_free(struct tls_trust **t)
{
	struct tls_trust *trust = *t;

	*t = NULL;
	if (trust == NULL || --trust->holds > 0)
		return;
	arena_release(&trust->arena);
	mem_free(trust->anchors);
	mem_free(trust);
}

struct tls_trust *
tls_trust_hold(struct tls_trust *trust)
{
	if (trust)
		trust->holds++;
	return trust;
}

const br_x509_trust_anchor *
tls_trust_anchors(const struct tls_trust *trust, size_t *count_out)
{
	*count_out = trust ? trust->count : 0;
	return trust ? trust->anchors : NULL;
}
