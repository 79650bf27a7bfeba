/*
 * quota.h - the limits of an account as Quota objects (RFC 9425): one for bytes, one for messages.
 *
 * An account without a limit has no Quota. Nothing is stored: a state is what was used and allowed, so that two
 * states say what changed between them.
 */
#ifndef JMAP_QUOTA_H
#define JMAP_QUOTA_H

/* rooms */
#include "jmap/args.h"

enum quota { /* ids are q1, q2 */
	QUOTA_BYTES = 1,
	QUOTA_MESSAGES,
	QUOTA_END
};

struct quota_numbers {
	uint64_t used[QUOTA_END], limit[QUOTA_END]; /* by enum quota */
};

/* What is so now. */
struct quota_numbers quota_numbers(const struct account *a);

/* A Quota is there: it has a limit, and the client knows the type it is for. */
bool quota_is_there(const struct jmap_call *c, const struct quota_numbers *n, enum quota quota);

/* "octets" and "count"; the names for people. */
extern const struct str quota_resource_types[QUOTA_END];
extern const struct str quota_names[QUOTA_END];

/* Append a state as text; read one: false when it is none. */
void quota_state_write(struct buf *out, const struct quota_numbers *n);
MUST_CHECK bool quota_state_parse(struct str text, struct quota_numbers *out);

#endif
