/*
 * networks.h - lists of networks: "127.0.0.0/8 ::1 192.0.2.7", as settings name them (RFC 4632 3.1).
 *
 * A list is kept as its text, checked once when the configuration is read, and read through at each
 * question: owners name a handful. The words "loopback" (127.0.0.0/8, ::1, unix sockets) and "private"
 * (whatever is not of the public Internet, loopback too) stand for those.
 */
#ifndef NET_NETWORKS_H
#define NET_NETWORKS_H

#include <stdbool.h>

#include "base/fail.h"
#include "base/str.h"
#include "net/address.h"

/*
 * FAIL_SYNTAX, and the word that is no network in *wrong_out; FAIL_DENIED, and a network that holds
 * everybody ("0.0.0.0/0"): what lists are for is to tell some from the others.
 */
MUST_CHECK enum fail net_networks_check(struct str list, struct str *wrong_out);

/* Is the address in one of them? Words that are no networks hold nobody. */
bool net_networks_have(struct str list, const struct net_address *a);

#endif
