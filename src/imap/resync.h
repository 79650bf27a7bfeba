/*
 * resync.h - SELECT (QRESYNC ..): what happened since the client looked last (RFC 7162 3.2.5; private to the room).
 */
#ifndef IMAP_RESYNC_H
#define IMAP_RESYNC_H

#include "imap/modifier.h"
#include "imap/session.h"

/* The mailbox is open and its UIDVALIDITY is the client's: tell VANISHED (EARLIER) and flags, then imap_selected(). */
enum imap_state imap_resync(struct imap_session *s, const struct imap_select_params *params);

/* cmd_select.c: the tagged OK. */
enum imap_state imap_selected(struct imap_session *s);

#endif
