#include "web/autoconfig.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "web/ours.h"

#define ANSWER_MAX \
	(16 * 1024) /* bytes: four services of half a KB, and names with all their escapes */

struct autoconfig_request {
	struct http_handler handler;
	const struct autoconfig *room;
	struct ours ours;   /* own */
	struct buf request; /* own; Outlook's */
	struct buf address; /* own */
	bool is_read;
};

static struct str
domain_of(struct str address)
{
	size_t at = str_rfind_char(address, '@');

	return at == STR_NONE ? (struct str){ 0 } : str_from(address, at + 1);
}

static enum http_step
reply(struct http_exchange *x, const char *type, struct buf *text)
{
	http_reply_whole(x, 200, type, buf_str(text));
	buf_release(text);
	return HTTP_DONE;
}

/* --- Thunderbird ------------------------------------------------------------------------------ */

/*
 * The address's, which knows best: programs also ask the name that the domain's MX leads to. Else that of the host, by
 * either name.
 */
static struct str
find_domain(struct http_exchange *x)
{
	struct str address, domain;

	if (http_query_find(x->request.query, STR("emailaddress"), &x->request.arena, &address) &&
	    !str_empty(domain_of(address)))
		return domain_of(address);
	if (!ours_host(x, STR("autoconfig."), &domain))
		ours_host(x, STR(""), &domain);
	return domain;
}

static enum http_step
thunderbird_step(struct http_handler *h, struct http_exchange *x)
{
	struct autoconfig_request *r = container_of(h, struct autoconfig_request, handler);
	struct str domain = find_domain(x);
	enum http_step step;
	struct buf text;

	if (!autoconfig_is_whole(r->room))
		return ours_missing(x);
	if (!ours_look(&r->ours, r->room->directory, x, domain, &step))
		return step;
	buf_init(&text, ANSWER_MAX);
	autoconfig_write(r->room, domain, &text);
	return reply(x, "application/xml; charset=utf-8", &text);
}

/* --- Outlook ---------------------------------------------------------------------------------- */

static enum http_step
refuse(struct http_exchange *x, unsigned status, const char *detail)
{
	http_reply_problem(x, status, NULL, detail);
	return HTTP_DONE;
}

/* HTTP_YIELD: all of it is there, and names an address. */
static enum http_step
read_request(struct autoconfig_request *r, struct http_exchange *x)
{
	struct str piece;
	enum http_body state;

	while ((state = http_body_next(x, &piece)) == HTTP_BODY_PIECE) {
		buf_add(&r->request, piece);
		if (!buf_ok(&r->request))
			return refuse(x, 413, "The request is too large.");
	}
	if (state == HTTP_BODY_WAIT)
		return HTTP_WAIT;
	if (state == HTTP_BODY_BROKEN)
		return HTTP_DONE;
	r->is_read = true;
	if (autodiscover_parse(buf_str(&r->request), &r->address) != FAIL_NONE)
		return refuse(x, 400, "This asks for no settings of Outlook's for an address.");
	return HTTP_YIELD;
}

static enum http_step
outlook_step(struct http_handler *h, struct http_exchange *x)
{
	struct autoconfig_request *r = container_of(h, struct autoconfig_request, handler);
	enum http_step step = HTTP_YIELD;
	struct buf text;

	if (!autoconfig_is_whole(r->room))
		return ours_missing(x);
	if (!r->is_read)
		step = read_request(r, x);
	if (step != HTTP_YIELD ||
	    !ours_look(&r->ours, r->room->directory, x, domain_of(buf_str(&r->address)), &step))
		return step;
	buf_init(&text, ANSWER_MAX);
	autodiscover_write(r->room, buf_str(&r->address), &text);
	return reply(x, "text/xml; charset=utf-8", &text);
}

/* --- both ------------------------------------------------------------------------------------- */

static void
autoconfig_release(struct http_handler *h)
{
	struct autoconfig_request *r = container_of(h, struct autoconfig_request, handler);

	ours_release(&r->ours);
	buf_release(&r->request);
	buf_release(&r->address);
	mem_free(r);
}

static struct http_handler *
open_with(const struct autoconfig *room,
    enum http_step (*step)(struct http_handler *h, struct http_exchange *x))
{
	struct autoconfig_request *r = mem_new(1, sizeof *r);

	r->handler = (struct http_handler){ step, autoconfig_release };
	r->room = room;
	buf_init(&r->request, AUTODISCOVER_REQUEST_MAX);
	buf_init(&r->address, SMTP_PATH_MAX);
	return &r->handler;
}

static struct http_handler *
thunderbird_open(void *room, struct http_exchange *x)
{
	(void)x;
	return open_with(room, thunderbird_step);
}

static struct http_handler *
outlook_open(void *room, struct http_exchange *x)
{
	(void)x;
	return open_with(room, outlook_step);
}

static const struct http_route routes[] = {
	{ HTTP_BIT(HTTP_GET), STR_INIT("/mail/config-v1.1.xml"), thunderbird_open },
	{ HTTP_BIT(HTTP_GET), STR_INIT("/.well-known/autoconfig/mail/config-v1.1.xml"),
	    thunderbird_open },
	{ HTTP_BIT(HTTP_POST), STR_INIT("/autodiscover/autodiscover.xml"), outlook_open },
	{ HTTP_BIT(HTTP_POST), STR_INIT("/Autodiscover/Autodiscover.xml"), outlook_open },
};

void
autoconfig_attach(struct autoconfig *a, struct http_service *service)
{
	http_service_routes(service, routes, ARRAY_LEN(routes), a);
}
