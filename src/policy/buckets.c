/*
 * Limits as token buckets. A bucket of "30/1m" holds 30 tokens at most and gains 30 in a minute, evenly.
 *
 * Credit is counted in parts of a token: a token is window_ms parts, and each millisecond brings `count`
 * parts; so nothing is ever rounded, whatever the rate. Only keys that took a token lately have a bucket:
 * one that is full again is the same as none.
 */
#include "policy/private.h"

/* system */
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define BUCKET_KEY_MAX (1 + PEER_KEY_MAX) /* the rate, then a peer or 8 bytes of hash */
#define FORGET_SLICE   2 /* looked at per new one, so that a flood's buckets go again */

struct bucket {
	struct map_node node;
	struct list_node order;
	int64_t credit;
	int64_t filled_ms; /* monotonic: when it had this credit */
	char key[BUCKET_KEY_MAX];
};

static int64_t
full(const struct rate *r)
{
	return r->count * r->window_ms;
}

/* A clock that went back brings nothing, and is believed from then on. */
static void
refill(struct bucket *b, const struct rate *r)
{
	int64_t passed_ms = clock_mono_ms() - b->filled_ms;

	passed_ms = passed_ms < 0 ? 0 : i64_min(passed_ms, r->window_ms);
	b->credit = i64_min(b->credit + passed_ms * r->count, full(r));
	b->filled_ms = clock_mono_ms();
}

static void
forget(struct policy *p, struct bucket *b)
{
	map_remove(&p->buckets, &b->node);
	list_remove(&b->order);
	mem_free(b);
}

static struct bucket *
oldest(const struct policy *p)
{
	struct list_node *node = list_first(&p->bucket_order);

	return node ? container_of(node, struct bucket, order) : NULL;
}

/* Those idle longest, when they are full again; and one in any case when there are too many. */
static void
make_room(struct policy *p)
{
	struct bucket *b;

	for (unsigned i = 0; i < FORGET_SLICE && (b = oldest(p)) != NULL; i++) {
		const struct rate *r = &p->rates[(unsigned char)b->key[0]];

		refill(b, r);
		if (b->credit < full(r))
			break;
		forget(p, b);
	}
	if (p->buckets.count >= POLICY_BUCKETS_MAX)
		forget(p, oldest(p));
}

static struct bucket *
new_bucket(struct policy *p, struct str key)
{
	struct bucket *b;

	make_room(p);
	b = mem_new(1, sizeof *b);
	memcpy(b->key, key.p, key.n);
	b->credit = full(&p->rates[(unsigned char)b->key[0]]);
	b->filled_ms = clock_mono_ms();
	map_insert(&p->buckets, &b->node, str_of(b->key, key.n));
	return b;
}

bool
bucket_take(struct policy *p, enum policy_rate rate, struct str key)
{
	const struct rate *r = &p->rates[rate];
	char bytes[BUCKET_KEY_MAX] = { (char)rate };
	struct map_node *node;
	struct bucket *b;

	if (r->count == 0)
		return true;
	invariant(key.n < BUCKET_KEY_MAX);
	memcpy(bytes + 1, key.p, key.n);
	node = map_find(&p->buckets, str_of(bytes, key.n + 1));
	b = node ? container_of(node, struct bucket, node)
		 : new_bucket(p, str_of(bytes, key.n + 1));
	list_remove(&b->order);
	list_append(&p->bucket_order, &b->order);
	refill(b, r);
	if (b->credit < r->window_ms)
		return false;
	b->credit -= r->window_ms;
	return true;
}

bool
policy_take_peer(struct policy *p, enum policy_rate rate, const struct net_address *peer)
{
	struct peer_key key;

	if (policy_is_trusted(p, peer))
		return true;
	if (rate == RATE_MESSAGES_NETWORK)
		peer_network(peer, &key);
	else
		peer_site(peer, &key);
	return bucket_take(p, rate, peer_key_str(&key));
}

bool
policy_take_name(struct policy *p, enum policy_rate rate, struct str name)
{
	struct buf folded;
	uint64_t hash;

	if (str_empty(name) || p->rates[rate].count == 0)
		return true;
	buf_init(&folded, name.n);
	for (size_t i = 0; i < name.n; i++)
		buf_add_char(&folded, char_lower(name.p[i]));
	hash = map_hash(buf_str(&folded));
	buf_release(&folded);
	return bucket_take(p, rate, str_of(&hash, sizeof hash));
}

void
buckets_release(struct policy *p)
{
	struct bucket *b;

	while ((b = oldest(p)) != NULL)
		forget(p, b);
	map_release(&p->buckets);
}
