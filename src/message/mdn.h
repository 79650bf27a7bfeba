/*
 * mdn.h - disposition notifications that are written (RFC 8098): whether one may be, to whom, and its fields.
 *
 * A message asks for one in its header; mdn_request_read() finds what it asks and what speaks against it.
 * mdn_fields_write() writes the part for programs, message/disposition-notification. The parts around it are
 * made by whoever sends it (build.h). What comes back is read by report.h.
 *
 * Pure. Ownership: texts point into the message or live in the arena.
 */
#ifndef MESSAGE_MDN_H
#define MESSAGE_MDN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "message/address.h"

/* The words of a Disposition field (RFC 8098 3.2.6), as JMAP writes them: in lower case. */
#define MDN_ACTIONS  2
#define MDN_SENDINGS 2
#define MDN_TYPES    4
extern const struct str mdn_actions[MDN_ACTIONS];
extern const struct str mdn_sendings[MDN_SENDINGS]; /* manually, automatically */
extern const struct str mdn_types[MDN_TYPES];       /* deleted, dispatched, displayed, processed */

#define MDN_TO_MAX 10 /* addresses that one notification goes to: a receipt is no mailing */

struct mdn_request {
	const struct address *to; /* of Disposition-Notification-To, each once, at least one */
	size_t to_count;
	struct str original_recipient; /* "rfc822;ann@x.test"; p is NULL: not known */
	struct str message_id;         /* as it stands, with <>; p is NULL: none */
	/* What speaks against a notification: */
	bool is_mdn;      /* the message is one itself (2.1) */
	bool is_news;     /* it is for a newsgroup (2.1) */
	bool is_optional; /* it asks for nothing that we must know and do not (2.2) */
	/* .. against one without the user's consent (2.1): it would go to others than who sent the message */
	bool is_to_sender;
};

/*
 * What this message (its header is enough) asks for. FAIL_MISSING: no notification: there is no
 * Disposition-Notification-To, more than one, or one without a whole address. FAIL_LIMIT: the arena is full, or
 * there are more than MDN_TO_MAX addresses.
 */
MUST_CHECK enum fail mdn_request_read(struct str message, struct arena *a, struct mdn_request *out);

struct mdn_field {
	struct str name, value;
};

struct mdn_fields { /* texts of UTF-8, one line; p is NULL: there is no such field */
	struct str reporting_ua, original_recipient, final_recipient, message_id;
	struct str action, sending, type;
	const struct mdn_field *extensions;
	size_t extension_count;
};

/* The media type of a notification's part for programs (RFC 8098 3.1, RFC 6533 5); in lower case, as in a part. */
bool mdn_is_type(struct str type, struct str subtype);

/* A name for an extension-field (3.1, 3.3): a field-name that is not one of RFC 8098's own. */
bool mdn_is_extension(struct str name);

/*
 * Append the fields in the order of 3.1. FAIL_SYNTAX: a text has CR, LF or NUL, or a name is none. When a text is
 * not ASCII they belong into message/global-disposition-notification (RFC 6533 5).
 */
MUST_CHECK enum fail mdn_fields_write(struct buf *out, const struct mdn_fields *fields);

#endif
