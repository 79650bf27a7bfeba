/* What is wrong with the [route] sections, before anything runs (route.h). */
#include "queue/route.h"

/* rooms */
#include "codec/idna.h"
#include "net/address.h"

#define PORT_IMPLICIT 465 /* RFC 8314 7.3 */

static enum fail
complain_of(struct buf *why, struct str name, const char *what, struct str word)
{
	buf_add(why, STR("[route "));
	buf_add(why, name);
	buf_add(why, STR("]: "));
	buf_add_c(why, what);
	buf_add(why, word);
	buf_add_char(why, '\n');
	return FAIL_SYNTAX;
}

static enum fail
complain(struct buf *why, struct str name, const char *what)
{
	return complain_of(why, name, what, STR(""));
}

static bool
is_unix(struct str host)
{
	return str_starts(host, STR("unix:"));
}

static bool
is_address(struct str host)
{
	struct net_address address;

	return net_address_parse(host, &address) == FAIL_NONE;
}

/* --- the host ------------------------------------------------------------------------------------------- */

static bool
has_port(struct str host)
{
	size_t colon = str_rfind_char(host, ':');
	struct str number = colon == STR_NONE ? STR("") : str_from(host, colon + 1);
	uint32_t port;

	return str_u32(&number, 65535, &port) && number.n == 0;
}

static enum fail
check_host(const struct queue_route *r, struct buf *why)
{
	struct str host = r->settings->host;
	struct buf ascii;
	enum fail fail = FAIL_NONE;

	if (is_unix(host) && r->settings->way == ROUTE_RELAY)
		return complain(why, r->name, "has a unix socket, which only way = lmtp uses");
	if (is_unix(host) && r->settings->port != 0)
		return complain(why, r->name, "has a port, and a unix socket as its host");
	if (is_unix(host) || is_address(host))
		return FAIL_NONE;
	if (has_port(host))
		return complain_of(why, r->name,
		    "has a port in its host; it belongs into a line of its own, port = NUMBER: ",
		    host);
	buf_init(&ascii, IDNA_DOMAIN_MAX + 1);
	if (idna_write_ascii(&ascii, host) != FAIL_NONE)
		fail = complain_of(why, r->name,
		    "has a host that is no name, no address and not unix:PATH: ", host);
	else if (ascii.n < host.n - (size_t)str_ends(host, STR(".")) ||
	    !str_eq_nocase(buf_str(&ascii), str_head(host, ascii.n)))
		fail = complain_of(why, r->name, "needs its host as DNS has it: ", buf_str(&ascii));
	buf_release(&ascii);
	return fail;
}

/* --- TLS and the login ------------------------------------------------------------------------------------ */

static enum fail
check_tls(const struct queue_route *r, struct buf *why)
{
	const struct route_settings *set = r->settings;

	if (set->is_implicit_tls && set->tls == ROUTE_TLS_NEVER)
		return complain(why, r->name,
		    "has tls = never and implicit-tls = yes, which contradict");
	if (set->port == PORT_IMPLICIT && !set->is_implicit_tls && set->way == ROUTE_RELAY)
		return complain(why, r->name,
		    "has port = 465, where TLS begins at once: it needs implicit-tls = yes");
	if (set->tls == ROUTE_TLS_VERIFY && (is_unix(set->host) || is_address(set->host)))
		return complain(why, r->name,
		    "has tls = verify, and no name of its host that a certificate could prove");
	return FAIL_NONE;
}

static enum fail
check_login(const struct queue_route *r, struct buf *why)
{
	const struct route_settings *set = r->settings;

	if (!str_empty(set->user) && str_empty(set->secret))
		return complain(why, r->name, "has a user and no password (or its file: is empty)");
	if (str_empty(set->user) && !str_empty(set->secret))
		return complain(why, r->name, "has a password and no user");
	if (!str_empty(set->user) && set->tls == ROUTE_TLS_NEVER)
		return complain(why, r->name, "would send its password without TLS");
	return FAIL_NONE;
}

/* --- what its way has no use for ---------------------------------------------------------------------------- */

