/*
 * objects.h - the S3 server of [s3], where [blob] wants one (private to the room).
 *
 * It has connections and a resolver of its own, so that it outlives the sessions that wait for it; and for the
 * command line a loop of its own, which turns while a command waits.
 */
#ifndef SERVER_OBJECTS_H
#define SERVER_OBJECTS_H

#include "server/server.h"

/* Is everything there that [blob] needs of [s3]? One line for each mistake in `why`. */
MUST_CHECK enum fail objects_check(const struct server *s, struct buf *why);

/* Open it, with the server's loop or one of its own (NULL): s->objects. Nothing is asked yet. */
MUST_CHECK enum fail objects_open(struct server *s, struct loop *loop, struct buf *why);

/* The same only if [blob] wants it, and let s->blobs use it. */
MUST_CHECK enum fail objects_use(struct server *s, struct loop *loop, struct buf *why);

/*
 * The authorities, and the keys as they are in the configuration and its files now: keys for a time come so.
 * What cannot be read stays as it is, and is logged.
 */
void objects_reload(struct server *s);

/* Its numbers, when there is one. */
void objects_name_metrics(struct server *s);

/* Behind blob_close(); safe in any state. */
void objects_close(struct server *s);

#endif
