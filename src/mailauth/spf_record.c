#include "mailauth/spf_record.h"

/* system */
#include <string.h>

/* base */
#include "base/mem.h"

/* rooms */
#include "mailauth/spf_macro.h"

#define IP4_BITS 32
#define IP6_BITS 128

enum argument {
	NO_ARGUMENT,
	MAY_DOMAIN,   /* [ ":" domain-spec ] */
	NEEDS_DOMAIN, /* ":" domain-spec, "=" domain-spec */
	NEEDS_NETWORK,
};

static const struct {
	struct str name;
	enum spf_kind kind;
	enum argument argument;
	bool has_lengths; /* [ dual-cidr-length ] */
	bool asks;
} spf_mechanisms[] = {
	{ STR_INIT("all"), SPF_ALL, NO_ARGUMENT, false, false },         /* 5.1 */
	{ STR_INIT("include"), SPF_INCLUDE, NEEDS_DOMAIN, false, true }, /* 5.2 */
	{ STR_INIT("a"), SPF_A, MAY_DOMAIN, true, true },                /* 5.3 */
	{ STR_INIT("mx"), SPF_MX, MAY_DOMAIN, true, true },              /* 5.4 */
	{ STR_INIT("ptr"), SPF_PTR, MAY_DOMAIN, false, true },           /* 5.5 */
	{ STR_INIT("ip4"), SPF_IP4, NEEDS_NETWORK, false, false },       /* 5.6 */
	{ STR_INIT("ip6"), SPF_IP6, NEEDS_NETWORK, false, false },       /* 5.6 */
	{ STR_INIT("exists"), SPF_EXISTS, NEEDS_DOMAIN, false, true },   /* 5.7 */
};

/* name = ALPHA *( ALPHA / DIGIT / "-" / "_" / "." ) */
static bool
next_name(struct str *cur, struct str *out)
{
	size_t n = 0;

	while (n < cur->n &&
	    (char_is_alpha(cur->p[n]) ||
		(n > 0 &&
		    (char_is_digit(cur->p[n]) ||
			str_find_char(STR("-_."), cur->p[n]) != STR_NONE))))
		n++;
	return n > 0 && str_take(cur, n, out);
}

/* "/" 1*DIGIT at the end, which is cut off: 0 .. most, no zeros before it (12). False: out of that. */
static bool
cut_length(struct str *text, struct str slash, unsigned most, unsigned *out)
{
	size_t start = text->n;
	struct str digits;
	uint32_t n;

	*out = most;
	while (start > 0 && char_is_digit(text->p[start - 1]))
		start--;
	if (start == text->n || !str_ends(str_head(*text, start), slash))
		return true;
	digits = str_from(*text, start);
	if ((digits.n > 1 && digits.p[0] == '0') || !str_u32(&digits, most, &n))
		return false;
	*out = n;
	*text = str_head(*text, start - slash.n);
	return true;
}

/* dual-cidr-length = [ ip4-cidr-length ] [ "/" ip6-cidr-length ] */
static bool
cut_lengths(struct str *text, struct spf_term *out)
{
	return cut_length(text, STR("//"), IP6_BITS, &out->ip6_length) &&
	    cut_length(text, STR("/"), IP4_BITS, &out->ip4_length);
}

/*
 * ip4-network, ip6-network. An IPv4-mapped network is read as the IPv4 address in it, but here it is what it
 * says, and no client is in it: those are IPv4 (5).
 */
static bool
read_network(struct str text, enum spf_kind kind, struct net_address *out)
{
	struct net_address a;

	if (net_address_parse(text, &a) != FAIL_NONE ||
	    (str_find_char(text, ':') != STR_NONE) != (kind == SPF_IP6))
		return false;
	*out = a;
	if (kind == SPF_IP6 && a.family == NET_ADDRESS_IPV4) {
		*out = (struct net_address){ .family = NET_ADDRESS_IPV6,
			.bytes = { [10] = 0xff, [11] = 0xff } };
		memcpy(out->bytes + 12, a.bytes, 4);
	}
	return true;
}

static bool
read_networks(struct str text, struct spf_term *out)
{
	if (!str_skip_char(&text, ':'))
		return false;
	if (out->kind == SPF_IP4) {
		if (!cut_length(&text, STR("/"), IP4_BITS, &out->ip4_length))
			return false;
	} else if (!cut_length(&text, STR("/"), IP6_BITS, &out->ip6_length)) {
		return false;
	}
	return read_network(text, out->kind, &out->network);
}

/* What stands behind a mechanism's name. */
static bool
read_argument(struct str text, enum argument argument, struct spf_term *out)
{
	switch (argument) {
	case NO_ARGUMENT: return str_empty(text);
	case NEEDS_NETWORK: return read_networks(text, out);
	case MAY_DOMAIN:
		if (str_empty(text))
			return true;
		break;
	case NEEDS_DOMAIN: break;
	}
	if (!str_skip_char(&text, ':'))
		return false;
	out->domain = text;
	return spf_text_is_good(text, SPF_DOMAIN_SPEC);
}