static enum fail
check_hostless(const struct queue_route *r, struct buf *why)
{
	const struct route_settings *set = r->settings;
	bool is_sent = set->way == ROUTE_DIRECT;

	if (!str_empty(set->host) || !str_empty(set->user) || !str_empty(set->secret))
		return complain(why, r->name,
		    "has a host, user or password, which only way = relay or lmtp uses");
	if (set->port != 0 || set->is_implicit_tls)
		return complain(why, r->name,
		    "has a port or implicit-tls, which only way = relay or lmtp uses");
	if (!is_sent && set->tls != ROUTE_TLS_MAY)
		return complain(why, r->name, "has tls, but sends nothing");
	if (!is_sent && !str_empty(set->fallback))
		return complain(why, r->name, "has a fallback, but cannot fail");
	return FAIL_NONE;
}

/* --- other routes -------------------------------------------------------------------------------------------- */

/* Do fallbacks of fallbacks lead back to it? */
static bool
is_circle(const struct queue_routes *routes, const struct queue_route *r)
{
	const struct queue_route *next = r;

	for (size_t i = 0; next && i < routes->count; i++) {
		if (str_empty(next->settings->fallback))
			return false;
		next = queue_route_named(routes, next->settings->fallback);
		if (next == r)
			return true;
	}
	return false;
}

static enum fail
check_fallback(const struct queue_routes *routes, const struct queue_route *r, struct buf *why)
{
	const struct queue_route *next = queue_route_named(routes, r->settings->fallback);

	if (next == NULL || next == r)
		return complain(why, r->name, "names a fallback that is no other route");
	if (next->settings->way != ROUTE_RELAY && next->settings->way != ROUTE_DIRECT)
		return complain(why, r->name, "needs a fallback that is a relay, or direct");
	if (is_circle(routes, r))
		return complain(why, r->name, "has a fallback that leads back to it");
	return FAIL_NONE;
}

static bool
has_domain(const struct route_settings *set, struct str domain)
{
	struct str words = set->domains, word;

	while (str_next_part(&words, ' ', &word))
		if (str_eq_nocase(word, domain))
			return true;
	return false;
}

/* No route before this one has one of its domains. */
static enum fail
check_domains(const struct queue_routes *routes, const struct queue_route *r, struct buf *why)
{
	for (const struct queue_route *other = routes->items; other < r; other++) {
		struct str words = r->settings->domains, word;

		while (str_next_part(&words, ' ', &word)) {
			if (str_empty(word) || !has_domain(other->settings, word))
				continue;
			(void)complain_of(why, r->name, "has a domain of another route: ", word);
			buf_truncate(why, why->n - 1);
			buf_add(why, STR(", which [route "));
			buf_add(why, other->name);
			buf_add(why, STR("] has\n"));
			return FAIL_SYNTAX;
		}
	}
	return FAIL_NONE;
}

static enum fail
check_route(const struct queue_routes *routes, const struct queue_route *r, struct buf *why)
{
	const struct route_settings *set = r->settings;
	bool has_host = set->way == ROUTE_RELAY || set->way == ROUTE_LMTP;
	enum fail fail;

	if (r->name.n > ROUTE_NAME_MAX)
		return complain(why, r->name, "has too long a name");
	if (has_host && str_empty(set->host))
		return complain(why, r->name, "needs a host");
	fail = has_host ? check_host(r, why) : check_hostless(r, why);
	if (fail == FAIL_NONE && has_host)
		fail = check_tls(r, why);
	if (fail == FAIL_NONE && has_host)
		fail = check_login(r, why);
	if (fail == FAIL_NONE && !str_empty(set->fallback))
		fail = check_fallback(routes, r, why);
	return fail == FAIL_NONE ? check_domains(routes, r, why) : fail;
}

enum fail
queue_routes_check(const struct queue_routes *routes, struct buf *why)
{
	enum fail worst = FAIL_NONE;

	for (size_t i = 0; i < routes->count; i++)
		if (check_route(routes, &routes->items[i], why) != FAIL_NONE)
			worst = FAIL_SYNTAX;
	return worst;
}

static const struct route_settings home_settings = { .domains = STR_INIT(""),
	.way = ROUTE_LMTP,
	.host = STR_INIT("127.0.0.1"),
	.fallback_after = 3 };

const struct queue_route queue_route_home = { .name = STR_INIT(ROUTE_HOME),
	.settings = &home_settings };

enum fail
queue_route_home_check(const struct queue_route *home, struct buf *why)
{
	if (home->settings->way == ROUTE_LMTP || home->settings->way == ROUTE_RELAY)
		return FAIL_NONE;
	buf_add(why,
	    STR("[route home] leads to the users' mailboxes: its way is lmtp, or relay\n"));
	return FAIL_SYNTAX;
}
