#include "mailauth/dkim_check.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "mailauth/dkim_header.h"
#include "mailauth/dkim_key.h"

static void
settle(struct dkim_outcome *out, enum verdict verdict, struct str reason)
{
	out->verdict = verdict;
	out->reason = reason;
}

/* bh= against what the body came to. */
static bool
is_body_signed(const struct dkim_content *content, const struct dkim_signature *signature)
{
	const unsigned char *digest =
	    dkim_body_digest(&content->bodies[signature->body_canon], signature->length);
	struct base64_decoder decoder = { 0 };
	struct buf bh;
	bool is_good;

	buf_init(&bh, DKIM_DIGEST_BYTES);
	base64_decoder_feed(&decoder, signature->bh, &bh);
	base64_decoder_end(&decoder, &bh);
	is_good = digest && buf_ok(&bh) && bh.n == DKIM_DIGEST_BYTES &&
	    memcmp(buf_str(&bh).p, digest, DKIM_DIGEST_BYTES) == 0;
	buf_release(&bh);
	return is_good;
}

/*
 * A From that is not signed: nobody vouches for what readers may be shown as the author (RFC 6376 8.15). True also for
 * the one of two that h= names once.
 */
static bool
has_other_from(const struct dkim_content *content, struct str names)
{
	size_t signed_count = 0, count = 0;
	struct str name;

	while (dkim_next_name(&names, &name))
		signed_count += str_eq_nocase(name, STR("From"));
	for (size_t i = 0; i < content->count; i++)
		count += str_eq_nocase(content->fields[i].name, STR("From"));
	return signed_count > 0 && count > signed_count;
}

static bool
is_header_signed(const struct dkim_content *content, const struct dkim_signature *signature,
    const struct header *field, const struct dkim_key *key)
{
	unsigned char digest[DKIM_DIGEST_BYTES];
	struct buf text;

	buf_init(&text, DKIM_SIGNED_MAX);
	dkim_header_write_named(&text, content, signature->header_canon, signature->h);
	dkim_header_write_own(&text, signature->header_canon, field);
	hash_once(HASH_SHA256, buf_str(&text), digest);
	buf_release(&text);
	return dkim_key_verify(key, signature, digest);
}

void
dkim_check_message(const struct dkim_content *content, const struct dkim_signature *signature,
    const struct header *field, const struct dns_query *query, int64_t now_s,
    struct dkim_outcome *out)
{
	const struct dkim_body *body = &content->bodies[signature->body_canon];
	struct dkim_key key;
	struct str reason;
	enum verdict verdict = dkim_key_answer(query, signature, &key, &reason);

	*out = (struct dkim_outcome){ .key_bits = key.bits, .is_testing = key.is_testing };
	if (verdict != VERDICT_NONE) {
		settle(out, verdict, reason);
		return;
	}
	if (signature->expires_s >= 0 && now_s > signature->expires_s)
		settle(out, VERDICT_FAIL, STR("it has expired (x=)"));
	else if (has_other_from(content, signature->h))
		settle(out, VERDICT_FAIL, STR("there is another From, which is not signed"));
	else if (signature->length != DKIM_LENGTH_ALL && signature->length > body->bytes)
		settle(out, VERDICT_FAIL, STR("the body is shorter than what was signed (l=)"));
	else if (!is_body_signed(content, signature))
		settle(out, VERDICT_FAIL, STR("the body was changed"));
	else if (!is_header_signed(content, signature, field, &key))
		settle(out, VERDICT_FAIL,
		    STR("the header was changed, or its key did not sign it"));
	else
		settle(out, VERDICT_PASS, (struct str){ "", 0 });
	out->is_partial = out->verdict == VERDICT_PASS && signature->length != DKIM_LENGTH_ALL &&
	    signature->length < body->bytes;
	dkim_key_release(&key);
}
