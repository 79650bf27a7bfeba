#include "mailauth/spf_machine.h"

/* base */
#include "base/clock.h"
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "dns/name.h"

#define ABOUT_MAX 100 /* bytes of a term in a sentence about it */

static bool
is_printable(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < ' ' || text.p[i] > '~')
			return false;
	}
	return true;
}

/* --- frames ----------------------------------------------------------------------------------- */

/* The result is known, but for the explanation of the record that was the last one of the first frame (6.2). */
static enum spf_state
settle(struct spf *s, enum verdict verdict)
{
	s->verdict = verdict;
	return verdict == VERDICT_FAIL && s->frame->record.exp.p ? SPF_EXPLAIN : SPF_DONE;
}

static void
say(struct spf *s, struct str about, const char *why)
{
	if (s->why.n > 0)
		return;
	about = str_head(about, ABOUT_MAX);
	for (size_t i = 0; i < about.n; i++)
		buf_add_char(&s->why, is_printable(str_slice(about, i, 1)) ? about.p[i] : '?');
	buf_add_c(&s->why, ": ");
	buf_add_c(&s->why, why);
	if (s->frame && !str_empty(s->frame->domain)) {
		buf_add_c(&s->why, ", in the record of ");
		buf_add(&s->why, str_head(s->frame->domain, SPF_NAME_MAX));
	}
}

/* What the result of an include means for the record that has it (5.2), until one goes on. */
enum spf_state
spf_frame_end(struct spf *s, enum verdict verdict)
{
	for (;;) {
		struct spf_frame *f = s->frame, *parent = f->parent;

		if (verdict == VERDICT_NONE && f->is_redirected) { /* 6.1 */
			say(s, STR("redirect"), "there is no such record");
			verdict = VERDICT_PERMERROR;
		}
		if (parent == NULL)
			return settle(s, verdict);
		dns_query_release(&f->text);
		s->frame = parent;
		switch (verdict) {
		case VERDICT_FAIL:
		case VERDICT_SOFTFAIL:
		case VERDICT_NEUTRAL: return SPF_TERM;
		case VERDICT_PASS: verdict = spf_term_matched(s); break;
		case VERDICT_NONE:
			say(s, parent->term.text, "there is no such record");
			verdict = VERDICT_PERMERROR;
			break;
		case VERDICT_TEMPERROR:
		case VERDICT_PERMERROR: break;
		case VERDICT_POLICY:
		case VERDICT_COUNT: invariant(false);
		}
	}
}

enum spf_state
spf_frame_error(struct spf *s, enum verdict verdict, struct str about, const char *why)
{
	say(s, about, why);
	return spf_frame_end(s, verdict);
}

/* The frame's record is that of this domain. A name that is none, or has one label, has none (4.3). */
static enum spf_state
ask_record(struct spf *s, struct str domain)
{
	struct spf_frame *f = s->frame;
	struct buf name;
	bool is_good;

	buf_init(&name, DNS_NAME_MAX);
	is_good = dns_name_parse(domain, &name) == FAIL_NONE &&
	    str_find_char(buf_str(&name), '.') != STR_NONE;
	f->domain = arena_str(&s->arena, is_good ? buf_str(&name) : STR(""));
	buf_release(&name);
	dns_query_release(&f->text);
	f->record = (struct spf_record){ 0 };
	if (str_empty(f->domain))
		return spf_frame_end(s, VERDICT_NONE);
	dns_query_start(s->dns, &f->text, s->owner, f->domain, DNS_TXT);
	return SPF_RECORD;
}

enum spf_state
spf_frame_begin(struct spf *s, struct str domain)
{
	struct spf_frame *f = arena_alloc(&s->arena, 1, sizeof *f);

	if (f == NULL)
		return s->frame
		    ? spf_frame_error(s, VERDICT_PERMERROR, domain, "too much to remember")
		    : SPF_DONE;
	f->parent = s->frame;
	s->frame = f;
	return ask_record(s, domain);
}

enum spf_state
spf_frame_redirect(struct spf *s, struct str domain)
{
	s->frame->is_redirected = true;
	return ask_record(s, domain);
}

