/*
 * email_top.h - the first Emails of a mailbox by receivedAt, without sorting all of it.
 *
 * What a mail program shows when a mailbox is opened: one walk over the view, keeping the best.
 */
#ifndef JMAP_EMAIL_TOP_H
#define JMAP_EMAIL_TOP_H

/* base */
#include "base/fail.h"

/* rooms */
#include "mail/view.h"

#define EMAIL_TOP_MAX 512 /* ids that can be asked for; more are better sorted */

struct email_top {
	bool is_descending, collapses;
	size_t needed;     /* at most EMAIL_TOP_MAX */
	uint64_t *ids_out; /* room for `needed` */
	size_t count;      /* filled in */
};

/* False: too many of the first ones are of the same threads, so that all have to be looked at. */
MUST_CHECK bool email_top_find(struct email_top *top, const struct view *view);

#endif
