/*
 * envelope.h - what travels around a message: from whom, to whom, and how it wants to be treated.
 *
 * SMTP's MAIL and RCPT bring it in, the queue keeps it, the client says it again to the next host
 * (RFC 5321 2.3.1). One field for each parameter of the extensions; zero means "not asked for".
 *
 * Ownership: structs of borrowed texts; who fills one in says for how long. Units: _s are seconds since
 * 1970, UTC.
 */
#ifndef ENVELOPE_ENVELOPE_H
#define ENVELOPE_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

#define ENVELOPE_ID_MAX       100 /* bytes of an ENVID, decoded (RFC 3461 4.4) */
#define ENVELOPE_ORIGINAL_MAX 500 /* bytes of an ORCPT parameter (RFC 3461 4.2) */
#define ENVELOPE_PRIORITY_MAX 9   /* MT-PRIORITY is -9 .. 9 (RFC 6710 4) */

enum envelope_body { BODY_7BIT, BODY_8BITMIME, BODY_BINARYMIME }; /* RFC 6152 2, RFC 3030 3 */

enum envelope_return { RETURN_UNSAID, RETURN_FULL, RETURN_HEADERS }; /* RET=, RFC 3461 4.3 */

enum envelope_by { /* BY=, RFC 2852 4 */
	BY_NONE,
	BY_NOTIFY, /* tell the sender when it is late */
	BY_RETURN, /* send it back when it is late */
};

enum { /* NOTIFY=, RFC 3461 4.1; 0: not said, which means failures and, if we like, delays */
	NOTIFY_NEVER = 1,
	NOTIFY_SUCCESS = 2,
	NOTIFY_FAILURE = 4,
	NOTIFY_DELAY = 8,
};

struct envelope {
	struct str sender; /* empty: the null path */
	struct str id;     /* ENVID, decoded */
	enum envelope_body body;
	enum envelope_return ret;
	bool is_utf8;        /* SMTPUTF8 (RFC 6531) */
	bool is_tls_must;    /* REQUIRETLS (RFC 8689) */
	int8_t priority;     /* MT-PRIORITY (RFC 6710) */
	enum envelope_by by; /* DELIVERBY .. */
	bool is_by_traced;   /* .. with a report from each host that relays it */
	int64_t by_s;        /* .. when it is late */
	int64_t hold_s;      /* FUTURERELEASE (RFC 4865): not before; 0: now */
	uint64_t size;       /* SIZE announced, bytes; 0: unknown */
};

struct envelope_rcpt {
	struct str address;
	struct str original; /* ORCPT as said, "rfc822;" and xtext; empty: none */
	unsigned notify;     /* NOTIFY_ bits */
};

#endif
