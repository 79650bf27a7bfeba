#include "mailauth/origin.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/domain_list.h"
#include "crypto/random.h"
#include "dns/name.h"
#include "mailauth/results.h"

struct origin *
origin_new(const struct origin_house *house, struct task *owner, const struct origin_claim *claim)
{
	struct origin *o = mem_new(1, sizeof *o);
	struct spf_claim hello = claim->envelope;

	o->house = *house;
	o->claim = *claim;
	o->owner = owner;
	buf_init(&o->from, DNS_NAME_MAX);
	spf_start(&o->spf, house->dns, owner, &claim->envelope);
	if (!str_empty(hello.sender)) {
		hello.sender = STR("");
		spf_start(&o->hello, house->dns, owner, &hello);
	}
	return o;
}

void
origin_free(struct origin **origin)
{
	struct origin *o = *origin;

	*origin = NULL;
	if (o == NULL)
		return;
	spf_release(&o->spf);
	spf_release(&o->hello);
	dkim_verify_release(&o->dkim);
	arc_verify_release(&o->arc);
	dmarc_release(&o->policy);
	buf_release(&o->from);
	dkim_content_release(&o->content);
	mem_free(o);
}

/* --- what comes in ------------------------------------------------------------------------------ */

/* .. or what anybody could take for authors. */
static bool
has_authors(struct str block)
{
	struct header field;

	while (header_next_any(&block, &field))
		if (str_eq_nocase(field.name, STR("From")))
			return true;
	return false;
}

void
origin_header(struct origin *o, struct str block)
{
	struct dns *dns = o->house.dns;
	int64_t now_s = o->claim.envelope.now_s;

	o->has_authors = has_authors(block);
	dkim_content_header(&o->content, block);
	dkim_verify_start(&o->dkim, &o->content, dns, o->owner, now_s);
	arc_verify_start(&o->arc, &o->content, dns, o->owner, now_s);
	if (dmarc_from_find(block, &o->from, &o->why_no_from) == FAIL_NONE)
		dmarc_start(&o->policy, dns, o->owner, buf_str(&o->from));
	o->has_header = true;
}

void
origin_body(struct origin *o, struct str piece)
{
	dkim_content_body(&o->content, piece);
}

void
origin_end(struct origin *o)
{
	if (!o->is_ended)
		dkim_content_end(&o->content);
	o->is_ended = true;
}

/* DMARC needs the one domain that the message says it is from. */
static bool
has_from(const struct origin *o)
{
	return o->from.n > 0;
}

/* --- what comes of it --------------------------------------------------------------------------- */

/*
 * A signature that passes but is partial is no proof: whoever added bytes behind what was signed may have made another
 * message of it (RFC 6376 8.2).
 */
static void
judge_policy(struct origin *o)
{
	struct dmarc_evidence signers[DKIM_SIGNATURES_MAX];
	struct dmarc_evidence spf = { .domain = o->spf.domain, .verdict = o->spf.verdict };
	size_t count = 0;
	uint32_t lot;

	for (size_t i = 0; i < o->dkim.count; i++) {
		const struct dkim_result *r = &o->dkim.results[i];

		signers[count++] = (struct dmarc_evidence){ .domain = r->domain,
			.verdict = r->verdict == VERDICT_PASS && r->is_partial ? VERDICT_POLICY
									       : r->verdict };
	}
	random_bytes(&lot, sizeof lot);
	dmarc_judge(&o->policy, &spf, signers, count, lot % 100, &o->dmarc);
}

static bool
is_trusted(const struct origin *o, struct str domain)
{
	return domain_list_nearness(o->house.settings->trusted_sealers, domain) > 0;
}

/* One dmarc= of a sealer: did it pass, for the domain that the message still says it is from? */
static bool
is_pass_for(const struct result *r, struct str from)
{
	struct str domain;

	return r->verdict == VERDICT_PASS && result_find(r, STR("header"), STR("from"), &domain) &&
	    dmarc_is_aligned(domain, from, true);
}

/*
 * This sealer saw it pass when it came there. Strict: where it says several things, all of them say so: one of
 * them may be a stranger's word that it did not quote well.
 */
static bool
says_pass(const struct arc_set *set, struct str from)
{
	size_t said = 0, passed = 0;
	struct results results;
	struct arena arena;

	arena_init(&arena, RESULTS_ARENA_MAX);
	if (results_parse(set->authentication, &arena, &results) == FAIL_NONE) {
		for (size_t i = 0; i < results.count; i++) {
			if (!str_eq_nocase(results.items[i].method, STR("dmarc")))
				continue;
			said++;
			passed += is_pass_for(&results.items[i], from);
		}
	}
	arena_release(&arena);
	return said > 0 && passed == said;
}

/* What the last sealer signed is what readers see: all of the body, and who it is from. */
static bool
is_whole(const struct arc_set *last)
{
	return !last->is_message_partial && dkim_has_name(last->message_signature.h, STR("From"));
}

/* From the last sealer back, as long as the owner trusts each: a list that changed a good message says so. */
static bool
is_vouched_for(const struct origin *o)
{
	if (o->arc.chain != VERDICT_PASS || !is_whole(&o->arc.sets[o->arc.count - 1]))
		return false;
	for (size_t i = o->arc.count; i > 0; i--) {
		const struct arc_set *set = &o->arc.sets[i - 1];

		if (!is_trusted(o, set->seal_signature.d))
			return false;
		if (says_pass(set, buf_str(&o->from)))
			return true;
	}
	return false;
}

static void
settle(struct origin *o)
{
	const struct mailauth_settings *settings = o->house.settings;

	o->is_settled = true;
	if (!has_from(o)) {
		/* RFC 7489 6.6.1: who writes several domains into From wants one of them to be seen, and judges to take another */
		o->advice = o->has_authors && settings->quarantine ? ORIGIN_JUNK : ORIGIN_TAKE;
		return;
	}
	judge_policy(o);
	/*
	 * Without an answer of DNS no policy can be applied (RFC 7489 6.6.2). But a forger has only to name a selector, or a
	 * subdomain, whose servers are down: what follows then is our own word (6.7), and not a refusal.
	 */
	if (o->dmarc.asked == DMARC_NONE)
		return;
	o->is_vouched_for = is_vouched_for(o);
	if (o->is_vouched_for)
		return;
	if (o->dmarc.disposition == DMARC_REJECT)
		o->advice = settings->reject ? ORIGIN_REFUSE : ORIGIN_JUNK;
	else if (settings->quarantine)
		o->advice = ORIGIN_JUNK;
}

bool
origin_look(struct origin *o)
{
	bool is_known;

	if (o->is_settled)
		return true;
	is_known = spf_look(&o->spf);
	if (origin_has_hello(o))
		is_known &= spf_look(&o->hello);
	if (!o->has_header)
		return false;
	is_known &= dkim_verify_look(&o->dkim);
	is_known &= arc_verify_look(&o->arc);
	if (has_from(o))
		is_known &= dmarc_look(&o->policy);
	if (is_known && o->is_ended)
		settle(o);
	return o->is_settled;
}
