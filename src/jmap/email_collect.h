/*
 * email_collect.h - which Emails may be in a list: candidates, before anything of them is read.
 *
 * From the view of the mailbox that the filter names, which is in memory; from what the full-text index names,
 * when that is little; else from the account's list by receivedAt, in batches.
 */
#ifndef JMAP_EMAIL_COLLECT_H
#define JMAP_EMAIL_COLLECT_H

/* rooms */
#include "jmap/email_list.h"

/* Ask the index; what it does not know yet is a candidate. False: the slice is over. */
MUST_CHECK bool email_narrow(struct email_list *l, struct jmap_call *c);

/*
 * l->items, of which l->ready can be judged: all, or of a streamed list the next batch, in the order of the list when
 * that is by receivedAt. False: the slice is over, or the call's error was set.
 */
MUST_CHECK bool email_collect(struct email_list *l, struct jmap_call *c);

#endif
