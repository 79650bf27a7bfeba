/*
 * object_id.h - MAILBOXID, EMAILID and THREADID (RFC 8474; private to the room).
 *
 * Ids are numbers within an account (mail/id.h). Those of the user's own are JMAP's: "m5". Those of other accounts,
 * which would be the same, end in the account's id: "m5-a2". A message copied from account to account is
 * another one there: its id changes, though RFC 8474 5.1 wants it kept.
 */
#ifndef IMAP_OBJECT_ID_H
#define IMAP_OBJECT_ID_H

#include "imap/session.h"
#include "mail/id.h"

void imap_id_write(const struct imap_session *s, struct buf *out, const struct account *a,
    enum id_kind kind, uint64_t id);

/* The whole of `text` is an id of this kind, of something in account `a`. Reads what writing makes, nothing else. */
MUST_CHECK bool imap_id_parse(const struct imap_session *s, struct str text,
    const struct account *a, enum id_kind kind, uint64_t *out);

#endif
