#include "crypto/password.h"

/* system */
#include <crypt.h>
#include <sodium.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"
#include "crypto/scram.h"

#define STORED_MAX 1024 /* bytes of a stored form */

/* What we make: OWASP's choice for argon2id, about 50 ms. */
#define ARGON2_PASSES 2
#define ARGON2_BYTES  (19 * 1024 * 1024)

/* What we are willing to spend on what others made, a second or two at most. */
#define ARGON2_KIB_MAX    (256 * 1024)
#define ARGON2_PASSES_MAX 16
#define PBKDF2_ROUNDS_MAX 3000000
#define CRYPT_ROUNDS_MAX  1000000
#define BCRYPT_COST_MAX   15

/* The password "nobody", hashed as password_create() does it. */
#define NOBODY \
	"$argon2id$v=19$m=19456,t=2,p=1$dLW1CiXy1Gl+WrLqf4NLow$" \
	"xz8IN3RGwBPs8EZ3XfhUgpPeN67a7iqenrnZR98MnE8"

/* --- argon2id -------------------------------------------------------------------------------- */

/* "$argon2id$v=19$m=19456,t=2,p=1$": affordable? */
static bool
is_argon2_cheap(struct str stored)
{
	uint32_t memory, passes, lanes;

	return str_skip(&stored, STR("$argon2id$v=19$m=")) &&
	    str_u32(&stored, ARGON2_KIB_MAX, &memory) && str_skip(&stored, STR(",t=")) &&
	    str_u32(&stored, ARGON2_PASSES_MAX, &passes) && str_skip(&stored, STR(",p=")) &&
	    str_u32(&stored, 16, &lanes) && str_skip_char(&stored, '$');
}

static enum fail
verify_argon2(struct str stored, struct str secret, enum hash unused)
{
	struct buf text;
	bool is_right;

	(void)unused;
	if (!is_argon2_cheap(stored))
		return FAIL_PERM;
	if (sodium_init() < 0)
		return FAIL_PERM;
	buf_init(&text, STORED_MAX);
	buf_add(&text, stored);
	is_right = crypto_pwhash_argon2id_str_verify(buf_c(&text), secret.p, secret.n) == 0;
	buf_release(&text);
	return is_right ? FAIL_NONE : FAIL_DENIED;
}

/* --- crypt(3) -------------------------------------------------------------------------------- */

/* Is the cost that the setting asks for affordable? "$6$rounds=5000$..", "$2y$10$.." */
static bool
is_crypt_cheap(struct str stored)
{
	uint32_t n;

	if (str_skip(&stored, STR("$5$")) || str_skip(&stored, STR("$6$")))
		return !str_skip(&stored, STR("rounds=")) || str_u32(&stored, CRYPT_ROUNDS_MAX, &n);
	stored = str_from(stored, 4);
	return stored.n == 56 && str_u32(&stored, BCRYPT_COST_MAX, &n) &&
	    str_skip_char(&stored, '$');
}

static enum fail
verify_crypt(struct str stored, struct str secret, enum hash unused)
{
	struct crypt_data *work;
	struct buf setting, text;
	const char *made;
	enum fail fail = FAIL_DENIED;

	(void)unused;
	if (str_find_char(stored, '\0') != STR_NONE || !is_crypt_cheap(stored))
		return FAIL_PERM;
	work = mem_new(1, sizeof *work);
	buf_init(&setting, STORED_MAX);
	buf_init_secret(&text, PASSWORD_SECRET_MAX);
	buf_add(&setting, stored);
	buf_add(&text, secret);
	made = crypt_r(buf_c(&text), buf_c(&setting), work);
	if (made == NULL || made[0] == '*')
		fail = FAIL_PERM;
	else if (str_c(made).n == stored.n && mem_equal_secret(made, stored.p, stored.n))
		fail = FAIL_NONE;
	mem_wipe(work, sizeof *work);
	mem_free(work);
	buf_release(&setting);
	buf_release(&text);
	return fail;
}

/* --- PBKDF2 ---------------------------------------------------------------------------------- */

