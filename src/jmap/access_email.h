/*
 * access_email.h - may the user put, change and remove Emails like this? (RFC 8621 2: MailboxRights)
 */
#ifndef JMAP_ACCESS_EMAIL_H
#define JMAP_ACCESS_EMAIL_H

/* rooms */
#include "jmap/set.h"
#include "mail/email.h"

/* A new Email with these mailboxes and keywords: `forbidden`, or invalidProperties for a mailbox not shown. */
enum jmap_set_said jmap_may_add(struct jmap_call *c, const struct email_new *new,
    struct jmap_set_error *e);

/*
 * This update of an Email: notFound when it is not shown, `forbidden` when a right lacks. What replaces all
 * mailboxes is made to add to and remove from those the user sees; the others stay.
 */
enum jmap_set_said jmap_may_update(struct jmap_call *c, uint64_t id, struct email_update *update,
    struct jmap_set_error *e);

/* Destroying it takes it out of all its mailboxes. */
enum jmap_set_said jmap_may_destroy(struct jmap_call *c, uint64_t id, struct jmap_set_error *e);

#endif
