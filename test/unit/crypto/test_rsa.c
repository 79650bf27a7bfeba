/* RSA: keys in all their forms, signatures true and forged. */
#include "crypto/rsa.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/der.h"
#include "crypto/hash.h"

/* A key whose exponent is 3, OpenSSL's signature of "forged" with it, and one that nobody made with it. */
#define SPKI_E3 \
	"30820120300d06092a864886f70d01010105000382010d00308201080282010100b97af185b17c0322db" \
	"7ed136b23a30a99ebbe0cac84ff981dd0a463b6cfcc8de47b678a7a89a28a0c512bbdabbadc618703b01" \
	"ef27d72604ef886f257b34121454b24ad5165b9e3bf8117adaf321e60a2ec79acfcb15f9129f0707c98b" \
	"cc56c007c9b6d15138fb2f01f0566c66f4d6ed5b4ea72574a97dbdb5a1a54678ee7fdb8909f8cf40040c" \
	"b99b921f09df8b8fe9a9bb14003d105756f7bc47db84a0ffd4352b565375752b1dde6f78a2efe79e01cb" \
	"31298ee29772bd77f676da5a2b0be0e8339eb9cf32df9dde8738a769e4a71b4fa6a436db38f3ba0b7fb7" \
	"d63018537bea016898ee7cbb8af37d99940294d213c5c6b7e63c3745ecdb3e3df1104ad947020103"

#define GOOD \
	"38272a710c047d980013f188684ac09b43cb61d91d93fe3d225d53d762252e9832fbf83fe8e57c411b08" \
	"24a0d3e3b41dc653a7be2762487c7fa800c4865391e7c3267d304dd44c16abe1c63f0ced918962cdeedb" \
	"24279927e74bf38a6abcc26dbfda4d36fbafa6687483e4dc123240b0eb1bdc0b7f51c9644aa189d95663" \
	"5099de35bff3c3048cf0a4fff6afd61b22df2e985599027c8cf74b5b6d072b774d454caeffee89286d38" \
	"bc4946e5f10492439ddda94b7baa4da71bd85b2050cf58a838e3aaebbefbc3b24b2a240fb52dbb99fff2" \
	"de1798ad1505ea58b4f95e527711a5171d9711a05545a2085c636d7fd592aa129b4bb224a30979b2a11f" \
	"ed5e0273"

#define FORGED \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"000000000000000000000000000000000000000000000000000000000000000000000000000000000000" \
	"00000032cbfd4a7adc7905583d767520f51640759176d37826f2ef63ae3dc7ace44fc061a4b317029063" \
	"9a174f250874a9e7dd7fdd6fbebf5ada66cbb490f64ec07e843eb21ef96dc14bbc689c624c8e6042130e" \
	"bcb34e20"

static struct buf
bytes_of(const char *hex)
{
	struct str cur = str_c(hex), pair;
	struct buf out;
	uint64_t byte;

	buf_init(&out, 10000);
	while (str_take(&cur, 2, &pair) && str_hex(&pair, 255, &byte))
		buf_add_char(&out, (char)byte);
	return out;
}

/*
 * The cube of FORGED begins as a signed block would, with 8 bytes of padding, and has anything behind the digest
 * (Bleichenbacher, CRYPTO 2006): who does not look at the end takes it.
 */
static void
test_forged(void)
{
	struct buf der = bytes_of(SPKI_E3), good = bytes_of(GOOD), forged = bytes_of(FORGED);
	unsigned char digest[RSA_DIGEST_BYTES];
	struct rsa_public key;

	TEST_ROW("exponent 3");
	hash_once(HASH_SHA256, STR("forged"), digest);
	CHECK_NUM(rsa_public_parse(&key, buf_str(&der)), FAIL_NONE);
	CHECK_NUM(key.bits, 2048);
	CHECK(rsa_verify(&key, digest, buf_str(&good)));
	CHECK(!rsa_verify(&key, digest, buf_str(&forged)));
	CHECK(!rsa_verify(&key, digest, str_from(buf_str(&good), 1)));
	CHECK(!rsa_verify(&key, digest, (struct str){ 0 }));
	digest[31] ^= 1;
	CHECK(!rsa_verify(&key, digest, buf_str(&good)));
	buf_release(&der);
	buf_release(&good);
	buf_release(&forged);
}

/* A key of its own numbers, wrapped or not. */
static struct buf
key_of(unsigned bits, unsigned low, struct str exponent, bool is_wrapped)
{
	struct buf modulus, numbers, out;
	struct rsa_public key;

	buf_init(&modulus, 4096);
	buf_init(&numbers, 8192);
	buf_init(&out, 8192);
	for (unsigned i = 0; i < (bits + 7) / 8; i++)
		buf_add_char(&modulus, (char)(i == 0 ? 0xff >> ((8 - bits % 8) % 8) : 0x55));
	modulus.p[modulus.n - 1] = (char)low;
	key = (struct rsa_public){ .n = buf_str(&modulus), .e = exponent, .bits = bits };
	if (is_wrapped) {
		rsa_public_write(&key, &out);
	} else {
		der_write_unsigned(&numbers, key.n);
		der_write_unsigned(&numbers, key.e);
		der_write(&out, DER_SEQUENCE, buf_str(&numbers));
	}
	buf_release(&modulus);
	buf_release(&numbers);
	return out;
}

