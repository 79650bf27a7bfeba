/*
 * home.h - which engine has all messages (private to the room).
 *
 * DATA/mail.home has the names of engines in one line: that of the last start, behind it the one that `blob migrate`
 * copied everything to since then. An engine that is not named there has no message of before: with it nothing could be
 * read, and `check --repair` would forget all of them. Who brought them there in another way removes the file; without it
 * everything is taken as it is.
 *
 *     (no file) --start with A--> A --migrate A B--> A B --start with A or B--> A, or B
 *                                 `--start with B: refused, unless there is no message at all
 */
#ifndef SERVER_HOME_H
#define SERVER_HOME_H

#include "server/server.h"

/* With the mail open: may it be used with the engine of [blob]? FAIL_DENIED: the messages are elsewhere (a line in `why`). */
MUST_CHECK enum fail home_check(struct server *s, struct buf *why);

/*
 * The server starts: from now on only this engine gets all messages. FAIL_TEMP: the file, which names others only, cannot
 * be written; where it names this one too, or is not there, that is logged and comes again with the next start.
 */
MUST_CHECK enum fail home_settle(struct server *s, struct buf *why);

#endif
