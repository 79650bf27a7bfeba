/*
 * submission_inner.h - a submission within an edit. Private to the room.
 */
#ifndef MAIL_SUBMISSION_INNER_H
#define MAIL_SUBMISSION_INNER_H

#include "mail/submission.h"
#include "mail/thing.h"

/* Its record, in the edit's arena. FAIL_MISSING · FAIL_PERM · FAIL_LIMIT */
MUST_CHECK enum fail submission_load(struct edit *e, uint64_t id, struct submission *out);
MUST_CHECK enum fail submission_put(struct edit *e, const struct submission *s);

#endif
