/*
 * dnsbl.h - is an address on one of these DNS lists? (RFC 5782 2.1, 2.4)
 *
 * All lists are asked side by side. Private to the room.
 */
#ifndef POLICY_DNSBL_H
#define POLICY_DNSBL_H

#include "base/buf.h"
#include "dns/dns.h"
#include "policy/zones.h"

enum dnsbl_state {
	DNSBL_PENDING,
	DNSBL_NONE,  /* all have answered, or did not in their time: on none of them */
	DNSBL_FOUND, /* on `zone` */
};

struct dnsbl {               /* zeroed before the start; fields: read only */
	struct zones *zones; /* borrow */
	const struct zone
	    *zone; /* the first one, in the order of the settings, among those that answered */
	struct dns_query queries[ZONES_MAX];
	size_t count;
};

void dnsbl_start(struct dnsbl *l, struct zones *zones, struct dns *dns, struct task *owner,
    const struct net_address *address);

/* Look at what was answered by now. */
enum dnsbl_state dnsbl_look(struct dnsbl *l);

void dnsbl_release(struct dnsbl *l);

/* "2.0.0.127.ZONE"; for IPv6 by nibbles. */
void dnsbl_name(struct buf *out, const struct net_address *address, struct str zone);

#endif
