/*
 * id.h - the text form of ids, the same in JMAP and in IMAP's OBJECTID.
 *
 * An id is one letter that says what it names and a decimal number: "e4711" is an Email. That fits
 * JMAP's Id (RFC 8620 1.2) and IMAP's objectid (RFC 8474 section 3), and is easy to find in a log.
 * Reading accepts exactly what writing makes (no leading zeros, no other letter).
 */
#ifndef MAIL_ID_H
#define MAIL_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"

enum id_kind {
	ID_ACCOUNT = 'a',
	ID_BLOB = 'b', /* the message file of the Email with this number */
	ID_EMAIL = 'e',
	ID_IDENTITY = 'i',
	ID_MAILBOX = 'm',
	ID_SUBMISSION = 'n',
	ID_QUOTA = 'q', /* a limit of the account */
	ID_PUSH = 'p',  /* a push subscription */
	ID_SHARE_NOTICE = 'r',
	ID_STATE = 's', /* a JMAP state: a modseq */
	ID_THREAD = 't',
	ID_UPLOAD = 'u', /* an uploaded blob (upload.h) */
};

#define ID_TEXT_MAX 21 /* bytes: letter and 20 digits */

struct id_text { /* a small value to pass around: id_str(&t) */
	char p[ID_TEXT_MAX];
	unsigned char n;
};

struct id_text id_text(enum id_kind kind, uint64_t id);
static inline struct str
id_str(const struct id_text *t)
{
	return str_of(t->p, t->n);
}

/* Append the text. */
void id_write(struct buf *out, enum id_kind kind, uint64_t id);

/* The whole of `text` is an id of this kind; 0 is never an id, but a state may be 0. */
MUST_CHECK bool id_parse(struct str text, enum id_kind kind, uint64_t *out);

#endif
