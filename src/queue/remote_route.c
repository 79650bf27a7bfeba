/* Who takes the mail of a site: MX hosts, a relay, an LMTP server (agent.h). */
#include "queue/agent.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

#define UNIX_PREFIX "unix:"

#define PORT_RELAY    25
#define PORT_IMPLICIT 465 /* RFC 8314 3.3 */
#define PORT_LMTP     24

static void
say(struct queue_last *last, struct status status, struct str text)
{
	*last = (struct queue_last){ .time_s = clock_wall_s(), .status = status, .text = text };
}

/* --- which way ---------------------------------------------------------------------------------------------- */

static bool
is_by_mx(const struct queue_route *route)
{
	return route == NULL || route->settings->way == ROUTE_DIRECT;
}

static uint16_t
port_of(const struct route_settings *set)
{
	if (set->port != 0)
		return (uint16_t)set->port;
	if (set->way == ROUTE_LMTP)
		return PORT_LMTP;
	return set->is_implicit_tls ? PORT_IMPLICIT : PORT_RELAY;
}

static enum remote_state
open_first(struct remote_agent *a)
{
	a->has_hops = true;
	a->hop_at = 0;
	return remote_reopen(a);
}

/* A relay or LMTP server: a socket, an address, or a name. */
static enum remote_state
find_relay(struct remote_agent *a)
{
	const struct queue_house *house = &a->agent.site->queue->house;
	const struct route_settings *set = a->route->settings;
	struct str path = set->host;
	struct net_address address;

	if (str_skip(&path, STR(UNIX_PREFIX))) {
		a->hops[0] = (struct hop){ .host = path };
		a->hop_count = 1;
		return open_first(a);
	}
	if (net_address_parse(set->host, &address) == FAIL_NONE) {
		address.port = port_of(set);
		a->hops[0] = (struct hop){ .host = set->host, .address = address };
		a->hop_count = 1;
		return open_first(a);
	}
	mx_host_start(&a->mx, house->loop, house->dns, house->outbound, &a->agent.task, set->host,
	    port_of(set));
	return REMOTE_LOOKUP;
}

/* A route that is no longer in the configuration: the addresses find their way anew. */
static enum remote_state
send_back(struct remote_agent *a)
{
	struct queue_job *j = a->agent.job;
	struct queue_last last;

	say(&last, STATUS(4, 4, 4), STR("the route was taken out of the configuration"));
	for (size_t i = 0; i < j->rcpt_count; i++)
		j->rcpts[i].moved_to = STR(SITE_LOCAL);
	remote_conclude(a, JOB_MOVED, &last);
	return remote_next(a);
}

enum remote_state
remote_route(struct remote_agent *a)
{
	const struct queue_site *s = a->agent.site;
	const struct queue_house *house = &s->queue->house;
	struct queue_last last;

	remote_forget_demands(a);
	a->has_greeted = a->has_mx_hops = a->is_host_barred = false;
	a->route = route_take(s->queue, s, a->is_diverted);
	if (a->route == NULL && queue_site_is_route(buf_str(&s->name)))
		return send_back(a);
	if (is_by_mx(a->route)) {
		mx_query_start(&a->mx, house->loop, house->dns, house->outbound, &house->own,
		    &a->agent.task, queue_site_way(buf_str(&s->name)));
		return REMOTE_LOOKUP;
	}
	if (a->route->settings->way == ROUTE_DISCARD) {
		say(&last, STATUS(2, 0, 0), STR("thrown away, as the route says"));
		remote_conclude(a, JOB_DISCARDED, &last);
		return remote_next(a);
	}
	if (a->route->settings->way == ROUTE_REFUSE) {
		say(&last, STATUS(5, 7, 1), STR("mail for that domain is not sent from here"));
		remote_conclude(a, JOB_FAILED, &last);
		return remote_next(a);
	}
	return find_relay(a);
}

/* --- what was found -------------------------------------------------------------------------------------------- */

/*
 * Addresses in the order to be tried: every host's first ones before any host's many others. Hosts that the domain's
 * demands leave out are noted in `barred`, the first of them.
 */
static void
take_hosts(struct remote_agent *a, struct queue_last *barred)
{
	a->hop_count = 0;
	a->is_host_barred = false;
	for (size_t depth = 0; depth < MX_ADDRESSES_MAX; depth += 2)
		for (size_t h = 0; h < a->mx.host_count; h++) {
			const struct mx_host *host = &a->mx.hosts[h];
			enum tls_result result;
			const char *why = remote_why_barred(a, h, &result);

			if (why && depth == 0)
				remote_count_barred(a, h, result, why);
			if (why && !a->is_host_barred) {
				say(barred, STATUS(4, 7, 5), str_c(why));
				barred->remote = host->name;
				a->is_host_barred = true;
			}
			for (size_t i = depth; !why && i < depth + 2 && i < host->address_count &&
			     a->hop_count < HOPS_MAX;
			     i++)
				a->hops[a->hop_count++] = (struct hop){ .host = host->name,
					.address = host->addresses[i],
					.at = h };
		}
}

