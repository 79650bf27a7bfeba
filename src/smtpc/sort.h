/*
 * sort.h - what a reply means for the mail: taken, try again, or never (RFC 5321 4.2.1).
 *
 * The first digit decides; a table names the replies that mean something else where they come. Nobody
 * else looks at codes to decide about mail. Pure.
 */
#ifndef SMTPC_SORT_H
#define SMTPC_SORT_H

#include <stdbool.h>

#include "base/fail.h"
#include "envelope/status.h"
#include "smtpc/reply.h"
#include "smtpc/smtpc.h"

struct sorted {
	enum fail fail;       /* NONE (2xx and 3xx), TEMP or PERM */
	struct status status; /* fits `fail` */
};

/*
 * `has_others`: other recipients of the message were taken already, so that this one may come later.
 */
struct sorted smtpc_sort(enum smtpc_stage stage, const struct reply *reply, bool has_others);

/* EHLO is not known there: HELO may be. */
bool smtpc_sort_is_helo_worth(const struct reply *reply);

#endif
