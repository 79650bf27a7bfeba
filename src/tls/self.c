/* Self-signed certificates (RFC 5280), for `staunch setup` and for tests. */

/* system */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "sys/sys.h"

/* rooms */
#include "net/address.h"
#include "tls/credential.h"
#include "codec/der.h"
#include "codec/pem.h"

#define CERT_MAX     (64 * 1024) /* bytes of a certificate: some thousand names */
#define SERIAL_BYTES 16

static const struct str oid_common_name = STR_INIT("\x55\x04\x03");
static const struct str oid_ecdsa_sha256 = STR_INIT("\x2a\x86\x48\xce\x3d\x04\x03\x02");
static const struct str oid_key = STR_INIT("\x2a\x86\x48\xce\x3d\x02\x01");
static const struct str oid_p256 = STR_INIT("\x2a\x86\x48\xce\x3d\x03\x01\x07");
static const struct str oid_key_usage = STR_INIT("\x55\x1d\x0f");
static const struct str oid_names = STR_INIT("\x55\x1d\x11");
static const struct str oid_constraints = STR_INIT("\x55\x1d\x13");
static const struct str oid_extended_usage = STR_INIT("\x55\x1d\x25");
static const struct str oid_server_auth = STR_INIT("\x2b\x06\x01\x05\x05\x07\x03\x01");

/* A key pair. */
struct pair {
	br_ec_private_key key;
	unsigned char key_bytes[BR_EC_KBUF_PRIV_MAX_SIZE];
	unsigned char public[BR_EC_KBUF_PUB_MAX_SIZE];
	size_t public_n;
};

static void
make_pair(struct pair *pair)
{
	unsigned char seed[32];
	br_hmac_drbg_context random;

	sys_random(seed, sizeof seed);
	br_hmac_drbg_init(&random, &br_sha256_vtable, seed, sizeof seed);
	br_ec_keygen(&random.vtable, br_ec_get_default(), &pair->key, pair->key_bytes,
	    BR_EC_secp256r1);
	pair->public_n = br_ec_compute_pub(br_ec_get_default(), NULL, pair->public, &pair->key);
	mem_wipe(seed, sizeof seed);
	mem_wipe(&random, sizeof random);
}

/* Append to `out` an element with what was written to `inner`, which becomes empty. */
static void
wrap(struct buf *out, uint8_t tag, struct buf *inner)
{
	der_write(out, tag, buf_str(inner));
	buf_clear(inner);
}

/* AlgorithmIdentifier of ecdsa-with-SHA256 (RFC 5758 3.2) */
static void
write_algorithm(struct buf *out)
{
	struct buf inner;

	buf_init(&inner, CERT_MAX);
	der_write(&inner, DER_OID, oid_ecdsa_sha256);
	wrap(out, DER_SEQUENCE, &inner);
	buf_release(&inner);
}

/* Name with one commonName, cut to 64 bytes (ub-common-name) */
static void
write_name(struct buf *out, struct str name)
{
	struct buf a, b;

	buf_init(&a, CERT_MAX);
	buf_init(&b, CERT_MAX);
	der_write(&a, DER_OID, oid_common_name);
	der_write(&a, DER_UTF8, str_head(name, 64));
	wrap(&b, DER_SEQUENCE, &a);
	wrap(&a, DER_SET, &b);
	wrap(out, DER_SEQUENCE, &a);
	buf_release(&a);
	buf_release(&b);
}

/* UTCTime until 2049, then GeneralizedTime (RFC 5280 4.1.2.5) */
static void
write_time(struct buf *out, int64_t s)
{
	time_t t = (time_t)s;
	struct tm tm;
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
	if (tm.tm_year < 150)
		der_write(out, DER_UTC_TIME, str_c(text + 2));
	else
		der_write(out, DER_TIME, str_c(text));
}

static void
write_validity(struct buf *out, unsigned days)
{
	int64_t now = clock_wall_s();
	struct buf inner;

	buf_init(&inner, CERT_MAX);
	write_time(&inner, now - 86400); /* clocks of peers differ */
	write_time(&inner, now + (int64_t)days * 86400);
	wrap(out, DER_SEQUENCE, &inner);
	buf_release(&inner);
}