/* passlib's "adapted base64": "." for "+", no padding. */
static bool
parse_adapted(struct buf *out, struct str text)
{
	struct buf plain;
	bool is_good;

	buf_init(&plain, STORED_MAX);
	for (size_t i = 0; i < text.n; i++)
		buf_add_char(&plain, text.p[i] == '.' ? '+' : text.p[i]);
	while (plain.n % 4 != 0 && !str_ends(buf_str(&plain), STR("==")))
		buf_add_char(&plain, '=');
	is_good = base64_parse(out, buf_str(&plain)) == FAIL_NONE;
	buf_release(&plain);
	return is_good;
}

static bool
parse_hex(struct buf *out, struct str text)
{
	for (; text.n >= 2; text = str_from(text, 2)) {
		struct str pair = str_head(text, 2);
		uint64_t value;

		if (!str_hex(&pair, 0xff, &value) || pair.n > 0)
			return false;
		buf_add_char(out, (char)value);
	}
	return text.n == 0 && buf_ok(out);
}

static enum fail
check_pbkdf2(enum hash hash, struct str secret, struct str salt, uint32_t rounds, struct str want)
{
	unsigned char made[HASH_SIZE_MAX];
	bool is_right;

	if (want.n < 16 || want.n > hash_size(hash) || rounds == 0)
		return FAIL_PERM;
	pbkdf2(hash, secret, salt, rounds, made, want.n);
	is_right = mem_equal_secret(made, want.p, want.n);
	mem_wipe(made, sizeof made);
	return is_right ? FAIL_NONE : FAIL_DENIED;
}

/* "ROUNDS$SALT$KEY" as passlib writes it. */
static enum fail
verify_pbkdf2(struct str stored, struct str secret, enum hash hash)
{
	struct str rounds_text, salt_text;
	struct buf salt, want;
	uint32_t rounds;
	enum fail fail = FAIL_PERM;

	buf_init(&salt, STORED_MAX);
	buf_init(&want, STORED_MAX);
	if (str_take_until(&stored, '$', &rounds_text) &&
	    str_take_until(&stored, '$', &salt_text) &&
	    str_u32(&rounds_text, PBKDF2_ROUNDS_MAX, &rounds) && rounds_text.n == 0 &&
	    parse_adapted(&salt, salt_text) && parse_adapted(&want, stored))
		fail = check_pbkdf2(hash, secret, buf_str(&salt), rounds, buf_str(&want));
	buf_release(&salt);
	buf_release(&want);
	return fail;
}

/* "SALT$ROUNDS$HEX" with a salt that is text, as {PBKDF2}$1$ has it. */
static enum fail
verify_pbkdf2_hex(struct str stored, struct str secret, enum hash hash)
{
	struct str salt, rounds_text;
	struct buf want;
	uint32_t rounds;
	enum fail fail = FAIL_PERM;

	buf_init(&want, STORED_MAX);
	if (str_take_until(&stored, '$', &salt) && str_take_until(&stored, '$', &rounds_text) &&
	    str_u32(&rounds_text, PBKDF2_ROUNDS_MAX, &rounds) && rounds_text.n == 0 &&
	    parse_hex(&want, stored))
		fail = check_pbkdf2(hash, secret, salt, rounds, buf_str(&want));
	buf_release(&want);
	return fail;
}

/* --- one hash, with or without salt ---------------------------------------------------------- */

/* base64 of the digest and, behind it, the salt (RFC 2307 5.3's {SSHA} and its kin). */
static enum fail
verify_digest(struct str stored, struct str secret, enum hash hash)
{
	unsigned char made[HASH_SIZE_MAX];
	struct hash_state s;
	struct buf bytes;
	size_t n = hash_size(hash);
	enum fail fail = FAIL_PERM;

	buf_init(&bytes, STORED_MAX);
	if (base64_parse(&bytes, stored) == FAIL_NONE && bytes.n >= n) {
		hash_init(&s, hash);
		hash_add(&s, secret);
		hash_add(&s, str_from(buf_str(&bytes), n));
		hash_get(&s, made);
		fail = mem_equal_secret(made, buf_str(&bytes).p, n) ? FAIL_NONE : FAIL_DENIED;
		mem_wipe(&s, sizeof s);
	}
	buf_release(&bytes);
	return fail;
}

static enum fail
verify_scram(struct str stored, struct str secret, enum hash unused)
{
	struct scram_keys keys;
	enum fail fail = FAIL_PERM;

	(void)unused;
	if (scram_keys_parse(&keys, stored) == FAIL_NONE && keys.iterations <= PBKDF2_ROUNDS_MAX)
		fail = scram_keys_verify(&keys, secret) ? FAIL_NONE : FAIL_DENIED;
	mem_wipe(&keys, sizeof keys);
	return fail;
}

