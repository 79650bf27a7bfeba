#include "jmap/web_push.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/aes_gcm.h"
#include "crypto/kdf.h"
#include "crypto/random.h"

#define LAST_RECORD  "\x02" /* the delimiter behind what the last record holds (RFC 8188 2) */
#define KEY_BYTES    32     /* of keying material (RFC 8291 3.3) */
#define INFO_MAX     160    /* bytes of an info: 14 and two points */
#define TOKEN_MAX    2048   /* bytes of a token */
#define CLAIMS_MAX   1024   /* .. and of what it says */
#define INFO_KEY     STR("WebPush: info\0")
#define INFO_CONTENT STR("Content-Encoding: aes128gcm\0")
#define INFO_NONCE   STR("Content-Encoding: nonce\0")

/* RFC 8291 3.4: from what both share and the client's secret to the material of RFC 8188. */
static bool
agree(const struct web_push_keys *keys, const unsigned char secret[P256_SECRET_BYTES],
    struct str public, unsigned char out[KEY_BYTES])
{
	unsigned char shared[P256_SHARED_BYTES];
	struct buf info;

	if (keys->auth.n != WEB_PUSH_AUTH_BYTES || !p256_agree(secret, keys->p256dh, shared))
		return false;
	buf_init(&info, INFO_MAX);
	buf_add(&info, INFO_KEY);
	buf_add(&info, keys->p256dh);
	buf_add(&info, public);
	hkdf(HASH_SHA256, str_of(shared, sizeof(shared)), keys->auth, buf_str(&info), out,
	    KEY_BYTES);
	buf_release(&info);
	mem_wipe(shared, sizeof(shared));
	return true;
}

/* header = salt(16) rs(4) idlen(1) keyid(idlen) (RFC 8188 2.1); the key id is our public key. */
static void
write_header(const unsigned char salt[WEB_PUSH_SALT_BYTES], struct str public, struct buf *out)
{
	buf_add(out, str_of(salt, WEB_PUSH_SALT_BYTES));
	for (unsigned shift = 32; shift > 0; shift -= 8)
		buf_add_char(out, (char)(WEB_PUSH_RECORD_BYTES >> (shift - 8) & 0xff));
	buf_add_char(out, (char)public.n);
	buf_add(out, public);
}

enum fail
web_push_encrypt_with(const struct web_push_keys *keys,
    const unsigned char salt[WEB_PUSH_SALT_BYTES], const unsigned char secret[P256_SECRET_BYTES],
    struct str plain, struct buf *out)
{
	unsigned char public[P256_PUBLIC_BYTES], material[KEY_BYTES];
	unsigned char key[AES128_KEY_BYTES], nonce[GCM_NONCE_BYTES];
	struct buf padded;

	if (plain.n > WEB_PUSH_PLAIN_MAX)
		return FAIL_LIMIT;
	p256_public(secret, public);
	if (!agree(keys, secret, str_of(public, sizeof(public)), material))
		return FAIL_SYNTAX;
	hkdf(HASH_SHA256, str_of(material, sizeof(material)), str_of(salt, WEB_PUSH_SALT_BYTES),
	    INFO_CONTENT, key, sizeof(key));
	hkdf(HASH_SHA256, str_of(material, sizeof(material)), str_of(salt, WEB_PUSH_SALT_BYTES),
	    INFO_NONCE, nonce, sizeof(nonce));
	buf_init(&padded, WEB_PUSH_PLAIN_MAX + 1);
	buf_add(&padded, plain);
	buf_add(&padded, STR(LAST_RECORD));
	write_header(salt, str_of(public, sizeof(public)), out);
	aes128gcm_seal(key, nonce, buf_str(&padded), out);
	buf_release(&padded);
	mem_wipe(material, sizeof(material));
	mem_wipe(key, sizeof(key));
	return buf_ok(out) ? FAIL_NONE : FAIL_LIMIT;
}

enum fail
web_push_encrypt(const struct web_push_keys *keys, struct str plain, struct buf *out)
{
	unsigned char salt[WEB_PUSH_SALT_BYTES], secret[P256_SECRET_BYTES];
	enum fail fail;

	random_bytes(salt, sizeof(salt));
	p256_secret(secret);
	fail = web_push_encrypt_with(keys, salt, secret, plain, out);
	mem_wipe(secret, sizeof(secret));
	return fail;
}

/* Claims of RFC 8292 2. */
static void
write_claims(struct str origin, struct str contact, int64_t now_s, struct buf *out)
{
	struct json_writer w = { .out = out };

	json_object_begin(&w);
	json_name_string(&w, STR("aud"), origin);
	json_name_int(&w, STR("exp"), now_s + VAPID_LIFE_S);
	json_name_string(&w, STR("sub"), contact);
	json_object_end(&w);
}

void
vapid_key_write(const unsigned char secret[P256_SECRET_BYTES], struct buf *out)
{
	unsigned char public[P256_PUBLIC_BYTES];

	p256_public(secret, public);
	base64url_write(out, str_of(public, sizeof(public)));
}

/* A JWT (RFC 7519): header "." claims "." signature over both, each in base64url. */
void
vapid_write(const unsigned char secret[P256_SECRET_BYTES], struct str origin, struct str contact,
    int64_t now_s, struct buf *out)
{
	unsigned char signature[P256_SIGNATURE_BYTES];
	struct buf token, claims;

	buf_init(&token, TOKEN_MAX);
	buf_init(&claims, CLAIMS_MAX);
	write_claims(origin, contact, now_s, &claims);
	base64url_write(&token, STR("{\"typ\":\"JWT\",\"alg\":\"ES256\"}"));
	buf_add_char(&token, '.');
	base64url_write(&token, buf_str(&claims));
	p256_sign(secret, buf_str(&token), signature);
	buf_add_char(&token, '.');
	base64url_write(&token, str_of(signature, sizeof(signature)));
	buf_add_c(out, "vapid t=");
	buf_add(out, buf_str(&token));
	buf_add_c(out, ", k=");
	vapid_key_write(secret, out);
	buf_release(&token);
	buf_release(&claims);
}
