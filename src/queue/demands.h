/*
 * demands.h - what a domain and its hosts demand, as an agent found out (private to remote_policy.c, remote_count.c).
 */
#ifndef QUEUE_DEMANDS_H
#define QUEUE_DEMANDS_H

#include "queue/agent.h"
#include "tlspolicy/sts.h"
#include "tlspolicy/tlsa.h"

#define REMOTE_NOT_NAMED "its domain's MTA-STS policy does not name it"

struct remote_demands {
	struct tlsa_find tlsa[MX_HOSTS_MAX]; /* own; of the hosts of the agent's mx query */
	struct sts_find sts;                 /* own */
	bool has_dane;                       /* the hosts were asked about */
	bool asks_sts;
	struct dane_question dane; /* for the hop at hand */
};

#endif
