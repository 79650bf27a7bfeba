/*
 * listeners.h - the [listener] sections: who serves them, are they right, opening them (private to the room).
 */
#ifndef SERVER_LISTENERS_H
#define SERVER_LISTENERS_H

#include "server/server.h"

/* At least one is this version's, and no address stands there twice. FAIL_PERM, and a line in `why`. */
MUST_CHECK enum fail listeners_check(const struct server *s, struct buf *why);

/* Those that begin with TLS need a certificate (server.tls). FAIL_PERM, and a line in `why`. */
MUST_CHECK enum fail listeners_check_tls(const struct server *s, struct buf *why);

/* Make each module's service, and open its listeners. One line in `why`. */
MUST_CHECK enum fail listeners_open(struct server *s, struct buf *why);

/* Who serves it in this version; NULL: nobody. */
const struct server_module *listeners_module(enum listener_protocol protocol);

#endif
