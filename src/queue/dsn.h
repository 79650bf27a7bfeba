/*
 * dsn.h - write delivery status notifications (RFC 3461, 3464, 6522, 6533). Pure.
 *
 * One report tells of one message and any number of its recipients: text in plain words on top (what
 * happened, to whom, what the other server said, what the sender can do), then message/delivery-status for
 * programs, then the message or its header. The report is a complete message with all fields, ready for
 * the queue; its envelope sender is the null path, always (RFC 3464 2, RFC 5321 6.1), and nobody may call
 * this for a message whose own sender is null.
 *
 * Nothing that others wrote can leave its place: control characters become '?', long texts are cut, lines are
 * folded; what is binary in the message is encoded (message/seven.h), what is 8-bit is labelled so.
 */
#ifndef QUEUE_DSN_H
#define QUEUE_DSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "envelope/envelope.h"
#include "envelope/status.h"

#define DSN_RETURN_MAX \
	(100 * \
	    1024) /* bytes of a message that come back with RET=FULL; of longer ones the header, so much of it */

enum dsn_action { /* RFC 3464 2.3.3 */
	DSN_FAILED,
	DSN_DELAYED,
	DSN_DELIVERED,
	DSN_RELAYED,  /* handed to a host that will not report success (RFC 3461 5.2.2) */
	DSN_EXPANDED, /* to the members of a list (RFC 3461 5.2.7) */
	DSN_ACTION_COUNT
};

struct dsn_rcpt {
	const struct envelope_rcpt *rcpt;
	enum dsn_action action; /* a report may mix them */
	struct status status;   /* zeroed: the general one of the action */
	struct str remote;      /* host that spoke, "mx.example.org [192.0.2.1]", or empty */
	unsigned code;          /* its reply code, 0: it did not speak */
	struct str text;        /* what it said, or what happened in our words; one line of UTF-8 */
	struct str stage; /* "RCPT TO", "end of data" .. in answer to which it was said; or empty */
	int64_t last_try_s;         /* 0: never tried */
	int64_t will_retry_until_s; /* delayed only; 0: not known */
	bool
	    is_expired; /* failed because the time that it may take is over; status says what was the matter */
	struct str log_id; /* Final-Log-ID; or empty */
};

struct dsn_report {
	struct str hostname;          /* ours: Reporting-MTA, and the domain of From */
	struct str to;                /* the envelope sender of the message */
	const struct envelope *about; /* .. and its envelope: id, ret, is_utf8 */
	int64_t arrived_s, now_s;     /* when we took the message; the date of the report */
	struct str received_from;     /* HELO name of who brought it, or empty */
	const struct dsn_rcpt *rcpts;
	size_t rcpt_count;  /* 1 or more */
	struct str message; /* what is returned: the whole message; its header is cut out here */
	struct str random;  /* 12 bytes or more for Message-ID and boundary */
};

/*
 * Append the report. The whole message comes back only for failures, when RET is not HDRS and it is not
 * longer than DSN_RETURN_MAX; else its header. *is_utf8_out: it needs SMTPUTF8, because the sender's address
 * is UTF-8 or because the header of an SMTPUTF8 message comes back (RFC 6533: message/global ..); UTF-8
 * recipients alone do not, they are written in ASCII (RFC 6533 3, utf-8-addr-xtext).
 * FAIL_LIMIT: `out` is full, and as it was.
 */
MUST_CHECK enum fail dsn_write(struct buf *out, const struct dsn_report *report, bool *is_utf8_out);

#endif
