/* Loading certificates, keys and CA bundles: each mistake has one clear line. */

/* system */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "tls/tls.h"

#define DATA "test/unit/tls/data/"

static const struct {
	const char *name, *chain, *key;
	enum fail want;
	const char *why;
} rows[] = {
	{ "RSA, PKCS#8", DATA "rsa.pem", DATA "rsa.key", FAIL_NONE, "" },
	{ "RSA, PKCS#1", DATA "rsa.pem", DATA "rsa-pkcs1.key", FAIL_NONE, "" },
	{ "P-256", DATA "ec.pem", DATA "ec.key", FAIL_NONE, "" },
	{ "P-384", DATA "p384.pem", DATA "p384.key", FAIL_NONE, "" },
	{ "P-384, SEC 1", DATA "p384.pem", DATA "p384-sec1.key", FAIL_NONE, "" },
	{ "no chain file", DATA "none.pem", DATA "ec.key", FAIL_MISSING,
	    DATA "none.pem: No such file or directory" },
	{ "no key file", DATA "ec.pem", DATA "none.key", FAIL_MISSING,
	    DATA "none.key: No such file or directory" },
	{ "folder", DATA "../data", DATA "ec.key", FAIL_MISSING, DATA "../data: Is a directory" },
	{ "key where the chain should be", DATA "ec.key", DATA "ec.key", FAIL_SYNTAX,
	    DATA "ec.key: no certificate in it" },
	{ "chain where the key should be", DATA "ec.pem", DATA "ec.pem", FAIL_SYNTAX,
	    DATA "ec.pem: no private key in it" },
	{ "another key of the same kind", DATA "ec.pem", DATA "expired.key", FAIL_PERM,
	    DATA "expired.key: does not belong to the certificate in " DATA "ec.pem" },
	{ "another kind of key", DATA "ec.pem", DATA "rsa.key", FAIL_PERM,
	    DATA "rsa.key: does not belong to" },
	{ "another curve", DATA "ec.pem", DATA "p384.key", FAIL_PERM,
	    DATA "p384.key: does not belong to" },
	{ "password", DATA "ec.pem", DATA "encrypted.key", FAIL_PERM,
	    DATA "encrypted.key: the key is protected by a password" },
	{ "small RSA", DATA "rsa.pem", DATA "small.key", FAIL_PERM,
	    DATA "small.key: neither an RSA key of 2048" },
	{ "P-521", DATA "ec.pem", DATA "p521.key", FAIL_PERM,
	    DATA "p521.key: neither an RSA key of 2048" },
	{ "not PEM", DATA "make.sh", DATA "ec.key", FAIL_SYNTAX,
	    DATA "make.sh: no certificate in it" },
};

static void
test_rows(void)
{
	struct buf why = { .max = 1000 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct tls_files files = { str_c(rows[i].chain), str_c(rows[i].key) };
		struct tls_options options = { .files = &files, .file_count = 1 };
		struct tls_context *ctx = NULL;

		TEST_ROW(rows[i].name);
		buf_clear(&why);
		CHECK_NUM(tls_context_load(&ctx, &options, &why), rows[i].want);
		CHECK(str_starts(buf_str(&why), str_c(rows[i].why)));
		CHECK(rows[i].want != FAIL_NONE || why.n == 0);
		if (ctx)
			CHECK(tls_context_expires_s(ctx) > clock_wall_s() + 86400);
		tls_context_free(&ctx);
	}
	buf_release(&why);
}

static void
test_changed(void)
{
	char chain[256], key[256], other[256];
	struct buf why = { .max = 1000 };
	struct tls_files files, again;
	struct tls_options options = { .files = &files, .file_count = 1 };
	struct tls_context *ctx = NULL;
	struct stat st;

	TEST_ROW("self-signed files, and their replacement");
	snprintf(chain, sizeof chain, "%s/chain.pem", test_folder());
	snprintf(key, sizeof key, "%s/key.pem", test_folder());
	snprintf(other, sizeof other, "%s/other.pem", test_folder());
	files = (struct tls_files){ str_c(chain), str_c(key) };
	CHECK(tls_write_self_signed(STR("mail.example.test 127.0.0.1"), 30, &files, &why) ==
	    FAIL_NONE);
	CHECK(stat(key, &st) == 0 && (st.st_mode & 0777) == 0600);
	CHECK(tls_context_load(&ctx, &options, &why) == FAIL_NONE);
	CHECK(!tls_context_changed(ctx));
	CHECK(tls_context_expires_s(ctx) / 86400 == clock_wall_s() / 86400 + 30);
	CHECK_NUM(tls_write_self_signed(STR("x.test"), 30, &files, &why), FAIL_PERM);
	CHECK(str_ends(buf_str(&why), STR("key.pem: File exists")));
	unlink(key);
	CHECK(!tls_context_changed(ctx)); /* being replaced */
	again = (struct tls_files){ str_c(other), str_c(key) };
	CHECK(tls_write_self_signed(STR("x.test"), 30, &again, &why) == FAIL_NONE);
	CHECK(tls_context_changed(ctx));
	tls_context_free(&ctx);
	CHECK_NUM(tls_context_load(&ctx, &options, &why), FAIL_PERM);
	CHECK(ctx == NULL);
	buf_release(&why);
}

static const struct {
	const char *names;
	enum fail want;
} self_rows[] = {
	{ "a.test", FAIL_NONE },
	{ " a.test  b.test *.c.test 192.0.2.1 ::1 localhost ", FAIL_NONE },
	{ "", FAIL_SYNTAX },
	{ "   ", FAIL_SYNTAX },
	{ "a b\r\n", FAIL_SYNTAX },
	{ "-a.test", FAIL_SYNTAX },
	{ "a@b.test", FAIL_SYNTAX },
};

static void
test_trust(void)
{
	struct buf why = { .max = 1000 };
	struct tls_trust *trust = NULL;

	TEST_ROW("trust");
	CHECK(tls_trust_load(&trust, STR(DATA "root.pem"), &why) == FAIL_NONE);
	tls_trust_free(&trust);
	CHECK_NUM(tls_trust_load(&trust, STR(DATA "none.pem"), &why), FAIL_MISSING);
	CHECK_STR(buf_str(&why), STR(DATA "none.pem: No such file or directory"));
	CHECK_NUM(tls_trust_load(&trust, STR(DATA "ec.key"), &why), FAIL_SYNTAX);
	if (access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0) {
		CHECK(tls_trust_load(&trust, (struct str){ 0 }, &why) == FAIL_NONE);
		tls_trust_free(&trust);
	}
	buf_release(&why);
}

int
main(void)
{
	struct tls_options none = { 0 };
	struct tls_context *ctx = NULL;
	struct buf why = { .max = 1000 };

	test_rows();
	test_changed();
	for (size_t i = 0; i < ARRAY_LEN(self_rows); i++) {
		struct buf key = { .max = 10000 }, chain = { .max = 10000 };

		TEST_ROW(self_rows[i].names);
		CHECK_NUM(tls_make_self_signed(str_c(self_rows[i].names), 1, &key, &chain),
		    self_rows[i].want);
		buf_release(&key);
		buf_release(&chain);
	}
	test_trust();
	TEST_ROW("no certificate configured");
	CHECK_NUM(tls_context_load(&ctx, &none, &why), FAIL_MISSING);
	buf_release(&why);
	return test_end();
}
