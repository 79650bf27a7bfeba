/*
 * imap_return.h - a client opens mailboxes, leaves them, is cut off, and comes back knowing what it knew (imap_play.h).
 */
#ifndef TEST_LIB_IMAP_RETURN_H
#define TEST_LIB_IMAP_RETURN_H

#include "lib/imap_play.h"

/* SELECT or EXAMINE; with QRESYNC where it was before: it must hear of all that happened meanwhile. */
void return_select(struct client *c);
void return_unselect(struct client *c);

/* Cut off without a word, and back with other extensions. */
void return_reconnect(struct client *c);

/* The same, and in the mailbox again at once: what was held back from it must not be hidden. */
void return_come_back(struct client *c);

#endif
