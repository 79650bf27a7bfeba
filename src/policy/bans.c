/*
 * Offences that add up, and bans. Both live in memory only: a restart forgives. That somebody logged in
 * from an address lies in the store, and is looked up when the address would be banned.
 */
#include "policy/private.h"

/* system */
#include <assert.h>
#include <string.h>

/* base */
#include "base/clock.h"
#include "base/mem.h"
#include "base/num.h"

#define OFFENDER_KEY_MAX (1 + PEER_KEY_MAX)

/* One address and one kind of offence: the times of the last `ban-after` of them, in a ring. */
struct offender {
	struct map_node node;
	struct list_node order;
	char key[OFFENDER_KEY_MAX];
	int64_t count; /* since it was made; the last is at (count - 1) % ban-after */
	int64_t times_ms[];
};

struct ban {
	struct policy_ban shown;
	struct map_node node;
	struct list_node order;
	struct peer_key site;
	int64_t ends_ms; /* monotonic: setting the clock lifts no ban */
};

static_assert(offsetof(struct ban, shown) == 0, "what is shown leads to the whole");

static const char *const offence_names[] = {
	[OFFENCE_LOGIN] = "login",
	[OFFENCE_RCPT] = "recipient",
	[OFFENCE_JUNK] = "junk",
};
static_assert(ARRAY_LEN(offence_names) == OFFENCE_COUNT, "a name for each offence");

/* --- bans ---------------------------------------------------------------------------------------------- */

static struct ban *
ban_of(struct list_node *node)
{
	return container_of(node, struct ban, order);
}

static void
lift(struct policy *p, struct ban *b)
{
	map_remove(&p->bans, &b->node);
	list_remove(&b->order);
	mem_free(b);
}

/* All last equally long, so the first to be made is the first to end. */
static void
lift_ended(struct policy *p)
{
	struct list_node *node;

	while (
	    (node = list_first(&p->ban_order)) != NULL && ban_of(node)->ends_ms <= clock_mono_ms())
		lift(p, ban_of(node));
}

static struct ban *
find_ban(struct policy *p, const struct net_address *peer)
{
	struct peer_key site;
	struct map_node *node;

	lift_ended(p);
	peer_site(peer, &site);
	node = map_find(&p->bans, peer_key_str(&site));
	return node ? container_of(node, struct ban, node) : NULL;
}

bool
ban_holds(struct policy *p, const struct net_address *peer)
{
	return find_ban(p, peer) != NULL;
}

static void
ban(struct policy *p, const struct net_address *peer, enum policy_offence why)
{
	struct ban *b;
	char text[NET_ADDRESS_TEXT_MAX];

	if (p->bans.count >= POLICY_BANS_MAX)
		lift(p, ban_of(list_first(&p->ban_order)));
	b = mem_new(1, sizeof *b);
	b->shown = (struct policy_ban){ .address = *peer,
		.why = why,
		.ends_s = (clock_wall_ms() + p->settings->ban_ms) / 1000 };
	b->shown.address.port = 0;
	b->ends_ms = clock_mono_ms() + p->settings->ban_ms;
	peer_site(peer, &b->site);
	map_insert(&p->bans, &b->node, peer_key_str(&b->site));
	list_append(&p->ban_order, &b->order);
	log_info(&policy_log, "policy.banned", LOG_TEXT("address", net_address_text(peer, text)),
	    LOG_TEXT("why", str_c(offence_names[why])), LOG_NUM("until", b->shown.ends_s));
}

const struct policy_ban *
policy_ban_next(const struct policy *p, const struct policy_ban *after)
{
	struct list_node *node = list_first(&p->ban_order);

	if (after != NULL)
		node = list_next(&p->ban_order, &((const struct ban *)(const void *)after)->order);
	while (node != NULL && ban_of(node)->ends_ms <= clock_mono_ms())
		node = list_next(&p->ban_order, node);
	return node ? &ban_of(node)->shown : NULL;
}

enum fail
policy_unban(struct policy *p, const struct net_address *peer)
{
	struct ban *b = find_ban(p, peer);

	if (b == NULL)
		return FAIL_MISSING;
	lift(p, b);
	return FAIL_NONE;
}

bool
policy_is_banned(struct policy *p, const struct net_address *peer)
{
	return p != NULL && !policy_is_trusted(p, peer) && ban_holds(p, peer);
}

