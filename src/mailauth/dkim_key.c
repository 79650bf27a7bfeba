#include "mailauth/dkim_key.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/base64.h"
#include "codec/idna.h"
#include "crypto/ed25519.h"
#include "mailauth/tags.h"

#define NAME_MAX_BYTES    512 /* of a name to ask for, longer than DNS takes */
#define HEADER_BYTES_COST 128 /* made canonical and hashed at a cost of 1 */

static enum verdict
refuse(enum verdict verdict, struct str why, struct str *reason)
{
	*reason = why;
	return verdict;
}

/* base64 with blanks anywhere */
static bool
decode(struct str text, struct buf *out)
{
	struct base64_decoder decoder = { 0 };

	base64_decoder_feed(&decoder, text, out);
	base64_decoder_end(&decoder, out);
	return !decoder.is_damaged && buf_ok(out);
}

/* A list divided by ":", as h=, s= and t= are; true without the tag when `if_missing` is. */
static bool
has_item(const struct tag_list *tags, struct str tag, struct str item, bool if_missing)
{
	struct str list, one;

	if (!tag_find(tags, tag, &list))
		return if_missing;
	while (str_next_part(&list, ':', &one)) {
		if (str_eq(str_trim(one), item))
			return true;
	}
	return false;
}

/* "v=" is the first tag and DKIM1, or is not there (3.6.1). */
static bool
is_our_version(const struct tag_list *tags)
{
	struct str version;

	if (!tag_find(tags, STR("v"), &version))
		return true;
	return str_eq(version, STR("DKIM1")) && str_eq(tags->tags[0].name, STR("v"));
}

static enum verdict
parse_rsa(struct dkim_key *key, struct str *reason)
{
	enum fail fail =
	    buf_ok(&key->bytes) ? rsa_public_parse(&key->rsa, buf_str(&key->bytes)) : FAIL_PERM;

	key->bits = key->rsa.bits;
	if (fail == FAIL_SYNTAX)
		return refuse(VERDICT_PERMERROR, STR("its key is damaged (p=)"), reason);
	if (fail == FAIL_NONE)
		return VERDICT_NONE;
	if (key->bits > 0 && key->bits < RSA_BITS_MIN)
		return refuse(VERDICT_POLICY, STR("its key is too short (RFC 8301)"), reason);
	return refuse(VERDICT_POLICY, STR("its key is longer than we look at"), reason);
}

static enum verdict
parse_public(const struct tag_list *tags, struct dkim_key *key, struct str *reason)
{
	struct str kind = STR("rsa"), public;

	(void)tag_find(tags, STR("k"), &kind);
	if (!tag_find(tags, STR("p"), &public))
		return refuse(VERDICT_PERMERROR, STR("its record has no key (p=)"), reason);
	if (str_empty(public))
		return refuse(VERDICT_PERMERROR, STR("its key was revoked"), reason);
	buf_init(&key->bytes, RSA_PUBLIC_DER_MAX);
	if (!decode(public, &key->bytes) && buf_ok(&key->bytes))
		return refuse(VERDICT_PERMERROR, STR("its key is not base64 (p=)"), reason);
	if (str_eq(kind, STR("rsa"))) {
		key->algorithm = DKIM_RSA_SHA256;
		return parse_rsa(key, reason);
	}
	if (!str_eq(kind, STR("ed25519")))
		return refuse(VERDICT_PERMERROR, STR("its key is of an unknown kind (k=)"), reason);
	if (key->bytes.n != ED25519_PUBLIC_BYTES)
		return refuse(VERDICT_PERMERROR, STR("its key is damaged (p=)"), reason);
	key->algorithm = DKIM_ED25519_SHA256;
	key->bits = ED25519_PUBLIC_BYTES * 8;
	return VERDICT_NONE;
}

enum verdict
dkim_key_parse(struct str record, struct dkim_key *out, struct str *reason)
{
	struct tag_list tags;
	enum verdict verdict;

	*out = (struct dkim_key){ 0 };
	*reason = (struct str){ "", 0 };
	if (tag_list_parse(record, &tags) != FAIL_NONE)
		return refuse(VERDICT_PERMERROR, STR("its key's record is not a list of tags"),
		    reason);
	if (!is_our_version(&tags))
		return refuse(VERDICT_PERMERROR, STR("its key's record is of another version (v=)"),
		    reason);
	if (!has_item(&tags, STR("h"), STR("sha256"), true))
		return refuse(VERDICT_PERMERROR, STR("its key is not for SHA-256 (h=)"), reason);
	if (!has_item(&tags, STR("s"), STR("*"), true) &&
	    !has_item(&tags, STR("s"), STR("email"), true))
		return refuse(VERDICT_PERMERROR, STR("its key is not for mail (s=)"), reason);
	out->is_testing = has_item(&tags, STR("t"), STR("y"), false);
	out->is_exact = has_item(&tags, STR("t"), STR("s"), false);
	verdict = parse_public(&tags, out, reason);
	if (verdict != VERDICT_NONE)
		dkim_key_release(out);
	return verdict;
}

