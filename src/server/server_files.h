/*
 * server_files.h - the data folder and what lies in it (private to the room).
 */
#ifndef SERVER_SERVER_FILES_H
#define SERVER_SERVER_FILES_H

#include "server/server.h"

/* Who the server becomes, or is already. FAIL_MISSING: the user is unknown (said in `why`). */
MUST_CHECK enum fail server_find_owner(struct server *s, unsigned *uid_out, unsigned *gid_out,
    struct buf *why);

/* Would that go well? Nothing is made. A line in `why` on failure. */
MUST_CHECK enum fail server_check_data(struct server *s, struct buf *why);

/* Make the folder if missing, see that it is ours, take its lock. One line in `why` on failure. */
MUST_CHECK enum fail server_lock_data(struct server *s, struct buf *why);

/* Open store, blobs and mail in it, and the full-text index unless `loop` is NULL (command line). */
MUST_CHECK enum fail server_open_files(struct server *s, struct loop *loop, struct buf *why);

/* The full-text index alone, unless the owner wants none; s->search stays NULL then. */
void server_open_index(struct server *s, struct loop *loop);

/* Close them and give the lock back; safe in any state. */
void server_close_files(struct server *s);

#endif
