/* Who may come in: bans, how often, and how many at a time from one network. */
#include "policy/private.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

struct crowd { /* the connections of one network; there is one while there are any */
	struct map_node node;
	struct peer_key network;
	int64_t count;
};

static struct crowd *
find_crowd(const struct policy *p, const struct net_address *peer)
{
	struct peer_key network;
	struct map_node *node;

	peer_network(peer, &network);
	node = map_find(&p->crowds, peer_key_str(&network));
	return node ? container_of(node, struct crowd, node) : NULL;
}

static void
join(struct policy *p, struct crowd *crowd, const struct net_address *peer)
{
	if (crowd == NULL) {
		crowd = mem_new(1, sizeof *crowd);
		peer_network(peer, &crowd->network);
		map_insert(&p->crowds, &crowd->node, peer_key_str(&crowd->network));
	}
	crowd->count++;
}

enum policy_door
policy_enter(struct policy *p, const struct net_address *peer)
{
	int64_t most = p->settings->network_connections;
	struct crowd *crowd;

	if (policy_is_trusted(p, peer))
		return POLICY_OPEN;
	if (ban_holds(p, peer))
		return POLICY_BANNED;
	crowd = find_crowd(p, peer);
	if (most > 0 && crowd != NULL && crowd->count >= most)
		return POLICY_BUSY;
	if (!policy_take_peer(p, RATE_CONNECTIONS, peer))
		return POLICY_BUSY;
	join(p, crowd, peer);
	return POLICY_OPEN;
}

static void
free_crowd(struct policy *p, struct crowd *crowd)
{
	map_remove(&p->crowds, &crowd->node);
	mem_free(crowd);
}

void
policy_leave(struct policy *p, const struct net_address *peer)
{
	struct crowd *crowd;

	if (policy_is_trusted(p, peer))
		return;
	crowd = find_crowd(p, peer);
	invariant(crowd != NULL);
	if (--crowd->count == 0)
		free_crowd(p, crowd);
}

void
door_release(struct policy *p)
{
	struct map_node *node;

	while ((node = map_first(&p->crowds)) != NULL)
		free_crowd(p, container_of(node, struct crowd, node));
	map_release(&p->crowds);
}
