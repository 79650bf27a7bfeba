/*
 * map.h - an intrusive hash table with byte-string keys.
 *
 * A node is embedded in the thing and names its key (borrowed from the thing, so it must not move
 * or change while in the map). The hash is SipHash-2-4 with a key drawn at start, so peers cannot
 * make everything collide. Iteration order is meaningless. A zeroed map is empty and holds no memory.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct map_node {
	struct map_node *next; /* same bucket */
	struct str key;        /* borrow: the thing it is embedded in */
	uint64_t hash;
};

struct map {                       /* fields: read only */
	struct map_node **buckets; /* own */
	size_t bucket_count;       /* a power of two, or 0 */
	size_t count;
};

/* The node with this key, or NULL. */
struct map_node *map_find(const struct map *m, struct str key);

/* Add a node under `key`; the key must not be there yet. */
void map_insert(struct map *m, struct map_node *node, struct str key);

/* Take the node out; it must be there. */
void map_remove(struct map *m, struct map_node *node);

/*
 * Walk: `for (n = map_first(m); n; n = map_next(m, n))`. The node just returned may be removed
 * only after its successor was asked for.
 */
struct map_node *map_first(const struct map *m);
struct map_node *map_next(const struct map *m, const struct map_node *node);

/* Give back the table (not the things). */
void map_release(struct map *m);

/* The keyed hash itself, for other tables and caches. */
uint64_t map_hash(struct str bytes);

#endif
