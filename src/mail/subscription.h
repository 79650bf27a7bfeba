/*
 * subscription.h - names that a user subscribed to and that are no mailboxes of the account (RFC 9051 6.3.7).
 *
 * A mailbox knows by itself whether it is subscribed (mailbox.h). Here are the other names: of mailboxes that
 * were deleted, which stay subscribed until the user says otherwise, and of mailboxes in other accounts. A name
 * is a path as IMAP shows it without settings of the owner: "Fruit/Peach", "Shared/sales/INBOX".
 */
#ifndef MAIL_SUBSCRIPTION_H
#define MAIL_SUBSCRIPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/str.h"
#include "mail/mail.h"

#define SUBSCRIPTIONS_MAX     1000 /* names of an account: LIST reads them all */
#define SUBSCRIPTION_NAME_MAX 900  /* bytes: a key holds it */

/* Add a name; one that is there already stays. FAIL_LIMIT: too long, or too many; FAIL_TEMP. */
MUST_CHECK enum fail subscription_add(struct account *a, struct str name);

/* Take a name out. FAIL_MISSING: it is not there; FAIL_TEMP. */
MUST_CHECK enum fail subscription_remove(struct account *a, struct str name);

/* Is the name there? FAIL_TEMP. */
MUST_CHECK enum fail subscription_find(struct account *a, struct str name, bool *out);

/* All names, in `arena`. FAIL_LIMIT: it is full; FAIL_TEMP. */
MUST_CHECK enum fail subscription_list(struct account *a, struct arena *arena, struct str **out,
    size_t *count_out);

/* A number that is another one after each change, as long as somebody holds the account. */
uint64_t subscription_changes(const struct account *a);

#endif
