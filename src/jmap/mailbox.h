/*
 * mailbox.h - a Mailbox as JSON, for /get and for what /set created.
 */
#ifndef JMAP_MAILBOX_H
#define JMAP_MAILBOX_H

/* rooms */
#include "jmap/run.h"

/* Write all properties as one object; FAIL_MISSING: there is no such mailbox. */
MUST_CHECK enum fail jmap_mailbox_write(struct jmap_call *c, uint64_t id);

#endif
