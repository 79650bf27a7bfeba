/*
 * dns.h - ask the resolver, get records or a reason.
 *
 * Asynchronous stub resolver on the loop: UDP with EDNS0 (RFC 1035 4.2, RFC 6891), TCP when an
 * answer was cut, several servers, random ids and source ports (RFC 5452), answers checked against
 * the question. Answers are cached up to their TTL, also "there is none" (RFC 2308); questions for
 * the same thing at the same time share one lookup. "localhost" is answered here (RFC 6761 6.3).
 *
 * Not done: validation (is_secure repeats the AD bit of a resolver that the settings trust, RFC
 * 6840 5.8), search domains, /etc/hosts.
 *
 * Ownership: a dns_query is the caller's, from start until dns_query_release(); the records belong
 * to the cache and are held by the query until then. An answer of more than 32 KB here is none (FAIL_TEMP); the cache
 * has 16 MB at most, whatever strangers answer. Who asks much that nobody answers waits behind others (turns.h), 20
 * seconds at most before it is asked. Units: ttl_s seconds.
 */
#ifndef DNS_DNS_H
#define DNS_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/map.h"
#include "base/op.h"
#include "base/str.h"
#include "dns/settings.h"
#include "dns/turns.h"
#include "loop/loop.h"
#include "net/address.h"
#include "net/net.h"

enum dns_type {
	DNS_A = 1,
	DNS_CNAME = 5,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_SRV = 33,
	DNS_TLSA = 52,
	DNS_CAA = 257,
};

struct dns_record {
	struct net_address address; /* A, AAAA; port 0 */
	struct str
	    name; /* CNAME, PTR, MX, SRV: lower case, no dot at the end; "." is the root; CAA: the tag */
	struct str
	    bytes; /* TXT: its strings joined (RFC 7208 3.3); TLSA: the association data; CAA: the value */
	uint16_t priority;                 /* MX, SRV: lowest first */
	uint16_t weight, port;             /* SRV */
	uint8_t usage, selector, matching; /* TLSA; usage: the flags of CAA */
};

struct dns_entry; /* an answer, or a question under way; counted */

struct dns_query { /* zeroed before the first start; fields: read only */
	struct op op;
	const struct dns_record *records; /* in the order of the answer */
	size_t record_count;
	struct str canonical; /* the name that has the records, behind all CNAMEs */
	uint32_t ttl_s;       /* the smallest of the answer, at the time it came */
	bool is_secure; /* a trusted resolver says that DNSSEC proved it; also for FAIL_MISSING */
	bool is_name_missing; /* with FAIL_MISSING: the name does not exist, not only the type */

	struct dns_entry *entry; /* held */
	struct list_node node;   /* in entry->waiting */
};

struct dns_server {
	struct net_address address; /* with port */
};

#define DNS_SERVERS_MAX 8

struct dns { /* fields: read only */
	struct loop *loop;
	struct dns_zone *zone;               /* own; instead of servers (zone.h), or NULL */
	struct net *net;                     /* borrow: for TCP */
	const struct dns_settings *settings; /* borrow */
	struct dns_server servers[DNS_SERVERS_MAX];
	size_t server_count;
	size_t server_first;     /* the one that answered last */
	int64_t checked_ms;      /* when resolv.conf was looked at */
	struct timespec changed; /* its time then */
	struct map entries;
	struct list recent;  /* finished entries, least recently used first */
	struct list lookups; /* not answered */
	struct turns turns;  /* .. and which of them run */
	size_t finished;
	size_t finished_bytes; /* that they take */
	struct arena scratch;
	struct { /* since the start */
		uint64_t asked, cached, sent, tcp, failed;
	} counts;
};

/*
 * One per program. Servers come from the settings or /etc/resolv.conf, which is read again when it
 * changes; FAIL_SYNTAX with one line in `why` when the settings name one that is no address.
 */
MUST_CHECK enum fail dns_init(struct dns *d, struct loop *loop, struct net *net,
    const struct dns_settings *settings, struct buf *why);

/* Queries must be released before. */
void dns_release(struct dns *d);

/*
 * Ask for `name` (text, copied; with or without a dot at the end). May be done on return. Ends with
 *   FAIL_NONE     records[0 .. record_count-1], at least one
 *   FAIL_MISSING  the name or the type does not exist
 *   FAIL_TEMP     no server gave a usable answer; trying later may help
 *   FAIL_SYNTAX   not a domain name (label over 63 bytes, whole over 253, empty label, a byte that
 *                 is neither plain nor written as \DDD (packet.h))
 */
void dns_query_start(struct dns *d, struct dns_query *q, struct task *owner, struct str name,
    enum dns_type type);

/* Stop waiting; safe in any state, as is releasing: both leave q as zeroed. */
void dns_query_cancel(struct dns_query *q);
void dns_query_release(struct dns_query *q);

#endif