/* --- the forms --------------------------------------------------------------------------------- */

static const struct form {
	struct str prefix;
	bool is_cut; /* the prefix does not belong to what `verify` gets */
	enum fail (*verify)(struct str stored, struct str secret, enum hash hash);
	enum hash hash;
} forms[] = {
	{ STR_INIT("$argon2id$"), false, verify_argon2, HASH_COUNT },
	{ STR_INIT("$2a$"), false, verify_crypt, HASH_COUNT },
	{ STR_INIT("$2b$"), false, verify_crypt, HASH_COUNT },
	{ STR_INIT("$2y$"), false, verify_crypt, HASH_COUNT },
	{ STR_INIT("$5$"), false, verify_crypt, HASH_COUNT },
	{ STR_INIT("$6$"), false, verify_crypt, HASH_COUNT },
	{ STR_INIT("$pbkdf2-sha256$"), true, verify_pbkdf2, HASH_SHA256 },
	{ STR_INIT("$pbkdf2-sha512$"), true, verify_pbkdf2, HASH_SHA512 },
	{ STR_INIT("$pbkdf2$"), true, verify_pbkdf2, HASH_SHA1 },
	{ STR_INIT("{PBKDF2-SHA256}"), true, verify_pbkdf2, HASH_SHA256 },
	{ STR_INIT("{PBKDF2-SHA512}"), true, verify_pbkdf2, HASH_SHA512 },
	{ STR_INIT("{PBKDF2}$1$"), true, verify_pbkdf2_hex, HASH_SHA1 },
	{ STR_INIT("{PBKDF2}"), true, verify_pbkdf2, HASH_SHA1 },
	{ STR_INIT("SCRAM-SHA-"), false, verify_scram, HASH_COUNT },
	{ STR_INIT("{SCRAM-SHA-"), false, verify_scram, HASH_COUNT },
	{ STR_INIT("{SSHA}"), true, verify_digest, HASH_SHA1 },
	{ STR_INIT("{SSHA256}"), true, verify_digest, HASH_SHA256 },
	{ STR_INIT("{SSHA512}"), true, verify_digest, HASH_SHA512 },
	{ STR_INIT("{SHA256}"), true, verify_digest, HASH_SHA256 },
	{ STR_INIT("{SHA512}"), true, verify_digest, HASH_SHA512 },
};

/* Names that other servers put before a form that says itself what it is. */
static struct str
without_scheme(struct str stored)
{
	static const struct str names[] = { STR_INIT("{ARGON2ID}"), STR_INIT("{CRYPT}"),
		STR_INIT("{BLF-CRYPT}"), STR_INIT("{SHA256-CRYPT}"), STR_INIT("{SHA512-CRYPT}") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_skip_nocase(&stored, names[i]))
			break;
	}
	return stored;
}

enum fail
password_verify(struct str stored, struct str secret)
{
	if (stored.n > STORED_MAX)
		return FAIL_PERM;
	stored = without_scheme(stored);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct str rest = stored;

		if (!str_skip_nocase(&rest, forms[i].prefix))
			continue;
		/* NUL would end the password for crypt(3), so no form takes it */
		if (secret.n == 0 || secret.n > PASSWORD_SECRET_MAX ||
		    str_find_char(secret, '\0') != STR_NONE)
			return FAIL_DENIED;
		return forms[i].verify(forms[i].is_cut ? rest : stored, secret, forms[i].hash);
	}
	return FAIL_PERM;
}

void
password_verify_nobody(struct str secret)
{
	enum fail fail = password_verify(STR(NOBODY), secret);

	(void)fail;
}

enum fail
password_create(struct str secret, struct buf *out)
{
	char text[crypto_pwhash_argon2id_STRBYTES];

	if (secret.n == 0 || secret.n > PASSWORD_SECRET_MAX ||
	    str_find_char(secret, '\0') != STR_NONE)
		return FAIL_LIMIT;
	if (sodium_init() < 0 ||
	    crypto_pwhash_argon2id_str(text, secret.p, secret.n, ARGON2_PASSES, ARGON2_BYTES) != 0)
		return FAIL_TEMP;
	buf_add_c(out, text);
	return buf_ok(out) ? FAIL_NONE : FAIL_LIMIT;
}
