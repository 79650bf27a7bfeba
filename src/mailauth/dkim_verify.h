/*
 * dkim_verify.h - whose signatures a message bears, and whether they are good (RFC 6376 6, RFC 8301, RFC 8463).
 *
 *     dkim_content_header(&content, block);
 *     dkim_verify_start(&v, &content, dns, &s->task, now_s);    asks for the keys
 *     dkim_content_body(&content, piece); .. dkim_content_end(&content);
 *     while waiting, each time the task runs: dkim_verify_look(&v)
 *     .. v.results[0 .. v.count - 1] ..
 *     dkim_verify_release(&v); dkim_content_release(&content);
 *
 * The first DKIM_SIGNATURES_MAX signatures of the header are looked at.
 *
 * Ownership: the content is the caller's and must live longer. Strings of results are the content's, or constant.
 */
#ifndef MAILAUTH_DKIM_VERIFY_H
#define MAILAUTH_DKIM_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/effort.h"
#include "dns/dns.h"
#include "mailauth/dkim_content.h"
#include "mailauth/dkim_signature.h"
#include "mailauth/verdict.h"

#define DKIM_SIGNATURES_MAX 8  /* each costs a question to DNS and some arithmetic */
#define DKIM_B_BYTES        12 /* RFC 6008 4: at least 8 */

struct dkim_result {
	enum verdict verdict; /* PASS FAIL NEUTRAL POLICY TEMPERROR PERMERROR */
	struct str reason;    /* in words, for people; "" with PASS */
	struct str domain, identity, selector, algorithm; /* d= i= s= a=; what is not there is "" */
	char b[DKIM_B_BYTES];                             /* how b= begins (RFC 6008) */
	size_t b_size;
	unsigned key_bits; /* 0: there was no key */
	bool
	    is_testing; /* t=y: the domain is trying it out, and asks to be treated as without (RFC 6376 3.6.1) */
	bool
	    is_partial; /* PASS, but bytes stand behind those that were signed (l=, RFC 6376 8.2) */
};

struct dkim_check { /* private: one signature under way */
	struct dkim_signature signature;
	struct header field;
	struct dns_query key;
	struct effort effort; /* to compute it */
	bool is_settled;
};

struct dkim_verify { /* zeroed before the start; fields: read only */
	struct dkim_result results[DKIM_SIGNATURES_MAX]; /* in the order of the header */
	size_t count;
	size_t ignored; /* signatures behind those */

	struct dkim_check checks[DKIM_SIGNATURES_MAX];
	struct dkim_content *content;
	struct task *owner;
	int64_t now_s;
};

/* The header must be there, and none of the body. */
void dkim_verify_start(struct dkim_verify *v, struct dkim_content *content, struct dns *dns,
    struct task *owner, int64_t now_s);

/*
 * Go on, as keys are answered and as it may compute (base/effort.h): true when all are settled, which cannot
 * be before dkim_content_end(). Until then the owner is woken when there is more to do.
 */
bool dkim_verify_look(struct dkim_verify *v);

/* Safe in any state. */
void dkim_verify_release(struct dkim_verify *v);

#endif
