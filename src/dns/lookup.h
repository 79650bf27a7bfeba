/*
 * lookup.h - one question under way, and the entry that its answer becomes (private to dns).
 */
#ifndef DNS_LOOKUP_H
#define DNS_LOOKUP_H

#include "dns/dns.h"
#include "dns/packet.h"

/* An answer, cached while it is young, or the place where queries wait for it. */
struct dns_entry {
	struct map_node map;       /* dns->entries, under `key` */
	struct list_node node;     /* dns->recent, when finished and in the map */
	struct list waiting;       /* of dns_query */
	struct dns_lookup *lookup; /* own; NULL when finished */
	unsigned holds;            /* queries, and the map */
	struct str key;            /* own; type as two bytes, then the name */
	bool is_in_map;
	/* the answer */
	enum fail fail;
	int64_t expires_ms;
	struct dns_record *records; /* own: one block with all their bytes */
	size_t record_count;
	size_t bytes;         /* of this and all that it has */
	struct str canonical; /* in the same block */
	uint32_t ttl_s;
	bool is_secure, is_name_missing;
};

/* A new lookup for an entry, for this task's sake; it starts in this turn, or when it is its turn. */
void lookup_start(struct dns *d, struct dns_entry *e, const struct task *asker);

/* Stop it without an answer. */
void lookup_free(struct dns_lookup *l);

/* Its resolver, while it waits for its turn; else NULL. */
struct dns *lookup_waits_for(const struct dns_lookup *l);

/* The lookup that is linked by this node into dns->lookups. */
struct dns_lookup *lookup_of(struct list_node *node);

/* For lookup.c: the outcome. `answer` is NULL unless FAIL_NONE or FAIL_MISSING. */
void entry_finish(struct dns *d, struct dns_entry *e, enum fail fail,
    const struct dns_answer *answer, bool is_secure);

#endif
