/*
 * outbound.h - what sending mail needs: names, whom to trust, routes, the queue (private to the room).
 *
 * Versions whose modules say needs_queue have them; in the others all of this is empty.
 */
#ifndef SERVER_OUTBOUND_H
#define SERVER_OUTBOUND_H

#include "server/server.h"

/* Are the routes of the configuration right? One line in `why`. */
MUST_CHECK enum fail outbound_check(struct server *s, struct buf *why);

/*
 * Open the queue, and with a loop the resolver; between mail_open() and blob_recover(). One line in `why`.
 */
MUST_CHECK enum fail outbound_open(struct server *s, struct loop *loop, struct buf *why);

/* Sends from here on. */
void outbound_start(struct server *s);
void outbound_stop(struct server *s);

/* Nothing is under way. */
bool outbound_is_quiet(const struct server *s);

/* Authorities may have changed: they are read again when they are needed next. */
void outbound_reload(struct server *s);

/* Safe in any state; before the store is closed and the net released. */
void outbound_close(struct server *s);

#endif
