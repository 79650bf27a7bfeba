/*
 * sts_policy.h - what a domain says of the hosts that take its mail: MTA-STS (RFC 8461 3), in DNS and in a file.
 *
 * The record in DNS names a version of the policy by an id; the file, fetched over HTTPS, is the policy. Pure;
 * everything points into the text.
 */
#ifndef TLSPOLICY_STS_POLICY_H
#define TLSPOLICY_STS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "dns/dns.h"

#define STS_ID_MAX       32              /* RFC 8461 3.1 */
#define STS_FILE_MAX     ((size_t)65536) /* bytes; RFC 8461 3.3 suggests 64 KB */
#define STS_PATTERNS_MAX 64              /* "mx" fields; a domain has a handful of hosts */
#define STS_MAX_AGE_S    31557600        /* RFC 8461 3.2: a year */

enum sts_mode { STS_NONE, STS_TESTING, STS_ENFORCE, STS_MODE_COUNT };
extern const struct str sts_mode_names[STS_MODE_COUNT];

struct sts_policy {
	enum sts_mode mode;
	int64_t max_age_s;
	struct str patterns[STS_PATTERNS_MAX]; /* "mx.example.org", "*.example.org" */
	size_t pattern_count;                  /* at least 1, unless the mode is none */
};

/*
 * The id that the TXT records of _mta-sts.<domain> say; FAIL_MISSING: the domain has no policy, or what it has is not
 * valid, which is the same (RFC 8461 3.1).
 */
MUST_CHECK enum fail sts_record_parse(const struct dns_record *records, size_t count,
    struct str *id_out);

/*
 * The file. FAIL_SYNTAX: not a policy; FAIL_LIMIT: too many patterns. Fields that we do not know are passed over, of
 * those that may come once the first one counts.
 * Liberal: empty lines.
 */
MUST_CHECK enum fail sts_policy_parse(struct str text, struct sts_policy *out);

/* As a file again, for keeping: fields that we do not know are gone. */
void sts_policy_write(struct buf *out, const struct sts_policy *policy);

/* Does it name this host (ASCII form)? A "*" stands for one label (RFC 8461 4.1). */
bool sts_policy_names(const struct sts_policy *policy, struct str host);

#endif
