#include "crypto/hash.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "crypto/hmac.h"
#include "crypto/kdf.h"

static const struct {
	const char *name;
	enum hash kind;
	const char *in, *hex;
} rows[] = {
	/* RFC 1321 A.5, FIPS 180-4 examples */
	{ "md5 empty", HASH_MD5, "", "d41d8cd98f00b204e9800998ecf8427e" },
	{ "md5 abc", HASH_MD5, "abc", "900150983cd24fb0d6963f7d28e17f72" },
	{ "sha1 abc", HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ "sha256 empty", HASH_SHA256, "",
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ "sha256 abc", HASH_SHA256, "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "sha384 abc", HASH_SHA384, "abc",
	    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	    "8086072ba1e7cc2358baeca134c825a7" },
	{ "sha512 abc", HASH_SHA512, "abc",
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ "sha256 two blocks", HASH_SHA256,
	    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static const struct {
	const char *name;
	enum hash kind;
	const char *key, *in, *hex;
} hmac_rows[] = {
	/* RFC 2202, RFC 4231 */
	{ "md5 2", HASH_MD5, "Jefe", "what do ya want for nothing?",
	    "750c783e6ab0b503eaa86e310a5db738" },
	{ "sha1 2", HASH_SHA1, "Jefe", "what do ya want for nothing?",
	    "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	{ "sha256 2", HASH_SHA256, "Jefe", "what do ya want for nothing?",
	    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ "sha384 2", HASH_SHA384, "Jefe", "what do ya want for nothing?",
	    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
	    "8e2240ca5e69e2c78b3239ecfab21649" },
	{ "sha512 2", HASH_SHA512, "Jefe", "what do ya want for nothing?",
	    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
	    "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
};

static const struct {
	const char *name;
	enum hash kind;
	const char *secret, *salt;
	uint32_t rounds;
	const char *hex;
} pbkdf2_rows[] = {
	/* RFC 6070; RFC 7914 section 11 */
	{ "sha1 1", HASH_SHA1, "password", "salt", 1, "0c60c80f961f0e71f3a9b524af6012062fe037a6" },
	{ "sha1 4096", HASH_SHA1, "password", "salt", 4096,
	    "4b007901b765489abead49d926f721d065a429c1" },
	{ "sha1 25 bytes", HASH_SHA1, "passwordPASSWORDpassword",
	    "saltSALTsaltSALTsaltSALTsaltSALTsalt", 4096,
	    "3d2eec4fe41c849b80c8d83662c0e44a8b291a964cf2f07038" },
	{ "sha256 64 bytes", HASH_SHA256, "passwd", "salt", 1,
	    "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
	    "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783" },
};

static void
check_hex(const unsigned char *bytes, struct str hex)
{
	struct buf out;

	buf_init(&out, 1000);
	buf_add_hex(&out, str_of(bytes, hex.n / 2));
	CHECK_STR(buf_str(&out), hex);
	buf_release(&out);
}

static void
test_hash(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str in = str_c(rows[i].in), hex = str_c(rows[i].hex);
		unsigned char out[HASH_SIZE_MAX];
		struct hash_state s;

		TEST_ROW(rows[i].name);
		CHECK_NUM(hash_size(rows[i].kind) * 2, hex.n);
		hash_once(rows[i].kind, in, out);
		check_hex(out, hex);
		hash_init(&s, rows[i].kind);
		for (; in.n > 0; in = str_from(in, 1)) {
			hash_add(&s, str_head(in, 1));
			hash_get(&s, out); /* in between, which must change nothing */
		}
		hash_get(&s, out);
		check_hex(out, hex);
	}
}

static void
test_hmac(void)
{
	unsigned char out[HASH_SIZE_MAX];
	char key[131];

	for (size_t i = 0; i < ARRAY_LEN(hmac_rows); i++) {
		TEST_ROW(hmac_rows[i].name);
		hmac_once(hmac_rows[i].kind, str_c(hmac_rows[i].key), str_c(hmac_rows[i].in), out);
		check_hex(out, str_c(hmac_rows[i].hex));
	}
	TEST_ROW("RFC 4231 4.7: a key longer than a block");
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (char)0xaa;
	hmac_once(HASH_SHA256, str_of(key, sizeof key),
	    STR("Test Using Larger Than Block-Size Key - Hash Key First"), out);
	check_hex(out, STR("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

static void
test_kdf(void)
{
	unsigned char out[100], key[22], salt[13], info[10];

	for (size_t i = 0; i < ARRAY_LEN(pbkdf2_rows); i++) {
		struct str hex = str_c(pbkdf2_rows[i].hex);

		TEST_ROW(pbkdf2_rows[i].name);
		pbkdf2(pbkdf2_rows[i].kind, str_c(pbkdf2_rows[i].secret),
		    str_c(pbkdf2_rows[i].salt), pbkdf2_rows[i].rounds, out, hex.n / 2);
		check_hex(out, hex);
	}
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = 0x0b;
	for (size_t i = 0; i < sizeof salt; i++)
		salt[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof info; i++)
		info[i] = (unsigned char)(0xf0 + i);
	TEST_ROW("RFC 5869 A.1");
	hkdf(HASH_SHA256, str_of(key, 22), str_of(salt, 13), str_of(info, 10), out, 42);
	check_hex(out,
	    STR("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		"34007208d5b887185865"));
	TEST_ROW("RFC 5869 A.3: no salt, no info");
	hkdf(HASH_SHA256, str_of(key, 22), STR(""), STR(""), out, 42);
	check_hex(out,
	    STR("8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		"9d201395faa4b61a96c8"));
}

int
main(void)
{
	test_hash();
	test_hmac();
	test_kdf();
	return test_end();
}
