#include "crypto/ed25519.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

static const struct {
	const char *name, *seed, *public, *message, *signature;
} rows[] = {
	/* RFC 8032 7.1 */
	{ "TEST 1", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	    "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
};

static void
from_hex(struct buf *out, const char *hex)
{
	struct str cur = str_c(hex), pair;
	uint64_t value;

	buf_init(out, 1000);
	while (str_take(&cur, 2, &pair) && str_hex(&pair, 255, &value))
		buf_add_char(out, (char)value);
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned char public[ED25519_PUBLIC_BYTES], signature[ED25519_SIGNATURE_BYTES];
		struct buf seed, want_public, message, want;

		TEST_ROW(rows[i].name);
		from_hex(&seed, rows[i].seed);
		from_hex(&want_public, rows[i].public);
		from_hex(&message, rows[i].message);
		from_hex(&want, rows[i].signature);
		ed25519_public((const unsigned char *)seed.p, public);
		CHECK_STR(str_of(public, sizeof public), buf_str(&want_public));
		ed25519_sign((const unsigned char *)seed.p, buf_str(&message), signature);
		CHECK_STR(str_of(signature, sizeof signature), buf_str(&want));
		CHECK(ed25519_verify(buf_str(&want_public), buf_str(&message), buf_str(&want)));
		CHECK(!ed25519_verify(buf_str(&want_public), STR("x"), buf_str(&want)));
		CHECK(!ed25519_verify(buf_str(&want_public), buf_str(&message),
		    str_head(buf_str(&want), 63)));
		CHECK(!ed25519_verify(STR("short"), buf_str(&message), buf_str(&want)));
		buf_release(&seed);
		buf_release(&want_public);
		buf_release(&message);
		buf_release(&want);
	}
	return test_end();
}
