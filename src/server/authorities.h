/*
 * authorities.h - the files of authorities that sections name as `ca-file` (private to the room).
 */
#ifndef SERVER_AUTHORITIES_H
#define SERVER_AUTHORITIES_H

#include "server/server.h"

/* Can all of them be read, with a certificate in each? A line in `why` for each that cannot, and tls_trust_load()'s fail. */
MUST_CHECK enum fail authorities_check(const struct server *s, struct buf *why);

#endif
