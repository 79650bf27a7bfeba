#include "crypto/scram_client.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "crypto/scram.h"

static const struct {
	const char *name;
	enum hash hash;
	const char *nonce, *first, *server_first, *final, *server_final;
} rows[] = {
	{ "RFC 7677 section 3", HASH_SHA256, "rOprNGfwEbeRWgbNEkqO",
	    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=" },
	{ "RFC 5802 section 5", HASH_SHA1, "fyko+d2lbbFgONRv9qkxdawL",
	    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
	    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=" },
};

static const struct {
	const char *name, *message;
	enum fail want;
} challenge_rows[] = {
	{ "good", "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", FAIL_NONE },
	{ "extension behind", "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096,x=y", FAIL_NONE },
	{ "the most", "r=abcdef,s=QSXCR+Q6sek8bf92,i=1000000", FAIL_NONE },
	{ "one too many", "r=abcdef,s=QSXCR+Q6sek8bf92,i=1000001", FAIL_LIMIT },
	{ "too many for a number", "r=abcdef,s=QSXCR+Q6sek8bf92,i=99999999999", FAIL_SYNTAX },
	{ "too few", "r=abcdef,s=QSXCR+Q6sek8bf92,i=4095", FAIL_LIMIT },
	{ "none", "r=abcdef,s=QSXCR+Q6sek8bf92,i=0", FAIL_LIMIT },
	{ "another nonce", "r=abxdef,s=QSXCR+Q6sek8bf92,i=4096", FAIL_SYNTAX },
	{ "our nonce alone", "r=abc,s=QSXCR+Q6sek8bf92,i=4096", FAIL_SYNTAX },
	{ "mandatory extension", "m=x,r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", FAIL_SYNTAX },
	{ "no salt", "r=abcdef,s=,i=4096", FAIL_SYNTAX },
	{ "salt is not base64", "r=abcdef,s=Q,i=4096", FAIL_SYNTAX },
	{ "glued", "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096x", FAIL_SYNTAX },
	{ "empty", "", FAIL_SYNTAX },
};

static const struct {
	const char *name, *message;
	enum fail want;
} verify_rows[] = {
	{ "right", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", FAIL_NONE },
	{ "right, extension behind", "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=,x=y", FAIL_NONE },
	{ "one bit off", "v=rmF9pqV8S7suAoZWja4dJRkFsKU=", FAIL_DENIED },
	{ "short", "v=rmF9", FAIL_DENIED },
	{ "none", "v=", FAIL_DENIED },
	{ "error", "e=invalid-proof", FAIL_DENIED },
	{ "not base64", "v=r", FAIL_SYNTAX },
	{ "empty", "", FAIL_SYNTAX },
};

static const struct {
	const char *name, *user, *want; /* NULL: refused */
} name_rows[] = {
	{ "plain", "ann", "n,,n=ann,r=abc" },
	{ "comma and equals", "a,b=c", "n,,n=a=2Cb=3Dc,r=abc" },
	{ "UTF-8", "\xc3\xa4", "n,,n=\xc3\xa4,r=abc" },
	{ "not UTF-8", "\xe4", NULL },
	{ "empty", "", NULL },
};

/* The work in slices of 1000. */
static void
work(struct scram_login *l)
{
	int slices = 1;

	while (!scram_login_work(l, 1000))
		slices++;
	CHECK_NUM(slices, 5);
}

static void
exchange(struct scram_login *l, size_t row, const char *secret, struct buf *out)
{
	scram_login_init(l, rows[row].hash);
	CHECK(scram_login_first(l, STR("user"), str_c(rows[row].nonce), out) == FAIL_NONE);
	CHECK_STR(buf_str(out), str_c(rows[row].first));
	buf_clear(out);
	CHECK(scram_login_challenge(l, str_c(rows[row].server_first), str_c(secret)) == FAIL_NONE);
	work(l);
	scram_login_final(l, out);
}

static void
test_exchange(void)
{
	struct scram_login l;
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		exchange(&l, i, "pencil", &out);
		CHECK_STR(buf_str(&out), str_c(rows[i].final));
		CHECK(scram_login_verify(&l, str_c(rows[i].server_final)) == FAIL_NONE);
		scram_login_release(&l);
		scram_login_release(&l);
		buf_clear(&out);
		exchange(&l, i, "crayon", &out);
		CHECK(!str_eq(buf_str(&out), str_c(rows[i].final)));
		CHECK(scram_login_verify(&l, str_c(rows[i].server_final)) == FAIL_DENIED);
		scram_login_release(&l);
		buf_clear(&out);
	}
	for (size_t i = 0; i < ARRAY_LEN(verify_rows); i++) {
		TEST_ROW(verify_rows[i].name);
		exchange(&l, 1, "pencil", &out);
		CHECK_NUM(scram_login_verify(&l, str_c(verify_rows[i].message)),
		    verify_rows[i].want);
		scram_login_release(&l);
		buf_clear(&out);
	}
	buf_release(&out);
}

static void
test_messages(void)
{
	struct scram_login l;
	struct buf out;

	buf_init(&out, 1000);
	for (size_t i = 0; i < ARRAY_LEN(challenge_rows); i++) {
		TEST_ROW(challenge_rows[i].name);
		scram_login_init(&l, HASH_SHA256);
		CHECK(scram_login_first(&l, STR("ann"), STR("abc"), &out) == FAIL_NONE);
		CHECK_NUM(scram_login_challenge(&l, str_c(challenge_rows[i].message), STR("x")),
		    challenge_rows[i].want);
		scram_login_release(&l);
	}
	for (size_t i = 0; i < ARRAY_LEN(name_rows); i++) {
		TEST_ROW(name_rows[i].name);
		buf_clear(&out);
		scram_login_init(&l, HASH_SHA256);
		CHECK_NUM(scram_login_first(&l, str_c(name_rows[i].user), STR("abc"), &out),
		    name_rows[i].want ? FAIL_NONE : FAIL_SYNTAX);
		CHECK_STR(buf_str(&out), str_c(name_rows[i].want));
		scram_login_release(&l);
	}
	TEST_ROW("name with NUL");
	scram_login_init(&l, HASH_SHA256);
	CHECK(scram_login_first(&l, str_of("a\0b", 3), STR("abc"), &out) == FAIL_SYNTAX);
	scram_login_release(&l);
	buf_release(&out);
}

/* Against our own server's side. */
static void
test_both(void)
{
	struct scram_login l;
	struct scram s;
	struct scram_keys keys;
	struct buf out;

	TEST_ROW("both sides are ours");
	buf_init(&out, 1000);
	scram_keys_create(&keys, HASH_SHA256, STR("s\xc3\xa4\xc3\xa4t, \"=\""));
	scram_login_init(&l, HASH_SHA256);
	scram_init(&s);
	CHECK(scram_login_first(&l, STR("a=,b"), STR("1234"), &out) == FAIL_NONE);
	CHECK(scram_client_first(&s, SCRAM_UNBOUND, buf_str(&out)) == FAIL_NONE);
	CHECK_STR(buf_str(&s.user), STR("a=,b"));
	buf_clear(&out);
	scram_server_first(&s, &keys, STR("5678"), &out);
	CHECK(scram_login_challenge(&l, buf_str(&out), STR("s\xc3\xa4\xc3\xa4t, \"=\"")) ==
	    FAIL_NONE);
	TEST_ROW("a second challenge");
	CHECK(scram_login_challenge(&l, buf_str(&out), STR("x")) == FAIL_SYNTAX);
	CHECK(scram_login_work(&l, UINT32_MAX));
	buf_clear(&out);
	scram_login_final(&l, &out);
	struct buf last = { .max = 1000 };

	TEST_ROW("both agree");
	CHECK(scram_client_final(&s, buf_str(&out), &last) == FAIL_NONE);
	CHECK(scram_login_verify(&l, buf_str(&last)) == FAIL_NONE);
	scram_login_release(&l);
	scram_release(&s);
	buf_release(&out);
	buf_release(&last);
}

int
main(void)
{
	test_exchange();
	test_messages();
	test_both();
	return test_end();
}
