/*
 * Greylisting (RFC 6647 2.4, section 5), by what the network, the sender and the recipient are called.
 *
 *     unknown --first try--> TRY --again within window, after wait--> PAIR --kept alive by mail--> PAIR
 *                             |--again too soon-----> TRY                `--keep is over--> unknown
 *                             `--window is over-----> unknown
 *
 * A PAIR is a network and a sender, whatever the recipient. A network with enough of them passes as a
 * whole, and so does a sender whose mail got in before (known.c).
 */
#include "policy/private.h"

/* base */
#include "base/clock.h"

/* One question, and what its answer shall change. */
struct question {
	struct policy *policy;
	struct keep_name try, pair, network;
	bool passes;
	bool has_change;
};

/* Is there a record of this kind that lets it pass? Its time moves on when it is old. */
static enum fail
look(struct txn *t, struct question *q, enum keep_kind kind, const struct keep_name *name,
    uint64_t least, bool writes)
{
	struct policy *p = q->policy;
	struct keep_record r;
	enum fail fail = keep_get(p, t, kind, name, &r);

	if (fail != FAIL_NONE)
		return fail == FAIL_MISSING ? FAIL_NONE : fail;
	if (r.count[0] < least)
		return FAIL_NONE;
	q->passes = true;
	if (!keep_is_stale(p, kind, &r))
		return FAIL_NONE;
	q->has_change = true;
	r.time_s = clock_wall_s();
	return writes ? keep_put(p, t, kind, name, &r) : FAIL_NONE;
}

/* It came again: from now on the pair is known, and the network by one pair more. */
static enum fail
remember_pair(struct txn *t, struct question *q)
{
	struct policy *p = q->policy;
	struct keep_record pair = { .time_s = clock_wall_s() }, network;
	enum fail fail = keep_get(p, t, KEEP_NETWORK, &q->network, &network);

	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		return fail;
	network.time_s = clock_wall_s();
	network.count[0]++;
	fail = keep_drop(t, KEEP_TRY, &q->try);
	if (fail == FAIL_NONE)
		fail = keep_put(p, t, KEEP_PAIR, &q->pair, &pair);
	if (fail == FAIL_NONE)
		fail = keep_put(p, t, KEEP_NETWORK, &q->network, &network);
	return fail;
}

/* A first try ahead of the clock was noted before the clock was set back: it begins anew. */
static enum fail
look_try(struct txn *t, struct question *q, bool writes)
{
	struct policy *p = q->policy;
	struct keep_record r;
	enum fail fail = keep_get(p, t, KEEP_TRY, &q->try, &r);

	if (fail != FAIL_NONE && fail != FAIL_MISSING)
		return fail;
	if (fail == FAIL_MISSING || r.time_s > clock_wall_s()) {
		r = (struct keep_record){ .time_s = clock_wall_s() };
		q->has_change = true;
		return writes ? keep_put(p, t, KEEP_TRY, &q->try, &r) : FAIL_NONE;
	}
	if (keep_age_ms(&r) < p->settings->greylist_wait_ms)
		return FAIL_NONE;
	q->passes = true;
	q->has_change = true;
	return writes ? remember_pair(t, q) : FAIL_NONE;
}

static enum fail
answer(struct txn *t, struct question *q, bool writes)
{
	uint64_t welcome = (uint64_t)q->policy->settings->greylist_welcome;
	enum fail fail = FAIL_NONE;

	q->passes = q->has_change = false;
	if (welcome > 0)
		fail = look(t, q, KEEP_NETWORK, &q->network, welcome, writes);
	if (fail == FAIL_NONE && !q->passes)
		fail = look(t, q, KEEP_PAIR, &q->pair, 0, writes);
	if (fail == FAIL_NONE && !q->passes)
		fail = look(t, q, KEEP_SENDER, &q->pair, 0, writes);
	if (fail == FAIL_NONE && !q->passes)
		fail = look_try(t, q, writes);
	return fail;
}

static enum fail
read_answer(struct txn *t, void *arg)
{
	return answer(t, arg, false);
}

static enum fail
write_answer(struct txn *t, void *arg)
{
	return answer(t, arg, true);
}

static void
name_all(struct question *q, const struct net_address *peer, struct str sender,
    struct str recipient)
{
	struct peer_key network;
	struct hash_state h;

	peer_network(peer, &network);
	keep_name_peer(&q->network, &network);
	keep_name_sender(&q->pair, peer, sender);
	keep_name_begin(&h);
	keep_name_add(&h, str_of(q->pair.bytes, q->pair.n));
	keep_name_add_text(&h, recipient);
	keep_name_end(&h, &q->try);
}

bool
policy_greylist(struct policy *p, const struct net_address *peer, struct str sender,
    struct str recipient)
{
	struct question q = { .policy = p };

	if (!p->settings->is_greylisting || policy_is_trusted(p, peer) || !store_is_well(p->store))
		return true;
	name_all(&q, peer, sender, recipient);
	if (store_read(p->store, read_answer, &q) != FAIL_NONE)
		return true;
	if (q.has_change && keep_run(p, write_answer, &q) != FAIL_NONE)
		return true;
	return q.passes;
}
