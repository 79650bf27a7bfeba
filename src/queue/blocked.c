/*
 * Routes that are taken as blocked: nobody answers over them, whatever the host, as where a network closes port
 * 25. Their mail goes to the fallback within its first try, and now and then one attempt probes whether that is
 * over. The first probe is the next attempt, so that one dead domain does not turn others away for long.
 *
 *     open --fallback-after connections in a row without a greeting--> blocked --a greeting--> open
 *
 * Kept in memory only: after a start it is found out anew.
 */
#include "queue/admin.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "queue/inner.h"

#define PROBE_MS (15 * 60 * 1000) /* between two probes: each costs one message some time-outs */

struct route_health {
	int64_t failures; /* attempts in a row, of which no connection got a greeting */
	int64_t probe_ms; /* the next probe, monotonic */
	bool is_blocked;
};

/* NULL: no route that could be given up for another one. */
static struct route_health *
health_of(struct queue *q, const struct queue_route *route)
{
	const struct queue_routes *routes = q->house.routes;

	if (route == NULL || str_empty(route->settings->fallback))
		return NULL;
	if (q->health_count < routes->count) {
		q->health = mem_resize(q->health, routes->count, sizeof *q->health);
		while (q->health_count < routes->count)
			q->health[q->health_count++] = (struct route_health){ .failures = 0 };
	}
	return &q->health[route - routes->items];
}

const struct queue_route *
route_take(struct queue *q, const struct queue_site *s, bool is_diverted)
{
	const struct queue_routes *routes = q->house.routes;
	const struct queue_route *route = queue_site_route(routes, buf_str(&s->name));
	struct route_health *h = health_of(q, route);

	if (h == NULL)
		return route;
	if (is_diverted || (int64_t)s->failures >= route->settings->fallback_after)
		return queue_route_named(routes, route->settings->fallback);
	if (!h->is_blocked)
		return route;
	if (clock_mono_ms() < h->probe_ms)
		return queue_route_named(routes, route->settings->fallback);
	h->probe_ms = clock_mono_ms() + PROBE_MS; /* this one is the probe */
	return route;
}

void
route_works(struct queue *q, const struct queue_route *route)
{
	struct route_health *h = health_of(q, route);

	if (h == NULL)
		return;
	if (h->is_blocked)
		log_info(&q->log, "queue.route.works", LOG_TEXT("route", route->name));
	*h = (struct route_health){ .failures = 0 };
}

bool
route_failed(struct queue *q, const struct queue_route *route)
{
	struct route_health *h = health_of(q, route);

	if (h == NULL)
		return false;
	h->failures++;
	if (!h->is_blocked && h->failures >= route->settings->fallback_after) {
		h->is_blocked = true;
		h->probe_ms = clock_mono_ms();
		log_warn(&q->log, "queue.route.blocked", LOG_TEXT("route", route->name),
		    LOG_TEXT("fallback", route->settings->fallback),
		    LOG_NUM("failures", h->failures));
	}
	return h->is_blocked;
}

bool
queue_blocked_next(const struct queue *q, size_t *at, struct queue_blocked *out)
{
	while (*at < q->health_count) {
		const struct route_health *h = &q->health[*at];
		const struct queue_route *route = &q->house.routes->items[(*at)++];

		if (!h->is_blocked)
			continue;
		*out = (struct queue_blocked){ .route = route->name,
			.fallback = route->settings->fallback,
			.failures = h->failures,
			.probe_s = clock_wall_s() + (h->probe_ms - clock_mono_ms()) / 1000 };
		return true;
	}
	return false;
}
