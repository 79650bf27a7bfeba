#include "http/server.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "http/session.h"

static void
service_accept(struct service *service, struct listener *l, struct conn *c)
{
	http_session_new(container_of(service, struct http_service, service), l, c);
}

void
http_service_init(struct http_service *s, struct loop *loop, const struct http_settings *settings)
{
	static const char *const alpn[] = { "http/1.1", NULL };

	*s = (struct http_service){
		.service = { .name = "http", .accept = service_accept, .alpn = alpn },
		.loop = loop,
		.settings = *settings,
	};
	list_init(&s->sessions);
}

void
http_service_routes(struct http_service *s, const struct http_route *rows, size_t count, void *room)
{
	invariant(s->route_count < HTTP_ROUTES_MAX);
	s->routes[s->route_count++] =
	    (struct http_routes){ .rows = rows, .count = count, .room = room };
}

void
http_service_cross_origin(struct http_service *s)
{
	invariant(s->route_count > 0);
	s->routes[s->route_count - 1].is_cross_origin = true;
}

void
http_service_stop(struct http_service *s)
{
	s->is_stopping = true;
	for (struct list_node *n = list_first(&s->sessions); n; n = list_next(&s->sessions, n))
		task_wake(&container_of(n, struct http_session, node)->task);
}

void
http_service_release(struct http_service *s)
{
	struct list_node *node;

	while ((node = list_first(&s->sessions)) != NULL)
		http_session_end(container_of(node, struct http_session, node));
}

static bool
is_forwarded_https(const struct http_exchange *x)
{
	return x->service->settings.trust_forwarded &&
	    str_eq_nocase(http_request_header(&x->request, STR("x-forwarded-proto")), STR("https"));
}

/* X-Forwarded-For: what the client said, then what each proxy saw: the last one is ours. */
static struct str
last_forwarded(const struct http_request *r)
{
	struct str value = { 0 }, part = { 0 };

	for (size_t i = 0; i < r->header_count; i++)
		if (str_eq_nocase(r->headers[i].name, STR("x-forwarded-for")))
			value = r->headers[i].value;
	while (str_next_part(&value, ',', &part))
		continue;
	return str_trim(part);
}

struct net_address
http_client_address(const struct http_exchange *x)
{
	struct str text = last_forwarded(&x->request);
	struct net_address a;

	if (x->service->settings.trust_forwarded && conn_is_loopback(x->conn) &&
	    (net_address_parse(text, &a) == FAIL_NONE ||
		net_address_parse_port(text, &a) == FAIL_NONE))
		return a;
	return *conn_peer_address(x->conn);
}

bool
http_may_login(const struct http_exchange *x)
{
	const struct listener *l = conn_listener(x->conn);
	const struct http_listener *settings = l ? l->settings : NULL;

	if (conn_is_tls(x->conn))
		return true;
	return conn_is_loopback(x->conn) &&
	    (is_forwarded_https(x) || (settings && settings->has_plaintext_login));
}

void
http_base_url(const struct http_exchange *x, struct buf *out)
{
	const struct http_settings *settings = &x->service->settings;

	if (!str_empty(settings->base_url)) {
		struct str url = settings->base_url;

		while (str_ends(url, STR("/")))
			url = str_head(url, url.n - 1);
		buf_add(out, url);
		return;
	}
	buf_add_c(out, conn_is_tls(x->conn) || is_forwarded_https(x) ? "https://" : "http://");
	if (!str_empty(x->request.host)) {
		buf_add(out, x->request.host);
		return;
	}
	buf_add(out, conn_local(x->conn)); /* HTTP/1.0 without Host */
	buf_add_char(out, ':');
	buf_add_u64(out, conn_local_port(x->conn));
}
