/*
 * bind.h - from the text of an address to a listening socket (private to net).
 */
#ifndef NET_BIND_H
#define NET_BIND_H

#include "net/net.h"

/* Failures and forms as listener_start() says; sets l->address and l->unix_path. */
MUST_CHECK enum fail bind_address(struct listener *l, struct str text, int *fd_out,
    struct buf *why);

#endif
