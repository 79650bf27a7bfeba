#include "mailauth/spf_machine.h"

/* base */
#include "base/mem.h"
#include "base/num.h"

/* rooms */
#include "dns/name.h"

enum verdict
spf_term_matched(struct spf *s)
{
	struct spf_frame *f = s->frame;

	if (f->parent == NULL)
		s->mechanism = arena_str(&s->arena, str_head(f->term.text, SPF_MECHANISM_MAX));
	return f->term.verdict;
}

static enum spf_state
matches(struct spf *s)
{
	return spf_frame_end(s, spf_term_matched(s));
}

/* One term counts once, however many of its questions found nothing: hosts without AAAA are no fault of a policy. */
static enum spf_state
count_void(struct spf *s, enum spf_state next)
{
	if (s->frame->has_void)
		return next;
	s->frame->has_void = true;
	if (s->voids == SPF_VOIDS_MAX)
		return spf_frame_error(s, VERDICT_PERMERROR, s->frame->term.text,
		    "one term too many that leads to nothing");
	s->voids++;
	return next;
}

static enum spf_state
no_answer(struct spf *s)
{
	return spf_frame_error(s, VERDICT_TEMPERROR, s->frame->term.text, "no answer from DNS");
}

/* --- beginning -------------------------------------------------------------------------------- */

/* Behind the last term (6.1). */
static enum spf_state
end_of_terms(struct spf *s)
{
	struct str redirect = s->frame->record.redirect;
	struct spf_macros macros = spf_macros_of(s, s->frame->domain);
	struct buf name;
	enum spf_state next;

	if (redirect.p == NULL)
		return spf_frame_end(s, VERDICT_NEUTRAL); /* 4.7 */
	if (s->lookups == SPF_LOOKUPS_MAX)
		return spf_frame_error(s, VERDICT_PERMERROR, redirect,
		    "one term too many that asks DNS");
	if (spf_text_needs_name(redirect) && !s->has_names)
		return spf_names_begin(s, SPF_TERM);
	s->lookups++;
	buf_init(&name, DNS_NAME_MAX);
	if (spf_name_expand(&name, redirect, &macros) == FAIL_NONE)
		next = spf_frame_redirect(s, buf_str(&name));
	else
		next = spf_frame_error(s, VERDICT_PERMERROR, redirect, "this is no name");
	buf_release(&name);
	return next;
}

static enum spf_state
ask(struct spf *s, struct str name, enum dns_type type, enum spf_state next)
{
	dns_query_start(s->dns, &s->query, s->owner, name, type);
	return next;
}

/* `name` is the term's domain, or p is NULL: what its domain-spec means is no name, and so it does not exist (4.8). */
static enum spf_state
judge(struct spf *s, struct str name)
{
	const struct spf_term *term = &s->frame->term;

	switch (term->kind) {
	case SPF_ALL: return matches(s);
	case SPF_IP4:
	case SPF_IP6:
		return spf_term_covers(term, &term->network, &s->client) ? matches(s) : SPF_TERM;
	case SPF_INCLUDE:
		return name.p
		    ? spf_frame_begin(s, name)
		    : spf_frame_error(s, VERDICT_PERMERROR, term->text, "this is no name");
	case SPF_A: return name.p ? ask(s, name, spf_address_type(s), SPF_ADDRESSES) : SPF_TERM;
	case SPF_EXISTS: return name.p ? ask(s, name, DNS_A, SPF_ADDRESSES) : SPF_TERM;
	case SPF_MX: return name.p ? ask(s, name, DNS_MX, SPF_EXCHANGERS) : SPF_TERM;
	case SPF_PTR:
		if (name.p && spf_names_lead_to(s, name))
			return matches(s);
		return s->pointers.op.fail == FAIL_MISSING ? count_void(s, SPF_TERM) : SPF_TERM;
	case SPF_REDIRECT: /* behind all others (6.1), or of no interest here */
	case SPF_EXP:
	case SPF_UNKNOWN: break;
	}
	return SPF_TERM;
}

