/*
 * mx_hosts.h - the list of hosts of an mx_query: their order, their addresses, and where we are in it (private to mx).
 */
#ifndef SMTPC_MX_HOSTS_H
#define SMTPC_MX_HOSTS_H

#include "smtpc/mx.h"

#define MX_FAMILIES_COUNT 2 /* questions per host */

struct mx_hosts {
	struct mx_query *q;       /* borrow: has the list */
	const struct mx_own *own; /* borrow */
	struct arena arena;       /* of the names */
	uint16_t port;
	bool allow_private;
	bool is_own_best; /* hosts were cut off: all, for the best is ourselves */
	bool was_private; /* an address was left out that is not public */
};

/* What DNS says about the addresses of one host. */
struct mx_answers {
	struct dns_query by_family[MX_FAMILIES_COUNT]; /* the preferred one first */
};

/* One more host, unless it is in the list or the list is full. */
void mx_hosts_add(struct mx_hosts *h, struct str name, uint16_t preference, bool is_secure);

/* The hosts of a domain's MX records, in the order to be tried. */
void mx_hosts_add_records(struct mx_hosts *h, const struct dns_query *names);

/* The host may have this address, unless it has enough, or it may not be connected to. */
void mx_hosts_add_address(struct mx_hosts *h, struct mx_host *host, struct net_address a);

/* Each host of the list takes its addresses; one without any leaves it. */
void mx_hosts_take_addresses(struct mx_hosts *h, const struct mx_answers *answers);

/* Is it an address of ours, whatever the port? */
bool mx_hosts_is_own(const struct mx_hosts *h, const struct net_address *a);

/* Cut off from the most preferred host that has our name, be it by a record or the domain itself. */
void mx_hosts_cut_own_name(struct mx_hosts *h);

/* Cut off from the most preferred host of which an address is ours. */
void mx_hosts_cut_own_addresses(struct mx_hosts *h, const struct mx_answers *answers);

#endif
