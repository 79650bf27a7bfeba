/* Host names against certificates, and the hashes that bind to them. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "tls/x509.h"

#define S(literal) STR_INIT(literal)

static const struct {
	const char *pattern, *host;
	enum x509_match want;
} match_rows[] = {
	{ "mail.example.test", "mail.example.test", X509_MATCH_EXACT },
	{ "Mail.Example.test", "mail.example.TEST", X509_MATCH_EXACT },
	{ "*.example.test", "mail.example.test", X509_MATCH_WILD },
	{ "*.example.test", "a.mail.example.test", X509_MATCH_NONE },
	{ "*.example.test", "example.test", X509_MATCH_NONE },
	{ "*.example.test", ".example.test", X509_MATCH_NONE },
	{ "m*.example.test", "mail.example.test", X509_MATCH_NONE },
	{ "mail.example.test", "", X509_MATCH_NONE },
};

/* AlgorithmIdentifier's content: algorithm, parameters */
static const struct {
	const char *name;
	struct str in;
	bool ok;
	enum hash hash;
} binding_rows[] = {
	{ "md5WithRSAEncryption", S("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04\x05\x00"), true,
	    HASH_SHA256 },
	{ "sha1WithRSAEncryption", S("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00"), true,
	    HASH_SHA256 },
	{ "sha256WithRSAEncryption", S("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00"),
	    true, HASH_SHA256 },
	{ "sha384WithRSAEncryption", S("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c\x05\x00"),
	    true, HASH_SHA384 },
	{ "sha512WithRSAEncryption", S("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d\x05\x00"),
	    true, HASH_SHA512 },
	{ "ecdsa-with-SHA1", S("\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"), true, HASH_SHA256 },
	{ "ecdsa-with-SHA256", S("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"), true, HASH_SHA256 },
	{ "ecdsa-with-SHA384", S("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x03"), true, HASH_SHA384 },
	{ "ecdsa-with-SHA512", S("\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x04"), true, HASH_SHA512 },
	{ "sha224WithRSAEncryption", S("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0e\x05\x00"),
	    false, HASH_MD5 },
	{ "RSASSA-PSS", S("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a\x30\x00"), false,
	    HASH_MD5 },
	{ "Ed25519", S("\x06\x03\x2b\x65\x70"), false, HASH_MD5 },
	{ "no algorithm", S("\x05\x00"), false, HASH_MD5 },
	{ "empty", S(""), false, HASH_MD5 },
};

static void
test_binding_hash(void)
{
	for (size_t i = 0; i < ARRAY_LEN(binding_rows); i++) {
		enum hash hash = HASH_MD5;

		TEST_ROW(binding_rows[i].name);
		CHECK(x509_binding_hash(binding_rows[i].in, &hash) == binding_rows[i].ok);
		CHECK_NUM(hash, binding_rows[i].hash);
	}
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(match_rows); i++) {
		TEST_ROW(match_rows[i].pattern);
		CHECK_NUM(x509_match_name(str_c(match_rows[i].pattern), str_c(match_rows[i].host)),
		    match_rows[i].want);
	}
	test_binding_hash();
	return test_end();
}
