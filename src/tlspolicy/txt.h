/*
 * txt.h - records of "version; name=value; .." in DNS, as MTA-STS and TLS-RPT have them (RFC 8461 3.1, RFC 8460 3).
 *
 * They are not the lists of DKIM: the version comes first and is exact, and names may have "-" and ".". Pure.
 */
#ifndef TLSPOLICY_TXT_H
#define TLSPOLICY_TXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fail.h"
#include "base/str.h"
#include "dns/dns.h"

/*
 * The one record that begins with `version` ("v=STSv1"), others being somebody else's.
 *   FAIL_MISSING  there is none, or more than one   FAIL_SYNTAX  it is not such a record
 */
MUST_CHECK enum fail txt_choose(const struct dns_record *records, size_t count, struct str version,
    struct str *text_out);

/* The whole text as such a record, and the value of its first field of this name (empty: there is none). */
MUST_CHECK enum fail txt_parse(struct str text, struct str version, struct str name,
    struct str *value_out);

#endif
