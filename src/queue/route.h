/*
 * route.h - how mail for a domain leaves: the [route NAME] sections, and the names of sites.
 *
 * A site is what recipients wait for together and what is tried as a whole:
 *
 *     example.org, [192.0.2.1]   by MX, or the literal address
 *     route/NAME                 by that route: a relay, an LMTP server, or thrown away
 *     @local                     the directory is asked where the address leads
 *     tls-optional/example.org, tls-optional/route/NAME
 *                                the same way, for messages that go whatever the domain demands of TLS (RFC 8689 3)
 *
 * The last ones are sites of their own, so that they neither wait behind mail that obeys nor share its connections.
 *
 * The nearest [route] wins: the domain itself, then the longest ".suffix", then "*". Pure.
 */
#ifndef QUEUE_ROUTE_H
#define QUEUE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "queue/settings.h"

#define SITE_LOCAL     "@local"
#define SITE_MAX       300 /* bytes: a domain is 253 at most, a literal shorter, and a prefix */
#define ROUTE_NAME_MAX 100 /* bytes of NAME in [route NAME] */

struct queue_route {
	struct str name;
	const struct route_settings *settings;
};

struct queue_routes { /* borrow: the configuration's */
	const struct queue_route *items;
	size_t count;
};

/*
 * FAIL_SYNTAX, and a line in `why` for each route that is wrong: a host is missing, a fallback does not
 * exist, a setting says nothing by its way ..
 */
MUST_CHECK enum fail queue_routes_check(const struct queue_routes *routes, struct buf *why);

/* The route for a domain in ASCII, lower case; NULL: none says anything of it, so by MX. */
const struct queue_route *queue_route_for(const struct queue_routes *routes, struct str domain);

/*
 * The route by which versions without mailboxes hand on what comes for users here: the owner's [route home], or by
 * LMTP to this host. Check: it must lead to one server. FAIL_SYNTAX: it does not, one line in `why`.
 */
#define ROUTE_HOME "home"
extern const struct queue_route queue_route_home;
MUST_CHECK enum fail queue_route_home_check(const struct queue_route *home, struct buf *why);

/* The route of this name, or NULL. */
const struct queue_route *queue_route_named(const struct queue_routes *routes, struct str name);

/*
 * Append the site of an address that is not ours. FAIL_SYNTAX: it has no domain that could be looked up.
 */
MUST_CHECK enum fail queue_site_write(struct buf *out, const struct queue_routes *routes,
    struct str address, bool is_tls_optional);

/*
 * What an owner may mean by a word when he names a site. Appends the site; false, and nothing is appended: the
 * word does not mean anything in that way, or the same as before.
 */
enum site_meaning {
	SITE_AS_WRITTEN,      /* "example.org", "route/NAME", "@local" */
	SITE_OF_ROUTE,        /* NAME is route/NAME, and nothing else then */
	SITE_OF_DOMAIN,       /* "Example.ORG.", UTF-8: the domain as sites have it */
	SITE_OF_WAY,          /* the route that mail for this domain takes */
	SITE_OF_TLS_OPTIONAL, /* for the domain or route, that of mail to which TLS is optional */
	SITE_MEANING_COUNT
};
MUST_CHECK bool queue_site_meant(struct buf *out, const struct queue_routes *routes,
    struct str word, enum site_meaning meaning);

/* The route of a site: of "route/NAME" that one, of a domain the one that says something of it. NULL: none. */
const struct queue_route *queue_site_route(const struct queue_routes *routes, struct str site);

static inline bool
queue_site_is_local(struct str site)
{
	return str_eq(site, STR(SITE_LOCAL));
}

/* "tls-optional/.." */
bool queue_site_is_tls_optional(struct str site);

/* Where it leads: a domain, "route/NAME", "@local"; the site itself, or what stands behind "tls-optional/". */
struct str queue_site_way(struct str site);

/* .. by "route/NAME" */
bool queue_site_is_route(struct str site);

#endif
