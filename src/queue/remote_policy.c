/* What the receiving domain, or a relay, demands of a conversation: DANE, MTA-STS (agent.h). */
#include "queue/demands.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* --- asking ------------------------------------------------------------------------------------------------ */

static void
ask_tlsa(struct remote_agent *a)
{
	struct dns *dns = a->agent.site->queue->house.dns;

	a->demands->has_dane = true;
	for (size_t i = 0; i < a->mx.host_count; i++) {
		const struct mx_host *host = &a->mx.hosts[i];
		/* An alias may lead out of what is signed; the name itself must be (RFC 7672 2.2.1). */
		const struct tlsa_host asked = { .name = host->name,
			.canonical = host->is_name_secure ? host->canonical : host->name,
			.is_secure = host->is_secure,
			.port = host->addresses[0].port };

		tlsa_start(&a->demands->tlsa[i], dns, &a->agent.task, &asked);
	}
}

void
remote_ask_demands(struct remote_agent *a)
{
	remote_forget_demands(a);
	if (a->route && a->route->settings->tls == ROUTE_TLS_NEVER)
		return; /* the owner's word */
	if (queue_site_is_tls_optional(buf_str(&a->agent.site->name)))
		return; /* the sender's (RFC 8689 8.4) */
	a->demands = mem_new(1, sizeof *a->demands);
	if (a->agent.site->queue->house.outbound->has_dane)
		ask_tlsa(a);
}

/* DANE wins (RFC 8461 2): where every host has it, nobody asks for more. */
static bool
needs_sts(const struct remote_agent *a)
{
	const struct queue_house *house = &a->agent.site->queue->house;

	if (!house->outbound->has_sts || house->get_http == NULL || str_empty(a->mx.domain))
		return false;
	for (size_t i = 0; i < a->mx.host_count; i++)
		if (a->demands->tlsa[i].state == TLSA_NONE ||
		    a->demands->tlsa[i].state == TLSA_ENCRYPT)
			return true;
	return false;
}

static void
ask_sts(struct remote_agent *a)
{
	const struct queue_house *house = &a->agent.site->queue->house;
	const struct sts_house sts = { .dns = house->dns,
		.http = house->get_http(house->arg),
		.store = house->store,
		.refresh = house->sts_refresh,
		.allow_private = house->outbound->allow_private };

	a->demands->asks_sts = true;
	sts_start(&a->demands->sts, &sts, &a->agent.task, a->mx.domain);
}

bool
remote_knows_demands(struct remote_agent *a)
{
	struct remote_demands *d = a->demands;
	bool is_settled = true;

	if (d == NULL)
		return true;
	for (size_t i = 0; d->has_dane && i < a->mx.host_count; i++)
		is_settled = tlsa_look(&d->tlsa[i]) && is_settled;
	if (!is_settled)
		return false;
	if (!d->asks_sts && needs_sts(a))
		ask_sts(a);
	return !d->asks_sts || sts_look(&d->sts);
}

void
remote_hurry_demands(struct remote_agent *a)
{
	if (a->demands && a->demands->asks_sts)
		sts_expire(&a->demands->sts);
}

void
remote_forget_demands(struct remote_agent *a)
{
	if (a->demands == NULL)
		return;
	for (size_t i = 0; i < MX_HOSTS_MAX; i++)
		tlsa_release(&a->demands->tlsa[i]);
	sts_release(&a->demands->sts);
	mem_free(a->demands);
	a->demands = NULL;
}

/* --- the answers -------------------------------------------------------------------------------------------- */

static bool
is_sts_enforced(const struct remote_demands *d)
{
	return d->sts.has_policy && d->sts.policy.mode == STS_ENFORCE;
}

/* RFC 7672 2.1.1: who hides the records gets nothing; RFC 8461 5: nor do hosts that the policy does not name. */
const char *
remote_why_barred(const struct remote_agent *a, size_t host, enum tls_result *result_out)
{
	const struct remote_demands *d = a->demands;

	if (d == NULL)
		return NULL;
	*result_out = TLS_RESULT_DNSSEC_INVALID;
	if (d->tlsa[host].state == TLSA_FAILED)
		return tls_result_words[TLS_RESULT_DNSSEC_INVALID];
	*result_out = TLS_RESULT_INVALID;
	if (d->tlsa[host].state != TLSA_USABLE && is_sts_enforced(d) &&
	    !sts_policy_names(&d->sts.policy, a->mx.hosts[host].name))
		return REMOTE_NOT_NAMED;
	return NULL;
}

/* RFC 7672 3.2.2: the records' own name, then those of the domain. */
static void
name_references(struct remote_agent *a, const struct tlsa_find *f)
{
	struct dane_question *q = &a->demands->dane;

	*q = (struct dane_question){ .records = f->records,
		.record_count = f->record_count,
		.names = { f->base, a->mx.domain, a->mx.canonical },
		.name_count = 3 };
}

void
remote_demand(struct remote_agent *a, struct smtpc_order *order)
{
	size_t host = a->hops[a->hop_at].at;
	struct remote_demands *d = a->demands;

	if (d == NULL)
		return;
	if (d->tlsa[host].state == TLSA_USABLE) {
		name_references(a, &d->tlsa[host]);
		order->tls = SMTPC_TLS_DANE;
		order->dane = &d->dane;
		order->is_demanded = true;
	} else if (is_sts_enforced(d)) {
		order->tls = SMTPC_TLS_VERIFIED;
		order->is_demanded = true;
	} else if (d->tlsa[host].state == TLSA_ENCRYPT && order->tls == SMTPC_TLS_MAY) {
		order->tls = SMTPC_TLS_MUST;
		order->is_demanded = true;
	}
}

/* RFC 8689 4.2.1: by DNSSEC, or by an MTA-STS policy. A host that the owner named is secure so far (mx.h). */
bool
remote_is_name_proved(const struct remote_agent *a)
{
	const struct mx_host *host = &a->mx.hosts[a->hops[a->hop_at].at];

	if (!a->has_mx_hops)
		return true;
	return host->is_name_secure ||
	    (a->demands && a->demands->sts.has_policy &&
		sts_policy_names(&a->demands->sts.policy, host->name));
}
