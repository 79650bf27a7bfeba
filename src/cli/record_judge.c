#include "cli/record_judge.h"

/* system */
#include <assert.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "mailauth/spf_record.h"
#include "mailauth/tags.h"

#define VALUE_MAX \
	16384 /* bytes of a tag's value that is compared: a key has 400, and 16 KB is 64 strings */

typedef enum record_state judge_fn(const struct record *r, const struct record_answer *a,
    struct buf *got, const char **but_out);

static enum record_state
wrong(const char **but_out, const char *why)
{
	*but_out = why;
	return RECORD_WRONG;
}

static void
separate(struct buf *got)
{
	if (got->n > 0)
		buf_add(got, STR(", "));
}

/* --- names and addresses ---------------------------------------------------------------------- */

static enum record_state
judge_mx(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	uint32_t ours = UINT32_MAX, first = UINT32_MAX; /* preferences: the lowest is tried first */
	bool is_null = false, is_address = false;

	for (size_t i = 0; i < a->first.count; i++) {
		const struct dns_record *found = &a->first.records[i];
		struct net_address address;
		bool is_ours = str_eq(found->name, r->target);

		if (is_ours && found->priority < ours)
			ours = found->priority;
		if (found->priority < first)
			first = found->priority;
		is_null |= str_eq(found->name, STR("."));
		is_address |= net_address_parse(found->name, &address) == FAIL_NONE;
		separate(got);
		buf_add_u64(got, found->priority);
		buf_add_char(got, ' ');
		buf_add(got, found->name);
	}
	if (is_null)
		return wrong(but_out, "that says that the domain takes no mail (RFC 7505)");
	if (is_address)
		return wrong(but_out, "it has to name a host, for an address is none");
	if (ours == UINT32_MAX)
		return wrong(but_out, "mail goes elsewhere");
	if (first < ours)
		*but_out = "others are tried before this server: the lowest number is first";
	return RECORD_OK;
}

static enum record_state
judge_srv(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	bool is_there = false;

	for (size_t i = 0; i < a->first.count; i++) {
		const struct dns_record *found = &a->first.records[i];

		is_there |= str_eq(found->name, r->target) && found->port == r->port;
		separate(got);
		buf_add_u64(got, found->priority);
		buf_add_char(got, ' ');
		buf_add_u64(got, found->weight);
		buf_add_char(got, ' ');
		buf_add_u64(got, found->port);
		buf_add_char(got, ' ');
		buf_add(got, found->name);
	}
	return is_there ? RECORD_OK : wrong(but_out, "programs are sent elsewhere");
}

static void
write_addresses(struct record_found found, struct buf *got)
{
	char text[NET_ADDRESS_TEXT_MAX];

	for (size_t i = 0; i < found.count; i++) {
		separate(got);
		buf_add(got, net_address_text(&found.records[i].address, text));
	}
}

static bool
has_address(struct record_found found, struct record_found host)
{
	for (size_t i = 0; i < found.count; i++) {
		for (size_t k = 0; k < host.count; k++) {
			if (str_eq(str_of(&found.records[i].address, sizeof(struct net_address)),
				str_of(&host.records[k].address, sizeof(struct net_address))))
				return true;
		}
	}
	return false;
}

static bool
has_public(struct record_found found)
{
	for (size_t i = 0; i < found.count; i++) {
		if (net_address_is_public(&found.records[i].address))
			return true;
	}
	return false;
}

static enum record_state
judge_address(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	(void)r;
	write_addresses(a->first, got);
	write_addresses(a->second, got);
	if (!has_public(a->first) && !has_public(a->second))
		*but_out = "only for this network; from outside it has to be another";
	return RECORD_OK;
}

static enum record_state
judge_reverse(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	bool is_there = false;

	for (size_t i = 0; i < a->first.count; i++) {
		is_there |= str_eq(a->first.records[i].name, r->target);
		separate(got);
		buf_add(got, a->first.records[i].name);
	}
	return is_there ? RECORD_OK : wrong(but_out, "that is another name");
}

static enum record_state
judge_alias(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	write_addresses(a->first, got);
	write_addresses(a->second, got);
	if (!has_address(a->first, a->host4) && !has_address(a->second, a->host6))
		return wrong(but_out, "has none of the addresses of this server");
	if (r->lacks_certificate)
		*but_out =
		    "no certificate has this name, so programs will not believe what is there";
	return RECORD_OK;
}

/* --- one of the texts ------------------------------------------------------------------------- */

/* "v=spf1" alone or with a blank behind it (RFC 7208 4.5); lists of tags have a ";" there. */
static bool
is_version(struct str text, struct str version)
{
	return str_skip_nocase(&text, version) &&
	    (str_empty(text) || text.p[0] == ' ' ||
		(text.p[0] == ';' && !str_eq(version, STR("v=spf1"))));
}

/* The one text that begins so; others are about other things. */
static enum record_state
find_text(const struct record_answer *a, struct str version, struct buf *got, const char **but_out,
    struct str *out)
{
	size_t count = 0;

