#include "web/mta_sts.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "tlspolicy/sts_policy.h"
#include "web/ours.h"

static const enum sts_mode modes[] = {
	[MTA_STS_OFF] = STS_NONE,
	[MTA_STS_NONE] = STS_NONE,
	[MTA_STS_TESTING] = STS_TESTING,
	[MTA_STS_ENFORCE] = STS_ENFORCE,
};

/* --- the policy ------------------------------------------------------------------------------------------ */

void
mta_sts_write(const struct mta_sts_settings *settings, struct str hostname, struct buf *out)
{
	struct sts_policy policy = { .mode = modes[settings->mode],
		.max_age_s = settings->max_age_ms / 1000 };
	struct str list = str_empty(settings->mx) ? hostname : settings->mx, word;

	while (policy.pattern_count < STS_PATTERNS_MAX && str_next_part(&list, ' ', &word))
		if (!str_empty(word))
			policy.patterns[policy.pattern_count++] = word;
	sts_policy_write(out, &policy);
}

enum fail
mta_sts_check(const struct mta_sts_settings *settings, struct buf *why)
{
	struct sts_policy policy;
	struct buf text;
	enum fail fail;

	buf_init(&text, STS_FILE_MAX);
	mta_sts_write(settings, STR("mx.example"), &text);
	fail = buf_ok(&text) ? sts_policy_parse(buf_str(&text), &policy) : FAIL_LIMIT;
	if (fail != FAIL_NONE)
		buf_add_c(why, "[mta-sts] mx: not host names, or *.NAME, with blanks between\n");
	buf_release(&text);
	return fail == FAIL_NONE ? FAIL_NONE : FAIL_SYNTAX;
}

/* --- the request ------------------------------------------------------------------------------------------- */

struct mta_sts_request {
	struct http_handler handler;
	const struct mta_sts *room;
	struct ours ours; /* own */
};

static enum http_step
mta_sts_step(struct http_handler *h, struct http_exchange *x)
{
	struct mta_sts_request *r = container_of(h, struct mta_sts_request, handler);
	enum http_step step;
	struct str domain;
	struct buf text;

	if (r->room->settings->mode == MTA_STS_OFF || !ours_host(x, STR("mta-sts."), &domain))
		return ours_missing(x);
	if (!ours_look(&r->ours, r->room->directory, x, domain, &step))
		return step;
	buf_init(&text, STS_FILE_MAX);
	mta_sts_write(r->room->settings, r->room->hostname, &text);
	http_reply_whole(x, 200, "text/plain; charset=us-ascii", buf_str(&text));
	buf_release(&text);
	return HTTP_DONE;
}

static void
mta_sts_release(struct http_handler *h)
{
	struct mta_sts_request *r = container_of(h, struct mta_sts_request, handler);

	ours_release(&r->ours);
	mem_free(r);
}

static struct http_handler *
mta_sts_open(void *room, struct http_exchange *x)
{
	struct mta_sts_request *r = mem_new(1, sizeof *r);

	(void)x;
	r->handler = (struct http_handler){ mta_sts_step, mta_sts_release };
	r->room = room;
	return &r->handler;
}

static const struct http_route routes[] = {
	{ HTTP_BIT(HTTP_GET), STR_INIT("/.well-known/mta-sts.txt"), mta_sts_open },
};

void
mta_sts_attach(struct mta_sts *m, struct http_service *service)
{
	http_service_routes(service, routes, ARRAY_LEN(routes), m);
}
