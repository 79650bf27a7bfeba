#include "policy/policy.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "net/networks.h"
#include "policy/private.h"

const struct log policy_log = { .room = "policy" };

static void
parse_rates(struct policy *p)
{
	const struct policy_settings *s = p->settings;
	const struct str texts[] = {
		[RATE_CONNECTIONS] = s->connection_rate,
		[RATE_MESSAGES] = s->message_rate,
		[RATE_MESSAGES_NETWORK] = s->network_rate,
		[RATE_RCPTS] = s->rcpt_rate,
		[RATE_SENDER] = s->sender_rate,
		[RATE_RECIPIENT] = s->recipient_rate,
		[RATE_ACCOUNT] = s->account_rate,
	};

	static_assert(ARRAY_LEN(texts) == RATE_COUNT, "one text for each rate");
	for (size_t i = 0; i < RATE_COUNT; i++)
		invariant(rate_parse(texts[i], &p->rates[i]) == FAIL_NONE); /* SETTING_RATE */
}

void
policy_open(struct policy **out, struct loop *loop, struct store *store, struct dns *dns,
    const struct policy_settings *settings)
{
	static const size_t max[] = {
		[KEEP_TRY] = KEEP_TRIES_MAX,
		[KEEP_PAIR] = KEEP_PAIRS_MAX,
		[KEEP_NETWORK] = KEEP_NETWORKS_MAX,
		[KEEP_SENDER] = KEEP_SENDERS_MAX,
		[KEEP_LOGIN] = KEEP_LOGINS_MAX,
		[KEEP_DAY] = KEEP_DAYS_MAX,
		[KEEP_RECIPIENT] = KEEP_RECIPIENTS_MAX,
	};
	struct policy *p = mem_new(1, sizeof *p);

	static_assert(ARRAY_LEN(max) == KEEP_COUNT, "one bound for each kind");
	p->loop = loop;
	p->store = store;
	p->dns = dns;
	p->settings = settings;
	for (size_t i = 0; i < KEEP_COUNT; i++)
		p->keep_max[i] = max[i];
	parse_rates(p);
	zones_init(&p->block, settings->block_lists);
	zones_init(&p->welcome, settings->welcome_lists);
	sweep_open(p);
	*out = p;
}

void
policy_close(struct policy **policy)
{
	struct policy *p = *policy;

	if (p == NULL)
		return;
	invariant(p->op_count == 0);
	sweep_close(p);
	buckets_release(p);
	door_release(p);
	bans_release(p);
	zones_release(&p->block);
	zones_release(&p->welcome);
	mem_free(p);
	*policy = NULL;
}

bool
policy_is_trusted(const struct policy *p, const struct net_address *peer)
{
	return net_networks_have(p->settings->trusted, peer);
}
