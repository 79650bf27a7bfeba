#include "web/metrics.h"

/* base */
#include "base/mem.h"

#define METRICS_TEXT_MAX (64 * 1024) /* bytes: METRICS_MAX rows of three lines, amply */

struct metrics_request {
	struct http_handler handler;
	const struct metrics *metrics; /* borrow: the room's */
};

void
metrics_add(struct metrics *m, const struct metric *row)
{
	invariant(m->count < METRICS_MAX);
	m->rows[m->count++] = *row;
}

uint64_t
metric_u64(const void *arg)
{
	return *(const uint64_t *)arg;
}

uint64_t
metric_size(const void *arg)
{
	return *(const size_t *)arg;
}

void
metrics_write(const struct metrics *m, struct buf *out)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct metric *row = &m->rows[i];

		buf_add(out, STR("# HELP "));
		buf_add_c(out, row->name);
		buf_add_char(out, ' ');
		buf_add_c(out, row->help);
		buf_add(out, STR("\n# TYPE "));
		buf_add_c(out, row->name);
		buf_add_c(out, row->kind == METRIC_COUNTER ? " counter\n" : " gauge\n");
		buf_add_c(out, row->name);
		buf_add_char(out, ' ');
		buf_add_u64(out, row->read(row->arg));
		buf_add_char(out, '\n');
	}
}

/* --- the request ------------------------------------------------------------------------------- */

/* A proxy here hands on what strangers ask; it says so in one of these, also when nothing else trusts them. */
static bool
is_of_this_machine(const struct http_exchange *x)
{
	static const struct str names[] = { STR_INIT("x-forwarded-for"),
		STR_INIT("x-forwarded-proto"), STR_INIT("x-forwarded-host"), STR_INIT("x-real-ip"),
		STR_INIT("forwarded"), STR_INIT("via") };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (http_request_header(&x->request, names[i]).p)
			return false;
	return conn_is_loopback(x->conn);
}

static enum http_step
metrics_step(struct http_handler *h, struct http_exchange *x)
{
	struct metrics_request *r = container_of(h, struct metrics_request, handler);
	struct buf text;

	if (!is_of_this_machine(x)) {
		http_reply_problem(x, 403, NULL, "Metrics are for programs on this machine.");
		return HTTP_DONE;
	}
	buf_init(&text, METRICS_TEXT_MAX);
	metrics_write(r->metrics, &text);
	http_reply_whole(x, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&text));
	buf_release(&text);
	return HTTP_DONE;
}

static void
metrics_release(struct http_handler *h)
{
	mem_free(container_of(h, struct metrics_request, handler));
}

static struct http_handler *
metrics_open(void *room, struct http_exchange *x)
{
	struct metrics_request *r = mem_new(1, sizeof *r);

	(void)x;
	r->handler = (struct http_handler){ metrics_step, metrics_release };
	r->metrics = room;
	return &r->handler;
}

static const struct http_route routes[] = {
	{ HTTP_BIT(HTTP_GET), STR_INIT("/metrics"), metrics_open },
};

void
metrics_attach(struct metrics *m, struct http_service *service)
{
	http_service_routes(service, routes, ARRAY_LEN(routes), m);
}