/* 4.5: exactly one of the TXT records is an SPF record. */
static enum spf_state
record_answered(struct spf *s)
{
	struct spf_frame *f = s->frame;
	struct str record = { 0 }, bad = { 0 };

	if (f->text.op.fail == FAIL_TEMP)
		return spf_frame_error(s, VERDICT_TEMPERROR, STR("TXT"), "no answer from DNS");
	for (size_t i = 0; i < f->text.record_count; i++) {
		if (!spf_record_is(f->text.records[i].bytes))
			continue;
		if (record.p)
			return spf_frame_error(s, VERDICT_PERMERROR, STR("v=spf1"),
			    "there are several");
		record = f->text.records[i].bytes;
	}
	if (record.p == NULL)
		return spf_frame_end(s, VERDICT_NONE);
	switch (spf_record_parse(record, &f->record, &bad)) {
	case FAIL_NONE: break;
	case FAIL_LIMIT: return spf_frame_error(s, VERDICT_PERMERROR, bad, "one term too many");
	default: return spf_frame_error(s, VERDICT_PERMERROR, bad, "wrong, or there twice");
	}
	f->rest = f->record.terms;
	return SPF_TERM;
}

/* --- explanations (6.2): any trouble with one means that there is none -------------------------- */

struct spf_macros
spf_macros_of(const struct spf *s, struct str domain)
{
	return (struct spf_macros){
		.client = s->client,
		.sender = s->mailbox,
		.local = s->local,
		.sender_domain = s->domain_of_sender,
		.domain = domain,
		.validated = spf_names_pick(s, domain),
		.hello = s->hello,
		.receiver = s->receiver,
		.now_s = s->now_s,
	};
}

static enum spf_state
explain(struct spf *s)
{
	struct spf_macros macros = spf_macros_of(s, s->frame->domain);
	struct str spec = s->frame->record.exp;
	enum spf_state next = SPF_DONE;
	struct buf name;

	if (spf_text_needs_name(spec) && !s->has_names)
		return spf_names_begin(s, SPF_EXPLAIN);
	buf_init(&name, DNS_NAME_MAX);
	if (spf_name_expand(&name, spec, &macros) == FAIL_NONE) {
		dns_query_start(s->dns, &s->query, s->owner, buf_str(&name), DNS_TXT);
		next = SPF_EXPLANATION;
	}
	buf_release(&name);
	return next;
}

static enum spf_state
explanation_answered(struct spf *s)
{
	struct spf_macros macros = spf_macros_of(s, s->frame->domain);
	struct str text;

	if (s->query.op.fail != FAIL_NONE || s->query.record_count != 1)
		return SPF_DONE;
	text = s->query.records[0].bytes;
	if (!spf_text_is_good(text, SPF_EXPLAIN_STRING))
		return SPF_DONE;
	if (spf_text_needs_name(text) && !s->has_names)
		return spf_names_begin(s, SPF_EXPLANATION);
	spf_text_expand(&s->explanation, text, &macros);
	if (!buf_ok(&s->explanation) || !is_printable(buf_str(&s->explanation)))
		buf_clear(&s->explanation);
	return SPF_DONE;
}

/* --- the start and the end ------------------------------------------------------------------------ */

/* The ASCII form of a domain, or what cannot be one, as it is: it is looked at later. */
static void
add_domain(struct buf *out, struct str domain)
{
	struct buf ascii;

	buf_init(&ascii, DNS_NAME_MAX);
	if (str_ends(domain, STR(".")))
		domain = str_head(domain, domain.n - 1);
	if (!is_printable(domain) && idna_write_ascii(&ascii, domain) == FAIL_NONE)
		buf_add(out, buf_str(&ascii));
	else
		buf_add(out, domain);
	buf_release(&ascii);
}

/* 2.4, 4.3: "postmaster" stands for the local part that is missing. */
static bool
set_mailbox(struct spf *s)
{
	struct str all = s->is_hello ? s->hello : s->sender;
	size_t at = s->is_hello ? STR_NONE : str_rfind_char(all, '@');
	struct str local = at == STR_NONE ? STR("") : str_head(all, at);
	struct buf text;

	if (str_empty(local))
		local = STR("postmaster");
	buf_init(&text, 2 * SPF_TEXT_MAX);
	buf_add(&text, local);
	buf_add_char(&text, '@');
	add_domain(&text, at == STR_NONE ? all : str_from(all, at + 1));
	s->mailbox = buf_ok(&text) ? arena_str(&s->arena, buf_str(&text)) : (struct str){ 0 };
	buf_release(&text);
	s->local = str_head(s->mailbox, local.n);
	s->domain_of_sender = str_from(s->mailbox, local.n + 1);
	return s->mailbox.p != NULL;
}

