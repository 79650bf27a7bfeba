/* Senders whose mail got in before, by network and sender. Not knowing counts as known: nobody is slowed. */
#include "policy/private.h"

bool
policy_is_known(struct policy *p, const struct net_address *peer, struct str sender)
{
	struct keep_name name = { 0 };
	struct keep_record r;

	if (policy_is_trusted(p, peer))
		return true;
	keep_name_sender(&name, peer, sender);
	return keep_find(p, KEEP_SENDER, &name, &r) != FAIL_MISSING;
}

void
policy_known(struct policy *p, const struct net_address *peer, struct str sender)
{
	struct keep_name name = { 0 };

	if (policy_is_trusted(p, peer))
		return;
	keep_name_sender(&name, peer, sender);
	keep_touch(p, KEEP_SENDER, &name);
}
