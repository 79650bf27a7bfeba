/*
 * rpt_session.h - one conversation with a host, as TLS-RPT tells of it (RFC 8460 4).
 */
#ifndef TLSPOLICY_RPT_SESSION_H
#define TLSPOLICY_RPT_SESSION_H

#include <stdbool.h>

#include "base/str.h"
#include "tlspolicy/result.h"

#define RPT_TEXT_MAX 4096 /* bytes of a policy's text: what is longer is cut */

enum rpt_type { RPT_TLSA, RPT_STS, RPT_NO_POLICY, RPT_TYPE_COUNT };

extern const struct str rpt_type_names[RPT_TYPE_COUNT]; /* "tlsa", "sts", "no-policy-found" */

struct rpt_session {       /* borrowed */
	struct str domain; /* whose report it belongs to */
	enum rpt_type type;
	struct str
	    policy_domain;  /* the same, or for DANE the name that the records are for (1.1) */
	struct str strings; /* the policy as the report shows it, its lines joined by LF */
	enum tls_result result;
	struct str host, address; /* that was talked to; or empty */
	struct str sender;        /* our address in it; or empty */
	struct str reason;        /* of a failure, in words; or empty */
	bool
	    is_aside; /* no conversation: something else that failed on the way to one, such as the policy's host */
};

#endif
