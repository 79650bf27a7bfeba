/*
 * rpt_record.h - where a domain wants to hear how connections to it went: TLS-RPT (RFC 8460 3).
 *
 * Pure; the addresses point into the text.
 */
#ifndef TLSPOLICY_RPT_RECORD_H
#define TLSPOLICY_RPT_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"
#include "base/str.h"
#include "dns/dns.h"

#define RPT_ADDRESSES_MAX 4 /* that reports go to; more are left out */

struct rpt_record {
	/* "mailto:reports@example.org", "https://reports.example.org/tls", in their order */
	struct str uris[RPT_ADDRESSES_MAX];
	size_t count; /* at least 1 */
};

/* From the TXT records of _smtp._tls.<domain>. FAIL_MISSING: nobody wants reports, or the record is not valid. */
MUST_CHECK enum fail rpt_record_parse(const struct dns_record *records, size_t count,
    struct rpt_record *out);

#endif
