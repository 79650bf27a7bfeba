/* Routes and sites (route.h). */
#include "queue/route.h"

/* rooms */
#include "codec/domain_list.h"
#include "codec/idna.h"
#include "directory/address.h"

#define ROUTE_PREFIX        "route/"
#define TLS_OPTIONAL_PREFIX "tls-optional/"

/* --- which route ---------------------------------------------------------------------------------------- */

const struct queue_route *
queue_route_for(const struct queue_routes *routes, struct str domain)
{
	const struct queue_route *best = NULL;
	size_t best_nearness = 0;

	for (size_t i = 0; i < routes->count; i++) {
		size_t n = domain_list_nearness(routes->items[i].settings->domains, domain);

		if (n > best_nearness) {
			best_nearness = n;
			best = &routes->items[i];
		}
	}
	return best;
}

const struct queue_route *
queue_route_named(const struct queue_routes *routes, struct str name)
{
	for (size_t i = 0; i < routes->count; i++)
		if (str_eq(routes->items[i].name, name))
			return &routes->items[i];
	return NULL;
}

/* --- sites ------------------------------------------------------------------------------------------------- */

/* Nobody else's demands count where mail ends here. */
static bool
is_relaying(const struct queue_route *r)
{
	return r == NULL || r->settings->way == ROUTE_DIRECT || r->settings->way == ROUTE_RELAY;
}

/* The site of a domain by its route. */
static void
write_site(struct buf *out, const struct queue_routes *routes, struct str domain,
    bool is_tls_optional)
{
	const struct queue_route *r = queue_route_for(routes, domain);

	if (is_tls_optional && is_relaying(r))
		buf_add(out, STR(TLS_OPTIONAL_PREFIX));
	if (r == NULL || r->settings->way == ROUTE_DIRECT) {
		buf_add(out, domain);
	} else {
		buf_add(out, STR(ROUTE_PREFIX));
		buf_add(out, r->name);
	}
}

/* A domain as sites have it: a literal, or ASCII in lower case without a dot at its end. */
static enum fail
write_domain(struct buf *out, struct str domain)
{
	enum fail fail = FAIL_NONE;

	if (str_starts(domain, STR("[")))
		buf_add(out, domain);
	else
		fail = idna_write_ascii(out, domain);
	return fail == FAIL_NONE && buf_ok(out) ? FAIL_NONE : FAIL_SYNTAX;
}

enum fail
queue_site_write(struct buf *out, const struct queue_routes *routes, struct str address,
    bool is_tls_optional)
{
	struct str local, domain;
	struct buf ascii;
	enum fail fail = address_split(address, false, &local, &domain);

	if (fail != FAIL_NONE)
		return FAIL_SYNTAX;
	buf_init(&ascii, SITE_MAX);
	fail = write_domain(&ascii, domain);
	if (fail == FAIL_NONE)
		write_site(out, routes, buf_str(&ascii), is_tls_optional);
	buf_release(&ascii);
	return fail;
}

static bool
write_tls_optional(struct buf *out, const struct queue_routes *routes, struct str word)
{
	const struct queue_route *r = queue_route_named(routes, word);
	size_t before = out->n;
	struct buf domain;

	buf_init(&domain, SITE_MAX);
	if (r && is_relaying(r)) {
		buf_add(out, STR(TLS_OPTIONAL_PREFIX ROUTE_PREFIX));
		buf_add(out, word);
	} else if (r == NULL && write_domain(&domain, word) == FAIL_NONE) {
		write_site(out, routes, buf_str(&domain), true);
	}
	buf_release(&domain);
	if (queue_site_is_tls_optional(str_from(buf_str(out), before)))
		return true;
	buf_truncate(out, before);
	return false;
}

bool
queue_site_meant(struct buf *out, const struct queue_routes *routes, struct str word,
    enum site_meaning meaning)
{
	bool is_route = queue_route_named(routes, word) != NULL, is_meant = false;
	struct buf domain;

	buf_init(&domain, SITE_MAX);
	switch (meaning) {
	case SITE_AS_WRITTEN:
		buf_add(out, word);
		is_meant = true;
		break;
	case SITE_OF_ROUTE:
		if (is_route) {
			buf_add(out, STR(ROUTE_PREFIX));
			buf_add(out, word);
		}
		is_meant = is_route;
		break;
	case SITE_OF_DOMAIN:
		is_meant = !is_route && write_domain(&domain, word) == FAIL_NONE &&
		    !str_eq(buf_str(&domain), word);
		buf_add(out, is_meant ? buf_str(&domain) : STR(""));
		break;
	case SITE_OF_WAY:
		if (!is_route && write_domain(&domain, word) == FAIL_NONE) {
			size_t before = out->n;

			write_site(out, routes, buf_str(&domain), false);
			is_meant = queue_site_is_route(str_from(buf_str(out), before));
			if (!is_meant)
				buf_truncate(out, before);
		}
		break;
	case SITE_OF_TLS_OPTIONAL: is_meant = write_tls_optional(out, routes, word); break;
	case SITE_MEANING_COUNT: break;
	}
	buf_release(&domain);
	return is_meant && buf_ok(out);
}

bool
queue_site_is_tls_optional(struct str site)
{
	return str_starts(site, STR(TLS_OPTIONAL_PREFIX));
}

struct str
queue_site_way(struct str site)
{
	(void)!str_skip(&site, STR(TLS_OPTIONAL_PREFIX));
	return site;
}

bool
queue_site_is_route(struct str site)
{
	return str_starts(queue_site_way(site), STR(ROUTE_PREFIX));
}

const struct queue_route *
queue_site_route(const struct queue_routes *routes, struct str site)
{
	struct str way = queue_site_way(site);

	if (queue_site_is_route(way))
		return queue_route_named(routes, str_from(way, sizeof(ROUTE_PREFIX) - 1));
	return queue_site_is_local(way) ? NULL : queue_route_for(routes, way);
}
