#include "server/outbound.h"

/* system */
#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

/* base */
#include "base/log.h"
#include "base/mem.h"

/* rooms */
#include "http/client.h"
#include "mailauth/keyring.h"
#include "mailauth/settings.h"
#include "queue/queue.h"
#include "queue/route.h"
#include "reports/reports.h"
#include "smtpc/settings.h"
#include "tls/tls.h"
#include "tlspolicy/sts_refresh.h"

#define OWN_ADDRESSES_MAX \
	64 /* of this host: more are not looked at when mail might come back to us */

struct outbound {
	struct dns dns;
	bool has_dns;
	struct keyring keyring;
	struct queue_route *routes; /* own */
	struct queue_routes list;
	struct net_address own[OWN_ADDRESSES_MAX];
	size_t own_count;
	struct tls_trust *trust; /* own; NULL until it is needed */
	bool has_tried_trust;
	struct http_client http;     /* for policies of domains */
	struct sts_refresh *refresh; /* own; NULL: policies are not asked for */
};

static const struct log outbound_log = { .room = "server" };

static bool
is_wanted(void)
{
	for (size_t i = 0; server_version.modules[i]; i++)
		if (server_version.modules[i]->needs_queue)
			return true;
	return false;
}

/* --- routes ------------------------------------------------------------------------------------------- */

static void
gather_routes(struct server *s, struct outbound *o)
{
	const struct config_instance *i = NULL;
	size_t count = 0;

	while ((i = config_next(&s->config, &route_section, i)) != NULL)
		count++;
	o->routes = mem_new(count + 1, sizeof *o->routes);
	o->list.items = o->routes;
	while ((i = config_next(&s->config, &route_section, i)) != NULL)
		o->routes[o->list.count++] =
		    (struct queue_route){ .name = i->name, .settings = i->values };
	if (server_version.hands_on && !queue_route_named(&o->list, STR(ROUTE_HOME)))
		o->routes[o->list.count++] = queue_route_home;
}

/* NULL in versions that have mailboxes. */
static const struct queue_route *
home_of(const struct outbound *o)
{
	return server_version.hands_on ? queue_route_named(&o->list, STR(ROUTE_HOME)) : NULL;
}

/* DMARC's reports are of what was checked. */
static enum fail
check_reports(const struct server *s, struct buf *why)
{
	const struct reports_settings *reports = config_values(&s->config, &reports_section);
	const struct mailauth_settings *mailauth = config_values(&s->config, &mailauth_section);
	enum fail fail = reports_settings_check(reports, why);

	if (fail != FAIL_NONE || !reports->has_dmarc || mailauth->check)
		return fail;
	buf_add(why, STR("[reports] dmarc = yes needs [mailauth] check = yes\n"));
	return FAIL_SYNTAX;
}

enum fail
outbound_check(struct server *s, struct buf *why)
{
	struct outbound o = { .has_dns = false };
	enum fail fail;

	if (!is_wanted())
		return FAIL_NONE;
	gather_routes(s, &o);
	fail = queue_routes_check(&o.list, why);
	if (fail == FAIL_NONE && home_of(&o))
		fail = queue_route_home_check(home_of(&o), why);
	mem_free(o.routes);
	if (fail == FAIL_NONE)
		fail = queue_settings_check(config_values(&s->config, &queue_section), why);
	if (fail == FAIL_NONE)
		fail = dns_settings_check(config_values(&s->config, &dns_section), why);
	return fail == FAIL_NONE ? check_reports(s, why) : fail;
}

/* --- who we are, whom we trust -------------------------------------------------------------------------- */

/* Addresses under which others may reach us: an MX with one of them is ourselves (RFC 5321 5.1). */
static void
gather_addresses(struct outbound *o)
{
	struct ifaddrs *all;

	if (getifaddrs(&all) != 0) {
		log_warn(&outbound_log, "server.addresses.unknown",
		    LOG_TEXT("why", str_c(strerror(errno))),
		    LOG_TEXT("so", STR("an MX that is this host is not noticed")));
		return;
	}
	for (const struct ifaddrs *i = all; i && o->own_count < OWN_ADDRESSES_MAX;
	     i = i->ifa_next) {
		struct sockaddr_storage storage = { 0 };
		struct net_address *a = &o->own[o->own_count];

		if (i->ifa_addr == NULL)
			continue;
		storage.ss_family = i->ifa_addr->sa_family;
		if (storage.ss_family == AF_INET)
			*(struct sockaddr_in *)(void *)&storage =
			    *(const struct sockaddr_in *)(const void *)i->ifa_addr;
		else if (storage.ss_family == AF_INET6)
			*(struct sockaddr_in6 *)(void *)&storage =
			    *(const struct sockaddr_in6 *)(const void *)i->ifa_addr;
		else
			continue;
		net_address_from_system(&storage, a);
		if (a->family != NET_ADDRESS_NONE && !net_address_is_loopback(a))
			o->own_count++;
	}
	freeifaddrs(all);
}

