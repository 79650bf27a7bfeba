/*
 * packet.h - questions and answers as they are on the wire (RFC 1035 4).
 *
 * Pure. Names are texts as dns/name.h has them.
 */
#ifndef DNS_PACKET_H
#define DNS_PACKET_H

#include "base/arena.h"
#include "base/buf.h"
#include "dns/dns.h"

#define DNS_PACKET_MAX 65535
#define DNS_UDP_BYTES  1232 /* what we say we can take: DNS flag day 2020 */

enum dns_rcode {
	DNS_RCODE_OK = 0,
	DNS_RCODE_FORMAT = 1,
	DNS_RCODE_SERVER = 2,
	DNS_RCODE_NAME = 3, /* NXDOMAIN */
	DNS_RCODE_UNKNOWN = 4,
};

struct dns_answer {
	unsigned rcode;
	bool is_truncated;
	bool is_authentic; /* AD */
	bool is_partial;   /* the CNAMEs lead to `canonical`, about which the answer says nothing */
	struct str canonical;       /* arena */
	struct dns_record *records; /* arena */
	size_t record_count;
	uint32_t ttl_s; /* smallest of all that was used; of the SOA when there are no records */
};

/* Append a question; `name` is from dns_name_parse(). */
void dns_question_write(struct buf *out, uint16_t id, struct str name, enum dns_type type,
    bool has_edns);

/* The id of a packet; false when it is too short. */
MUST_CHECK bool dns_packet_id(struct str packet, uint16_t *id_out);

/*
 * The answer to this very question.
 *   FAIL_SYNTAX  damaged, or not an answer to it
 *   FAIL_LIMIT   more records than we take
 */
MUST_CHECK enum fail dns_answer_parse(struct str packet, struct str name, enum dns_type type,
    struct arena *a, struct dns_answer *out);

#endif
