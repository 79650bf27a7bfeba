/*
 * answer.h - automatic answers to a message (RFC 3834): may there be one, and what it looks like.
 *
 * Vacation responses of JMAP and of Sieve share this. Who was answered already, and where the envelope's sender comes
 * in, is not known here. Pure.
 */
#ifndef MESSAGE_ANSWER_H
#define MESSAGE_ANSWER_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

/*
 * Does the message want an answer, by its header? Not when it is automatic itself, bulk or from a list, a report, or
 * not addressed to one of these addresses (A-Z folded, "+tag" left out of account) in To, Cc or Bcc (RFC 3834 2,
 * RFC 5230 4.5, 4.6). The arena is scratch: when it is full the answer is no.
 */
bool answer_is_wanted(struct str head, const struct str *addresses, size_t count, struct arena *a);

/* Nobody reads what is sent to such an address: mailer-daemon@, owner-list@, list-request@ .. (RFC 3834 2). */
bool answer_is_robot(struct str address);

struct answer {
	struct str head;            /* of the message that is answered */
	struct str from, from_name; /* whose answer it is; the name may be empty */
	struct str to;              /* the envelope's sender */
	struct str subject;         /* p is NULL: "Auto: " and the message's own */
	struct str text, html; /* UTF-8; p is NULL: none. Without both a text of ours is sent */
	struct str random, hostname; /* for the Message-ID and boundary: 16 bytes or more */
	int64_t now_s;
};

/*
 * Append the whole message, with CRLF: Auto-Submitted: auto-replied, In-Reply-To, References; text and HTML as
 * multipart/alternative, HTML alone with the text that follows from it. FAIL_SYNTAX: a text cannot stand in a header;
 * FAIL_LIMIT: `out` or the arena is full. On failure nothing is appended.
 */
MUST_CHECK enum fail answer_write(struct buf *out, const struct answer *answer, struct arena *a);

#endif
