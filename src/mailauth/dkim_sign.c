#include "mailauth/dkim_sign.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "mailauth/dkim_header.h"
#include "mailauth/dkim_write.h"

enum fail
dkim_sign_start(const struct dkim_sign *sign, struct dkim_content *content)
{
	if (!dkim_is_signer(sign->domain) ||
	    (!str_empty(sign->names) && !dkim_are_names(sign->names)))
		return FAIL_SYNTAX;
	return dkim_body_want(&content->bodies[sign->body_canon], DKIM_LENGTH_ALL);
}

static enum dkim_algorithm
algorithm_of(const struct private_key *key)
{
	return key->kind == PRIVATE_KEY_RSA ? DKIM_RSA_SHA256 : DKIM_ED25519_SHA256;
}

static void
write_tags(struct dkim_writer *w, const struct dkim_sign *sign, const struct dkim_content *content,
    struct str selector, const struct private_key *key, struct str names)
{
	const unsigned char *digest =
	    dkim_body_digest(&content->bodies[sign->body_canon], DKIM_LENGTH_ALL);
	struct buf canon;

	invariant(digest != NULL);
	buf_init(&canon, 32);
	buf_add(&canon, dkim_canon_names[sign->header_canon]);
	buf_add_char(&canon, '/');
	buf_add(&canon, dkim_canon_names[sign->body_canon]);
	dkim_write_begin(w, "DKIM-Signature");
	dkim_write_tag(w, "v", STR("1"));
	dkim_write_tag(w, "a", dkim_algorithm_names[algorithm_of(key)]);
	dkim_write_tag(w, "c", buf_str(&canon));
	dkim_write_tag(w, "d", sign->domain);
	dkim_write_tag(w, "s", selector);
	if (sign->time_s > 0)
		dkim_write_number(w, "t", (uint64_t)sign->time_s);
	if (sign->expires_s > 0)
		dkim_write_number(w, "x", (uint64_t)sign->expires_s);
	dkim_write_names(w, names);
	dkim_write_bytes(w, "bh", str_of(digest, DKIM_DIGEST_BYTES));
	buf_release(&canon);
}

enum fail
dkim_sign_write(const struct dkim_sign *sign, const struct dkim_content *content,
    struct str selector, const struct private_key *key, struct buf *out)
{
	struct buf field, text, usual;
	struct dkim_writer w = { .out = &field };
	struct str names = sign->names;
	size_t before = out->n;
	enum fail fail = FAIL_NONE;

	if (!dkim_is_domain(selector))
		return FAIL_SYNTAX;
	if (content->is_cut)
		return FAIL_LIMIT;
	buf_init(&field, DKIM_FIELD_MAX);
	buf_init(&text, DKIM_SIGNED_MAX);
	buf_init(&usual, DKIM_FIELD_MAX);
	if (str_empty(names)) {
		fail = dkim_write_usual_names(content, (struct str){ 0 }, &usual);
		names = buf_str(&usual);
	}
	if (fail == FAIL_NONE) {
		write_tags(&w, sign, content, selector, key, names);
		dkim_header_write_named(&text, content, sign->header_canon, names);
		fail = dkim_write_signature(&w, &text, sign->header_canon, key);
	}
	if (fail == FAIL_NONE)
		buf_add(out, buf_str(&field));
	if (fail == FAIL_NONE && !buf_ok(out)) {
		buf_rewind(out, before);
		fail = FAIL_LIMIT;
	}
	buf_release(&usual);
	buf_release(&text);
	buf_release(&field);
	return fail;
}

void
dkim_record_write(const struct private_key *key, struct buf *out)
{
	struct buf public;

	buf_init(&public, RSA_PUBLIC_DER_MAX);
	private_key_public_write(key, &public);
	buf_add_c(out, "v=DKIM1; k=");
	buf_add_c(out, key->kind == PRIVATE_KEY_RSA ? "rsa" : "ed25519");
	buf_add_c(out, "; p=");
	base64_write(out, buf_str(&public));
	buf_release(&public);
}
