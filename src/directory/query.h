/*
 * query.h - an owner's SQL with :names into what an engine prepares: pure.
 *
 * Parameters are always bound, never pasted. :name (the question's key by its own word, source.h), :local and :domain
 * (of a key that is an address) may stand anywhere outside strings, quoted names and comments, and as often as liked;
 * a :: cast, a := and a lone colon are left alone. Out comes ?1 for SQLite, $1 for PostgreSQL, ? for MariaDB.
 */
#ifndef DIRECTORY_QUERY_H
#define DIRECTORY_QUERY_H

#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"

#define QUERY_SQL_MAX        (16 * 1024) /* bytes: a page of SQL */
#define QUERY_PARAMETERS_MAX 16          /* in one query */

enum query_dialect { QUERY_SQLITE, QUERY_PGSQL, QUERY_MYSQL };

enum query_value { QUERY_KEY, QUERY_LOCAL, QUERY_DOMAIN };

struct query {
	struct buf sql;                                /* own */
	enum query_value values[QUERY_PARAMETERS_MAX]; /* what is bound at each place */
	size_t value_count;
	const char *why; /* static: what is wrong with it */
};

/*
 * Translate; `key` is the word of the question's key. FAIL_SYNTAX: a parameter that there is not, the engine's own
 * kind of parameter, a quote or comment without end, a NUL; FAIL_LIMIT: too long, too many. Then q->why is set.
 * Release it in any case.
 */
MUST_CHECK enum fail query_parse(struct query *q, struct str text, enum query_dialect dialect,
    struct str key);
void query_release(struct query *q);

/* The value that is bound: the key, or its part before or behind the last "@" (all of it is the local part without one). */
struct str query_value(enum query_value value, struct str key);

#endif
