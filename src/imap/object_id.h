/*
 * object_id.h - MAILBOXID, EMAILID and THREADID (RFC 8474; private to the room).
 *
 * Ids are numbers within an account (mail/id.h). Those of the user's own are JMAP's: "m5". Those of other accounts,
 * which would be the same, end in the account's id, which JMAP names beside the id: "m5-a2".
 *
 * Strict: a message copied or moved into another account is another Email there, with an id of its own, where
 * RFC 8474 5.1 wants the EMAILID kept. It cannot be kept as well as what else is promised: that IMAP and JMAP have the
 * same ids (RFC 9698), that ids belong to an account and a copy in another has its own (RFC 8620 1.6.2, 5.4), and that
 * one EMAILID has one THREADID (RFC 8474 5.2), though each account has its own threads (RFC 8621 3). All a client loses
 * is that it fetches the copy anew. What it relies on stays: no id is ever that of two messages, and none changes.
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
