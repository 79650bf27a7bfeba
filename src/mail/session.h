/*
 * session.h - how a view tells its sessions of changes. Private to the room.
 */
#ifndef MAIL_SESSION_H
#define MAIL_SESSION_H

#include "mail/view.h"

/* The flags of a message changed. */
void session_flags_changed(struct view_session *s, const struct view_entry *entry);

/* The message with this uid left the view; `at` is the index it had, lower ones already taken out. */
void session_expunged(struct view_session *s, uint32_t uid, size_t at);

#endif
