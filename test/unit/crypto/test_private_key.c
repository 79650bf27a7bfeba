/* Keys of signers, as files have them. */
#include "crypto/private_key.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/hash.h"

/* RFC 8410 10.3 */
#define ED25519_PEM \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n" \
	"-----END PRIVATE KEY-----\n"
#define ED25519_ATTRIBUTES_PEM \
	"-----BEGIN PRIVATE KEY-----\n" \
	"MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n" \
	"oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n" \
	"Z9w7lshQhqowtrbLDFw4rXAxZuE=\n" \
	"-----END PRIVATE KEY-----\n"

static const struct {
	const char *name, *pem;
	enum fail want;
} rows[] = {
	{ "Ed25519", ED25519_PEM, FAIL_NONE },
	{ "and its public half", ED25519_ATTRIBUTES_PEM, FAIL_NONE },
	{ "text before it", "my key\n" ED25519_PEM, FAIL_NONE },
	{ "something else before it", "-----BEGIN X-----\nYWJj\n-----END X-----\n" ED25519_PEM,
	    FAIL_NONE },
	{ "nothing", "", FAIL_MISSING },
	{ "a certificate", "-----BEGIN CERTIFICATE-----\nYWJj\n-----END CERTIFICATE-----\n",
	    FAIL_MISSING },
	{ "no DER", "-----BEGIN PRIVATE KEY-----\nYWJj\n-----END PRIVATE KEY-----\n", FAIL_SYNTAX },
	{ "with a password",
	    "-----BEGIN ENCRYPTED PRIVATE KEY-----\nYWJj\n-----END ENCRYPTED PRIVATE KEY-----\n",
	    FAIL_PERM },
	{ "a short seed",
	    "-----BEGIN PRIVATE KEY-----\nMAwCAQAwBQYDK2VwBAA=\n-----END PRIVATE KEY-----\n",
	    FAIL_SYNTAX },
	{ "X25519",
	    "-----BEGIN PRIVATE KEY-----\n"
	    "MC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
	    "-----END PRIVATE KEY-----\n",
	    FAIL_PERM },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct private_key key;
		struct buf public, text;

		TEST_ROW(rows[i].name);
		CHECK_NUM(private_key_parse(&key, str_c(rows[i].pem)), rows[i].want);
		if (rows[i].want != FAIL_NONE)
			continue;
		buf_init(&public, 1000);
		buf_init(&text, 1000);
		private_key_public_write(&key, &public);
		base64_write(&text, buf_str(&public));
		CHECK_STR(buf_str(&text), STR("Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="));
		buf_clear(&text);
		private_key_write(&key, &text);
		CHECK_STR(buf_str(&text), STR(ED25519_PEM));
		buf_release(&public);
		buf_release(&text);
		private_key_release(&key);
	}
}

/* Made, written, read: it signs what the first one's public half verifies. */
static void
test_rsa(void)
{
	unsigned char digest[RSA_DIGEST_BYTES];
	struct private_key key, again;
	struct rsa_public public;
	struct buf pem, der, signature;

	TEST_ROW("RSA");
	buf_init(&pem, PRIVATE_KEY_PEM_MAX);
	buf_init(&der, RSA_PUBLIC_DER_MAX);
	buf_init(&signature, PRIVATE_KEY_SIGNATURE_MAX);
	hash_once(HASH_SHA256, STR("message"), digest);
	private_key_generate(&key, PRIVATE_KEY_RSA);
	CHECK_NUM(key.rsa.public.bits, PRIVATE_KEY_RSA_BITS);
	private_key_write(&key, &pem);
	private_key_public_write(&key, &der);
	private_key_release(&key);
	CHECK_NUM(private_key_parse(&again, buf_str(&pem)), FAIL_NONE);
	CHECK(private_key_sign(&again, digest, &signature));
	CHECK_NUM(rsa_public_parse(&public, buf_str(&der)), FAIL_NONE);
	CHECK(rsa_verify(&public, digest, buf_str(&signature)));
	private_key_release(&again);
	buf_release(&pem);
	buf_release(&der);
	buf_release(&signature);
}

static void
test_ed25519(void)
{
	unsigned char digest[RSA_DIGEST_BYTES];
	struct private_key key;
	struct buf public, signature;

	TEST_ROW("Ed25519 of ours");
	buf_init(&public, 100);
	buf_init(&signature, PRIVATE_KEY_SIGNATURE_MAX);
	hash_once(HASH_SHA256, STR("message"), digest);
	private_key_generate(&key, PRIVATE_KEY_ED25519);
	private_key_public_write(&key, &public);
	CHECK(private_key_sign(&key, digest, &signature));
	CHECK(ed25519_verify(buf_str(&public), str_of(digest, sizeof digest), buf_str(&signature)));
	private_key_release(&key);
	buf_release(&public);
	buf_release(&signature);
}

int
main(void)
{
	test_rows();
	test_rsa();
	test_ed25519();
	return test_end();
}
