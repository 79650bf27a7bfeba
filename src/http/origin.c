/*
 * Pages of other origins that may use a room's routes (CORS: the Fetch standard 3.2).
 *
 * A browser lets a page read a reply only when the reply names the page's origin; before anything but a plain form
 * it asks with OPTIONS. Who may log in is another matter: a page sends the user's name and password, or a token.
 */
#include "http/session.h"

#define PREFLIGHT_AGE STR("86400") /* seconds that a browser remembers; more none of them does */

/* What a JMAP client sends and reads beside what is always allowed. */
#define SENT_FIELDS STR("Authorization, Content-Type, If-None-Match, Cache-Control, Last-Event-ID")
#define READ_FIELDS STR("Content-Disposition, Content-Length, ETag, WWW-Authenticate")

static bool
is_in_settings(const struct http_exchange *x, struct str origin)
{
	struct str origins = x->service->settings.origins, one;

	while (str_next_part(&origins, ' ', &one))
		if (one.n > 0 && str_eq_nocase(one, origin))
			return true;
	return false;
}

/* "*", also beside others. */
static bool
is_any(const struct http_exchange *x)
{
	return is_in_settings(x, STR("*"));
}

bool
http_origin_is_named(const struct http_exchange *x)
{
	struct str origin = http_request_header(&x->request, STR("origin"));

	return x->is_cross_origin && origin.p && !str_eq(origin, STR("*")) &&
	    is_in_settings(x, origin);
}

static bool
is_allowed(const struct http_exchange *x)
{
	return http_origin_is_named(x) ||
	    (x->is_cross_origin && is_any(x) && http_request_header(&x->request, STR("origin")).p);
}

/* Over TLS a page that came without it is another one: whoever sits in between wrote it. */
bool
http_origin_is_own(const struct http_exchange *x)
{
	struct str origin = http_request_header(&x->request, STR("origin")), host = origin;
	struct buf base;
	bool is_own;

	if (!origin.p)
		return true;
	buf_init(&base, HTTP_LINE_MAX + 64);
	http_base_url(x, &base);
	is_own = str_eq_nocase(origin, buf_str(&base)) ||
	    (str_skip_nocase(&host, STR("https://")) && str_eq_nocase(host, x->request.host));
	buf_release(&base);
	return is_own;
}

bool
http_origin_is_foreign(const struct http_exchange *x)
{
	return !http_origin_is_own(x) && !is_allowed(x);
}

void
http_origin_write(struct http_exchange *x)
{
	if (!x->is_cross_origin || str_empty(x->service->settings.origins))
		return;
	if (!is_any(x))
		http_reply_header(x, "Vary", STR("Origin"));
	if (!is_allowed(x))
		return;
	http_reply_header(x, "Access-Control-Expose-Headers", READ_FIELDS);
	if (is_any(
		x)) { /* with what a browser itself remembers of the user no such reply is read */
		http_reply_header(x, "Access-Control-Allow-Origin", STR("*"));
		return;
	}
	http_reply_header(x, "Access-Control-Allow-Origin",
	    http_request_header(&x->request, STR("origin")));
	http_reply_header(x, "Access-Control-Allow-Credentials", STR("true"));
}

void
http_origin_preflight(struct http_exchange *x, struct str methods)
{
	if (!is_allowed(x) ||
	    !http_request_header(&x->request, STR("access-control-request-method")).p)
		return;
	http_reply_header(x, "Access-Control-Allow-Methods", methods);
	http_reply_header(x, "Access-Control-Allow-Headers", SENT_FIELDS);
	http_reply_header(x, "Access-Control-Max-Age", PREFLIGHT_AGE);
}
