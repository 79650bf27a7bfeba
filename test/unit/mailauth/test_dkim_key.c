/* Records of keys, good and bad. */
#include "mailauth/dkim_key.h"

/* base */
#include "base/buf.h"
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/base64.h"
#include "mailauth/dkim_sign.h"

#define ED25519 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define RSA_1024 \
	"MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi" \
	"Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZy" \
	"VYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
#define RSA_512 \
	"MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAJw/h+YA+uob+ZtkmCkWosZGeLBbgI4q8754RD7gBJnK7H3dL8cnUflc" \
	"5BHNaOXKxE6Xeh+5Kn9mMCAa/aACUXUCAwEAAQ=="

static const struct {
	const char *name, *record;
	enum verdict want;
	unsigned bits;
	bool is_testing, is_exact;
	const char *reason;
} rows[] = {
	{ "RSA", "v=DKIM1; k=rsa; p=" RSA_1024, VERDICT_NONE, 1024, false, false, "" },
	{ "the key alone", "p=" RSA_1024, VERDICT_NONE, 1024, false, false, "" },
	{ "Ed25519", "v=DKIM1; k=ed25519; p=" ED25519, VERDICT_NONE, 256, false, false, "" },
	{ "blanks in the key", "k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcv PapiMlrwIaaPcHURo=",
	    VERDICT_NONE, 256, false, false, "" },
	{ "flags", "v=DKIM1; t=y : s; p=" RSA_1024, VERDICT_NONE, 1024, true, true, "" },
	{ "unknown flags", "v=DKIM1; t=yy:ss; p=" RSA_1024, VERDICT_NONE, 1024, false, false, "" },
	{ "for SHA-256, too", "h=sha1:sha256; p=" RSA_1024, VERDICT_NONE, 1024, false, false, "" },
	{ "for mail", "s=other:email; p=" RSA_1024, VERDICT_NONE, 1024, false, false, "" },
	{ "for all", "s=*; p=" RSA_1024, VERDICT_NONE, 1024, false, false, "" },
	{ "unknown tags", "g=*; n=hello there; p=" RSA_1024, VERDICT_NONE, 1024, false, false, "" },
	{ "512 bits", "p=" RSA_512, VERDICT_POLICY, 512, false, false,
	    "its key is too short (RFC 8301)" },
	{ "revoked", "v=DKIM1; t=y; p=", VERDICT_PERMERROR, 0, true, false, "its key was revoked" },
	{ "no key", "v=DKIM1", VERDICT_PERMERROR, 0, false, false, "its record has no key (p=)" },
	{ "no list", "v=spf1 -all", VERDICT_PERMERROR, 0, false, false,
	    "its key's record is of another version (v=)" },
	{ "no list at all", "hello", VERDICT_PERMERROR, 0, false, false,
	    "its key's record is not a list of tags" },
	{ "another version", "v=DKIM2; p=" RSA_1024, VERDICT_PERMERROR, 0, false, false,
	    "its key's record is of another version (v=)" },
	{ "the version is not first", "k=rsa; v=DKIM1; p=" RSA_1024, VERDICT_PERMERROR, 0, false,
	    false, "its key's record is of another version (v=)" },
	{ "another kind", "k=ecdsa; p=" ED25519, VERDICT_PERMERROR, 0, false, false,
	    "its key is of an unknown kind (k=)" },
	{ "only for SHA-1", "h=sha1; p=" RSA_1024, VERDICT_PERMERROR, 0, false, false,
	    "its key is not for SHA-256 (h=)" },
	{ "not for mail", "s=tlsrpt; p=" RSA_1024, VERDICT_PERMERROR, 0, false, false,
	    "its key is not for mail (s=)" },
	{ "not base64", "p=!!!", VERDICT_PERMERROR, 0, false, false, "its key is not base64 (p=)" },
	{ "cut off", "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GN", VERDICT_PERMERROR, 0, false, false,
	    "its key is damaged (p=)" },
	{ "Ed25519 taken for RSA", "p=" ED25519, VERDICT_PERMERROR, 0, false, false,
	    "its key is damaged (p=)" },
	{ "RSA taken for Ed25519", "k=ed25519; p=" RSA_1024, VERDICT_PERMERROR, 0, false, false,
	    "its key is damaged (p=)" },
};

/* A key of 16384 bits is told from one that is damaged, and one of a megabyte is not read. */
static void
test_giant(size_t bytes, unsigned bits)
{
	struct dkim_key key;
	struct str reason;
	struct buf modulus, der, record;
	struct rsa_public public;

	TEST_ROW("giant");
	buf_init(&modulus, bytes);
	buf_init(&der, bytes + 100);
	buf_init(&record, 2 * bytes + 100);
	for (size_t i = 0; i < bytes; i++)
		buf_add_char(&modulus, '\xff');
	public = (struct rsa_public){ .n = buf_str(&modulus), .e = STR("\x03") };
	if (bits > 0)
		rsa_public_write(&public, &der);
	else
		buf_add(&der, buf_str(&modulus));
	buf_add_c(&record, "p=");
	base64_write(&record, buf_str(&der));
	CHECK_NUM(dkim_key_parse(buf_str(&record), &key, &reason), VERDICT_POLICY);
	CHECK_NUM(key.bits, bits);
	CHECK_STR(reason, STR("its key is longer than we look at"));
	buf_release(&modulus);
	buf_release(&der);
	buf_release(&record);
}

/* What is published of a key of ours is that key. */
static void
test_record(void)
{
	struct private_key private;
	struct dkim_key key;
	struct str reason;
	struct buf record, public;

	TEST_ROW("ours");
	buf_init(&record, 1000);
	buf_init(&public, 100);
	private_key_generate(&private, PRIVATE_KEY_ED25519);
	private_key_public_write(&private, &public);
	dkim_record_write(&private, &record);
	CHECK(str_starts(buf_str(&record), STR("v=DKIM1; k=ed25519; p=")));
	CHECK_NUM(dkim_key_parse(buf_str(&record), &key, &reason), VERDICT_NONE);
	CHECK_STR(buf_str(&key.bytes), buf_str(&public));
	dkim_key_release(&key);
	private_key_release(&private);
	buf_release(&record);
	buf_release(&public);
}

int
main(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dkim_key key;
		struct str reason;

		TEST_ROW(rows[i].name);
		CHECK_NUM(dkim_key_parse(str_c(rows[i].record), &key, &reason), rows[i].want);
		CHECK_NUM(key.bits, rows[i].bits);
		CHECK_NUM(key.is_testing, rows[i].is_testing);
		CHECK_NUM(key.is_exact, rows[i].is_exact);
		CHECK_STR(reason, str_c(rows[i].reason));
		dkim_key_release(&key);
	}
	test_giant(2048, 16384);
	test_giant(1 << 20, 0);
	test_record();
	return test_end();
}
