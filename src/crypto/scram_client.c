#include "crypto/scram_client.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "codec/utf8.h"
#include "crypto/scram.h"

void
scram_login_init(struct scram_login *l, enum hash hash)
{
	*l = (struct scram_login){ .hash = hash };
	buf_init(&l->nonce, 2 * SCRAM_MESSAGE_MAX);
	buf_init(&l->auth, 6 * SCRAM_MESSAGE_MAX);
}

void
scram_login_release(struct scram_login *l)
{
	buf_release(&l->nonce);
	buf_release(&l->auth);
	mem_wipe(&l->keyed, sizeof l->keyed);
	mem_wipe(l->last, sizeof l->last);
	mem_wipe(l->salted, sizeof l->salted);
}

/* saslname = 1*(value-safe-char / "=2C" / "=3D") (RFC 5802 section 7) */
static void
add_saslname(struct buf *out, struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == ',')
			buf_add(out, STR("=2C"));
		else if (name.p[i] == '=')
			buf_add(out, STR("=3D"));
		else
			buf_add_char(out, name.p[i]);
	}
}

/* client-first-message = "n,," "n=" saslname ",r=" c-nonce */
enum fail
scram_login_first(struct scram_login *l, struct str user, struct str nonce, struct buf *out)
{
	if (str_empty(user) || user.n > SCRAM_MESSAGE_MAX ||
	    str_find_char(user, '\0') != STR_NONE || !utf8_is_valid(user))
		return FAIL_SYNTAX;
	buf_add(&l->nonce, nonce);
	buf_add(&l->auth, STR("n="));
	add_saslname(&l->auth, user);
	buf_add(&l->auth, STR(",r="));
	buf_add(&l->auth, nonce);
	buf_add(out, STR("n,,"));
	buf_add(out, buf_str(&l->auth));
	return FAIL_NONE;
}

/* server-first-message = "r=" c-nonce s-nonce ",s=" base64 ",i=" posit-number ["," extensions] */
static bool
take_server_first(struct scram_login *l, struct str message, struct buf *salt, uint32_t *count_out)
{
	struct str nonce, text, ours = buf_str(&l->nonce);

	if (!str_skip(&message, STR("r=")) || !str_take_until(&message, ',', &nonce) ||
	    !str_starts(nonce, ours) || nonce.n == ours.n)
		return false;
	if (!str_skip(&message, STR("s=")) || !str_take_until(&message, ',', &text) ||
	    base64_parse(salt, text) != FAIL_NONE || salt->n == 0)
		return false;
	if (!str_skip(&message, STR("i=")) || !str_u32(&message, UINT32_MAX, count_out) ||
	    (message.n > 0 && message.p[0] != ','))
		return false;
	buf_add(&l->nonce, str_from(nonce, ours.n));
	return true;
}

/* U1 := HMAC(str, salt + INT(1)) of Hi() (RFC 5802 2.2), which is PBKDF2 of one block. */
static void
begin_work(struct scram_login *l, struct str secret, struct str salt)
{
	struct hmac_state s;

	hmac_init(&l->keyed, l->hash, secret);
	s = l->keyed;
	hmac_add(&s, salt);
	hmac_add(&s, str_of("\0\0\0\1", 4));
	hmac_get(&s, l->last);
	memcpy(l->salted, l->last, sizeof l->salted);
	l->done = 1;
	mem_wipe(&s, sizeof s);
}

enum fail
scram_login_challenge(struct scram_login *l, struct str message, struct str secret)
{
	struct buf salt;
	uint32_t count = 0;
	enum fail fail = FAIL_NONE;

	if (message.n > SCRAM_MESSAGE_MAX || l->iterations > 0)
		return FAIL_SYNTAX;
	buf_init(&salt, SCRAM_MESSAGE_MAX);
	if (!take_server_first(l, message, &salt, &count)) {
		fail = FAIL_SYNTAX;
	} else if (count < SCRAM_LOGIN_ITERATIONS_MIN || count > SCRAM_LOGIN_ITERATIONS_MAX) {
		fail = FAIL_LIMIT;
	} else {
		buf_add_char(&l->auth, ',');
		buf_add(&l->auth, message);
		l->iterations = count;
		begin_work(l, secret, buf_str(&salt));
	}
	buf_release(&salt);
	return fail;
}

bool
scram_login_work(struct scram_login *l, uint32_t most)
{
	size_t n = hash_size(l->hash);
	struct hmac_state s = l->keyed;

	for (; l->done < l->iterations && most > 0; l->done++, most--) {
		s.inner = l->keyed.inner;
		hmac_add(&s, str_of(l->last, n));
		hmac_get(&s, l->last);
		for (size_t i = 0; i < n; i++)
			l->salted[i] ^= l->last[i];
	}
	mem_wipe(&s, sizeof s);
	return l->done == l->iterations;
}

/* client-final-message = "c=biws,r=" nonce ",p=" base64; biws is "n,," */
void
scram_login_final(struct scram_login *l, struct buf *out)
{
	unsigned char key[HASH_SIZE_MAX], stored[HASH_SIZE_MAX], signature[HASH_SIZE_MAX];
	size_t n = hash_size(l->hash), start;

	invariant(l->iterations > 0 && l->done == l->iterations);
	buf_add_char(&l->auth, ',');
	start = l->auth.n;
	buf_add(&l->auth, STR("c=biws,r="));
	buf_add(&l->auth, buf_str(&l->nonce));
	hmac_once(l->hash, str_of(l->salted, n), STR("Client Key"), key);
	hash_once(l->hash, str_of(key, n), stored);
	hmac_once(l->hash, str_of(stored, n), buf_str(&l->auth), signature);
	for (size_t i = 0; i < n; i++)
		key[i] ^= signature[i];
	buf_add(out, str_from(buf_str(&l->auth), start));
	buf_add(out, STR(",p="));
	base64_write(out, str_of(key, n));
	mem_wipe(key, sizeof key);
	mem_wipe(stored, sizeof stored);
}

/* server-final-message = ("e=" server-error / "v=" base64) ["," extensions] */
enum fail
scram_login_verify(struct scram_login *l, struct str message)
{
	unsigned char key[HASH_SIZE_MAX], signature[HASH_SIZE_MAX];
	size_t n = hash_size(l->hash);
	struct buf said;
	struct str text;
	enum fail fail = FAIL_DENIED;

	invariant(l->iterations > 0 && l->done == l->iterations);
	if (str_starts(message, STR("e=")))
		return FAIL_DENIED;
	if (!str_skip(&message, STR("v=")))
		return FAIL_SYNTAX;
	if (!str_take_until(&message, ',', &text))
		text = message;
	buf_init(&said, HASH_SIZE_MAX);
	hmac_once(l->hash, str_of(l->salted, n), STR("Server Key"), key);
	hmac_once(l->hash, str_of(key, n), buf_str(&l->auth), signature);
	if (base64_parse(&said, text) != FAIL_NONE)
		fail = FAIL_SYNTAX;
	else if (said.n == n && mem_equal_secret(buf_str(&said).p, signature, n))
		fail = FAIL_NONE;
	buf_release(&said);
	mem_wipe(key, sizeof key);
	return fail;
}