#define E65537 STR_INIT("\x01\x00\x01")

static const struct {
	const char *name;
	unsigned bits, low;
	struct str exponent;
	enum fail want;
} size_rows[] = {
	{ "1023 bits", 1023, 1, E65537, FAIL_PERM },
	{ "1024 bits", 1024, 1, E65537, FAIL_NONE },
	{ "1025 bits", 1025, 1, E65537, FAIL_NONE },
	{ "4096 bits", 4096, 1, E65537, FAIL_NONE },
	{ "4097 bits", 4097, 1, E65537, FAIL_PERM },
	{ "16384 bits", 16384, 1, E65537, FAIL_PERM },
	{ "even", 2048, 2, E65537, FAIL_SYNTAX },
	{ "exponent 0", 2048, 1, STR_INIT("\0"), FAIL_SYNTAX },
	{ "exponent 1", 2048, 1, STR_INIT("\x01"), FAIL_SYNTAX },
	{ "exponent 2", 2048, 1, STR_INIT("\x02"), FAIL_SYNTAX },
	{ "exponent 3", 2048, 1, STR_INIT("\x03"), FAIL_NONE },
	{ "32 bits of exponent", 2048, 1, STR_INIT("\xff\xff\xff\xff"), FAIL_NONE },
	{ "33 bits of exponent", 2048, 1, STR_INIT("\x01\xff\xff\xff\xff"), FAIL_PERM },
	{ "65 bits", 2048, 1, STR_INIT("\x01\xff\xff\xff\xff\xff\xff\xff\xff"), FAIL_PERM },
};

static void
test_sizes(void)
{
	for (size_t i = 0; i < 2 * ARRAY_LEN(size_rows); i++) {
		struct buf der = key_of(size_rows[i / 2].bits, size_rows[i / 2].low,
		    size_rows[i / 2].exponent, i % 2);
		struct rsa_public key;

		TEST_ROW(size_rows[i / 2].name);
		CHECK_NUM(rsa_public_parse(&key, buf_str(&der)), size_rows[i / 2].want);
		CHECK_NUM(key.bits, size_rows[i / 2].bits);
		buf_add_char(&der, 'x');
		TEST_ROW("a byte behind it");
		CHECK_NUM(rsa_public_parse(&key, buf_str(&der)), FAIL_SYNTAX);
		buf_release(&der);
	}
}

/* Each cut, and each byte changed: whatever it says then, it is read within its bounds. */
static void
test_damage(void)
{
	struct buf der = bytes_of(SPKI_E3), good = bytes_of(GOOD);
	unsigned char digest[RSA_DIGEST_BYTES];
	struct rsa_public key;

	TEST_ROW("damage");
	hash_once(HASH_SHA256, STR("forged"), digest);
	for (size_t n = 0; n < der.n; n++) {
		void *copy = mem_new(n + 1, 1);

		memcpy(copy, der.p, n);
		CHECK_NUM(rsa_public_parse(&key, str_of(copy, n)), FAIL_SYNTAX);
		mem_free(copy);
	}
	for (size_t i = 0; i < der.n; i++) {
		der.p[i] ^= 0x40;
		if (rsa_public_parse(&key, buf_str(&der)) == FAIL_NONE)
			CHECK(!rsa_verify(&key, digest, buf_str(&good)));
		der.p[i] ^= 0x40;
	}
	buf_release(&der);
	buf_release(&good);
}

static void
test_own_small_key(void)
{
	unsigned char digest[RSA_DIGEST_BYTES];
	struct buf der, public, signature;
	struct rsa_private key;
	struct rsa_public read;

	TEST_ROW("a key of ours");
	buf_init(&der, 10000);
	buf_init(&public, 10000);
	buf_init(&signature, 10000);
	hash_once(HASH_SHA256, STR("message"), digest);
	rsa_generate(RSA_BITS_MIN, &der);
	CHECK_NUM(rsa_private_parse(&key, buf_str(&der)), FAIL_NONE);
	CHECK_NUM(key.public.bits, RSA_BITS_MIN);
	CHECK(rsa_sign(&key, digest, &signature));
	rsa_public_write(&key.public, &public);
	CHECK_NUM(rsa_public_parse(&read, buf_str(&public)), FAIL_NONE);
	CHECK(rsa_verify(&read, digest, buf_str(&signature)));

	/* A fault in one half would tell the other (Boneh, DeMillo, Lipton 1997): nothing is signed. */
	TEST_ROW("a key whose parts do not fit");
	buf_clear(&signature);
	der.p[(size_t)(key.dp.p - der.p) + 5] ^= 1;
	CHECK(!rsa_sign(&key, digest, &signature));
	CHECK_NUM(signature.n, 0);
	buf_release(&der);
	buf_release(&public);
	buf_release(&signature);
}

int
main(void)
{
	test_forged();
	test_sizes();
	test_damage();
	test_own_small_key();
	return test_end();
}
