/*
 * mx.h - which hosts take mail for a domain, in which order (RFC 5321 5, RFC 7505).
 *
 * MX records by preference, equal ones shuffled; without any, the domain itself; then the addresses of
 * all of them, looked up side by side, by the families that the settings want. Hosts from our own on
 * (our name or one of our addresses in the list) are left out with everything less preferred, so that
 * mail does not go round (RFC 5321 5.1). Address literals ("[192.0.2.1]") are themselves.
 *
 * Ownership: an mx_query is the caller's, zeroed before its first start, until release; hosts and names
 * live in its arena until then.
 */
#ifndef SMTPC_MX_H
#define SMTPC_MX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/op.h"
#include "base/str.h"
#include "dns/dns.h"
#include "envelope/status.h"
#include "smtpc/settings.h"

#define MX_HOSTS_MAX \
	10 /* hosts of a domain that are looked at; RFC 5321 5.1: trying two is enough */
#define MX_ADDRESSES_MAX 8 /* addresses of one host */

struct mx_host {
	struct str name;      /* arena; ASCII, lower case */
	struct str canonical; /* arena; the same, or the name that it is an alias of */
	uint16_t preference;
	bool is_name_secure; /* that it is a host of the domain was proved by DNSSEC */
	bool is_secure;      /* .. and its addresses, too */
	struct net_address addresses[MX_ADDRESSES_MAX]; /* with port, in the order to be tried */
	size_t address_count;                           /* hosts without one are left out */
};

/* Who we are: an MX with one of these names or addresses is ourselves. */
struct mx_own {
	struct str hostname;
	const struct net_address *addresses; /* listeners' addresses; ports are not looked at */
	size_t address_count;
};

struct mx_query { /* fields: read only */
	struct op op;
	struct mx_host hosts[MX_HOSTS_MAX]; /* in the order to be tried */
	size_t host_count;
	struct str
	    domain; /* arena; the domain, or the one host, in ASCII; empty for an address literal */
	struct str canonical; /* borrow; the same, or the name that it is an alias of */
	struct status status; /* when it failed */
	const char *why;      /* when it failed: one sentence in plain words, without a full stop */
	bool is_implicit;     /* no MX record: the domain's own address */

	/* private */
	struct mx_inner *inner; /* own */
};

/*
 * Ask for `domain` (any form; folded to ASCII). Ends with
 *   FAIL_NONE     hosts[0 .. host_count-1], at least one, each with an address
 *   FAIL_MISSING  the domain does not exist, or has neither MX nor address (5.1.2)
 *   FAIL_DENIED   it says that it takes no mail: null MX (5.1.10)
 *   FAIL_PERM     its best host is ourselves (5.3.5), no host has an address (5.4.4), or none that the
 *                 settings allow (5.7.1), or not a domain (5.1.2)
 *   FAIL_TEMP     DNS does not answer (4.4.3)
 */
void mx_query_start(struct mx_query *q, struct loop *loop, struct dns *dns,
    const struct smtpc_settings *settings, const struct mx_own *own, struct task *owner,
    struct str domain);

/*
 * The addresses of one host that the owner named, without MX; private ones are fine, our own too. Ends as
 * above, but for FAIL_DENIED; when there is none or its name is no name, that is the owner's fault (5.3.5).
 */
void mx_host_start(struct mx_query *q, struct loop *loop, struct dns *dns,
    const struct smtpc_settings *settings, struct task *owner, struct str host, uint16_t port);

/* Stop; safe in any state. */
void mx_query_cancel(struct mx_query *q);
void mx_query_release(struct mx_query *q);

#endif
