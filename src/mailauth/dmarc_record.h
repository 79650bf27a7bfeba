/*
 * dmarc_record.h - what a domain asks for, from the text of its record (RFC 7489 6.3).
 *
 * Pure. What is wrong in a record is passed over where it has a default; unknown tags are (6.3). Liberal: "p" may stand
 * behind other tags. A "p" or "sp" that is there twice is wrong, because readers differ on which of them counts. "np" (RFC 9091) is read
 * for those who ask, but decides nothing: whether a name exists is not asked. "rf" has one word and is not kept.
 *
 * Ownership: texts point into the record.
 */
#ifndef MAILAUTH_DMARC_RECORD_H
#define MAILAUTH_DMARC_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define DMARC_URIS_MAX   8     /* of one tag; RFC 7489 6.2 asks for two at least */
#define DMARC_INTERVAL_S 86400 /* "ri" from the start */
#define DMARC_INTERVAL_MIN \
	3600 /* seconds; who asks for more reports gets one an hour (6.3, "ri") */

#define DMARC_SIZE_ANY UINT64_MAX

enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT, DMARC_POLICY_COUNT };

extern const struct str dmarc_policy_names[DMARC_POLICY_COUNT]; /* "none" .. */

struct dmarc_uri {
	struct str uri;     /* without the size */
	uint64_t max_bytes; /* of a report; DMARC_SIZE_ANY: as you like */
};

enum {                     /* "fo": when a report of a failure is wanted */
	DMARC_FO_ALL = 1,  /* "0": nothing passed */
	DMARC_FO_ANY = 2,  /* "1": something did not pass */
	DMARC_FO_DKIM = 4, /* "d" */
	DMARC_FO_SPF = 8,  /* "s" */
};

struct dmarc_record {
	enum dmarc_policy policy;                   /* p */
	enum dmarc_policy subdomain_policy;         /* sp, else p */
	enum dmarc_policy missing_policy;           /* np, else sp */
	bool is_dkim_strict, is_spf_strict;         /* adkim, aspf */
	unsigned percent;                           /* pct */
	unsigned failure_options;                   /* fo; without ruf it means nothing (6.3) */
	uint32_t interval_s;                        /* ri */
	struct dmarc_uri aggregate[DMARC_URIS_MAX]; /* rua */
	struct dmarc_uri failure[DMARC_URIS_MAX];   /* ruf */
	size_t aggregate_count, failure_count;
};

/*
 * FAIL_MISSING: no DMARC record; FAIL_SYNTAX: one without a good "p", or with a wrong "sp", and without a good "rua"; with
 * that it asks for nothing but reports (RFC 7489 6.6.3 step 6).
 */
MUST_CHECK enum fail dmarc_record_parse(struct str text, struct dmarc_record *out);

/* The word in any case; false: it is none. */
MUST_CHECK bool dmarc_policy_parse(struct str word, enum dmarc_policy *out);

#endif
