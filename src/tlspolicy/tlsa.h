/*
 * tlsa.h - what DNS says of the certificates of one host: its TLSA records (RFC 7672 2.2).
 *
 * Asked for only where DNSSEC proves the way to the host; a host that is an alias is looked up by the name that it
 * leads to, then by its own (2.2.2). When the question about them is not answered, nothing may be sent to the host:
 * somebody may be hiding them (2.1.1).
 *
 * Ownership: the questions are the caller's and end with tlsa_release(); records and `base` live until then.
 */
#ifndef TLSPOLICY_TLSA_H
#define TLSPOLICY_TLSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/dns.h"

struct tlsa_host {
	struct str name;      /* borrow: until the release; ASCII */
	struct str canonical; /* borrow: the same; behind all aliases, or the name again */
	bool is_secure;       /* DNSSEC proved the way to its addresses */
	uint16_t port;
};

enum tlsa_state {
	TLSA_NONE,    /* nothing is demanded */
	TLSA_ENCRYPT, /* there are records and none counts: encrypted, whoever it is (2.2) */
	TLSA_USABLE,  /* its certificate must be one that they speak of */
	TLSA_FAILED,  /* unknown: nothing may be sent there now */
};

struct tlsa_find { /* zeroed before the start; fields: read only */
	enum tlsa_state state;
	const struct dns_record *records; /* when there are some */
	size_t record_count;
	struct str base; /* borrow: the host's; the name that they are for */

	struct dns *dns;
	struct task *owner;
	struct tlsa_host host;
	struct dns_query alias; /* CNAME, when the addresses are not secure */
	struct dns_query by_canonical, by_name;
};

void tlsa_start(struct tlsa_find *f, struct dns *dns, struct task *owner,
    const struct tlsa_host *host);

/* Go on: true when it is settled. To be called when the owner is woken. */
bool tlsa_look(struct tlsa_find *f);

void tlsa_release(struct tlsa_find *f);

#endif