static bool
copy_claim(struct spf *s, const struct spf_claim *claim)
{
	if (claim->hello.n > SPF_TEXT_MAX || claim->sender.n > SPF_TEXT_MAX ||
	    claim->receiver.n > SPF_TEXT_MAX)
		return false;
	s->client = claim->client;
	net_address_unmap(&s->client);
	s->hello = arena_str(&s->arena, claim->hello);
	s->sender = arena_str(&s->arena, claim->sender);
	s->receiver = arena_str(&s->arena, claim->receiver);
	s->now_s = claim->now_s;
	s->is_hello = str_empty(claim->sender);
	return s->hello.p && s->sender.p && s->receiver.p && set_mailbox(s) &&
	    (s->client.family == NET_ADDRESS_IPV4 || s->client.family == NET_ADDRESS_IPV6);
}

void
spf_start(struct spf *s, struct dns *dns, struct task *owner, const struct spf_claim *claim)
{
	*s = (struct spf){ .dns = dns, .owner = owner };
	s->deadline_ms = clock_mono_ms() + SPF_TIME_MS;
	arena_init(&s->arena, SPF_BYTES_MAX);
	buf_init(&s->explanation, SPF_EXPLANATION_MAX);
	buf_init(&s->why, SPF_WHY_MAX);
	if (!copy_claim(s, claim))
		return;
	s->state = spf_frame_begin(s, s->domain_of_sender);
	s->domain = s->frame ? s->frame->domain : (struct str){ 0 };
}

static void
release_questions(struct spf *s)
{
	for (struct spf_frame *f = s->frame; f; f = f->parent)
		dns_query_release(&f->text);
	dns_query_release(&s->query);
	dns_query_release(&s->host);
	dns_query_release(&s->pointers);
}

void
spf_release(struct spf *s)
{
	release_questions(s);
	buf_release(&s->explanation);
	buf_release(&s->why);
	arena_release(&s->arena);
	*s = (struct spf){ 0 };
}

/* --- steps ------------------------------------------------------------------------------------ */

/* What has to be answered before the next step; NULL: nothing. */
static const struct dns_query *
question(const struct spf *s)
{
	switch (s->state) {
	case SPF_RECORD: return &s->frame->text;
	case SPF_ADDRESSES:
	case SPF_EXCHANGERS:
	case SPF_EXPLANATION: return &s->query;
	case SPF_HOST:
	case SPF_NAME: return &s->host;
	case SPF_POINTERS: return &s->pointers;
	case SPF_TERM:
	case SPF_EXPLAIN:
	case SPF_DONE: break;
	}
	return NULL;
}

static enum spf_state
step(struct spf *s)
{
	switch (s->state) {
	case SPF_RECORD: return record_answered(s);
	case SPF_TERM: return spf_term_begin(s);
	case SPF_ADDRESSES: return spf_addresses_answered(s);
	case SPF_EXCHANGERS: return spf_exchangers_answered(s);
	case SPF_HOST: return spf_host_answered(s);
	case SPF_POINTERS: return spf_pointers_answered(s);
	case SPF_NAME: return spf_name_answered(s);
	case SPF_EXPLAIN: return explain(s);
	case SPF_EXPLANATION: return explanation_answered(s);
	case SPF_DONE: break;
	}
	return SPF_DONE;
}

/* 4.6.4: no result in time is a temporary one. A "fail" only lacks its explanation. */
static void
end_late(struct spf *s)
{
	release_questions(s);
	if (s->verdict != VERDICT_FAIL) {
		s->verdict = VERDICT_TEMPERROR;
		buf_clear(&s->why);
		buf_add_c(&s->why, "DNS is too slow");
	}
	s->state = SPF_DONE;
}

bool
spf_look(struct spf *s)
{
	if (s->state != SPF_DONE && clock_mono_ms() > s->deadline_ms)
		end_late(s);
	for (unsigned i = 0; i < SPF_STEPS_MAX && s->state != SPF_DONE; i++) {
		const struct dns_query *q = question(s);

		if (q && op_pending(&q->op))
			return false;
		s->state = step(s);
	}
	if (s->state != SPF_DONE)
		task_wake(s->owner);
	return s->state == SPF_DONE;
}