void
dkim_key_release(struct dkim_key *key)
{
	buf_release(&key->bytes);
	key->rsa = (struct rsa_public){ 0 };
}

/* Names above ASCII are asked for by their A-labels (RFC 8616 4). */
void
dkim_key_ask(struct dns_query *q, struct dns *dns, struct task *owner,
    const struct dkim_signature *signature)
{
	struct buf name, ascii;

	buf_init(&name, NAME_MAX_BYTES);
	buf_init(&ascii, NAME_MAX_BYTES);
	buf_add(&name, signature->s);
	buf_add_c(&name, "._domainkey.");
	buf_add(&name, signature->d);
	if (!buf_ok(&name) || idna_write_ascii(&ascii, buf_str(&name)) != FAIL_NONE)
		buf_clear(&ascii); /* no name: DNS says so */
	dns_query_start(dns, q, owner, buf_str(&ascii), DNS_TXT);
	buf_release(&name);
	buf_release(&ascii);
}

/* The key can be that of this signature (6.1.2). */
static enum verdict
judge_key(const struct dkim_key *key, const struct dkim_signature *signature, struct str *reason)
{
	size_t at = str_rfind_char(signature->i, '@');

	if (key->algorithm != signature->algorithm)
		return refuse(VERDICT_PERMERROR, STR("its key is for another algorithm (k=)"),
		    reason);
	if (key->is_exact && at != STR_NONE &&
	    !str_eq_nocase(str_from(signature->i, at + 1), signature->d))
		return refuse(VERDICT_PERMERROR, STR("its key is not for subdomains (t=s)"),
		    reason);
	return VERDICT_NONE;
}

enum verdict
dkim_key_answer(const struct dns_query *q, const struct dkim_signature *signature,
    struct dkim_key *out, struct str *reason)
{
	enum verdict verdict = VERDICT_PERMERROR;

	*out = (struct dkim_key){ 0 };
	if (q->op.fail == FAIL_TEMP)
		return refuse(VERDICT_TEMPERROR, STR("DNS did not answer"), reason);
	*reason = STR("there is no key");
	if (q->op.fail != FAIL_NONE)
		return VERDICT_PERMERROR;
	for (size_t i = 0; i < q->record_count && i < DKIM_RECORDS_MAX; i++) {
		verdict = dkim_key_parse(q->records[i].bytes, out, reason);
		if (verdict != VERDICT_NONE)
			continue;
		verdict = judge_key(out, signature, reason);
		if (verdict == VERDICT_NONE)
			return verdict;
		dkim_key_release(out);
	}
	return verdict;
}

bool
dkim_key_verify(const struct dkim_key *key, const struct dkim_signature *signature,
    const unsigned char digest[DKIM_DIGEST_BYTES])
{
	struct buf b;
	bool is_good = false;

	buf_init(&b, RSA_BYTES_MAX);
	if (!decode(signature->b, &b))
		is_good = false;
	else if (key->algorithm == DKIM_RSA_SHA256)
		is_good = rsa_verify(&key->rsa, digest, buf_str(&b));
	else
		is_good = ed25519_verify(buf_str(&key->bytes), str_of(digest, DKIM_DIGEST_BYTES),
		    buf_str(&b));
	buf_release(&b);
	return is_good;
}

unsigned
dkim_key_cost(const struct dns_query *q, const struct dkim_signature *signature,
    const struct dkim_content *content)
{
	struct dkim_key key;
	struct str reason;
	unsigned cost;

	if (dkim_key_answer(q, signature, &key, &reason) != VERDICT_NONE)
		return 0;
	cost = key.algorithm == DKIM_RSA_SHA256 ? rsa_verify_cost(&key.rsa) : ED25519_COST;
	dkim_key_release(&key);
	return cost + (unsigned)(content->header.n / HEADER_BYTES_COST);
}