static bool
read_qualifier(struct str *cur, enum verdict *out)
{
	*out = VERDICT_PASS;
	if (str_skip_char(cur, '-'))
		*out = VERDICT_FAIL;
	else if (str_skip_char(cur, '~'))
		*out = VERDICT_SOFTFAIL;
	else if (str_skip_char(cur, '?'))
		*out = VERDICT_NEUTRAL;
	else
		return str_skip_char(cur, '+');
	return true;
}

/* The known ones are never "unknown-modifier", which the grammar would allow (12; erratum of 4408). */
static bool
read_modifier(struct str name, struct str value, struct spf_term *out)
{
	out->domain = value;
	if (str_eq_nocase(name, STR("redirect")))
		out->kind = SPF_REDIRECT;
	else if (str_eq_nocase(name, STR("exp")))
		out->kind = SPF_EXP;
	else
		out->kind = SPF_UNKNOWN;
	return spf_text_is_good(value,
	    out->kind == SPF_UNKNOWN ? SPF_MACRO_STRING : SPF_DOMAIN_SPEC);
}

static bool
read_mechanism(struct str name, struct str rest, struct spf_term *out)
{
	for (size_t i = 0; i < ARRAY_LEN(spf_mechanisms); i++) {
		if (!str_eq_nocase(name, spf_mechanisms[i].name))
			continue;
		out->kind = spf_mechanisms[i].kind;
		if (spf_mechanisms[i].has_lengths && !cut_lengths(&rest, out))
			return false;
		return read_argument(rest, spf_mechanisms[i].argument, out);
	}
	return false;
}

/* directive / modifier */
static bool
read_term(struct str text, struct spf_term *out)
{
	bool has_qualifier;
	struct str name;

	*out = (struct spf_term){ .ip4_length = IP4_BITS, .ip6_length = IP6_BITS };
	has_qualifier = read_qualifier(&text, &out->verdict);
	out->text = text;
	if (!next_name(&text, &name))
		return false;
	if (!has_qualifier && str_skip_char(&text, '='))
		return read_modifier(name, text, out);
	return read_mechanism(name, text, out);
}

enum fail
spf_term_next(struct str *cur, struct spf_term *out)
{
	struct str rest = *cur, word;

	while (str_skip_char(&rest, ' '))
		continue;
	word = str_head(rest, str_find_char(rest, ' '));
	if (str_empty(word))
		return FAIL_MISSING;
	if (!read_term(word, out)) {
		out->text = word;
		return FAIL_SYNTAX;
	}
	*cur = str_from(rest, word.n);
	return FAIL_NONE;
}

bool
spf_term_asks(const struct spf_term *term)
{
	for (size_t i = 0; i < ARRAY_LEN(spf_mechanisms); i++) {
		if (term->kind == spf_mechanisms[i].kind)
			return spf_mechanisms[i].asks;
	}
	return term->kind == SPF_REDIRECT;
}

bool
spf_record_is(struct str text)
{
	return str_skip_nocase(&text, STR("v=spf1")) && (str_empty(text) || text.p[0] == ' ');
}

/* 6: each of these once at most */
static bool
keep_modifier(struct str *place, struct str value)
{
	bool is_first = place->p == NULL;

	*place = value;
	return is_first;
}

enum fail
spf_record_parse(struct str text, struct spf_record *out, struct str *bad_out)
{
	struct spf_term term = { 0 };
	struct str cur = str_from(text, STR("v=spf1").n);
	enum fail fail;

	*out = (struct spf_record){ .terms = cur };
	for (size_t count = 0; (fail = spf_term_next(&cur, &term)) == FAIL_NONE; count++) {
		*bad_out = term.text;
		if (count == SPF_TERMS_MAX)
			return FAIL_LIMIT;
		if (term.kind == SPF_REDIRECT && !keep_modifier(&out->redirect, term.domain))
			return FAIL_SYNTAX;
		if (term.kind == SPF_EXP && !keep_modifier(&out->exp, term.domain))
			return FAIL_SYNTAX;
	}
	*bad_out = term.text;
	return fail == FAIL_MISSING ? FAIL_NONE : fail;
}

bool
spf_term_covers(const struct spf_term *term, const struct net_address *network,
    const struct net_address *client)
{
	unsigned bits = client->family == NET_ADDRESS_IPV6 ? term->ip6_length : term->ip4_length;
	size_t whole = bits / 8;
	unsigned rest = bits % 8;

	if (network->family != client->family || memcmp(network->bytes, client->bytes, whole) != 0)
		return false;
	return rest == 0 || (network->bytes[whole] ^ client->bytes[whole]) >> (8 - rest) == 0;
}
