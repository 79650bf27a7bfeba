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
	buf_init(&s->binding, SCRAM_MESSAGE_MAX);
	buf_init(&s->gs2, SCRAM_MESSAGE_MAX + SCRAM_BINDING_MAX);
	buf_init(&s->nonce, 2 * SCRAM_MESSAGE_MAX);
	buf_init(&s->auth, 6 * SCRAM_MESSAGE_MAX);
}

void
scram_release(struct scram *s)
{
	buf_release(&s->user);
	buf_release(&s->authzid);
	buf_release(&s->binding);
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

/* gs2-cbind-flag = ("p=" cb-name) / "n" / "y"; which of them may come, RFC 5802 6 */
static enum fail
take_flag(struct scram *s, enum scram_choice choice, struct str *cur)
{
	struct str flag, name;

	if (!str_take_until(cur, ',', &flag))
		return FAIL_SYNTAX;
	name = flag;
	if (str_skip(&name, STR("p="))) {
		if (choice != SCRAM_PLUS)
			return FAIL_PERM;
		buf_add(&s->binding, name);
		return str_empty(name) ? FAIL_SYNTAX : FAIL_NONE;
	}
	if (!str_eq(flag, STR("n")) && !str_eq(flag, STR("y")))
		return FAIL_SYNTAX;
	if (choice == SCRAM_PLUS)
		return FAIL_PERM;
	return choice == SCRAM_BESIDE && flag.p[0] == 'y' ? FAIL_DENIED : FAIL_NONE;
}

/* gs2-header = gs2-cbind-flag "," [ "a=" saslname ] "," */
static enum fail
take_gs2(struct scram *s, enum scram_choice choice, struct str *cur)
{
	struct str start = *cur, authzid;
	enum fail fail = take_flag(s, choice, cur);

	if (fail != FAIL_NONE)
		return fail;
	if (!str_take_until(cur, ',', &authzid))
		return FAIL_SYNTAX;
	if (authzid.n > 0 &&
	    (!str_skip(&authzid, STR("a=")) || !add_saslname(&s->authzid, authzid)))
		return FAIL_SYNTAX;
	buf_add(&s->gs2, str_head(start, start.n - cur->n));
	s->header_n = s->gs2.n;
	return FAIL_NONE;
}

/* client-first-message-bare = "n=" saslname "," "r=" c-nonce ["," extensions] */
enum fail
scram_client_first(struct scram *s, enum scram_choice choice, struct str message)
{
	struct str bare, name, nonce;
	enum fail fail;

	if (message.n > SCRAM_MESSAGE_MAX)
		return FAIL_SYNTAX;
	fail = take_gs2(s, choice, &message);
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

void
scram_bind(struct scram *s, struct str data)
{
	invariant(s->binding.n > 0 && data.n > 0 && data.n <= SCRAM_BINDING_MAX);
	buf_add(&s->gs2, data);
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

/* cbind-input = gs2-header [ cbind-data ], both as we know them */
static enum fail
check_binding(struct scram *s, struct str base64)
{
	struct str ours = buf_str(&s->gs2);
	struct buf theirs;
	enum fail fail = FAIL_NONE;

	buf_init(&theirs, SCRAM_MESSAGE_MAX + SCRAM_BINDING_MAX);
	if (base64_parse(&theirs, base64) != FAIL_NONE ||
	    !str_starts(buf_str(&theirs), str_head(ours, s->header_n)))
		fail = FAIL_SYNTAX;
	else if (!str_eq(buf_str(&theirs), ours))
		fail = s->binding.n > 0 ? FAIL_DENIED : FAIL_SYNTAX;
	s->has_other_binding = fail == FAIL_DENIED;
	buf_release(&theirs);
	return fail;
}

/* channel-binding "," nonce ["," extensions]; "c=" base64 "," "r=" .. */
static enum fail
check_exchange(struct scram *s, struct str message)
{
	struct str binding, nonce;

	if (!str_skip(&message, STR("c=")) || !str_take_until(&message, ',', &binding) ||
	    !str_skip(&message, STR("r=")))
		return FAIL_SYNTAX;
	if (!str_take_until(&message, ',', &nonce))
		nonce = message;
	return str_eq(nonce, buf_str(&s->nonce)) ? check_binding(s, binding) : FAIL_SYNTAX;
}

/* client-final-message = client-final-message-without-proof "," "p=" base64 */
enum fail
scram_client_final(struct scram *s, struct str message, struct buf *out)
{
	size_t comma = str_rfind_char(message, ',');
	unsigned char signature[HASH_SIZE_MAX];
	struct str without, text;
	struct buf proof;
	enum fail fail;
	size_t n = hash_size(s->keys.hash);

	invariant(s->binding.n == 0 || s->gs2.n > s->header_n);
	if (message.n > 2 * SCRAM_MESSAGE_MAX || comma == STR_NONE)
		return FAIL_SYNTAX;
	without = str_head(message, comma);
	text = str_from(message, comma + 1);
	if (!str_skip(&text, STR("p=")))
		return FAIL_SYNTAX;
	fail = check_exchange(s, without);
	if (fail != FAIL_NONE)
		return fail;
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
