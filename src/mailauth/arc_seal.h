/*
 * arc_seal.h - vouch for a message that is forwarded: the next set of a chain (ARC, RFC 8617 5.1).
 *
 *     dkim_content_header(&content, block);
 *     arc_seal_start(&seal, &content);
 *     dkim_content_body(&content, piece); .. dkim_content_end(&content);
 *     arc_seal_write(&seal, &content, &verify, &rsa_key, &out);          `out` goes before the message
 *
 * The content is the message as it leaves, with the fields of the chain so far, which `verify` (arc_verify.h) judged
 * when it came in. Sealing with RSA takes some 4 ms.
 */
#ifndef MAILAUTH_ARC_SEAL_H
#define MAILAUTH_ARC_SEAL_H

#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "crypto/private_key.h"
#include "mailauth/arc_verify.h"
#include "mailauth/dkim_content.h"

struct arc_seal {
	struct str domain, selector;
	struct str
	    results; /* of Authentication-Results: "mx.example.org; spf=pass .." (RFC 8601 2.2) */
	struct str names; /* h= of the message signature, as in dkim_sign.h */
	int64_t time_s;   /* t=; 0: none */
};

/* FAIL_SYNTAX: domain, selector, results or names are none. */
MUST_CHECK enum fail arc_seal_start(const struct arc_seal *seal, struct dkim_content *content);

/*
 * Append ARC-Seal, ARC-Message-Signature and ARC-Authentication-Results.
 *   FAIL_DENIED  nothing may be added: the last sealer found it broken already, or it has ARC_SETS_MAX sets, or a
 *                line of the header is no field: nobody would believe the seal
 *   FAIL_TEMP    DNS did not answer: what is true of the chain is unknown
 *   FAIL_LIMIT, FAIL_PERM as in dkim_sign.h
 */
MUST_CHECK enum fail arc_seal_write(const struct arc_seal *seal, const struct dkim_content *content,
    const struct arc_verify *verify, const struct private_key *key, struct buf *out);

#endif
