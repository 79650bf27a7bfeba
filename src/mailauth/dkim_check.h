/*
 * dkim_check.h - one signature of a message against its key (RFC 6376 6.1.3). Private to the room.
 *
 * DKIM-Signature and ARC-Message-Signature are checked alike.
 */
#ifndef MAILAUTH_DKIM_CHECK_H
#define MAILAUTH_DKIM_CHECK_H

#include "dns/dns.h"
#include "mailauth/dkim_content.h"
#include "mailauth/dkim_signature.h"
#include "mailauth/verdict.h"

struct dkim_outcome {
	enum verdict verdict;
	struct str reason;
	unsigned key_bits;
	bool is_testing, is_partial;
};

/* The body is ended, and the key was answered. */
void dkim_check_message(const struct dkim_content *content, const struct dkim_signature *signature,
    const struct header *field, const struct dns_query *key, int64_t now_s,
    struct dkim_outcome *out);

#endif
