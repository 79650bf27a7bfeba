#include "crypto/scram.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

/* rooms */
#include "codec/base64.h"

static const struct {
	const char *name;
	enum hash hash;
	const char *secret, *salt;
	const char *first, *nonce, *server_first, *final, *server_final;
	enum fail want;
} rows[] = {
	{ "RFC 7677 section 3", HASH_SHA256, "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==",
	    "n,,n=user,r=rOprNGfwEbeRWgbNEkqO", "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
	    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
	    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
	    "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", FAIL_NONE },
	{ "RFC 5802 section 5", HASH_SHA1, "pencil", "QSXCR+Q6sek8bf92",
	    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j",
	    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", FAIL_NONE },
	{ "wrong password", HASH_SHA1, "crayon", "QSXCR+Q6sek8bf92",
	    "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL", "3rfcNHYJY1ZVvWVs7j",
	    "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
	    "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
	    "", FAIL_DENIED },
	{ "other nonce", HASH_SHA1, "pencil", "QSXCR+Q6sek8bf92", "n,,n=user,r=abc", "def",
	    "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096",
	    "c=biws,r=abcdeg,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "", FAIL_SYNTAX },
	{ "other channel binding", HASH_SHA1, "pencil", "QSXCR+Q6sek8bf92", "n,,n=user,r=abc",
	    "def", "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096",
	    "c=eSws,r=abcdef,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=", "", FAIL_SYNTAX },
	{ "short proof", HASH_SHA1, "pencil", "QSXCR+Q6sek8bf92", "n,,n=user,r=abc", "def",
	    "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", "c=biws,r=abcdef,p=v0X8", "", FAIL_DENIED },
	{ "no proof", HASH_SHA1, "pencil", "QSXCR+Q6sek8bf92", "n,,n=user,r=abc", "def",
	    "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", "c=biws,r=abcdef", "", FAIL_SYNTAX },
	{ "empty final", HASH_SHA1, "pencil", "QSXCR+Q6sek8bf92", "n,,n=user,r=abc", "def",
	    "r=abcdef,s=QSXCR+Q6sek8bf92,i=4096", "", "", FAIL_SYNTAX },
};

static const struct {
	const char *name, *in;
	enum fail want;
	const char *user, *authzid;
	enum scram_choice choice;
} first_rows[] = {
	{ "plain", "n,,n=ann,r=x", FAIL_NONE, "ann", "", SCRAM_UNBOUND },
	{ "y", "y,,n=ann,r=x", FAIL_NONE, "ann", "", SCRAM_UNBOUND },
	{ "authzid", "n,a=bob,n=ann,r=x", FAIL_NONE, "ann", "bob", SCRAM_UNBOUND },
	{ "escapes", "n,a=b=3Db,n=a=2Cn,r=x", FAIL_NONE, "a,n", "b=b", SCRAM_UNBOUND },
	{ "extension", "n,,n=ann,r=x,z=1", FAIL_NONE, "ann", "", SCRAM_UNBOUND },
	{ "channel binding", "p=tls-unique,,n=ann,r=x", FAIL_PERM, NULL, NULL, SCRAM_UNBOUND },
	{ "n beside -PLUS", "n,,n=ann,r=x", FAIL_NONE, "ann", "", SCRAM_BESIDE },
	{ "y beside -PLUS", "y,,n=ann,r=x", FAIL_DENIED, NULL, NULL, SCRAM_BESIDE },
	{ "p beside -PLUS", "p=tls-unique,,n=ann,r=x", FAIL_PERM, NULL, NULL, SCRAM_BESIDE },
	{ "n in -PLUS", "n,,n=ann,r=x", FAIL_PERM, NULL, NULL, SCRAM_PLUS },
	{ "y in -PLUS", "y,,n=ann,r=x", FAIL_PERM, NULL, NULL, SCRAM_PLUS },
	{ "p in -PLUS", "p=tls-unique,a=bob,n=ann,r=x", FAIL_NONE, "ann", "bob", SCRAM_PLUS },
	{ "p without a name", "p=,,n=ann,r=x", FAIL_SYNTAX, NULL, NULL, SCRAM_PLUS },
	{ "p without an end", "p=tls-unique", FAIL_SYNTAX, NULL, NULL, SCRAM_PLUS },
	{ "other flag", "q=tls-unique,,n=ann,r=x", FAIL_SYNTAX, NULL, NULL, SCRAM_PLUS },
	{ "flag with more", "nn,,n=ann,r=x", FAIL_SYNTAX, NULL, NULL, SCRAM_UNBOUND },
	{ "mandatory extension", "n,,m=1,n=ann,r=x", FAIL_SYNTAX, NULL, NULL, SCRAM_UNBOUND },
	{ "no header", "n=ann,r=x", FAIL_SYNTAX, NULL, NULL, SCRAM_UNBOUND },
	{ "wrong escape", "n,,n=a=2cn,r=x", FAIL_SYNTAX, NULL, NULL, SCRAM_UNBOUND },
	{ "no name", "n,,n=,r=x", FAIL_SYNTAX, NULL, NULL, SCRAM_UNBOUND },
	{ "no nonce", "n,,n=ann,r=", FAIL_SYNTAX, NULL, NULL, SCRAM_UNBOUND },
	{ "control in the nonce", "n,,n=ann,r=a\tb", FAIL_SYNTAX, NULL, NULL, SCRAM_UNBOUND },
	{ "bad UTF-8", "n,,n=\xff,r=x", FAIL_SYNTAX, NULL, NULL, SCRAM_UNBOUND },
	{ "empty", "", FAIL_SYNTAX, NULL, NULL, SCRAM_UNBOUND },
};

/* -PLUS with the password "pencil", bound to tls-unique, whose data is "Finished 12." */
static const struct {
	const char *name, *final, *server_final;
	enum fail want;
	bool has_other_binding;
} plus_rows[] = {
	{ "bound",
	    "c=cD10bHMtdW5pcXVlLCxGaW5pc2hlZCAxMi4=,r=abcdef,"
	    "p=Q/2hIQGrXjBkNYbdDojbISkcIAzXcn+cNh2d0PjCbDs=",
	    "v=pJhIRdUMbE4lfIx6fC8gHK9477prFIOSA8wSgk4gHCI=", FAIL_NONE, false },
	{ "bound to another connection",
	    "c=cD10bHMtdW5pcXVlLCxGaW5pc2hlZCAxMy4=,r=abcdef,"
	    "p=Le709+xyf/IwfPzilamH/IZZ228//qNZI5e9LiTvyWA=",
	    "", FAIL_DENIED, true },
	{ "bound to less",
	    "c=cD10bHMtdW5pcXVlLCxGaW5pc2hlZCAxMg==,r=abcdef,"
	    "p=mXcBnkPkYa8oHOKa1IZvWKGNFA0YqC/wxkHuWhFtkq4=",
	    "", FAIL_DENIED, true },
	{ "bound to more",
	    "c=cD10bHMtdW5pcXVlLCxGaW5pc2hlZCAxMi54,r=abcdef,"
	    "p=+rqTPep87lQOqHx74YHT32AGprnnhxO8LCsYXh6zQBE=",
	    "", FAIL_DENIED, true },
	{ "bound to nothing",
	    "c=cD10bHMtdW5pcXVlLCw=,r=abcdef,"
	    "p=oiNDFWA920+i79uOGN4YYNYsOiWuYZjD0qPP4uRo2HU=",
	    "", FAIL_DENIED, true },
	{ "another kind of binding",
	    "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsRmluaXNoZWQgMTIu,r=abcdef,"
	    "p=GvF9n9if3SiFAaD2C8P+jx+oSa2IsC7huFEUoKCfDxI=",
	    "", FAIL_SYNTAX, false },
	{ "the flag taken back",
	    "c=biws,r=abcdef,"
	    "p=p1xwzfothMDbACHp9kfDV+D422Lu4DJCcnEVgF7nKZ0=",
	    "", FAIL_SYNTAX, false },
	{ "right connection, wrong password",
	    "c=cD10bHMtdW5pcXVlLCxGaW5pc2hlZCAxMi4=,r=abcdef,"
	    "p=khPMPJvTvY69thRe25I3uz4Jl9bE7KvW+jvsKFfMCY0=",
	    "", FAIL_DENIED, false },
};

static const struct {
	const char *name, *text;
	enum fail want;
} key_rows[] = {
	{ "another program's",
	    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
	    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
	    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
	    FAIL_NONE },
	{ "with commas",
	    "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"
	    "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
	    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
	    FAIL_NONE },
	{ "no iterations",
	    "SCRAM-SHA-256$0:W22Z$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
	    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
	    FAIL_SYNTAX },
	{ "short key", "SCRAM-SHA-256$4096:W22Z$WG5d:wfPL", FAIL_SYNTAX },
	{ "other hash", "SCRAM-SHA-512$4096:W22Z$WG5d:wfPL", FAIL_SYNTAX },
	{ "parts missing", "SCRAM-SHA-256$4096:W22Z", FAIL_SYNTAX },
	{ "empty", "", FAIL_SYNTAX },
};

static void
make_keys(struct scram_keys *keys, enum hash hash, const char *secret, const char *salt)
{
	struct buf bytes;

	buf_init(&bytes, SCRAM_SALT_MAX);
	CHECK(base64_parse(&bytes, str_c(salt)) == FAIL_NONE);
	*keys = (struct scram_keys){ .hash = hash, .iterations = 4096, .salt_n = bytes.n };
	for (size_t i = 0; i < bytes.n; i++)
		keys->salt[i] = (unsigned char)buf_str(&bytes).p[i];
	scram_keys_derive(keys, str_c(secret));
	buf_release(&bytes);
}

static void
test_exchange(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct scram_keys keys;
		struct scram s;
		struct buf out;

		TEST_ROW(rows[i].name);
		scram_init(&s);
		buf_init(&out, 1000);
		make_keys(&keys, rows[i].hash, rows[i].secret, rows[i].salt);
		CHECK(scram_client_first(&s, SCRAM_UNBOUND, str_c(rows[i].first)) == FAIL_NONE);
		CHECK_STR(buf_str(&s.user), STR("user"));
		scram_server_first(&s, &keys, str_c(rows[i].nonce), &out);
		CHECK_STR(buf_str(&out), str_c(rows[i].server_first));
		buf_clear(&out);
		CHECK_NUM(scram_client_final(&s, str_c(rows[i].final), &out), rows[i].want);
		CHECK_STR(buf_str(&out), str_c(rows[i].server_final));
		scram_release(&s);
		scram_release(&s);
		buf_release(&out);
	}
}

static void
test_plus(void)
{
	struct scram_keys keys;

	make_keys(&keys, HASH_SHA256, "pencil", "W22ZaJ0SNY7soEsUEjb6gQ==");
	for (size_t i = 0; i < ARRAY_LEN(plus_rows); i++) {
		struct scram s;
		struct buf out;

		TEST_ROW(plus_rows[i].name);
		scram_init(&s);
		buf_init(&out, 1000);
		CHECK(scram_client_first(&s, SCRAM_PLUS, STR("p=tls-unique,,n=user,r=abc")) ==
		    FAIL_NONE);
		CHECK_STR(buf_str(&s.binding), STR("tls-unique"));
		scram_bind(&s, STR("Finished 12."));
		scram_server_first(&s, &keys, STR("def"), &out);
		buf_clear(&out);
		CHECK_NUM(scram_client_final(&s, str_c(plus_rows[i].final), &out),
		    plus_rows[i].want);
		CHECK_STR(buf_str(&out), str_c(plus_rows[i].server_final));
		CHECK(s.has_other_binding == plus_rows[i].has_other_binding);
		scram_release(&s);
		buf_release(&out);
	}
}

static void
test_first(void)
{
	for (size_t i = 0; i < ARRAY_LEN(first_rows); i++) {
		struct scram s;

		TEST_ROW(first_rows[i].name);
		scram_init(&s);
		CHECK_NUM(scram_client_first(&s, first_rows[i].choice, str_c(first_rows[i].in)),
		    first_rows[i].want);
		if (first_rows[i].want == FAIL_NONE) {
			CHECK((s.binding.n > 0) == (first_rows[i].choice == SCRAM_PLUS));
			CHECK_STR(buf_str(&s.user), str_c(first_rows[i].user));
			CHECK_STR(buf_str(&s.authzid), str_c(first_rows[i].authzid));
		}
		scram_release(&s);
	}
}

static void
test_keys(void)
{
	struct scram_keys keys, again;
	struct buf text;

	for (size_t i = 0; i < ARRAY_LEN(key_rows); i++) {
		TEST_ROW(key_rows[i].name);
		CHECK_NUM(scram_keys_parse(&keys, str_c(key_rows[i].text)), key_rows[i].want);
		CHECK(key_rows[i].want != FAIL_NONE || scram_keys_verify(&keys, STR("pencil")));
	}
	TEST_ROW("round");
	buf_init(&text, 1000);
	scram_keys_create(&keys, HASH_SHA256, STR("secret"));
	scram_keys_write(&keys, &text);
	CHECK(scram_keys_parse(&again, buf_str(&text)) == FAIL_NONE);
	CHECK(scram_keys_verify(&again, STR("secret")));
	CHECK(!scram_keys_verify(&again, STR("Secret")));
	buf_release(&text);
	TEST_ROW("fake");
	scram_keys_fake(&keys, HASH_SHA256, STR("nobody"), STR("key"));
	scram_keys_fake(&again, HASH_SHA256, STR("nobody"), STR("key"));
	CHECK(keys.salt_n == 16 && mem_equal_secret(keys.salt, again.salt, 16));
	scram_keys_fake(&again, HASH_SHA256, STR("somebody"), STR("key"));
	CHECK(!mem_equal_secret(keys.salt, again.salt, 16));
}

int
main(void)
{
	test_exchange();
	test_plus();
	test_first();
	test_keys();
	return test_end();
}
