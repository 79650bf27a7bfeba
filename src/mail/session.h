/*
 * session.h - how a view tells its sessions of changes. Private to the room.
 */
#ifndef MAIL_SESSION_H
#define MAIL_SESSION_H

#include "mail/view.h"

/* The flags of a message changed. */
void session_flags_changed(struct view_session *s, const struct view_entry *entry);

/* This message left the view, by a change with its modseq; `at` is the index it had, lower ones already taken out. */
void session_expunged(struct view_session *s, const struct view_entry *entry, size_t at);

#endif
