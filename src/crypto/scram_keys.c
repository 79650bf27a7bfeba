#include "crypto/scram.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "crypto/hmac.h"
#include "crypto/kdf.h"
#include "crypto/random.h"

#define SALT_BYTES 16 /* of salts made here */

/* StoredKey := H(HMAC(SaltedPassword, "Client Key")), ServerKey := HMAC(.., "Server Key") (3) */
void
scram_keys_derive(struct scram_keys *keys, struct str secret)
{
	unsigned char salted[HASH_SIZE_MAX], client_key[HASH_SIZE_MAX];
	size_t n = hash_size(keys->hash);

	pbkdf2(keys->hash, secret, str_of(keys->salt, keys->salt_n), keys->iterations, salted, n);
	hmac_once(keys->hash, str_of(salted, n), STR("Client Key"), client_key);
	hash_once(keys->hash, str_of(client_key, n), keys->stored_key);
	hmac_once(keys->hash, str_of(salted, n), STR("Server Key"), keys->server_key);
	mem_wipe(salted, sizeof salted);
	mem_wipe(client_key, sizeof client_key);
}

void
scram_keys_create(struct scram_keys *keys, enum hash hash, struct str secret)
{
	*keys = (struct scram_keys){ .hash = hash,
		.iterations = SCRAM_ITERATIONS,
		.salt_n = SALT_BYTES };
	random_bytes(keys->salt, SALT_BYTES);
	scram_keys_derive(keys, secret);
}

static void
fake_part(enum hash hash, struct str key, struct str what, struct str name, unsigned char *out)
{
	struct hmac_state s;

	hmac_init(&s, hash, key);
	hmac_add(&s, what);
	hmac_add(&s, name);
	hmac_get(&s, out);
	mem_wipe(&s, sizeof s);
}

void
scram_keys_fake(struct scram_keys *keys, enum hash hash, struct str name, struct str key)
{
	unsigned char salt[HASH_SIZE_MAX];

	*keys = (struct scram_keys){ .hash = hash,
		.iterations = SCRAM_ITERATIONS,
		.salt_n = SALT_BYTES };
	fake_part(hash, key, STR("salt:"), name, salt);
	memcpy(keys->salt, salt, SALT_BYTES);
	fake_part(hash, key, STR("stored:"), name, keys->stored_key);
	fake_part(hash, key, STR("server:"), name, keys->server_key);
}

bool
scram_keys_verify(const struct scram_keys *keys, struct str secret)
{
	struct scram_keys tried = *keys;
	bool is_equal;

	scram_keys_derive(&tried, secret);
	is_equal = mem_equal_secret(tried.stored_key, keys->stored_key, hash_size(keys->hash));
	mem_wipe(&tried, sizeof tried);
	return is_equal;
}

/* --- as text --------------------------------------------------------------------------------- */

void
scram_keys_write(const struct scram_keys *keys, struct buf *out)
{
	size_t n = hash_size(keys->hash);

	buf_add(out, keys->hash == HASH_SHA1 ? STR("SCRAM-SHA-1$") : STR("SCRAM-SHA-256$"));
	buf_add_u64(out, keys->iterations);
	buf_add_char(out, ':');
	base64_write(out, str_of(keys->salt, keys->salt_n));
	buf_add_char(out, '$');
	base64_write(out, str_of(keys->stored_key, n));
	buf_add_char(out, ':');
	base64_write(out, str_of(keys->server_key, n));
}

/* base64 of `least` .. `most` bytes. */
static bool
parse_bytes(struct str text, unsigned char *out, size_t least, size_t most, size_t *n_out)
{
	struct buf bytes;
	bool is_good;

	buf_init(&bytes, most);
	is_good = base64_parse(&bytes, text) == FAIL_NONE && bytes.n >= least;
	if (is_good && bytes.n > 0)
		memcpy(out, bytes.p + bytes.start, bytes.n);
	if (n_out)
		*n_out = bytes.n;
	buf_release(&bytes);
	return is_good;
}

/* "4096:SALT$STORED:SERVER", or all four between commas as in "{SCRAM-SHA-256}4096,SALT,..". */
static bool
split_keys(struct str text, struct str part[4])
{
	bool has_commas = str_find_char(text, ',') != STR_NONE;
	const char marks[] = { has_commas ? ',' : ':', has_commas ? ',' : '$',
		has_commas ? ',' : ':' };

	for (int i = 0; i < 3; i++) {
		if (!str_take_until(&text, marks[i], &part[i]))
			return false;
	}
	part[3] = text;
	return true;
}

enum fail
scram_keys_parse(struct scram_keys *keys, struct str text)
{
	struct str part[4];
	size_t n;

	*keys = (struct scram_keys){ 0 };
	if (str_skip(&text, STR("SCRAM-SHA-256$")) || str_skip(&text, STR("{SCRAM-SHA-256}")))
		keys->hash = HASH_SHA256;
	else if (str_skip(&text, STR("SCRAM-SHA-1$")) || str_skip(&text, STR("{SCRAM-SHA-1}")))
		keys->hash = HASH_SHA1;
	else
		return FAIL_SYNTAX;
	n = hash_size(keys->hash);
	if (!split_keys(text, part) ||
	    !str_u32(&part[0], SCRAM_ITERATIONS_MAX, &keys->iterations) || part[0].n > 0 ||
	    keys->iterations == 0)
		return FAIL_SYNTAX;
	if (!parse_bytes(part[1], keys->salt, 1, SCRAM_SALT_MAX, &keys->salt_n) ||
	    !parse_bytes(part[2], keys->stored_key, n, n, NULL) ||
	    !parse_bytes(part[3], keys->server_key, n, n, NULL))
		return FAIL_SYNTAX;
	return FAIL_NONE;
}
