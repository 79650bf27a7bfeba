/*
 * namespace.h - where the mailboxes of other accounts stand among a user's own (RFC 2342).
 *
 *     "Other Users/bob@x/a/b"    mailbox a/b of bob@x, who shares it
 *     "Shared/sales@x/INBOX"     the Inbox of sales@x, a group of the user's
 *
 * IMAP shows these paths. A subscription to such a mailbox is kept by its path with the user's own account
 * (subscription.h), where JMAP finds it, too.
 */
#ifndef MAIL_NAMESPACE_H
#define MAIL_NAMESPACE_H

#include "mail/acl.h"

struct buf;

enum mail_namespace { NAMESPACE_OTHERS, NAMESPACE_SHARED, NAMESPACE_COUNT };
extern const struct str namespace_names[NAMESPACE_COUNT]; /* their first levels */

/* In which an account's mailboxes stand for this user, whose own it is not. */
enum mail_namespace namespace_of(const struct account *a, const struct acl_user *who);

/* Append the path of a mailbox that is not in the user's own account. */
void namespace_path_write(const struct mailbox *m, const struct acl_user *who, struct buf *out);

#endif
