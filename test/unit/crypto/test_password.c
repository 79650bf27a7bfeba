#include "crypto/password.h"

/* base */
#include "base/mem.h"
#include "base/test.h"

#define DIGEST_SHA256 "QQTTb42iwlQ0n4WDZ5Pr4CngyVcGOjTJHC6SAxh7VjE="
#define BCRYPT        "abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e"
#define PBKDF2_SHA256 "1000$./8gc2FsdHkgc2FsdA$L9RgmeTtXjNTKWI15aU2A/PzSLZHTMxf6xt5zLjwLUs"
#define SHA512_CRYPT \
	"$6$rounds=5000$saltstring$.r0X7ub5wGR2v4Xz7svCIozfnlorFh19V89t8KC9Umd81uGhFgsyTRNyzQDXDIm17fF" \
	"cR9z3z7oBNdsyYBbtm/"

/* Each is "correct horse", made by other programs. */
static const struct {
	const char *name, *stored;
	enum fail want;
} rows[] = {
	{ "sha256-crypt", "$5$saltstring$vc6YOOogU4kWVvwga8e9zTFgKcy4tb5LaPxIiPJzqEC", FAIL_NONE },
	{ "sha512-crypt", SHA512_CRYPT, FAIL_NONE },
	{ "{SHA512-CRYPT}", "{SHA512-CRYPT}" SHA512_CRYPT, FAIL_NONE },
	{ "2a", "$2a$04$" BCRYPT, FAIL_NONE },
	{ "2b", "$2b$04$" BCRYPT, FAIL_NONE },
	{ "2y", "$2y$04$" BCRYPT, FAIL_NONE },
	{ "{BLF-CRYPT}", "{BLF-CRYPT}$2y$04$" BCRYPT, FAIL_NONE },
	{ "{crypt}", "{crypt}$2y$04$" BCRYPT, FAIL_NONE },
	{ "pbkdf2-sha256", "$pbkdf2-sha256$" PBKDF2_SHA256, FAIL_NONE },
	{ "{PBKDF2-SHA256}", "{PBKDF2-SHA256}" PBKDF2_SHA256, FAIL_NONE },
	{ "pbkdf2-sha512",
	    "$pbkdf2-sha512$1000$./8gc2FsdHkgc2FsdA$E8QC.TpvTHmZjPN6ZKyPEzFSLunxRj3349HZrRgkObSwd3gP.A7"
	    "vlWsNzGcQ9F819ge7wDvcxlEBmB4w8.F02Q",
	    FAIL_NONE },
	{ "pbkdf2", "$pbkdf2$1000$./8gc2FsdHkgc2FsdA$4rE5kfhEBp3J3hgTStcwIj6mnvI", FAIL_NONE },
	{ "{PBKDF2}$1$", "{PBKDF2}$1$salty$500$7ce597079de2412cfb9b851c59536cefed620488",
	    FAIL_NONE },
	{ "SSHA", "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0", FAIL_NONE },
	{ "SSHA256", "{SSHA256}n+NyCAC8BTzorAU7AQEsEfh4qDAh0HpRtPLX0dsQdApzYWx0", FAIL_NONE },
	{ "SSHA512",
	    "{SSHA512}MObRFvUHqU5pLIXjc0HkeJH+PKVdEQk34oSyXkDftCxTU6Fk9rWjilWA553MtCFyazGhAOPiDyO1Rv1hn"
	    "dA96XNhbHQ=",
	    FAIL_NONE },
	{ "SHA256", "{SHA256}" DIGEST_SHA256, FAIL_NONE },
	{ "SHA512",
	    "{SHA512}VraY3v7bWkNbY0r+MyC7rz/c2SC2xQOkRvx7endrKY1HnRumqLYXgI6wv1ec6aldZoNHvKtxSQhayTyyeZ"
	    "UZew==",
	    FAIL_NONE },
	{ "other password", "{SSHA}AAKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0", FAIL_DENIED },
	{ "other bcrypt", "$2y$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6f",
	    FAIL_DENIED },
	{ "other pbkdf2",
	    "$pbkdf2-sha256$999$./8gc2FsdHkgc2FsdA$L9RgmeTtXjNTKWI15aU2A/PzSLZHTMxf6xt5zLjwLUs",
	    FAIL_DENIED },
	{ "empty", "", FAIL_PERM },
	{ "plain text", "correct horse", FAIL_PERM },
	{ "DES", "ab01FAX.bQRSU", FAIL_PERM },
	{ "{CRYPT} and DES", "{CRYPT}ab01FAX.bQRSU", FAIL_PERM },
	{ "yescrypt", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o", FAIL_PERM },
	{ "md5-crypt", "$1$abcdefgh$G//4keteveJp0qb8z2DxG/", FAIL_PERM },
	{ "disabled", "!", FAIL_PERM },
	{ "cut bcrypt", "$2y$04$abc", FAIL_PERM },
	{ "costly bcrypt", "$2y$31$" BCRYPT, FAIL_PERM },
	{ "costly sha-crypt", "$6$rounds=999999999$saltstring$x", FAIL_PERM },
	{ "costly pbkdf2", "$pbkdf2-sha256$999999999$./8g$L9RgmeTtXjNTKWI15aU2A", FAIL_PERM },
	{ "costly argon2", "$argon2id$v=19$m=9999999,t=2,p=1$c2FsdHNhbHQ$aGFzaA", FAIL_PERM },
	{ "short pbkdf2", "$pbkdf2-sha256$1000$./8g$L9Rg", FAIL_PERM },
	{ "empty pbkdf2", "$pbkdf2-sha256$1000$./8g$", FAIL_PERM },
	{ "short SSHA", "{SSHA}LhKr", FAIL_PERM },
	{ "damaged argon2", "$argon2id$v=19$m=19456,t=2,p=1$", FAIL_DENIED },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		TEST_ROW(rows[i].name);
		CHECK_NUM(password_verify(str_c(rows[i].stored), STR("correct horse")),
		    rows[i].want);
		if (rows[i].want != FAIL_NONE)
			continue;
		CHECK_NUM(password_verify(str_c(rows[i].stored), STR("correct horsf")),
		    FAIL_DENIED);
		CHECK_NUM(password_verify(str_c(rows[i].stored), STR("")), FAIL_DENIED);
		CHECK_NUM(password_verify(str_c(rows[i].stored), STR("correct horse\0x")),
		    FAIL_DENIED);
	}
}

static void
test_create(void)
{
	char huge[PASSWORD_SECRET_MAX + 1];
	struct buf out;

	TEST_ROW("create");
	for (size_t i = 0; i < sizeof huge; i++)
		huge[i] = 'x';
	buf_init(&out, 1000);
	CHECK(password_create(STR("s3cret"), &out) == FAIL_NONE);
	CHECK(str_starts(buf_str(&out), STR("$argon2id$v=19$m=19456,t=2,p=1$")));
	CHECK_NUM(password_verify(buf_str(&out), STR("s3cret")), FAIL_NONE);
	CHECK_NUM(password_verify(buf_str(&out), STR("S3cret")), FAIL_DENIED);
	CHECK_NUM(password_verify(buf_str(&out), str_of(huge, sizeof huge)), FAIL_DENIED);
	CHECK_NUM(password_create(STR(""), &out), FAIL_LIMIT);
	CHECK_NUM(password_create(STR("a\0b"), &out), FAIL_LIMIT);
	CHECK_NUM(password_create(str_of(huge, sizeof huge), &out), FAIL_LIMIT);
	password_verify_nobody(STR("x"));
	buf_release(&out);
}

int
main(void)
{
	test_rows();
	test_create();
	return test_end();
}
