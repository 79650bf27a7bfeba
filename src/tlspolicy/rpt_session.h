/*
 * rpt_session.h - one conversation with a host, as TLS-RPT tells of it (RFC 8460 4).
 */
#ifndef TLSPOLICY_RPT_SESSION_H
#define TLSPOLICY_RPT_SESSION_H

#include "base/str.h"
#include "tlspolicy/result.h"

#define RPT_TEXT_MAX 4096 /* bytes of a policy's text: what is longer is cut */

enum rpt_type { RPT_TLSA, RPT_STS, RPT_TYPE_COUNT };

extern const struct str rpt_type_names[RPT_TYPE_COUNT]; /* "tlsa", "sts" */

struct rpt_session {       /* borrowed */
	struct str domain; /* whose report it belongs to */
	enum rpt_type type;
	struct str strings; /* the policy as the report shows it, its lines joined by LF */
	enum tls_result result;
	struct str host, address; /* that was talked to; or empty */
};

#endif
