#include "tls/pin.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/hash.h"
#include "crypto/private_key.h"
#include "tls/credential.h"
#include "tls/x509.h"

#define SPKI_MAX 4096 /* bytes of a SubjectPublicKeyInfo; RSA 4096 has 550 */

/* id-ecPublicKey 1.2.840.10045.2.1, the two curves (RFC 5480 2.1) */
static const struct str oid_ec = STR_INIT("\x2a\x86\x48\xce\x3d\x02\x01");
static const struct str oid_p256 = STR_INIT("\x2a\x86\x48\xce\x3d\x03\x01\x07");
static const struct str oid_p384 = STR_INIT("\x2b\x81\x04\x00\x22");

static enum fail
read_file(struct str path, struct buf *out, struct buf *why)
{
	struct buf name;
	enum fail fail;

	buf_init(&name, 4096);
	buf_add(&name, path);
	fail = file_read(buf_c(&name), out, NULL, why);
	buf_release(&name);
	return fail;
}

static enum fail
refuse(struct buf *why, struct str path, const char *reason, enum fail fail)
{
	buf_add(why, path);
	buf_add_c(why, ": ");
	buf_add_c(why, reason);
	return fail;
}

/* --- certificates ----------------------------------------------------------------------------- */

static bool
is_for(const struct x509_facts *facts, struct str host)
{
	struct str names = facts->names, name;

	while (x509_next_name(&names, &name)) {
		if (x509_match_name(name, host) != X509_MATCH_NONE)
			return true;
	}
	return false;
}

/* The first certificate of the text. */
static enum fail
find_certificate(struct str text, struct buf *der)
{
	struct str label;
	enum fail fail;

	do {
		fail = pem_next(&text, &label, der);
	} while (fail == FAIL_NONE && !str_eq(label, STR("CERTIFICATE")));
	return fail;
}

enum fail
tls_pin_certificate(struct str path, struct str host, struct tls_pin *out, bool *is_for_out,
    struct buf *why)
{
	struct buf text, der;
	struct x509_facts facts = { .spki = { 0 } };
	enum fail fail;

	buf_init(&der, TLS_FILE_MAX);
	fail = read_file(path, &text, why);
	if (fail == FAIL_NONE && find_certificate(buf_str(&text), &der) != FAIL_NONE)
		fail = refuse(why, path, "no certificate in it", FAIL_SYNTAX);
	else if (fail == FAIL_NONE && x509_parse(buf_str(&der), &facts) != FAIL_NONE)
		fail = refuse(why, path, "a certificate is damaged", FAIL_SYNTAX);
	if (fail == FAIL_NONE) {
		hash_once(HASH_SHA256, facts.spki, out->bytes);
		*is_for_out = is_for(&facts, host);
	}
	buf_release(&der);
	buf_release(&text);
	return fail;
}

/* --- keys ------------------------------------------------------------------------------------- */

/* SubjectPublicKeyInfo of an EC key (RFC 5480 2) */
static void
write_ec(const br_ec_private_key *key, struct buf *spki)
{
	unsigned char point[BR_EC_KBUF_PUB_MAX_SIZE];
	size_t n = br_ec_compute_pub(br_ec_get_default(), NULL, point, key);
	struct buf kind, both;

	buf_init(&kind, SPKI_MAX);
	buf_init(&both, SPKI_MAX);
	der_write(&kind, DER_OID, oid_ec);
	der_write(&kind, DER_OID, key->curve == BR_EC_secp256r1 ? oid_p256 : oid_p384);
	der_write(&both, DER_SEQUENCE, buf_str(&kind));
	buf_clear(&kind);
	buf_add_char(&kind, '\0'); /* a BIT STRING without unused bits */
	buf_add(&kind, str_of(point, n));
	der_write(&both, DER_BIT_STRING, buf_str(&kind));
	der_write(spki, DER_SEQUENCE, buf_str(&both));
	buf_release(&kind);
	buf_release(&both);
}

static enum fail
write_ec_key(struct str pem, struct buf *spki)
{
	struct tls_key key;
	struct str label;
	struct buf der;
	enum fail fail;

	buf_init_secret(&der, TLS_FILE_MAX);
	do {
		fail = pem_next(&pem, &label, &der);
	} while (fail == FAIL_NONE && !str_ends(label, STR("PRIVATE KEY")));
	if (fail == FAIL_NONE)
		fail = tls_key_parse(&key, label, buf_str(&der));
	if (fail == FAIL_NONE && key.type == BR_KEYTYPE_EC)
		write_ec(&key.ec, spki);
	if (fail == FAIL_NONE)
		tls_key_release(&key);
	buf_release(&der);
	return fail == FAIL_NONE && spki->n == 0 ? FAIL_PERM : fail;
}

static enum fail
write_key(struct str pem, struct buf *spki)
{
	struct private_key key;
	enum fail fail = private_key_parse(&key, pem);

	if (fail != FAIL_NONE)
		return write_ec_key(pem, spki);
	if (key.kind == PRIVATE_KEY_RSA)
		private_key_public_write(&key, spki);
	else
		fail = FAIL_PERM; /* Ed25519: BearSSL has no certificates of that kind */
	private_key_release(&key);
	return fail;
}

enum fail
tls_pin_key(struct str path, struct tls_pin *out, struct buf *why)
{
	struct buf text, spki;
	enum fail fail;

	buf_init(&spki, SPKI_MAX);
	fail = read_file(path, &text, why);
	if (fail == FAIL_NONE) {
		fail = write_key(buf_str(&text), &spki);
		if (fail != FAIL_NONE)
			refuse(why, path, "no key of ours in it, or a damaged one", fail);
	}
	if (fail == FAIL_NONE)
		hash_once(HASH_SHA256, buf_str(&spki), out->bytes);
	buf_release(&text);
	buf_release(&spki);
	return fail;
}