/* AlgorithmIdentifier of a P-256 key, as it stands in certificates and PKCS#8 */
static void
write_key_kind(struct buf *out)
{
	struct buf inner;

	buf_init(&inner, CERT_MAX);
	der_write(&inner, DER_OID, oid_key);
	der_write(&inner, DER_OID, oid_p256);
	wrap(out, DER_SEQUENCE, &inner);
	buf_release(&inner);
}

/* BIT STRING without unused bits */
static void
write_bits(struct buf *out, struct str bytes)
{
	struct buf inner;

	buf_init(&inner, CERT_MAX);
	buf_add_char(&inner, '\0');
	buf_add(&inner, bytes);
	wrap(out, DER_BIT_STRING, &inner);
	buf_release(&inner);
}

static void
write_extension(struct buf *out, struct str oid, bool is_critical, struct str value)
{
	struct buf inner;

	buf_init(&inner, CERT_MAX);
	der_write(&inner, DER_OID, oid);
	if (is_critical)
		der_write(&inner, DER_BOOLEAN, STR("\xff"));
	der_write(&inner, DER_OCTET_STRING, value);
	wrap(out, DER_SEQUENCE, &inner);
	buf_release(&inner);
}

static bool
is_host_name(struct str s)
{
	if (s.n == 0 || s.n > 253)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!char_is_alpha(s.p[i]) && !char_is_digit(s.p[i]) && s.p[i] != '-' &&
		    s.p[i] != '.' && !(s.p[i] == '*' && i == 0))
			return false;
	}
	return s.p[0] != '.' && s.p[0] != '-';
}

/* GeneralNames: [2] dNSName, [7] iPAddress */
static enum fail
write_names(struct buf *out, struct str names, struct str *first_out)
{
	struct str name;

	*first_out = (struct str){ 0 };
	while (str_next_part(&names, ' ', &name)) {
		struct net_address address;

		if (str_empty(name))
			continue;
		if (str_empty(*first_out))
			*first_out = name;
		if (net_address_parse(name, &address) == FAIL_NONE)
			der_write(out, DER_CONTEXT(7),
			    str_of(address.bytes, address.family == NET_ADDRESS_IPV4 ? 4 : 16));
		else if (is_host_name(name))
			der_write(out, DER_CONTEXT(2), name);
		else
			return FAIL_SYNTAX;
	}
	return str_empty(*first_out) ? FAIL_SYNTAX : FAIL_NONE;
}

static void
write_extensions(struct buf *out, struct buf *names)
{
	struct buf list, value, inner;

	buf_init(&list, CERT_MAX);
	buf_init(&value, CERT_MAX);
	buf_init(&inner, CERT_MAX);
	wrap(&value, DER_SEQUENCE, names);
	write_extension(&list, oid_names, false, buf_str(&value));
	buf_clear(&value);
	der_write(&value, DER_SEQUENCE, (struct str){ 0 }); /* cA defaults to FALSE */
	write_extension(&list, oid_constraints, true, buf_str(&value));
	write_extension(&list, oid_key_usage, true, STR("\x03\x02\x07\x80")); /* digitalSignature */
	buf_clear(&value);
	der_write(&inner, DER_OID, oid_server_auth);
	wrap(&value, DER_SEQUENCE, &inner);
	write_extension(&list, oid_extended_usage, false, buf_str(&value));
	wrap(&inner, DER_SEQUENCE, &list);
	wrap(out, DER_CONSTRUCTED(3), &inner);
	buf_release(&list);
	buf_release(&value);
	buf_release(&inner);
}

/* TBSCertificate */
static void
write_tbs(struct buf *out, const struct pair *pair, struct str subject, struct buf *names,
    unsigned days)
{
	struct buf tbs, inner;
	unsigned char serial[SERIAL_BYTES];

	buf_init(&tbs, CERT_MAX);
	buf_init(&inner, CERT_MAX);
	der_write_unsigned(&inner, STR("\2")); /* v3 */
	wrap(&tbs, DER_CONSTRUCTED(0), &inner);
	sys_random(serial, sizeof serial);
	serial[0] = (unsigned char)(serial[0] & 0x7f) | 1;
	der_write_unsigned(&tbs, str_of(serial, sizeof serial));
	write_algorithm(&tbs);
	write_name(&tbs, subject);
	write_validity(&tbs, days);
	write_name(&tbs, subject);
	write_key_kind(&inner);
	write_bits(&inner, str_of(pair->public, pair->public_n));
	wrap(&tbs, DER_SEQUENCE, &inner);
	write_extensions(&tbs, names);
	wrap(out, DER_SEQUENCE, &tbs);
	buf_release(&tbs);
	buf_release(&inner);
}

