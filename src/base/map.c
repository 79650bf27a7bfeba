#include "base/map.h"

/* system */
#include <string.h>
#include <sys/random.h>

/* base */
#include "base/mem.h"

#define MAP_FIRST_BUCKETS 16

static uint64_t hash_key[2];

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void
draw_key(void)
{
	while (getrandom(hash_key, sizeof hash_key, 0) != (ssize_t)sizeof hash_key)
		continue;
	hash_key[0] |= 1; /* zero means "not drawn yet" */
}

/* SipHash-2-4 (Aumasson and Bernstein, 2012). */
uint64_t
map_hash(struct str bytes)
{
	uint64_t v[4], word;
	size_t i = 0;

	if (hash_key[0] == 0)
		draw_key();
	v[0] = hash_key[0] ^ 0x736f6d6570736575u;
	v[1] = hash_key[1] ^ 0x646f72616e646f6du;
	v[2] = hash_key[0] ^ 0x6c7967656e657261u;
	v[3] = hash_key[1] ^ 0x7465646279746573u;
	for (;; i += 8) {
		size_t rest = bytes.n - i;

		word = 0;
		if (rest > 0)
			memcpy(&word, bytes.p + i, rest < 8 ? rest : 8);
		if (rest < 8)
			word |= (uint64_t)(bytes.n & 0xff) << 56;
		v[3] ^= word;
		sip_round(v);
		sip_round(v);
		v[0] ^= word;
		if (rest < 8)
			break;
	}
	v[2] ^= 0xff;
	for (int round = 0; round < 4; round++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

struct map_node *
map_find(const struct map *m, struct str key)
{
	uint64_t hash;

	if (m->count == 0)
		return NULL;
	hash = map_hash(key);
	for (struct map_node *n = m->buckets[hash & (m->bucket_count - 1)]; n; n = n->next) {
		if (n->hash == hash && str_eq(n->key, key))
			return n;
	}
	return NULL;
}

static void
link_node(struct map *m, struct map_node *node)
{
	struct map_node **bucket = &m->buckets[node->hash & (m->bucket_count - 1)];

	node->next = *bucket;
	*bucket = node;
}

static void
grow(struct map *m)
{
	struct map old = *m;

	m->bucket_count = old.bucket_count ? old.bucket_count * 2 : MAP_FIRST_BUCKETS;
	m->buckets = mem_new(m->bucket_count, sizeof(struct map_node *));
	for (size_t i = 0; i < old.bucket_count; i++) {
		struct map_node *next;

		for (struct map_node *n = old.buckets[i]; n; n = next) {
			next = n->next;
			link_node(m, n);
		}
	}
	mem_free(old.buckets);
}

void
map_insert(struct map *m, struct map_node *node, struct str key)
{
	if (m->count >= m->bucket_count)
		grow(m);
	node->key = key;
	node->hash = map_hash(key);
	link_node(m, node);
	m->count++;
}

void
map_remove(struct map *m, struct map_node *node)
{
	struct map_node **link = &m->buckets[node->hash & (m->bucket_count - 1)];

	while (*link != node) {
		invariant(*link != NULL);
		link = &(*link)->next;
	}
	*link = node->next;
	node->next = NULL;
	m->count--;
}

static struct map_node *
first_from(const struct map *m, size_t bucket)
{
	for (; bucket < m->bucket_count; bucket++) {
		if (m->buckets[bucket])
			return m->buckets[bucket];
	}
	return NULL;
}

struct map_node *
map_first(const struct map *m)
{
	return first_from(m, 0);
}

struct map_node *
map_next(const struct map *m, const struct map_node *node)
{
	if (node->next)
		return node->next;
	return first_from(m, (size_t)(node->hash & (m->bucket_count - 1)) + 1);
}

void
map_release(struct map *m)
{
	mem_free(m->buckets);
	*m = (struct map){ 0 };
}
