#include "web/ours.h"

/* rooms */
#include "codec/idna.h"

static bool
has_domain(const struct directory_query *q, struct str domain)
{
	struct buf ascii;
	bool is_there = false;

	buf_init(&ascii, IDNA_DOMAIN_MAX);
	if (idna_write_ascii(&ascii, domain) == FAIL_NONE && buf_ok(&ascii)) {
		for (size_t i = 0; !is_there && i < q->domain_count; i++)
			is_there = str_eq_nocase(q->domains[i], buf_str(&ascii));
	}
	buf_release(&ascii);
	return is_there;
}

enum http_step
ours_missing(struct http_exchange *x)
{
	http_reply_problem(x, 404, NULL, "Nothing is served under this name.");
	return HTTP_DONE;
}

bool
ours_look(struct ours *o, struct directory *d, struct http_exchange *x, struct str domain,
    enum http_step *step_out)
{
	if (!o->is_asked)
		directory_domains_start(d, &o->domains, x->task);
	o->is_asked = true;
	*step_out = HTTP_WAIT;
	if (op_pending(&o->domains.op))
		return false;
	if (o->domains.op.fail == FAIL_NONE && has_domain(&o->domains, domain))
		return true;
	*step_out = HTTP_DONE;
	if (o->domains.op.fail != FAIL_NONE)
		http_reply_problem(x, 503, NULL, "The directory does not answer.");
	else
		ours_missing(x);
	return false;
}

void
ours_release(struct ours *o)
{
	directory_query_release(&o->domains);
}

bool
ours_host(const struct http_exchange *x, struct str prefix, struct str *domain_out)
{
	*domain_out = str_head(x->request.host, str_find_char(x->request.host, ':'));
	return str_skip_nocase(domain_out, prefix);
}