static bool
is_modifier(const struct spf_term *term)
{
	return term->kind == SPF_REDIRECT || term->kind == SPF_EXP || term->kind == SPF_UNKNOWN;
}

/* With the name that its domain-spec means, in the form that answers have. */
static enum spf_state
judge_domain(struct spf *s)
{
	struct spf_frame *f = s->frame;
	struct spf_macros macros = spf_macros_of(s, f->domain);
	struct buf text, name;
	enum spf_state next;

	if (str_empty(f->term.domain))
		return judge(s, f->domain);
	buf_init(&text, DNS_NAME_MAX);
	buf_init(&name, DNS_NAME_MAX);
	if (spf_name_expand(&text, f->term.domain, &macros) == FAIL_NONE &&
	    dns_name_parse(buf_str(&text), &name) == FAIL_NONE)
		next = judge(s, buf_str(&name));
	else
		next = judge(s, (struct str){ 0 });
	buf_release(&name);
	buf_release(&text);
	return next;
}

enum spf_state
spf_term_begin(struct spf *s)
{
	struct spf_frame *f = s->frame;
	struct str rest = f->rest;
	struct spf_term term;

	if (spf_term_next(&rest, &term) != FAIL_NONE)
		return end_of_terms(s);
	if (is_modifier(&term)) {
		f->rest = rest;
		return SPF_TERM;
	}
	if (spf_term_asks(&term)) {
		if (s->lookups == SPF_LOOKUPS_MAX)
			return spf_frame_error(s, VERDICT_PERMERROR, term.text,
			    "one term too many that asks DNS");
		if (!s->has_names && (term.kind == SPF_PTR || spf_text_needs_name(term.domain)))
			return spf_names_begin(s, SPF_TERM); /* and then the same term again */
		s->lookups++;
	}
	f->rest = rest;
	f->term = term;
	f->has_void = false;
	return judge_domain(s);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* 5: a time-out or any other error is no "no". A name that is none does not exist. */
static bool
is_error(const struct dns_query *q)
{
	return q->op.fail != FAIL_NONE && q->op.fail != FAIL_MISSING && q->op.fail != FAIL_SYNTAX;
}

static bool
fits(const struct spf *s, const struct dns_query *q)
{
	for (size_t i = 0; i < q->record_count; i++) {
		if (spf_term_covers(&s->frame->term, &q->records[i].address, &s->client))
			return true;
	}
	return false;
}

enum spf_state
spf_addresses_answered(struct spf *s)
{
	const struct dns_query *q = &s->query;

	if (is_error(q))
		return no_answer(s);
	if (q->op.fail != FAIL_NONE)
		return count_void(s, SPF_TERM);
	if (s->frame->term.kind == SPF_EXISTS || fits(s, q))
		return matches(s);
	return SPF_TERM;
}

/* Hosts one after another; a null MX (RFC 7505) is none. */
static enum spf_state
next_host(struct spf *s)
{
	while (s->at < s->query.record_count && str_eq(s->query.records[s->at].name, STR(".")))
		s->at++;
	if (s->at == s->query.record_count)
		return SPF_TERM;
	if (s->asked == SPF_HOSTS_MAX)
		return spf_frame_error(s, VERDICT_PERMERROR, s->frame->term.text,
		    "too many mail exchangers");
	s->asked++;
	dns_query_start(s->dns, &s->host, s->owner, s->query.records[s->at].name,
	    spf_address_type(s));
	return SPF_HOST;
}

enum spf_state
spf_exchangers_answered(struct spf *s)
{
	if (is_error(&s->query))
		return no_answer(s);
	if (s->query.op.fail != FAIL_NONE)
		return count_void(s, SPF_TERM);
	s->at = 0;
	s->asked = 0;
	return next_host(s);
}

enum spf_state
spf_host_answered(struct spf *s)
{
	enum spf_state next;

	if (is_error(&s->host))
		return no_answer(s);
	next = s->host.op.fail != FAIL_NONE ? count_void(s, SPF_HOST) : SPF_HOST;
	if (next != SPF_HOST)
		return next; /* the frame has ended */
	if (fits(s, &s->host))
		return matches(s);
	s->at++;
	return next_host(s);
}