/* Nobody takes the mail now. */
static enum remote_state
rest(struct remote_agent *a, const struct queue_last *last)
{
	remote_site_failed(a, last);
	remote_conclude(a, JOB_POSTPONED, last);
	return REMOTE_CLOSING;
}

enum remote_state
remote_demanded(struct remote_agent *a)
{
	struct queue_last barred = { 0 };

	remote_count_unfetched(a);
	take_hosts(a, &barred);
	if (a->hop_count > 0)
		return open_first(a);
	barred.remote = arena_str(&a->agent.job->arena, barred.remote);
	return rest(a, &barred);
}

enum remote_state
remote_found(struct remote_agent *a)
{
	struct queue_last last;

	if (a->mx.op.fail == FAIL_NONE) {
		a->has_mx_hops = true;
		if (is_by_mx(a->route) || a->route->settings->way == ROUTE_RELAY)
			remote_ask_demands(a);
		return REMOTE_DEMANDS;
	}
	say(&last, a->mx.status, str_c(a->mx.why));
	if (!is_by_mx(a->route))
		last.remote = a->route->settings->host;
	if (a->mx.op.fail != FAIL_TEMP && is_by_mx(a->route)) {
		remote_conclude(a, JOB_FAILED, &last);
		return remote_next(a);
	}
	return rest(a, &last);
}

/* --- the order --------------------------------------------------------------------------------------------------- */

static enum smtpc_tls
tls_of(const struct remote_agent *a)
{
	if (a->is_in_clear)
		return SMTPC_TLS_NEVER;
	switch (a->route ? (enum route_tls)a->route->settings->tls : ROUTE_TLS_MAY) {
	case ROUTE_TLS_MAY: break;
	case ROUTE_TLS_MUST: return SMTPC_TLS_MUST;
	case ROUTE_TLS_VERIFY: return SMTPC_TLS_VERIFIED;
	case ROUTE_TLS_NEVER: return SMTPC_TLS_NEVER;
	}
	return SMTPC_TLS_MAY;
}

/* "mx.example.org [192.0.2.1]" */
static void
name_remote(struct remote_agent *a, const struct hop *hop)
{
	char text[NET_ADDRESS_TEXT_MAX];
	struct buf name;

	buf_init(&name, sizeof a->remote - 1);
	buf_add(&name, hop->host);
	if (hop->address.family != NET_ADDRESS_NONE &&
	    !str_eq(hop->host, net_address_text(&hop->address, text))) {
		buf_add(&name, STR(" ["));
		buf_add(&name, str_c(text));
		buf_add_char(&name, ']');
	}
	for (size_t i = 0; i < name.n; i++)
		a->remote[i] = buf_str(&name).p[i];
	a->remote[name.n] = '\0';
	buf_release(&name);
}

void
remote_order(struct remote_agent *a, struct smtpc_order *out)
{
	const struct queue_house *house = &a->agent.site->queue->house;
	const struct hop *hop = &a->hops[a->hop_at];
	const struct route_settings *set = a->route ? a->route->settings : NULL;
	struct str source = hop->address.family == NET_ADDRESS_IPV6 ? house->outbound->source_v6
								    : house->outbound->source_v4;

	name_remote(a, hop);
	*out = (struct smtpc_order){ .to = hop->address,
		.host = hop->host,
		.helo =
		    str_empty(house->outbound->helo) ? house->own.hostname : house->outbound->helo,
		.tls = tls_of(a) };
	if (a->has_mx_hops)
		remote_demand(a, out);
	a->is_demanding = out->is_demanded;
	if (hop->address.family == NET_ADDRESS_NONE)
		out->unix_path = hop->host;
	else if (!str_empty(source) && net_address_parse(source, &out->from) != FAIL_NONE)
		out->from = (struct net_address){ 0 };
	if (set == NULL || is_by_mx(a->route))
		return;
	out->is_lmtp = set->way == ROUTE_LMTP;
	out->is_implicit_tls = set->is_implicit_tls;
	if (set->is_implicit_tls && out->tls == SMTPC_TLS_MAY)
		out->tls = SMTPC_TLS_MUST;
	if (!str_empty(set->user)) {
		out->auth = SMTPC_AUTH_ANY;
		out->user = set->user;
		out->secret = set->secret;
	}
}
