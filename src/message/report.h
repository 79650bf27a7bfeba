/*
 * report.h - what a report says that came back for a message: delivery status (RFC 3464), or disposition (RFC 8098).
 *
 * The multipart/report of RFC 6522 is looked into as far as it helps to find the message that it is about and what
 * became of each recipient; everything else in it is for people. Nothing that a report says is trusted here: whoever
 * asks must know the message by its envelope id or Message-ID. Pure.
 */
#ifndef MESSAGE_REPORT_H
#define MESSAGE_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "message/message.h"

#define REPORT_RCPTS_MAX  1000         /* recipients of one report that are looked at */
#define REPORT_FIELDS_MAX (256 * 1024) /* bytes of the machine-readable part */

enum report_kind { REPORT_DSN, REPORT_MDN };

enum report_action { /* RFC 3464 2.3.3 */
	REPORT_OTHER,
	REPORT_FAILED,
	REPORT_DELAYED,
	REPORT_DELIVERED,
	REPORT_RELAYED,
	REPORT_EXPANDED,
};

struct report_rcpt {
	struct str final, original; /* addresses without their type; may be empty */
	enum report_action action;
	struct str status;     /* "5.1.1"; DSN */
	struct str diagnostic; /* the reply of an SMTP host, or empty; DSN */
	bool is_displayed;     /* MDN (RFC 8098 3.2.6.2) */
};

struct report {
	enum report_kind kind;
	struct str envelope_id; /* Original-Envelope-Id, or empty */
	struct str message_id;  /* of the message that it is about, without <>, or empty */
	struct report_rcpt *rcpts;
	size_t rcpt_count;
};

/* May this be one, by its header? Cheap, to spare others the parsing. */
bool report_is_likely(struct str bytes);

/* FAIL_MISSING: it is none. FAIL_LIMIT: the arena is full. Texts live in the arena. */
MUST_CHECK enum fail report_parse(struct str bytes, struct arena *a, struct report *out);

/* A recipient's status as a reply: "550 5.1.1 No such user" (RFC 8621 7, smtpReply). */
void report_reply_write(struct buf *out, const struct report_rcpt *r);

#endif
