/* DER, PEM, and host names. */

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "tls/der.h"
#include "tls/pem.h"
#include "tls/x509.h"

#define S(literal) STR_INIT(literal)

static const struct {
	const char *name;
	struct str in;
	bool ok;
	uint8_t tag;
	struct str content;
} der_rows[] = {
	{ "null", S("\x05\x00"), true, DER_NULL, S("") },
	{ "short",
	    S("\x04\x02"
	      "abX"),
	    true, DER_OCTET_STRING, S("ab") },
	{ "empty", S(""), false, 0, S("") },
	{ "no length", S("\x04"), false, 0, S("") },
	{ "cut off",
	    S("\x04\x03"
	      "ab"),
	    false, 0, S("") },
	{ "indefinite", S("\x30\x80\x00\x00"), false, 0, S("") },
	{ "long form of a short length",
	    S("\x04\x81\x01"
	      "a"),
	    false, 0, S("") },
	{ "leading zero in the length", S("\x04\x82\x00\x80"), false, 0, S("") },
	{ "four length bytes", S("\x04\x84\x01\x00\x00\x00"), false, 0, S("") },
	{ "high tag", S("\x1f\x81\x01\x00"), false, 0, S("") },
};

static const struct {
	const char *name;
	struct str in;
	bool ok;
	struct str bytes;
} unsigned_rows[] = {
	{ "zero", S("\x02\x01\x00"), true, S("\0") },
	{ "leading zero", S("\x02\x02\x00\x80"), true, S("\x80") },
	{ "negative", S("\x02\x01\x80"), false, S("") },
	{ "empty", S("\x02\x00"), false, S("") },
	{ "not an integer", S("\x04\x01\x01"), false, S("") },
};

static const struct {
	const char *name, *in;
	enum fail want;
	const char *label, *der;
} pem_rows[] = {
	{ "one", "-----BEGIN X-----\nYWJj\n-----END X-----\n", FAIL_NONE, "X", "abc" },
	{ "CRLF, text before, no last LF",
	    "subject=/CN=a\r\n-----BEGIN A B-----\r\nYW\r\nJj\r\n-----END A B-----", FAIL_NONE,
	    "A B", "abc" },
	{ "none", "hello\n", FAIL_MISSING, NULL, NULL },
	{ "nothing", "", FAIL_MISSING, NULL, NULL },
	{ "does not end", "-----BEGIN X-----\nYWJj\n", FAIL_SYNTAX, NULL, NULL },
	{ "ends as another", "-----BEGIN X-----\nYWJj\n-----END Y-----\n", FAIL_SYNTAX, NULL,
	    NULL },
	{ "empty body", "-----BEGIN X-----\n-----END X-----\n", FAIL_SYNTAX, NULL, NULL },
	{ "no base64", "-----BEGIN X-----\nY!Jj\n-----END X-----\n", FAIL_SYNTAX, NULL, NULL },
	{ "cut off", "-----BEGIN X-----\nYWJjY\n-----END X-----\n", FAIL_SYNTAX, NULL, NULL },
};

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

static void
test_der(void)
{
	for (size_t i = 0; i < ARRAY_LEN(der_rows); i++) {
		struct str cur = der_rows[i].in, content;
		uint8_t tag;

		TEST_ROW(der_rows[i].name);
		CHECK(der_next(&cur, &tag, &content) == der_rows[i].ok);
		if (der_rows[i].ok) {
			CHECK_NUM(tag, der_rows[i].tag);
			CHECK_STR(content, der_rows[i].content);
		} else {
			CHECK(cur.p == der_rows[i].in.p);
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(unsigned_rows); i++) {
		struct str cur = unsigned_rows[i].in, bytes;

		TEST_ROW(unsigned_rows[i].name);
		CHECK(der_unsigned(&cur, &bytes) == unsigned_rows[i].ok);
		if (unsigned_rows[i].ok)
			CHECK_STR(bytes, unsigned_rows[i].bytes);
	}
}

static void
test_write(void)
{
	static const size_t sizes[] = { 0, 1, 127, 128, 255, 256, 65535, 65536 };
	static char bytes[65536];
	struct buf out;

	TEST_ROW("written and read again");
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct str cur, content;

		buf_clear(&out);
		der_write(&out, DER_OCTET_STRING, str_of(bytes, sizes[i]));
		cur = buf_str(&out);
		CHECK(der_take(&cur, DER_OCTET_STRING, &content) && cur.n == 0);
		CHECK_NUM(content.n, sizes[i]);
	}
	buf_clear(&out);
	pem_write(&out, "T", str_of(bytes, 50));
	struct str text = buf_str(&out), label;
	struct buf der = { .max = 100 };

	CHECK(pem_next(&text, &label, &der) == FAIL_NONE);
	CHECK_STR(buf_str(&der), str_of(bytes, 50));
	buf_release(&der);
	buf_release(&out);
}

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
	test_der();
	test_write();
	for (size_t i = 0; i < ARRAY_LEN(pem_rows); i++) {
		struct str text = str_c(pem_rows[i].in), label;
		struct buf der = { .max = 1000 };

		TEST_ROW(pem_rows[i].name);
		CHECK_NUM(pem_next(&text, &label, &der), pem_rows[i].want);
		if (pem_rows[i].want == FAIL_NONE) {
			CHECK_STR(label, str_c(pem_rows[i].label));
			CHECK_STR(buf_str(&der), str_c(pem_rows[i].der));
			CHECK_NUM(pem_next(&text, &label, &der), FAIL_MISSING);
		}
		buf_release(&der);
	}
	for (size_t i = 0; i < ARRAY_LEN(match_rows); i++) {
		TEST_ROW(match_rows[i].pattern);
		CHECK_NUM(x509_match_name(str_c(match_rows[i].pattern), str_c(match_rows[i].host)),
		    match_rows[i].want);
	}
	test_binding_hash();
	return test_end();
}
