/*
 * arc_verify.h - who vouches for what a message was before it was forwarded (ARC, RFC 8617 5.2).
 *
 *     dkim_content_header(&content, block);
 *     arc_verify_start(&a, &content, dns, &s->task, now_s);
 *     .. the body, as for dkim_verify.h ..
 *     while waiting, each time the task runs: arc_verify_look(&a)
 *     .. a.chain, a.count, a.sets[0 .. a.count - 1] ..
 *     arc_verify_release(&a); dkim_content_release(&content);
 *
 * What a chain says may be believed when `chain` is PASS and its sealers are trusted: the one who sealed last at least.
 *
 * Ownership: the content is the caller's and must live longer. Strings are the content's, or constant.
 */
#ifndef MAILAUTH_ARC_VERIFY_H
#define MAILAUTH_ARC_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/effort.h"
#include "dns/dns.h"
#include "mailauth/dkim_content.h"
#include "mailauth/dkim_signature.h"
#include "mailauth/verdict.h"

#define ARC_SETS_MAX 50 /* RFC 8617 5.1.1.1 */
#define ARC_TIME_MS \
	30000 /* for all keys, from the end on: slow servers of a long chain must not hold a session for minutes */

struct arc_set {                              /* one instance; fields: read only */
	struct header results, message, seal; /* the three fields */
	struct str authentication;            /* ARC-Authentication-Results, behind "i=N;" */
	struct dkim_signature message_signature, seal_signature;
	bool is_message_good; /* ARC-Message-Signature: the message is as it left this sealer */
	bool
	    is_message_partial; /* .. but bytes stand behind those that it signed (l=, RFC 6376 8.2) */

	struct dns_query message_key, seal_key; /* private */
	enum verdict message_syntax; /* private: NONE, or what is wrong with the field itself */
	struct str message_reason;
};

/*
 *     start --no sets, or a fault in their order--> settled
 *     start --the newest keys asked--> the newest message signature --good--> older ones, until one is not --> seals, the newest
 *           first --all good--> settled: PASS;  the newest message signature or a seal is not good --> settled: FAIL
 */
struct arc_verify {         /* zeroed before the start; fields: read only */
	enum verdict chain; /* NONE: no chain; PASS; FAIL */
	struct str reason;  /* in words, why FAIL */
	uint32_t broken;    /* FAIL: the instance where it broke, 0: the chain as a whole */
	uint32_t
	    oldest_pass; /* PASS: the lowest instance whose message signature, and all above it, are good; 0: all are
				 (RFC 8617 5.2) */
	bool is_temporary; /* FAIL, but only because DNS did not answer */
	bool is_full;      /* no set can be added any more */

	struct arc_set *sets; /* own: instance i is sets[i - 1] */
	size_t count;         /* the highest instance; with FAIL, sets may be incomplete */

	struct dkim_content *content;
	struct dns *dns;
	struct task *owner;
	int64_t now_s, deadline_ms;
	struct effort effort;   /* to compute the next of these */
	size_t messages, seals; /* instances that are to be looked at still, the highest first */
	bool is_settled;
};

/* The header must be there, and none of the body. */
void arc_verify_start(struct arc_verify *a, struct dkim_content *content, struct dns *dns,
    struct task *owner, int64_t now_s);

/* Go on, by one signature after another: true when it is settled, as in dkim_verify.h. */
bool arc_verify_look(struct arc_verify *a);

/* Safe in any state. */
void arc_verify_release(struct arc_verify *a);

#endif
