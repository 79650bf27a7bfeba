/*
 * dmarc.h - what the domain in From wants done with what is not from it (RFC 7489).
 *
 * Two steps: dmarc_start() .. dmarc_look() ask DNS for the domain's policy (6.6.3), which needs nothing but the domain;
 * dmarc_judge(), pure, weighs what SPF and DKIM came to against it (6.6.2). Names may be in any form of an IDN.
 *
 *     start -> ASKING the domain -> (no record) ASKING its organization -> settled
 *
 * Ownership: a struct dmarc is the caller's, and its texts live until dmarc_release().
 */
#ifndef MAILAUTH_DMARC_H
#define MAILAUTH_DMARC_H

#include "codec/idna.h"
#include "dns/dns.h"
#include "mailauth/dmarc_record.h"
#include "mailauth/verdict.h"

struct dmarc { /* zeroed before the start; must not move; fields: read only */
	/*
	 * When settled. PASS: `record` is set; NONE: no policy, or several records, which count as none; TEMPERROR: DNS did
	 * not answer; PERMERROR: a record that says nothing. A name that is no domain has no policy.
	 */
	enum verdict found;
	struct dmarc_record record;
	struct str record_text;
	struct str domain;        /* of From, in A-labels */
	struct str organization;  /* its organizational domain */
	struct str policy_domain; /* the one of both that has the record */
	enum dmarc_policy policy; /* p or sp, whichever is meant for this domain */

	struct dns *dns;
	struct task *owner;
	struct dns_query query;
	bool asked_organization, is_settled;
	char name[IDNA_DOMAIN_MAX + 1]; /* what the texts point into */
};

void dmarc_start(struct dmarc *d, struct dns *dns, struct task *owner, struct str from_domain);

/* Go on: true when it is settled. To be called when the owner is woken. */
bool dmarc_look(struct dmarc *d);

void dmarc_release(struct dmarc *d);

/* A domain, and what SPF (MAIL FROM, or HELO when that is empty) or one DKIM signature (d=) came to for it. */
struct dmarc_evidence {
	struct str domain;
	enum verdict verdict;
};

struct dmarc_judgement {
	enum verdict
	    verdict; /* pass, fail; `found` when that is not PASS; TEMPERROR when nothing passed, but may */
	enum dmarc_policy asked;       /* what the domain asks for when nothing passed, by pct */
	enum dmarc_policy disposition; /* what to do: that for "fail", else none */
	bool is_spf_aligned, is_dkim_aligned; /* .. and passed */
	bool is_sampled_out; /* pct: the policy was not, or less, applied (6.6.4) */
};

/*
 * Weigh. spf->domain may be empty: nothing is known. `lot` is a number below 100 drawn by the caller: below pct, the
 * policy is applied; else reject becomes quarantine, and quarantine none.
 */
void dmarc_judge(const struct dmarc *d, const struct dmarc_evidence *spf,
    const struct dmarc_evidence *dkim, size_t dkim_count, unsigned lot,
    struct dmarc_judgement *out);

/* Are two names aligned (RFC 7489 3.1): the same, or with !is_strict of one organizational domain? */
bool dmarc_is_aligned(struct str a, struct str b, bool is_strict);

#endif
