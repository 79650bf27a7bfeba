/*
 * message_limit.h - how many messages one command takes (RFC 9738; private to the room).
 *
 * FETCH, STORE, MOVE, UID EXPUNGE and SEARCH over the limit take those with the highest UIDs and answer
 * "OK [MESSAGELIMIT 1000 4711]", 4711 being the lowest of them: the client goes on below it. COPY, SORT, THREAD and
 * APPEND do all or nothing, and answer NO. EXPUNGE and CLOSE have no limit, and ESEARCH has none of its own:
 * a UID there would need a mailbox.
 *
 * Messages count that a set names or that a search has to look at, whatever becomes of them; for UID EXPUNGE those
 * that have \Deleted.
 *
 * Then all go from the highest UID down, as 3.1 requires: FETCH, STORE and UID EXPUNGE take them so, SEARCH tells
 * them so, and behind MOVE, too, EXPUNGE begins with the highest number. What is moved keeps its order nevertheless,
 * as in the COPYUID of the RFC's example: it is one change for the client.
 *
 * SAVELIMIT is what servers announce instead that limit COPY and APPEND only (section 3).
 */
#ifndef IMAP_MESSAGE_LIMIT_H
#define IMAP_MESSAGE_LIMIT_H

#include "imap/session.h"

struct imap_key;

/* The limit, UINT32_MAX when none is offered. */
uint32_t imap_message_limit(const struct imap_session *s);

/* A walk names more messages than the limit allows. */
MUST_CHECK bool imap_walk_is_long(const struct imap_session *s, const struct imap_walk *w);

/*
 * Leave of a walk at its beginning as many messages as the limit allows. True when there were more: *uid_out is the
 * lowest that is left.
 */
MUST_CHECK bool imap_walk_limit(struct imap_session *s, struct imap_walk *w, uint32_t *uid_out);

/* The same with what the reply says of it: for commands that do a part. True when there were more. */
bool imap_walk_cut(struct imap_session *s, struct imap_walk *w);

/*
 * The messages that a search has to look at: between the UIDs that its sets name. True when there are more than the
 * limit allows: *uid_out is the lowest of those that it does. The sets of `root` are resolved.
 */
MUST_CHECK bool imap_search_limit(const struct imap_session *s, const struct view_session *view,
    const struct imap_key *root, uint32_t *uid_out);

/* "tag NO [MESSAGELIMIT n uid] text"; without the lowest UID that might have been taken when it is 0 */
enum imap_state imap_limit_no(struct imap_session *s, uint32_t limit, uint32_t uid,
    const char *text);

#endif
