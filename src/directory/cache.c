#include "directory/cache.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

struct entry {
	struct map_node node;
	struct list_node order;
	int64_t until_ms;
	size_t value_n;
	char bytes[]; /* the key, then the value */
};

static struct str
entry_value(const struct entry *e)
{
	return str_of(e->bytes + e->node.key.n, e->value_n);
}

static void
entry_free(struct cache *c, struct entry *e)
{
	map_remove(&c->map, &e->node);
	list_remove(&e->order);
	c->count--;
	mem_free(e);
}

static struct entry *
entry_find(struct cache *c, struct str key)
{
	struct map_node *node = map_find(&c->map, key);

	return node ? container_of(node, struct entry, node) : NULL;
}

bool
cache_find(struct cache *c, struct str key, int64_t now_ms, struct str *value_out)
{
	struct entry *e = entry_find(c, key);

	if (e == NULL)
		return false;
	if (e->until_ms <= now_ms) {
		entry_free(c, e);
		return false;
	}
	*value_out = entry_value(e);
	return true;
}

void
cache_put(struct cache *c, struct str key, struct str value, int64_t until_ms)
{
	struct entry *e = entry_find(c, key);

	if (e)
		entry_free(c, e);
	if (key.n > CACHE_VALUE_MAX || value.n > CACHE_VALUE_MAX)
		return;
	if (c->count >= CACHE_ENTRIES_MAX)
		entry_free(c, container_of(list_first(&c->order), struct entry, order));
	e = mem_new(1, sizeof *e + key.n + value.n);
	e->until_ms = until_ms;
	e->value_n = value.n;
	memcpy(e->bytes, key.p, key.n);
	memcpy(e->bytes + key.n, value.p, value.n);
	map_insert(&c->map, &e->node, str_of(e->bytes, key.n));
	list_append(&c->order, &e->order);
	c->count++;
}

void
cache_clear(struct cache *c)
{
	struct list_node *node;

	while ((node = list_first(&c->order)) != NULL)
		entry_free(c, container_of(node, struct entry, order));
	map_release(&c->map);
}
