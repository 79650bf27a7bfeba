/*
 * subject.h - what threads are made of: Message-ID lists and base subjects.
 *
 * Message-IDs (RFC 5322 3.6.4) are taken without their angle brackets, comments and blanks; text
 * outside brackets is passed over, unless there is no bracket at all, when one word with '@' counts. The
 * base subject is the one of RFC 5256 2.1, in UTF-8.
 */
#ifndef MESSAGE_SUBJECT_H
#define MESSAGE_SUBJECT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

/* The next Message-ID of a raw Message-ID, In-Reply-To or References value; false at the end. */
bool message_id_next(struct str *cur, struct str *out);

/*
 * The same id however its left side is quoted (RFC 5256 section 3): <"a"@b> is <a@b>. In the arena when
 * something had to be taken out; the id as it is when that is full.
 */
struct str message_id_plain(struct str id, struct arena *a);

/* Base subject of a raw Subject value; *is_reply_out (may be NULL) when something was stripped. */
struct str subject_base(struct str raw, struct arena *a, bool *is_reply_out);

#endif
