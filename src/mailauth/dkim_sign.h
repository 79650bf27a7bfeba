/*
 * dkim_sign.h - sign a message for a domain (RFC 6376 5), with as many keys as one likes.
 *
 *     struct dkim_sign sign = { .domain = STR("example.org"), .time_s = now_s };
 *     dkim_content_header(&content, block);
 *     dkim_sign_start(&sign, &content);
 *     dkim_content_body(&content, piece); .. dkim_content_end(&content);
 *     dkim_sign_write(&sign, &content, STR("2026r"), &rsa_key, &out);
 *     dkim_sign_write(&sign, &content, STR("2026e"), &ed25519_key, &out);     `out` goes before the message
 *
 * Signing with RSA takes some 2 ms each time.
 */
#ifndef MAILAUTH_DKIM_SIGN_H
#define MAILAUTH_DKIM_SIGN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "crypto/private_key.h"
#include "mailauth/dkim_content.h"

#define DKIM_FIELD_MAX \
	(64 * 1024) /* bytes of one signature that we write; `out` should allow that for each */

struct dkim_sign { /* zeroed is relaxed/relaxed, the usual fields, and no times */
	struct str domain;
	struct str
	    names; /* h=, as it is to stand there; "": those that are worth it (RFC 6376 5.4.1), From once more */
	enum dkim_canon header_canon, body_canon;
	int64_t time_s, expires_s; /* t=, x=; 0: none */
};

/* FAIL_SYNTAX: h= is no list of names or lacks From, or the domain is none. */
MUST_CHECK enum fail dkim_sign_start(const struct dkim_sign *sign, struct dkim_content *content);

/*
 * Append a DKIM-Signature field. FAIL_LIMIT: the header is too large to be signed (dkim_content.h), or `out` is full;
 * FAIL_PERM: the key is damaged; FAIL_SYNTAX: the selector is none. Nothing is appended then.
 */
MUST_CHECK enum fail dkim_sign_write(const struct dkim_sign *sign,
    const struct dkim_content *content, struct str selector, const struct private_key *key,
    struct buf *out);

/*
 * What is to be published as TXT of SELECTOR._domainkey.DOMAIN: "v=DKIM1; k=rsa; p=.." (RFC 6376 3.6.1), one text,
 * which DNS takes in strings of 255 bytes.
 */
void dkim_record_write(const struct private_key *key, struct buf *out);

#endif
