/*
 * cache.h - answers and logins remembered for a while. Private to the room.
 *
 * A key is any bytes, a value is the child's line; entries end by time, by number, or all at once.
 * Login keys are marks: HMAC-SHA256 over name and password with a key of this process, so that neither
 * is kept in memory in a form that could be tried out elsewhere.
 */
#ifndef DIRECTORY_CACHE_H
#define DIRECTORY_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/str.h"

#define CACHE_ENTRIES_MAX 4096        /* the oldest make room */
#define CACHE_VALUE_MAX   (16 * 1024) /* bytes; longer answers are asked again */

struct cache {
	struct map map;
	struct list order; /* oldest first */
	size_t count;
};

/* The value, living until the next call; false when there is none or its time is over. */
MUST_CHECK bool cache_find(struct cache *c, struct str key, int64_t now_ms, struct str *value_out);

/* Remember until `until_ms`; an entry of the same key is replaced. */
void cache_put(struct cache *c, struct str key, struct str value, int64_t until_ms);

/* Forget all; a cleared cache holds no memory but may be used on. */
void cache_clear(struct cache *c);

#endif
