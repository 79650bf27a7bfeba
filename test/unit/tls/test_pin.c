/* Hashes of public keys: a certificate and its key have the same one, by whatever way it is read. */
#include "tls/pin.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define DATA "test/unit/tls/data/"

/* What `openssl x509 -pubkey | openssl pkey -pubin -outform DER | sha256sum` says. */
#define RSA_PIN  "e82c593c59ffc0d5cce6f3f643dd56ca5bd935bbf22d39b39efc9d62bd702c91"
#define EC_PIN   "666b4773ae702d782690144aed09fb19320980f73cee41d44ab2d1bbd03b37a2"
#define P384_PIN "f055c8c4c290b648fd0f15623130d53ed7acadc7fd2d475ebc6b29ffdb5d55ad"

static const struct {
	const char *name, *path;
	bool is_key;
	enum fail want;
	const char *text; /* the pin, or what is in `why` */
} rows[] = {
	{ "RSA certificate", DATA "rsa.pem", false, FAIL_NONE, RSA_PIN },
	{ "EC certificate", DATA "ec.pem", false, FAIL_NONE, EC_PIN },
	{ "P-384 certificate", DATA "p384.pem", false, FAIL_NONE, P384_PIN },
	{ "RSA key", DATA "rsa.key", true, FAIL_NONE, RSA_PIN },
	{ "RSA key, PKCS#1", DATA "rsa-pkcs1.key", true, FAIL_NONE, RSA_PIN },
	{ "EC key", DATA "ec.key", true, FAIL_NONE, EC_PIN },
	{ "P-384 key", DATA "p384.key", true, FAIL_NONE, P384_PIN },
	{ "P-384 key, SEC 1", DATA "p384-sec1.key", true, FAIL_NONE, P384_PIN },
	{ "no file", DATA "none.pem", false, FAIL_MISSING, "none.pem: No such file" },
	{ "no key file", DATA "none.key", true, FAIL_MISSING, "none.key: No such file" },
	{ "a key for a certificate", DATA "ec.key", false, FAIL_SYNTAX, "no certificate in it" },
	{ "a certificate for a key", DATA "ec.pem", true, FAIL_MISSING, "no key of ours" },
	{ "with a password", DATA "encrypted.key", true, FAIL_PERM, "no key of ours" },
	{ "P-521", DATA "p521.key", true, FAIL_PERM, "no key of ours" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tls_pin pin;
		struct buf why;
		bool is_for;
		enum fail fail;

		TEST_ROW(rows[i].name);
		buf_init(&why, 1000);
		fail = rows[i].is_key
		    ? tls_pin_key(str_c(rows[i].path), &pin, &why)
		    : tls_pin_certificate(str_c(rows[i].path), STR("x.test"), &pin, &is_for, &why);
		CHECK_NUM(fail, rows[i].want);
		if (fail == FAIL_NONE)
			buf_add_hex(&why, str_of(pin.bytes, sizeof pin.bytes));
		CHECK_HAS(buf_str(&why), str_c(rows[i].text));
		buf_release(&why);
	}
}

static const struct {
	const char *name, *host;
	bool want;
} host_rows[] = {
	{ "its name", "mail.example.test", true },
	{ "another", "other.example.org", false },
	{ "nothing", "", false },
};

static void
test_hosts(void)
{
	for (size_t i = 0; i < ARRAY_LEN(host_rows); i++) {
		struct tls_pin pin;
		struct buf why;
		bool is_for = false;

		TEST_ROW(host_rows[i].name);
		buf_init(&why, 1000);
		CHECK_NUM(tls_pin_certificate(STR(DATA "ec.pem"), str_c(host_rows[i].host), &pin,
			      &is_for, &why),
		    FAIL_NONE);
		CHECK_NUM(is_for, host_rows[i].want);
		buf_release(&why);
	}
}

int
main(void)
{
	test_rows();
	test_hosts();
	return test_end();
}
