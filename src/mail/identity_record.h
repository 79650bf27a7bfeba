/*
 * identity_record.h - the record of an identity. Private to the room, and to its tests.
 */
#ifndef MAIL_IDENTITY_RECORD_H
#define MAIL_IDENTITY_RECORD_H

#include "base/buf.h"
#include "mail/identity.h"

void identity_record_write(struct buf *out, const struct identity *i);

/* Texts point into `value`, lists into `arena`. FAIL_PERM damaged · FAIL_LIMIT arena full. */
MUST_CHECK enum fail identity_record_read(struct str value, struct arena *arena,
    struct identity *out);

#endif
