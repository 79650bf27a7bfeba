/*
 * Which handler a request gets; OPTIONS, 404 and 405 are answered here.
 */
#include "http/session.h"

static bool
route_matches(const struct http_route *row, struct str path)
{
	if (str_ends(row->path, STR("/")))
		return str_starts(path, row->path);
	return str_eq(path, row->path);
}

/* HEAD is GET without a body. */
static unsigned
methods_of(const struct http_route *row)
{
	unsigned methods = row->methods;

	if (methods & HTTP_BIT(HTTP_GET))
		methods |= HTTP_BIT(HTTP_HEAD);
	return methods;
}

/* Also what a page may do (origin.c). */
static void
add_allow(struct http_exchange *x, unsigned methods)
{
	char room[128];
	struct str value;
	struct buf text;

	buf_init(&text, sizeof(room));
	for (unsigned m = 0; m < HTTP_METHOD_COUNT; m++) {
		if (!((methods | HTTP_BIT(HTTP_OPTIONS)) & HTTP_BIT(m)))
			continue;
		if (buf_str(&text).n > 0)
			buf_add_c(&text, ", ");
		buf_add_c(&text, http_method_names[m]);
	}
	value = buf_str(&text);
	http_reply_header(x, "Allow", value);
	if (x->request.method == HTTP_OPTIONS)
		http_origin_preflight(x, value);
	buf_release(&text);
}

/* RFC 9110 9.3.7 for OPTIONS, 15.5.6 for 405. */
static void
answer_without_handler(struct http_exchange *x, unsigned methods)
{
	bool is_star = str_eq(x->request.path, STR("*"));

	if (methods == 0 && !is_star) {
		http_reply_problem(x, 404, NULL, "Nothing is served under this path.");
		return;
	}
	if (x->request.method == HTTP_OPTIONS) {
		http_reply_start(x, 204, NULL);
		add_allow(x, methods);
		return;
	}
	http_reply_problem_start(x, 405);
	add_allow(x, methods);
	http_reply_problem_body(x, NULL, "Allow names what may be done here.");
}

struct http_handler *
http_route_open(struct http_service *s, struct http_exchange *x)
{
	unsigned methods = 0;

	for (size_t i = 0; i < s->route_count; i++) {
		const struct http_routes *room = &s->routes[i];

		for (size_t j = 0; j < room->count; j++) {
			const struct http_route *row = &room->rows[j];

			if (!route_matches(row, x->request.path))
				continue;
			x->is_cross_origin = room->is_cross_origin;
			if (methods_of(row) & HTTP_BIT(x->request.method))
				return row->open(room->room, x);
			methods |= methods_of(row);
		}
	}
	answer_without_handler(x, methods);
	return NULL;
}
