/*
 * metrics.h - numbers for a monitoring program, at GET /metrics.
 *
 * The text form that Prometheus and its kin read: one "name value" line for each, with its help and
 * kind above. Only peers on this machine are answered, and not what a proxy here hands on; others get
 * 403, since the numbers tell how busy the owner is. A number is a plain counter or level that its room keeps anyway; reading it
 * costs the room nothing.
 *
 * Ownership: texts are static; the numbers and the struct live as long as the http service.
 */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <stdint.h>

#include "base/buf.h"
#include "http/server.h"

#define METRICS_MAX 32 /* numbers; more is a list for a file of its own */

enum metric_kind {
	METRIC_COUNTER, /* only rises, from 0 at start */
	METRIC_LEVEL,   /* goes up and down ("gauge") */
};

struct metric {
	const char *name; /* "staunch_connections" */
	const char *help; /* one line */
	enum metric_kind kind;
	uint64_t (*read)(const void *arg);
	const void *arg; /* borrow */
};

struct metrics { /* zeroed before the first add; fields: read only */
	struct metric rows[METRICS_MAX];
	size_t count;
};

void metrics_add(struct metrics *m, const struct metric *row);

/* A read function for a number that is simply there: arg points to a uint64_t, or to a size_t. */
uint64_t metric_u64(const void *arg);
uint64_t metric_size(const void *arg);

/* Add the route; once. */
void metrics_attach(struct metrics *m, struct http_service *service);

/* The whole text. */
void metrics_write(const struct metrics *m, struct buf *out);

#endif
