#include "crypto/aes_gcm.h"

/* system */
#include <bearssl.h>
#include <string.h>

/* base */
#include "base/mem.h"

struct gcm {
	br_aes_ct64_ctr_keys keys;
	br_gcm_context gcm;
};

/* Over the n bytes at `p`, in place. */
static void
gcm_run(const unsigned char *key, const unsigned char *nonce, bool is_sealing, char *p, size_t n,
    unsigned char tag[GCM_TAG_BYTES])
{
	struct gcm s;

	br_aes_ct64_ctr_init(&s.keys, key, AES128_KEY_BYTES);
	br_gcm_init(&s.gcm, &s.keys.vtable, br_ghash_ctmul64);
	br_gcm_reset(&s.gcm, nonce, GCM_NONCE_BYTES);
	br_gcm_flip(&s.gcm);
	br_gcm_run(&s.gcm, is_sealing, p, n);
	br_gcm_get_tag(&s.gcm, tag);
	mem_wipe(&s, sizeof s);
}

void
aes128gcm_seal(const unsigned char key[AES128_KEY_BYTES],
    const unsigned char nonce[GCM_NONCE_BYTES], struct str plain, struct buf *out)
{
	unsigned char tag[GCM_TAG_BYTES];
	size_t before = buf_str(out).n;

	buf_add(out, plain);
	if (!buf_ok(out))
		return;
	gcm_run(key, nonce, true, out->p + out->start + before, plain.n, tag);
	buf_add(out, str_of(tag, sizeof tag));
}

enum fail
aes128gcm_open(const unsigned char key[AES128_KEY_BYTES],
    const unsigned char nonce[GCM_NONCE_BYTES], struct str sealed, struct buf *out)
{
	unsigned char tag[GCM_TAG_BYTES];
	size_t before = buf_str(out).n, n = sealed.n - GCM_TAG_BYTES;

	if (sealed.n < GCM_TAG_BYTES)
		return FAIL_DENIED;
	buf_add(out, str_head(sealed, n));
	if (!buf_ok(out))
		return FAIL_LIMIT;
	gcm_run(key, nonce, false, out->p + out->start + before, n, tag);
	if (mem_equal_secret(tag, sealed.p + n, sizeof tag))
		return FAIL_NONE;
	buf_truncate(out, before);
	return FAIL_DENIED;
}