/* --- offences ------------------------------------------------------------------------------------------- */

static void
forgive(struct policy *p, struct offender *o)
{
	map_remove(&p->offenders, &o->node);
	list_remove(&o->order);
	mem_free(o);
}

static struct offender *
offender_of(struct list_node *node)
{
	return container_of(node, struct offender, order);
}

static struct str
offender_key(const struct net_address *peer, enum policy_offence what, char key[OFFENDER_KEY_MAX])
{
	struct peer_key site;

	peer_site(peer, &site);
	key[0] = (char)what;
	memcpy(key + 1, site.bytes, site.n);
	return str_of(key, site.n + 1);
}

static struct offender *
find_offender(struct policy *p, const struct net_address *peer, enum policy_offence what)
{
	char key[OFFENDER_KEY_MAX];
	struct map_node *node = map_find(&p->offenders, offender_key(peer, what, key));

	return node ? container_of(node, struct offender, node) : NULL;
}

/* Those whose last offence is too long ago stand first. */
static void
forgive_old(struct policy *p)
{
	int64_t most = p->settings->ban_after,
		from_ms = clock_mono_ms() - p->settings->ban_window_ms;
	struct list_node *node;

	while ((node = list_first(&p->offender_order)) != NULL) {
		struct offender *o = offender_of(node);

		if (o->times_ms[(o->count - 1) % most] >= from_ms &&
		    p->offenders.count < POLICY_OFFENDERS_MAX)
			return;
		forgive(p, o);
	}
}

static struct offender *
new_offender(struct policy *p, const struct net_address *peer, enum policy_offence what)
{
	struct offender *o;
	struct str key;

	forgive_old(p);
	o = mem_new(1, sizeof *o + (size_t)p->settings->ban_after * sizeof o->times_ms[0]);
	key = offender_key(peer, what, o->key);
	map_insert(&p->offenders, &o->node, key);
	return o;
}

/* Note one more; true when it is the last of `ban-after` within `ban-window`. */
static bool
add_offence(struct policy *p, struct offender *o)
{
	int64_t most = p->settings->ban_after, now_ms = clock_mono_ms();

	list_remove(&o->order);
	list_append(&p->offender_order, &o->order);
	o->times_ms[o->count % most] = now_ms;
	o->count++;
	return o->count >= most && /* the ring's oldest stands where the next will */
	    now_ms - o->times_ms[o->count % most] <= p->settings->ban_window_ms;
}

/* Not knowing is no reason to lock anybody out. */
static bool
is_spared(struct policy *p, const struct net_address *peer)
{
	struct keep_name name = { 0 };
	struct peer_key site;
	struct keep_record r;

	peer_site(peer, &site);
	keep_name_peer(&name, &site);
	return keep_find(p, KEEP_LOGIN, &name, &r) != FAIL_MISSING;
}

bool
policy_offend(struct policy *p, const struct net_address *peer, enum policy_offence what)
{
	struct offender *o;

	if (p == NULL || p->settings->ban_after == 0 || policy_is_trusted(p, peer) ||
	    !net_address_is_public(peer))
		return false;
	if (ban_holds(p, peer))
		return true;
	o = find_offender(p, peer, what);
	if (o == NULL)
		o = new_offender(p, peer, what);
	if (!add_offence(p, o))
		return false;
	forgive(p, o);
	if (is_spared(p, peer))
		return false;
	ban(p, peer, what);
	return true;
}

void
policy_logged_in(struct policy *p, const struct net_address *peer)
{
	struct keep_name name = { 0 };
	struct peer_key site;
	struct ban *b;

	if (p == NULL || policy_is_trusted(p, peer) || !net_address_is_public(peer))
		return;
	b = find_ban(p, peer);
	if (b != NULL)
		lift(p, b);
	if (p->settings->ban_spare_ms == 0)
		return;
	peer_site(peer, &site);
	keep_name_peer(&name, &site);
	keep_touch(p, KEEP_LOGIN, &name);
}

void
bans_release(struct policy *p)
{
	struct list_node *node;

	while ((node = list_first(&p->ban_order)) != NULL)
		lift(p, ban_of(node));
	while ((node = list_first(&p->offender_order)) != NULL)
		forgive(p, offender_of(node));
	map_release(&p->bans);
	map_release(&p->offenders);
}
