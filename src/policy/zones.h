/*
 * zones.h - DNS lists that the owner names (RFC 5782), and which of their answers count.
 *
 *     lists = list *( blanks list )      list = zone [ "=" network *( "," network ) ]
 *
 * An answer counts when it lies in 127.0.0.0/8 (RFC 5782 2.3) and, where the owner named networks, in one
 * of them. Answers by which operators say that we may not ask (too many questions, a public resolver in
 * between) never count: lists that turn us away would otherwise list, or welcome, everybody. Pure.
 */
#ifndef POLICY_ZONES_H
#define POLICY_ZONES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/str.h"
#include "net/address.h"

#define ZONES_MAX 16 /* of one kind: each is a question for each peer */

struct zone { /* fields: read only, but warned_ms */
	struct str name;
	struct str answers; /* networks with blanks between; empty: all of 127.0.0.0/8 */
	int64_t warned_ms;  /* when its operator's refusal was logged last, monotonic; 0: never */
};

struct zones { /* fields: read only */
	struct zone zones[ZONES_MAX];
	size_t count;
	char *text; /* own: what the names and answers point into */
};

/*
 *   FAIL_SYNTAX  *wrong_out is the list that is none
 *   FAIL_LIMIT   *wrong_out is the one too many
 */
MUST_CHECK enum fail zones_check(struct str text, struct str *wrong_out);

/* Fill from a text that was checked. */
void zones_init(struct zones *z, struct str text);
void zones_release(struct zones *z);

/* Does this answer say "it is on the list"? */
bool zone_counts(const struct zone *z, const struct net_address *answer);

/* Does this answer say "you may not ask"? */
bool zone_refuses(const struct net_address *answer);

#endif
