#include "crypto/scram.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "codec/utf8.h"
#include "crypto/hmac.h"

void
scram_init(struct scram *s)
{
	*s = (struct scram){ 0 };
	buf_init(&s->user, SCRAM_MESSAGE_MAX);
	buf_init(&s->authzid, SCRAM_MESSAGE_MAX);
	buf_init(&s->gs2, SCRAM_MESSAGE_MAX);
	buf_init(&s->nonce, 2 * SCRAM_MESSAGE_MAX);
	buf_init(&s->auth, 6 * SCRAM_MESSAGE_MAX);
}

void
scram_release(struct scram *s)
{
	buf_release(&s->user);
	buf_release(&s->authzid);
	buf_release(&s->gs2);
	buf_release(&s->nonce);
	buf_release(&s->auth);
	mem_wipe(&s->keys, sizeof s->keys);
}

/* saslname = 1*(value-safe-char / "=2C" / "=3D") (RFC 5802 section 7) */
static bool
add_saslname(struct buf *out, struct str text)
{
	bool is_good = text.n > 0 && utf8_is_valid(text);

	while (is_good && text.n > 0) {
		if (str_skip(&text, STR("=2C"))) {
			buf_add_char(out, ',');
		} else if (str_skip(&text, STR("=3D"))) {
			buf_add_char(out, '=');
		} else {
			is_good = text.p[0] != '=' && text.p[0] != '\0';
			buf_add_char(out, text.p[0]);
			text = str_from(text, 1);
		}
	}
	return is_good;
}

/* printable = %x21-2B / %x2D-7E */
static bool
is_nonce(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < 0x21 || text.p[i] > 0x7e || text.p[i] == ',')
			return false;
	}
	return text.n > 0;
}

/* gs2-header = gs2-cbind-flag "," [ "a=" saslname ] "," */
static enum fail
take_gs2(struct scram *s, struct str *cur)
{
	struct str start = *cur, authzid;

	if (str_starts(*cur, STR("p=")))
		return FAIL_PERM;
	if (!str_skip(cur, STR("n,")) && !str_skip(cur, STR("y,")))
		return FAIL_SYNTAX;
	if (!str_take_until(cur, ',', &authzid))
		return FAIL_SYNTAX;
	if (authzid.n > 0 &&
	    (!str_skip(&authzid, STR("a=")) || !add_saslname(&s->authzid, authzid)))
		return FAIL_SYNTAX;
	buf_add(&s->gs2, str_head(start, start.n - cur->n));
	return FAIL_NONE;
}

/* client-first-message-bare = "n=" saslname "," "r=" c-nonce ["," extensions] */
enum fail
scram_client_first(struct scram *s, struct str message)
{
	struct str bare, name, nonce;
	enum fail fail;

	if (message.n > SCRAM_MESSAGE_MAX)
		return FAIL_SYNTAX;
	fail = take_gs2(s, &message);
	if (fail != FAIL_NONE)
		return fail;
	bare = message;
	if (!str_skip(&message, STR("n=")) || !str_take_until(&message, ',', &name) ||
	    !str_skip(&message, STR("r=")))
		return FAIL_SYNTAX;
	if (!str_take_until(&message, ',', &nonce))
		nonce = message;
	if (!add_saslname(&s->user, name) || !is_nonce(nonce))
		return FAIL_SYNTAX;
	buf_add(&s->nonce, nonce);
	buf_add(&s->auth, bare);
	return FAIL_NONE;
}

/* server-first-message = "r=" nonce "," "s=" salt "," "i=" iteration-count */
void
scram_server_first(struct scram *s, const struct scram_keys *keys, struct str nonce,
    struct buf *out)
{
	size_t start;

	s->keys = *keys;
	buf_add(&s->nonce, nonce);
	buf_add_char(&s->auth, ',');
	start = s->auth.n;
	buf_add(&s->auth, STR("r="));
	buf_add(&s->auth, buf_str(&s->nonce));
	buf_add(&s->auth, STR(",s="));
	base64_write(&s->auth, str_of(keys->salt, keys->salt_n));
	buf_add(&s->auth, STR(",i="));
	buf_add_u64(&s->auth, keys->iterations);
	buf_add(out, str_from(buf_str(&s->auth), start));
}

/* Does this proof give our stored key back? ClientKey := ClientProof XOR ClientSignature (3) */
static bool
is_proof(const struct scram *s, struct str proof)
{
	unsigned char key[HASH_SIZE_MAX], digest[HASH_SIZE_MAX];
	size_t n = hash_size(s->keys.hash);
	bool is_right;

	if (proof.n != n)
		return false;
	hmac_once(s->keys.hash, str_of(s->keys.stored_key, n), buf_str(&s->auth), key);
	for (size_t i = 0; i < n; i++)
		key[i] ^= (unsigned char)proof.p[i];
	hash_once(s->keys.hash, str_of(key, n), digest);
	is_right = mem_equal_secret(digest, s->keys.stored_key, n);
	mem_wipe(key, sizeof key);
	return is_right;
}

/* channel-binding = "c=" base64, which must be the header of the first message; nonce = "r=" .. */
static bool
is_same_exchange(const struct scram *s, struct str message)
{
	struct str binding, nonce;
	struct buf gs2;
	bool is_same;

	if (!str_skip(&message, STR("c=")) || !str_take_until(&message, ',', &binding) ||
	    !str_skip(&message, STR("r=")))
		return false;
	if (!str_take_until(&message, ',', &nonce))
		nonce = message;
	buf_init(&gs2, SCRAM_MESSAGE_MAX);
	is_same = base64_parse(&gs2, binding) == FAIL_NONE &&
	    str_eq(buf_str(&gs2), buf_str(&s->gs2)) && str_eq(nonce, buf_str(&s->nonce));
	buf_release(&gs2);
	return is_same;
}

/* client-final-message = client-final-message-without-proof "," "p=" base64 */
enum fail
scram_client_final(struct scram *s, struct str message, struct buf *out)
{
	size_t comma = str_rfind_char(message, ',');
	unsigned char signature[HASH_SIZE_MAX];
	struct str without, text;
	struct buf proof;
	enum fail fail = FAIL_NONE;
	size_t n = hash_size(s->keys.hash);

	if (message.n > 2 * SCRAM_MESSAGE_MAX || comma == STR_NONE)
		return FAIL_SYNTAX;
	without = str_head(message, comma);
	text = str_from(message, comma + 1);
	if (!str_skip(&text, STR("p=")) || !is_same_exchange(s, without))
		return FAIL_SYNTAX;
	buf_init(&proof, HASH_SIZE_MAX);
	buf_add_char(&s->auth, ',');
	buf_add(&s->auth, without);
	if (base64_parse(&proof, text) != FAIL_NONE || !buf_ok(&s->auth))
		fail = FAIL_SYNTAX;
	else if (!is_proof(s, buf_str(&proof)))
		fail = FAIL_DENIED;
	buf_release(&proof);
	if (fail != FAIL_NONE)
		return fail;
	hmac_once(s->keys.hash, str_of(s->keys.server_key, n), buf_str(&s->auth), signature);
	buf_add(out, STR("v="));
	base64_write(out, str_of(signature, n));
	return FAIL_NONE;
}
