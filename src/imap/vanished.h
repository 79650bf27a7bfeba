/*
 * vanished.h - VANISHED: which UIDs are no longer there (RFC 7162 3.2.10; private to the room).
 *
 * The log of expunges (mail/changes.h) says what went since a mod-sequence. Where it does not reach back so far,
 * the answer is every UID of the set that is not there: more than really went since then, never less.
 */
#ifndef IMAP_VANISHED_H
#define IMAP_VANISHED_H

#include "imap/session.h"

#define IMAP_VANISHED_RANGES 500 /* ranges in one response: lines of at most some 10 KB */

struct imap_vanished {       /* arena: the command's; survives slices */
	struct imap_set set; /* resolved; of UIDs */
	uint32_t above;      /* only UIDs above it */
	bool is_log_short;
	uint32_t *uids; /* arena; of the log, ascending */
	size_t count, at;
	uint32_t next, last; /* when the log is short: the next UID to look at, and where it ends */
};

/* UIDs of `set` above `above` that went after `since`. FAIL_LIMIT · FAIL_TEMP. */
MUST_CHECK enum fail imap_vanished_begin(struct imap_session *s, const struct imap_set *set,
    uint64_t since, uint32_t above, struct imap_vanished *out);

/* Tell them as VANISHED (EARLIER), as far as slice and output allow; true when all are told. */
bool imap_vanished_step(struct imap_session *s, struct imap_vanished *v, struct imap_slice *slice);

/* "* VANISHED 3,5:7", or "* VANISHED (EARLIER) ..", and empty the ranges; nothing when there are none. */
void imap_vanished_write(struct imap_session *s, struct imap_ranges *gone, bool is_earlier);

#endif
