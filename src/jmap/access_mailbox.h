/*
 * access_mailbox.h - may the user make, change and remove mailboxes like this; and its own view of them.
 */
#ifndef JMAP_ACCESS_MAILBOX_H
#define JMAP_ACCESS_MAILBOX_H

/* rooms */
#include "jmap/set.h"
#include "mail/mailbox.h"

/* isSubscribed, which is each user's own (RFC 8621 2). */
MUST_CHECK enum fail jmap_mailbox_subscribed(struct jmap_call *c, const struct mailbox *m,
    bool *out);

/* Make it so, for another's mailbox; FAIL_LIMIT: too many, or its path is too long. */
MUST_CHECK enum fail jmap_mailbox_subscribe(struct jmap_call *c, const struct mailbox *m,
    bool is_subscribed);

/* May a mailbox be made below this one (0: at the top), or moved there? */
enum jmap_set_said jmap_may_create_below(struct jmap_call *c, uint32_t parent,
    struct jmap_set_error *e);

/* May it get a role? Roles are the owner's: mail is delivered by them. */
enum jmap_set_said jmap_may_give_role(struct jmap_call *c, struct jmap_set_error *e);

/* May those properties be changed (MAILBOX_SET_ bits) to these? */
enum jmap_set_said jmap_may_change(struct jmap_call *c, const struct mailbox *m, unsigned what,
    const struct mailbox_new *to, struct jmap_set_error *e);

/* May it be destroyed? */
enum jmap_set_said jmap_may_delete(struct jmap_call *c, const struct mailbox *m,
    struct jmap_set_error *e);

#endif
