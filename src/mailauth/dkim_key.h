/*
 * dkim_key.h - the public keys of signers: asked for, and read (RFC 6376 3.6, RFC 8463 4). Private to the room.
 */
#ifndef MAILAUTH_DKIM_KEY_H
#define MAILAUTH_DKIM_KEY_H

#include <stdbool.h>

#include "crypto/rsa.h"
#include "dns/dns.h"
#include "mailauth/dkim_content.h"
#include "mailauth/dkim_signature.h"
#include "mailauth/verdict.h"

#define DKIM_RECORDS_MAX 4 /* records of one name that are tried; honest signers have one */

struct dkim_key {
	enum dkim_algorithm algorithm; /* k=: what it is for */
	struct buf bytes;              /* own: p=, decoded */
	struct rsa_public rsa;         /* borrow: bytes */
	unsigned bits;                 /* 0: not known */
	bool is_testing;               /* t=y */
	bool is_exact;                 /* t=s: the domain of i= must be d= */
};

/*
 * One record. VERDICT_NONE: it is a key of ours, to be released; else PERMERROR or POLICY with `reason` in words, and
 * nothing to release; out->bits may be known.
 */
enum verdict dkim_key_parse(struct str record, struct dkim_key *out, struct str *reason);
void dkim_key_release(struct dkim_key *key);

/* Ask for SELECTOR._domainkey.DOMAIN. */
void dkim_key_ask(struct dns_query *q, struct dns *dns, struct task *owner,
    const struct dkim_signature *signature);

/*
 * The answer: the first record that is a key for this signature, as dkim_key_parse(); TEMPERROR, too.
 */
enum verdict dkim_key_answer(const struct dns_query *q, const struct dkim_signature *signature,
    struct dkim_key *out, struct str *reason);

/* Is b= this key's signature of what has this digest? */
bool dkim_key_verify(const struct dkim_key *key, const struct dkim_signature *signature,
    const unsigned char digest[DKIM_DIGEST_BYTES]);

/*
 * What that will cost (base/effort.h), with the header in canonical form, once the key was answered; 0: there is no key
 * to do it with.
 */
unsigned dkim_key_cost(const struct dns_query *q, const struct dkim_signature *signature,
    const struct dkim_content *content);

#endif