/* Certificate: the TBSCertificate, signed */
static void
write_certificate(struct buf *out, const struct pair *pair, struct buf *tbs)
{
	unsigned char hash[32], signature[139];
	br_sha256_context sha;
	size_t n;
	struct buf inner;

	br_sha256_init(&sha);
	br_sha256_update(&sha, buf_str(tbs).p, tbs->n);
	br_sha256_out(&sha, hash);
	n = br_ecdsa_sign_asn1_get_default()(br_ec_get_default(), &br_sha256_vtable, hash,
	    &pair->key, signature);
	buf_init(&inner, CERT_MAX);
	buf_add(&inner, buf_str(tbs));
	write_algorithm(&inner);
	write_bits(&inner, str_of(signature, n));
	wrap(out, DER_SEQUENCE, &inner);
	buf_release(&inner);
}

/* PrivateKeyInfo (RFC 5208 5) around ECPrivateKey (RFC 5915 3) */
static void
write_key(struct buf *out, const struct pair *pair)
{
	struct buf a, b;

	buf_init_secret(&a, CERT_MAX);
	buf_init_secret(&b, CERT_MAX);
	der_write_unsigned(&a, STR("\1"));
	der_write(&a, DER_OCTET_STRING, str_of(pair->key.x, pair->key.xlen));
	write_bits(&b, str_of(pair->public, pair->public_n));
	wrap(&a, DER_CONSTRUCTED(1), &b);
	wrap(&b, DER_SEQUENCE, &a);
	der_write_unsigned(&a, (struct str){ 0 });
	write_key_kind(&a);
	wrap(&a, DER_OCTET_STRING, &b);
	wrap(out, DER_SEQUENCE, &a);
	buf_release(&a);
	buf_release(&b);
}

enum fail
tls_make_self_signed(struct str names, unsigned days, struct buf *key_out, struct buf *chain_out)
{
	struct buf alternative, tbs, der;
	struct pair pair;
	struct str subject;
	enum fail fail;

	buf_init(&alternative, CERT_MAX);
	fail = write_names(&alternative, names, &subject);
	if (fail != FAIL_NONE) {
		buf_release(&alternative);
		return fail;
	}
	buf_init(&tbs, CERT_MAX);
	buf_init_secret(&der, CERT_MAX);
	make_pair(&pair);
	write_tbs(&tbs, &pair, subject, &alternative, days);
	write_certificate(&der, &pair, &tbs);
	if (!buf_ok(&der))
		fail = FAIL_SYNTAX;
	pem_write(chain_out, "CERTIFICATE", buf_str(&der));
	buf_clear(&der);
	write_key(&der, &pair);
	pem_write(key_out, "PRIVATE KEY", buf_str(&der));
	mem_wipe(&pair, sizeof pair);
	buf_release(&alternative);
	buf_release(&tbs);
	buf_release(&der);
	return fail;
}

static enum fail
write_file(struct str name, mode_t mode, struct str bytes, struct buf *why)
{
	char path[4096];
	int fd;
	bool ok;

	snprintf(path, sizeof path, "%.*s", STR_ARG(name));
	fd = sys.open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
	if (fd < 0)
		return refuse_file(why, path, strerror(errno), FAIL_PERM);
	ok = sys.write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && sys.fsync(fd) == 0;
	sys.close(fd);
	return ok ? FAIL_NONE : refuse_file(why, path, "cannot be written", FAIL_TEMP);
}

enum fail
tls_write_self_signed(struct str names, unsigned days, const struct tls_files *files,
    struct buf *why)
{
	struct buf key, chain;
	enum fail fail;

	buf_init_secret(&key, CERT_MAX);
	buf_init(&chain, 2 * CERT_MAX);
	fail = tls_make_self_signed(names, days, &key, &chain);
	if (fail != FAIL_NONE) {
		buf_add_c(why, "not a list of host names: ");
		buf_add(why, names);
	}
	if (fail == FAIL_NONE)
		fail = write_file(files->key, 0600, buf_str(&key), why);
	if (fail == FAIL_NONE)
		fail = write_file(files->chain, 0644, buf_str(&chain), why);
	buf_release(&key);
	buf_release(&chain);
	return fail;
}
