/*
 * dane.h - which TLSA records count, and whether a server is the one that they speak of (RFC 6698, 7671, 7672).
 *
 * Usages 2 (an anchor) and 3 (the server's own certificate) count; 0 and 1 do not in SMTP (RFC 7672 3.1.3), nor do
 * unknown usages, selectors and matching types, or data that cannot be what the record says. The records must have
 * come by DNSSEC; that is the caller's to know. Of records that differ in the hash only, those with the strongest
 * hash count (RFC 7671 9). Pure.
 */
#ifndef TLSPOLICY_DANE_H
#define TLSPOLICY_DANE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "dns/dns.h"
#include "tlspolicy/result.h"

#define DANE_RECORDS_MAX 24 /* of one host that are looked at; two or four are usual */
#define DANE_NAMES_MAX   4  /* reference identifiers (RFC 7672 3.2.3) */

enum dane_usage { DANE_PKIX_TA, DANE_PKIX_EE, DANE_TA, DANE_EE }; /* RFC 7218 2.1 */
enum dane_selector { DANE_CERT, DANE_SPKI };                      /* RFC 7218 2.2 */
enum dane_matching { DANE_FULL, DANE_SHA256, DANE_SHA512 };       /* RFC 7218 2.3 */

/* Does it count? */
bool dane_is_usable(const struct dns_record *tlsa);

/* Of these records some count: a host that has none such is encrypted to, and not authenticated (RFC 7672 2.2). */
bool dane_has_usable(const struct dns_record *records, size_t count);

struct dane_question {
	const struct dns_record *records; /* borrow; those that do not count are passed over */
	size_t record_count;
	struct str chain;                 /* as the server showed it (tls/chain.h) */
	struct str names[DANE_NAMES_MAX]; /* one of which the certificate must have, for usage 2 */
	size_t name_count;
	int64_t now_s;
};

struct dane_answer {
	enum tls_result result;
	const struct dns_record *record; /* SUCCESS by usage 3: the one that matched; else NULL */
};

/*
 * SUCCESS, or why not: INVALID (no record matches), NOT_TRUSTED, EXPIRED (no chain to an anchor), HOST_MISMATCH,
 * TLSA_INVALID (no record counts).
 */
struct dane_answer dane_match(const struct dane_question *q);

#endif
