#include "web/mta_sts.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "tlspolicy/sts_policy.h"

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
	struct directory_query domains; /* own */
	bool is_asked;
};

/* "mta-sts.example.org:443" -> "example.org" */
static bool
domain_of(struct str host, struct str *out)
{
	host = str_head(host, str_find_char(host, ':'));
	if (!str_skip_nocase(&host, STR("mta-sts.")))
		return false;
	*out = host;
	return true;
}

static bool
is_ours(const struct directory_query *q, struct str domain)
{
	for (size_t i = 0; i < q->domain_count; i++)
		if (str_eq_nocase(q->domains[i], domain))
			return true;
	return false;
}

static enum http_step
missing(struct http_exchange *x)
{
	http_reply_problem(x, 404, NULL, "No policy is served under this name.");
	return HTTP_DONE;
}

static enum http_step
mta_sts_step(struct http_handler *h, struct http_exchange *x)
{
	struct mta_sts_request *r = container_of(h, struct mta_sts_request, handler);
	struct str domain;
	struct buf text;

	if (r->room->settings->mode == MTA_STS_OFF || !domain_of(x->request.host, &domain))
		return missing(x);
	if (!r->is_asked)
		directory_domains_start(r->room->directory, &r->domains, x->task);
	r->is_asked = true;
	if (op_pending(&r->domains.op))
		return HTTP_WAIT;
	if (r->domains.op.fail != FAIL_NONE) {
		http_reply_problem(x, 503, NULL, "The directory does not answer.");
		return HTTP_DONE;
	}
	if (!is_ours(&r->domains, domain))
		return missing(x);
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

	directory_query_release(&r->domains);
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