	for (size_t i = 0; i < a->first.count; i++) {
		struct str text = a->first.records[i].bytes;

		if (!is_version(text, version))
			continue;
		count++;
		*out = text;
		separate(got);
		record_write_string(text, got);
	}
	if (count > 1)
		return wrong(but_out, "more than one counts as none");
	return count == 1 ? RECORD_OK : RECORD_MISSING;
}

/* Under a name that is for nothing else; others may come from a wildcard. */
static enum record_state
tell_others(const struct record_answer *a, struct buf *got, const char **but_out)
{
	for (size_t i = 0; i < a->first.count; i++) {
		separate(got);
		record_write_string(a->first.records[i].bytes, got);
	}
	*but_out = "it has to begin with its version";
	return RECORD_MISSING;
}

/* The same, and it is a list of tags. */
static enum record_state
find_tags(const struct record_answer *a, struct str version, struct buf *got, const char **but_out,
    struct tag_list *out)
{
	struct str text;
	enum record_state state = find_text(a, version, got, but_out, &text);

	if (state == RECORD_MISSING)
		return tell_others(a, got, but_out);
	if (state == RECORD_OK && tag_list_parse(text, out) != FAIL_NONE)
		return wrong(but_out, "is no list of NAME=VALUE;");
	return state;
}

/* RFC 7489 6.3 */
static enum record_state
judge_dmarc(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	struct tag_list tags;
	struct str policy;
	enum record_state state = find_tags(a, STR("v=DMARC1"), got, but_out, &tags);

	(void)r;
	if (state != RECORD_OK)
		return state;
	if (!tag_find(&tags, STR("p"), &policy) ||
	    (!str_eq_nocase(policy, STR("none")) && !str_eq_nocase(policy, STR("quarantine")) &&
		!str_eq_nocase(policy, STR("reject"))))
		return wrong(but_out, "p= must be none, quarantine or reject");
	return RECORD_OK;
}

/* RFC 8461 3.1: 1 to 32 letters and digits */
static bool
is_policy_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++) {
		if (!char_is_alpha(id.p[i]) && !char_is_digit(id.p[i]))
			return false;
	}
	return id.n >= 1 && id.n <= 32;
}

static enum record_state
judge_mta_sts(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	struct tag_list tags;
	struct str id;
	enum record_state state = find_tags(a, STR("v=STSv1"), got, but_out, &tags);

	(void)r;
	if (state != RECORD_OK)
		return state;
	if (!tag_find(&tags, STR("id"), &id) || !is_policy_id(id))
		return wrong(but_out, "id= must be 1 to 32 letters and digits");
	return RECORD_OK;
}

/* RFC 8460 3 */
static enum record_state
judge_tls_rpt(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	struct tag_list tags;
	struct str address;
	enum record_state state = find_tags(a, STR("v=TLSRPTv1"), got, but_out, &tags);

	(void)r;
	if (state != RECORD_OK)
		return state;
	if (!tag_find(&tags, STR("rua"), &address) ||
	    (!str_starts_nocase(address, STR("mailto:")) &&
		!str_starts_nocase(address, STR("https:"))))
		return wrong(but_out, "rua= must be mailto: or https:");
	return RECORD_OK;
}

/* --- SPF (RFC 7208) --------------------------------------------------------------------------- */

enum spf_says { SAYS_NO, SAYS_YES, SAYS_PERHAPS, SAYS_END, SAYS_EVERYBODY };

static bool
covers(const struct spf_term *term, struct record_found host)
{
	for (size_t i = 0; i < host.count; i++) {
		if (spf_term_covers(term, &term->network, &host.records[i].address))
			return true;
	}
	return false;
}

/* Does this term let the host send? What refers to other names may, and is not followed. */
static enum spf_says
look_at_term(const struct record *r, const struct record_answer *a, const struct spf_term *term)
{
	struct str domain = str_empty(term->domain) ? r->name : term->domain;
	bool is_pass = term->verdict == VERDICT_PASS;

	switch (term->kind) {
	case SPF_ALL: return is_pass ? SAYS_EVERYBODY : SAYS_END;
	case SPF_REDIRECT: return SAYS_PERHAPS;
	case SPF_EXP:
	case SPF_UNKNOWN: return SAYS_NO;
	case SPF_MX: return is_pass ? SAYS_YES : SAYS_NO;
	case SPF_A:
		if (is_pass && str_eq_nocase(domain, a->host))
			return SAYS_YES;
		break;
	case SPF_IP4: return is_pass && covers(term, a->host4) ? SAYS_YES : SAYS_NO;
	case SPF_IP6: return is_pass && covers(term, a->host6) ? SAYS_YES : SAYS_NO;
	case SPF_INCLUDE:
	case SPF_PTR:
	case SPF_EXISTS: break;
	}
	return is_pass ? SAYS_PERHAPS : SAYS_NO;
}

