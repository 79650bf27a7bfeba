/*
 * submission_record.h - the record of a submission. Private to the room, and to its tests.
 */
#ifndef MAIL_SUBMISSION_RECORD_H
#define MAIL_SUBMISSION_RECORD_H

#include "base/buf.h"
#include "mail/submission.h"

void submission_record_write(struct buf *out, const struct submission *s);

/*
 * Texts point into `value`, lists into `arena`; without an arena only what stands in front of the envelope is read.
 * FAIL_PERM damaged · FAIL_LIMIT arena full.
 */
MUST_CHECK enum fail submission_record_read(struct str value, struct arena *arena,
    struct submission *out);

#endif
