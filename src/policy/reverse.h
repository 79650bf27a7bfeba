/*
 * reverse.h - the name of an address that leads back to it: iprev (RFC 8601 section 3).
 *
 * PTR, then the addresses of at most REVERSE_NAMES_MAX of its names, asked side by side; the first name,
 * in the order of the answer, that has the address is the one. Names that could not stand in a header
 * (anything but letters, digits, "-", "_" and dots) are no names.
 *
 * Ownership: the questions are the caller's and end with reverse_release(), as does the name.
 */
#ifndef POLICY_REVERSE_H
#define POLICY_REVERSE_H

#include "dns/dns.h"

#define REVERSE_NAMES_MAX 5 /* RFC 8601 section 3 asks for a bound; SPF has 10 */

struct reverse {         /* zeroed before the start; fields: read only */
	struct str name; /* empty: there is none */
	bool is_unknown; /* DNS did not answer: there may be one */
	bool is_missing; /* the address has no PTR record at all */

	struct dns *dns;
	struct task *owner;
	struct net_address address;
	struct dns_query pointer;
	struct dns_query forward[REVERSE_NAMES_MAX];
	struct str names[REVERSE_NAMES_MAX]; /* borrow: pointer's */
	size_t count;
	bool has_names; /* the PTR was answered, the rest was asked */
};

void reverse_start(struct reverse *r, struct dns *dns, struct task *owner,
    const struct net_address *address);

/*
 * Go on: true when it is settled, then `name`, `is_unknown` and `is_missing` are. With `is_late` it is always settled,
 * by what is known now. To be called when the owner is woken.
 */
bool reverse_look(struct reverse *r, bool is_late);

void reverse_release(struct reverse *r);

#endif
