/* P-256 and AES-128-GCM: published examples, and what must be refused. */
#include "crypto/p256.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "crypto/aes_gcm.h"
#include "crypto/hash.h"

static struct buf
bytes_of(const char *hex)
{
	struct str cur = str_c(hex), pair;
	struct buf out;
	uint64_t byte;

	buf_init(&out, 1000);
	while (str_take(&cur, 2, &pair) && str_hex(&pair, 255, &byte))
		buf_add_char(&out, (char)byte);
	return out;
}

static void
check_hex(const void *p, size_t n, const char *want)
{
	struct buf hex;

	buf_init(&hex, 1000);
	buf_add_hex(&hex, str_of(p, n));
	CHECK_STR(buf_str(&hex), str_c(want));
	buf_release(&hex);
}

#define POINT_I \
	"04dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180" \
	"5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"
#define POINT_R \
	"04d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63" \
	"56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"

/* RFC 5903 8.1 */
static void
test_agreement(void)
{
	struct buf i = bytes_of("c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
	struct buf r = bytes_of("c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53");
	struct buf gi = bytes_of(POINT_I), gr = bytes_of(POINT_R);
	unsigned char public[P256_PUBLIC_BYTES], shared[P256_SHARED_BYTES];
	static const char want[] =
	    "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de";

	TEST_ROW("RFC 5903");
	p256_public((const unsigned char *)i.p, public);
	check_hex(public, sizeof public, POINT_I);
	CHECK(p256_agree((const unsigned char *)i.p, buf_str(&gr), shared));
	check_hex(shared, sizeof shared, want);
	CHECK(p256_agree((const unsigned char *)r.p, buf_str(&gi), shared));
	check_hex(shared, sizeof shared, want);
	TEST_ROW("not on the curve");
	gi.p[64] ^= 1;
	CHECK(!p256_agree((const unsigned char *)r.p, buf_str(&gi), shared));
	gi.p[64] ^= 1;
	gi.p[0] = 2;
	CHECK(!p256_agree((const unsigned char *)r.p, buf_str(&gi), shared));
	CHECK(!p256_agree((const unsigned char *)r.p, str_head(buf_str(&gr), 64), shared));
	CHECK(!p256_agree((const unsigned char *)r.p, STR(""), shared));
	buf_release(&i);
	buf_release(&r);
	buf_release(&gi);
	buf_release(&gr);
}

/* RFC 6979 A.2.5: SHA-256, "sample" and "test". */
static void
test_signature(void)
{
	struct buf secret =
	    bytes_of("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
	unsigned char public[P256_PUBLIC_BYTES], signature[P256_SIGNATURE_BYTES];
	struct str key = str_of(public, sizeof public), made = str_of(signature, sizeof signature);

	TEST_ROW("RFC 6979");
	p256_public((const unsigned char *)secret.p, public);
	p256_sign((const unsigned char *)secret.p, STR("sample"), signature);
	check_hex(signature, sizeof signature,
	    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
	    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
	CHECK(p256_verify(key, STR("sample"), made));
	CHECK(!p256_verify(key, STR("test"), made));
	CHECK(!p256_verify(key, STR("sample"), str_head(made, 63)));
	CHECK(!p256_verify(str_head(key, 64), STR("sample"), made));
	p256_sign((const unsigned char *)secret.p, STR("test"), signature);
	check_hex(signature, sizeof signature,
	    "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
	    "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083");
	signature[0] ^= 1;
	CHECK(!p256_verify(key, STR("test"), made));
	buf_release(&secret);
}

static void
test_fresh(void)
{
	unsigned char a[P256_SECRET_BYTES], b[P256_SECRET_BYTES], pa[P256_PUBLIC_BYTES],
	    pb[P256_PUBLIC_BYTES], ab[P256_SHARED_BYTES], ba[P256_SHARED_BYTES];

	TEST_ROW("fresh keys agree");
	p256_secret(a);
	p256_secret(b);
	CHECK(memcmp(a, b, sizeof a) != 0);
	p256_public(a, pa);
	p256_public(b, pb);
	CHECK(p256_agree(a, str_of(pb, sizeof pb), ab) && p256_agree(b, str_of(pa, sizeof pa), ba));
	CHECK(memcmp(ab, ba, sizeof ab) == 0);
}

static const struct {
	const char *name, *key, *nonce, *plain, *sealed;
} gcm_rows[] = {
	/* The first three test cases of the mode's specification. */
	{ "case 1", "00000000000000000000000000000000", "000000000000000000000000", "",
	    "58e2fccefa7e3061367f1d57a4e7455a" },
	{ "case 2", "00000000000000000000000000000000", "000000000000000000000000",
	    "00000000000000000000000000000000",
	    "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf" },
	{ "case 3", "feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e"
	    "2449a6b525b16aedf5aa0de657ba637b391aafd255",
	    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a"
	    "5aac84aa051ba30b396a0aac973d58e091473f59854d5c2af327cd64a62cf35abd2ba6fab4" },
};

static void
test_gcm(void)
{
	for (size_t i = 0; i < ARRAY_LEN(gcm_rows); i++) {
		struct buf key = bytes_of(gcm_rows[i].key), nonce = bytes_of(gcm_rows[i].nonce);
		struct buf plain = bytes_of(gcm_rows[i].plain), out;
		const unsigned char *k = (const unsigned char *)key.p,
				    *n = (const unsigned char *)nonce.p;
		struct buf sealed = bytes_of(gcm_rows[i].sealed);

		TEST_ROW(gcm_rows[i].name);
		buf_init(&out, 200);
		aes128gcm_seal(k, n, buf_str(&plain), &out);
		CHECK_STR(buf_str(&out), buf_str(&sealed));
		buf_clear(&out);
		CHECK(aes128gcm_open(k, n, buf_str(&sealed), &out) == FAIL_NONE);
		CHECK_STR(buf_str(&out), buf_str(&plain));
		sealed.p[sealed.n - 1] ^= 1;
		CHECK(aes128gcm_open(k, n, buf_str(&sealed), &out) == FAIL_DENIED);
		CHECK_STR(buf_str(&out), buf_str(&plain));
		CHECK(aes128gcm_open(k, n, str_head(buf_str(&sealed), 15), &out) == FAIL_DENIED);
		buf_release(&key);
		buf_release(&nonce);
		buf_release(&plain);
		buf_release(&out);
		buf_release(&sealed);
	}
}

int
main(void)
{
	test_agreement();
	test_signature();
	test_fresh();
	test_gcm();
	return test_end();
}
