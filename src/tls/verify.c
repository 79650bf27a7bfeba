#include "tls/verify.h"

/* base */
#include "base/clock.h"

/* rooms */
#include "tls/chain.h"
#include "tls/trust.h"

#define DAYS_TO_1970 719528 /* from January 1st of year 0, as BearSSL counts */

/* How BearSSL calls dNSName of subjectAltName: 0 for that extension, then the tag of GeneralName. */
static const unsigned char dns_name_tag[] = { 0, 2 };

static struct verify *
verify_of(const br_x509_class **class)
{
	return (struct verify *)(void *)class;
}

static void
start_chain(const br_x509_class **class, const char *server_name)
{
	struct verify *v = verify_of(class);

	v->minimal.vtable->start_chain(&v->minimal.vtable, server_name);
	br_x509_decoder_init(&v->leaf, NULL, NULL);
	br_sha256_init(&v->leaf_hash);
	v->count = 0;
	v->is_named = server_name != NULL && server_name[0] != '\0';
}

static void
start_cert(const br_x509_class **class, uint32_t n)
{
	struct verify *v = verify_of(class);

	v->is_first = v->count++ == 0;
	if (v->chain)
		chain_begin(v->chain, n);
	v->minimal.vtable->start_cert(&v->minimal.vtable, n);
}

static void
append(const br_x509_class **class, const unsigned char *p, size_t n)
{
	struct verify *v = verify_of(class);

	v->minimal.vtable->append(&v->minimal.vtable, p, n);
	if (v->chain)
		buf_add(v->chain, str_of(p, n));
	if (v->is_first) {
		br_x509_decoder_push(&v->leaf, p, n);
		br_sha256_update(&v->leaf_hash, p, n);
	}
}

static void
end_cert(const br_x509_class **class)
{
	struct verify *v = verify_of(class);

	v->minimal.vtable->end_cert(&v->minimal.vtable);
	if (v->is_first)
		br_sha256_out(&v->leaf_hash, v->sha256);
}

static unsigned
end_chain(const br_x509_class **class)
{
	struct verify *v = verify_of(class);

	v->error = v->minimal.vtable->end_chain(&v->minimal.vtable);
	if (v->error == 0 && v->is_named && v->dns_name.status == 0)
		v->error = BR_ERR_X509_BAD_SERVER_NAME;
	if (v->is_required || v->error == 0)
		return v->error;
	return br_x509_decoder_get_pkey(&v->leaf) ? 0 : v->error;
}

static const br_x509_pkey *
get_pkey(const br_x509_class *const *class, unsigned *usages)
{
	const struct verify *v = (const struct verify *)(const void *)class;

	if (v->error == 0)
		return v->minimal.vtable->get_pkey(&v->minimal.vtable, usages);
	if (v->is_required || v->leaf.err != 0)
		return NULL;
	if (usages)
		*usages = BR_KEYTYPE_SIGN | BR_KEYTYPE_KEYX;
	return &v->leaf.pkey;
}

static const br_x509_class verify_class = {
	.context_size = sizeof(struct verify),
	.start_chain = start_chain,
	.start_cert = start_cert,
	.append = append,
	.end_cert = end_cert,
	.end_chain = end_chain,
	.get_pkey = get_pkey,
};

void
verify_prepare(br_x509_minimal_context *minimal, const br_x509_trust_anchor *anchors, size_t count,
    int64_t now_s)
{
	br_x509_minimal_init(minimal, &br_sha256_vtable, anchors, count);
	br_x509_minimal_set_rsa(minimal, br_rsa_pkcs1_vrfy_get_default());
	br_x509_minimal_set_ecdsa(minimal, br_ec_get_default(), br_ecdsa_vrfy_asn1_get_default());
	br_x509_minimal_set_hash(minimal, br_sha256_ID, &br_sha256_vtable);
	br_x509_minimal_set_hash(minimal, br_sha384_ID, &br_sha384_vtable);
	br_x509_minimal_set_hash(minimal, br_sha512_ID, &br_sha512_vtable);
	br_x509_minimal_set_time(minimal, (uint32_t)(now_s / 86400 + DAYS_TO_1970),
	    (uint32_t)(now_s % 86400));
}

void
verify_init(struct verify *v, struct tls_trust *trust, bool is_required)
{
	size_t count;
	const br_x509_trust_anchor *anchors = tls_trust_anchors(trust, &count);

	*v = (struct verify){ .vtable = &verify_class,
		.trust = trust,
		.is_required = is_required,
		.error = BR_ERR_X509_EMPTY_CHAIN };
	verify_prepare(&v->minimal, anchors, count, clock_wall_s());
	v->dns_name =
	    (br_name_element){ .oid = dns_name_tag, .buf = v->name, .len = sizeof v->name };
	br_x509_minimal_set_name_elements(&v->minimal, &v->dns_name, 1);
}