/* Reading them takes some 50 ms, so it is left to the first connection that needs them. */
static struct tls_trust *
get_trust(void *arg)
{
	struct server *s = arg;
	struct outbound *o = s->outbound;
	const struct smtpc_settings *settings = config_values(&s->config, &smtpc_section);
	struct buf why;
	enum fail fail;

	if (o->has_tried_trust)
		return o->trust;
	o->has_tried_trust = true;
	buf_init(&why, CONFIG_ERRORS_MAX);
	fail = tls_trust_load(&o->trust, STR(""), &why);
	if (!str_empty(settings->ca_file))
		fail = o->trust ? tls_trust_add(o->trust, settings->ca_file, &why)
				: tls_trust_load(&o->trust, settings->ca_file, &why);
	if (fail != FAIL_NONE)
		log_warn(&outbound_log, "server.authorities.unread",
		    LOG_TEXT("why", str_trim(buf_str(&why))));
	buf_release(&why);
	return o->trust;
}

/* It trusts whom our conversations do. */
static struct http_client *
get_http(void *arg)
{
	struct server *s = arg;

	s->outbound->http.trust = get_trust(arg);
	return &s->outbound->http;
}

/* How conversations of the queue went is for reports. */
static void
note_session(void *arg, const struct rpt_session *session)
{
	const struct server *s = arg;

	reports_tls_note(s->reports, session);
}

/* --- life ------------------------------------------------------------------------------------------------ */

static void
open_reports(struct server *s, struct loop *loop)
{
	const struct smtpc_settings *outbound = config_values(&s->config, &smtpc_section);
	const struct reports_house house = { .loop = loop,
		.store = s->store,
		.settings = config_values(&s->config, &reports_section),
		.hostname = s->settings->hostname,
		.blobs = s->blobs,
		.dns = server_dns(s),
		.queue = s->queue,
		.get_http = get_http,
		.http_arg = s,
		.allow_private = outbound->allow_private };

	s->reports = reports_open(&house);
}

static void
open_refresh(struct server *s, struct loop *loop)
{
	const struct smtpc_settings *settings = config_values(&s->config, &smtpc_section);
	const struct sts_refresh_house house = { .loop = loop,
		.dns = &s->outbound->dns,
		.store = s->store,
		.get_http = get_http,
		.arg = s,
		.allow_private = settings->allow_private };

	if (settings->has_sts)
		s->outbound->refresh = sts_refresh_open(&house);
}

enum fail
outbound_open(struct server *s, struct loop *loop, struct buf *why)
{
	struct outbound *o;
	struct queue_house house = { .loop = loop, .store = s->store, .blobs = s->blobs };
	enum fail fail = FAIL_NONE;

	if (!is_wanted())
		return FAIL_NONE;
	s->outbound = o = mem_new(1, sizeof *o);
	gather_routes(s, o);
	gather_addresses(o);
	house.settings = config_values(&s->config, &queue_section);
	house.outbound = config_values(&s->config, &smtpc_section);
	house.routes = &o->list;
	house.home = home_of(o);
	house.mail = s->mail;
	house.directory = s->directory;
	house.get_trust = get_trust;
	house.get_http = get_http;
	house.note_session = note_session;
	house.arg = s;
	house.own = (struct mx_own){ .hostname = s->settings->hostname,
		.addresses = o->own,
		.address_count = o->own_count };
	if (loop) {
		const struct mailauth_settings *mailauth =
		    config_values(&s->config, &mailauth_section);

		keyring_init(&o->keyring, server_path(s, "dkim"));
		house.keyring = mailauth->sign ? &o->keyring : NULL;
		fail =
		    dns_init(&o->dns, loop, &s->net, config_values(&s->config, &dns_section), why);
		o->has_dns = fail == FAIL_NONE;
		http_client_init(&o->http, loop, &s->net, &o->dns, NULL,
		    &http_client_settings_default);
		open_refresh(s, loop);
		house.sts_refresh = o->refresh;
		house.net = &s->net;
		house.dns = &o->dns;
	}
	if (fail == FAIL_NONE)
		fail = queue_open(&s->queue, &house);
	if (fail == FAIL_NONE)
		open_reports(s, loop);
	return fail;
}

struct dns *
server_dns(struct server *s)
{
	return s->outbound && s->outbound->has_dns ? &s->outbound->dns : NULL;
}

void
outbound_start(struct server *s)
{
	if (s->queue)
		queue_start(s->queue);
	if (s->reports)
		reports_start(s->reports);
}

void
outbound_stop(struct server *s)
{
	if (s->queue)
		queue_stop(s->queue);
}

bool
outbound_is_quiet(const struct server *s)
{
	return s->queue == NULL || queue_counts(s->queue).connections == 0;
}

void
outbound_reload(struct server *s)
{
	if (s->outbound == NULL)
		return;
	s->outbound->http.trust = NULL;
	tls_trust_free(&s->outbound->trust);
	s->outbound->has_tried_trust = false;
}

void
outbound_close(struct server *s)
{
	struct outbound *o = s->outbound;

	if (s->reports)
		reports_close(&s->reports);
	queue_close(&s->queue);
	if (o == NULL)
		return;
	sts_refresh_close(&o->refresh);
	if (o->http.loop)
		http_client_release(&o->http);
	if (o->has_dns)
		dns_release(&o->dns);
	keyring_release(&o->keyring);
	tls_trust_free(&o->trust);
	mem_free(o->routes);
	mem_free(o);
	s->outbound = NULL;
}