static enum record_state
judge_spf(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	struct str text, bad;
	struct spf_record record;
	struct spf_term term;
	bool is_perhaps = false;
	enum spf_says says = SAYS_NO;
	enum record_state state = find_text(a, STR("v=spf1"), got, but_out, &text);

	if (state != RECORD_OK)
		return state;
	if (spf_record_parse(text, &record, &bad) != FAIL_NONE)
		return wrong(but_out, "a term is written wrongly, and then nothing of it counts");
	while (says != SAYS_END && spf_term_next(&record.terms, &term) == FAIL_NONE) {
		says = look_at_term(r, a, &term);
		if (says == SAYS_YES)
			return RECORD_OK;
		if (says == SAYS_EVERYBODY)
			return wrong(but_out, "lets everybody send");
		is_perhaps |= says == SAYS_PERHAPS;
	}
	if (!is_perhaps)
		return wrong(but_out, "does not let this server send");
	*but_out = "whether it lets this server send is up to what it refers to";
	return RECORD_OK;
}

/* --- keys ------------------------------------------------------------------------------------- */

/* The same key of the same kind (RFC 6376 3.6.1)? */
static bool
is_same_key(struct str a, struct str b)
{
	struct str texts[2] = { a, b }, kinds[2];
	struct buf values[2];
	bool is_good = true;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct tag_list tags;
		struct str value;

		buf_init(&values[i], VALUE_MAX);
		is_good = is_good && tag_list_parse(texts[i], &tags) == FAIL_NONE &&
		    tag_find(&tags, STR("p"), &value);
		if (!is_good)
			continue;
		tag_value_write(&values[i], value);
		if (!tag_find(&tags, STR("k"), &kinds[i]))
			kinds[i] = STR("rsa");
	}
	is_good = is_good && buf_ok(&values[0]) && buf_ok(&values[1]) &&
	    str_eq(buf_str(&values[0]), buf_str(&values[1])) && str_eq(kinds[0], kinds[1]);
	buf_release(&values[0]);
	buf_release(&values[1]);
	return is_good;
}

static enum record_state
judge_dkim(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	for (size_t i = 0; i < a->first.count; i++) {
		separate(got);
		record_write_string(a->first.records[i].bytes, got);
	}
	if (a->first.count > 1)
		return wrong(but_out, "there may be one only");
	if (!is_same_key(r->data, a->first.records[0].bytes))
		return wrong(but_out, "that is not this key");
	return RECORD_OK;
}

/* RFC 6698 2.1: one of them is ours; records of a rollover may stand beside it (RFC 7671 8.1). */
static enum record_state
judge_tlsa(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	struct str want = str_of(r->pin.bytes, sizeof r->pin.bytes);
	bool is_there = false;

	for (size_t i = 0; i < a->first.count; i++) {
		const struct dns_record *found = &a->first.records[i];

		is_there |= found->usage == 3 && found->selector == 1 && found->matching == 1 &&
		    str_eq(found->bytes, want);
		separate(got);
		buf_add_u64(got, found->usage);
		buf_add_char(got, ' ');
		buf_add_u64(got, found->selector);
		buf_add_char(got, ' ');
		buf_add_u64(got, found->matching);
		buf_add_char(got, ' ');
		buf_add_hex(got, found->bytes);
	}
	if (!is_there)
		return r->is_coming ? RECORD_MISSING
				    : wrong(but_out, "hosts that do DANE will not send here");
	if (!a->is_secure)
		*but_out = "no proof by DNSSEC came with it, and without that nobody looks at it";
	return RECORD_OK;
}

static enum record_state
judge_caa(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	(void)r;
	(void)but_out;
	for (size_t i = 0; i < a->first.count; i++) {
		separate(got);
		buf_add_u64(got, a->first.records[i].usage);
		buf_add_char(got, ' ');
		buf_add(got, a->first.records[i].name);
		buf_add_char(got, ' ');
		record_write_string(a->first.records[i].bytes, got);
	}
	return RECORD_OK;
}

/* There is nothing to ask for, so nothing is ever found. */
static enum record_state
judge_no_dkim(const struct record *r, const struct record_answer *a, struct buf *got,
    const char **but_out)
{
	(void)r;
	(void)a;
	(void)got;
	(void)but_out;
	return RECORD_MISSING;
}

static judge_fn *const judges[] = {
	[RECORD_MX] = judge_mx,
	[RECORD_ADDRESS] = judge_address,
	[RECORD_REVERSE] = judge_reverse,
	[RECORD_SPF] = judge_spf,
	[RECORD_DKIM] = judge_dkim,
	[RECORD_NO_DKIM] = judge_no_dkim,
	[RECORD_DMARC] = judge_dmarc,
	[RECORD_MTA_STS] = judge_mta_sts,
	[RECORD_TLS_RPT] = judge_tls_rpt,
	[RECORD_TLSA] = judge_tlsa,
	[RECORD_SRV] = judge_srv,
	[RECORD_ALIAS] = judge_alias,
	[RECORD_CAA] = judge_caa,
};
static_assert(ARRAY_LEN(judges) == RECORD_RULE_COUNT, "every rule has its judge");

enum record_state
record_judge(const struct record *r, const struct record_answer *answer, struct buf *got,
    const char **but_out)
{
	*but_out = "";
	return judges[r->rule](r, answer, got, but_out);
}
