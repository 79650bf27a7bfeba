#include "mailauth/dmarc_record.h"

/* base */
#include "base/mem.h"

const struct str dmarc_policy_names[DMARC_POLICY_COUNT] = {
	[DMARC_NONE] = STR_INIT("none"),
	[DMARC_QUARANTINE] = STR_INIT("quarantine"),
	[DMARC_REJECT] = STR_INIT("reject"),
};

/* What was there at all. */
struct seen {
	unsigned policies, subdomains; /* how many of them */
	bool policy, subdomain, missing;
	bool bad_subdomain;
};

bool
dmarc_policy_parse(struct str word, enum dmarc_policy *out)
{
	for (int i = 0; i < DMARC_POLICY_COUNT; i++) {
		if (str_eq_nocase(word, dmarc_policy_names[i])) {
			*out = (enum dmarc_policy)i;
			return true;
		}
	}
	return false;
}

/* [ "!" 1*DIGIT [ "k" / "m" / "g" / "t" ] ] behind a URI; false: it is none. */
static bool
parse_size(struct str s, uint64_t *out)
{
	static const struct str units = STR_INIT("kmgt");
	size_t unit, shift;

	if (!str_u64(&s, UINT64_MAX, out))
		return false;
	if (str_empty(s))
		return true;
	unit = str_find_char(units, char_lower(s.p[0]));
	if (s.n != 1 || unit == STR_NONE)
		return false;
	shift = 10 * (unit + 1);
	*out = *out > UINT64_MAX >> shift ? DMARC_SIZE_ANY : *out << shift;
	return true;
}

/* scheme ":" something, of visible ASCII (RFC 3986 in its measure). */
static bool
is_uri(struct str s)
{
	size_t colon = str_find_char(s, ':');

	if (colon == STR_NONE || colon == 0 || colon + 1 == s.n || !char_is_alpha(s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c >= 127 || c == '"' || c == '<' || c == '>' || c == '\\')
			return false;
	}
	return true;
}

/* dmarc-uri *( *WSP "," *WSP dmarc-uri ); those that are none are passed over. */
static void
parse_uris(struct str value, struct dmarc_uri *uris, size_t *count)
{
	struct str part;

	while (*count < DMARC_URIS_MAX && str_next_part(&value, ',', &part)) {
		size_t mark = str_rfind_char(part, '!');
		struct dmarc_uri uri = { .uri = str_trim(str_head(part, mark)),
			.max_bytes = DMARC_SIZE_ANY };

		if (mark != STR_NONE &&
		    !parse_size(str_trim(str_from(part, mark + 1)), &uri.max_bytes))
			continue;
		if (is_uri(uri.uri))
			uris[(*count)++] = uri;
	}
}

static unsigned
parse_failure_options(struct str value)
{
	unsigned options = 0;
	struct str part;

	while (str_next_part(&value, ':', &part)) {
		part = str_trim(part);
		if (str_eq(part, STR("0")))
			options |= DMARC_FO_ALL;
		else if (str_eq(part, STR("1")))
			options |= DMARC_FO_ANY;
		else if (str_eq_nocase(part, STR("d")))
			options |= DMARC_FO_DKIM;
		else if (str_eq_nocase(part, STR("s")))
			options |= DMARC_FO_SPF;
	}
	return options != 0 ? options : DMARC_FO_ALL;
}

/* The whole value as a number, else `fallback`. */
static uint32_t
parse_number(struct str value, uint32_t max, uint32_t fallback)
{
	uint32_t n;

	return str_u32(&value, max, &n) && str_empty(value) ? n : fallback;
}

static void
take_policy(struct str name, struct str value, struct dmarc_record *r, struct seen *seen)
{
	if (str_eq_nocase(name, STR("p"))) {
		seen->policy = seen->policies++ == 0 && dmarc_policy_parse(value, &r->policy);
	} else if (str_eq_nocase(name, STR("sp"))) {
		seen->subdomain =
		    seen->subdomains++ == 0 && dmarc_policy_parse(value, &r->subdomain_policy);
		seen->bad_subdomain |= !seen->subdomain;
	} else if (str_eq_nocase(name, STR("np"))) {
		seen->missing = dmarc_policy_parse(value, &r->missing_policy);
	}
}

static void
take_tag(struct str name, struct str value, struct dmarc_record *r)
{
	if (str_eq_nocase(name, STR("adkim")))
		r->is_dkim_strict = str_eq_nocase(value, STR("s"));
	else if (str_eq_nocase(name, STR("aspf")))
		r->is_spf_strict = str_eq_nocase(value, STR("s"));
	else if (str_eq_nocase(name, STR("pct")))
		r->percent = parse_number(value, 100, 100);
	else if (str_eq_nocase(name, STR("fo")))
		r->failure_options = parse_failure_options(value);
	else if (str_eq_nocase(name, STR("ri")))
		r->interval_s = parse_number(value, UINT32_MAX, DMARC_INTERVAL_S);
	else if (str_eq_nocase(name, STR("rua")) && r->aggregate_count == 0)
		parse_uris(value, r->aggregate, &r->aggregate_count);
	else if (str_eq_nocase(name, STR("ruf")) && r->failure_count == 0)
		parse_uris(value, r->failure, &r->failure_count);
}

/* "v" *WSP "=" *WSP "DMARC1" *WSP ";": only the version is told apart by case */
static bool
skip_version(struct str *cur)
{
	struct str part, name;

	if (!str_next_part(cur, ';', &part) || !str_take_until(&part, '=', &name))
		return false;
	return name.n > 0 && char_lower(name.p[0]) == 'v' && str_trim(name).n == 1 &&
	    str_eq(str_trim(part), STR("DMARC1"));
}

enum fail
dmarc_record_parse(struct str text, struct dmarc_record *out)
{
	struct seen seen = { 0 };
	struct str part;

	*out = (struct dmarc_record){ .percent = 100,
		.failure_options = DMARC_FO_ALL,
		.interval_s = DMARC_INTERVAL_S };
	if (!skip_version(&text))
		return FAIL_MISSING;
	while (str_next_part(&text, ';', &part)) {
		struct str name;

		if (!str_take_until(&part, '=', &name))
			continue;
		take_policy(str_trim(name), str_trim(part), out, &seen);
		take_tag(str_trim(name), str_trim(part), out);
	}
	if (!seen.policy || seen.bad_subdomain) {
		if (out->aggregate_count == 0)
			return FAIL_SYNTAX;
		out->policy = DMARC_NONE;
		seen.subdomain = false;
		seen.missing = false;
	}
	if (!seen.subdomain)
		out->subdomain_policy = out->policy;
	if (!seen.missing)
		out->missing_policy = out->subdomain_policy;
	if (out->failure_count == 0)
		out->failure_options = DMARC_FO_ALL;
	if (out->interval_s < DMARC_INTERVAL_MIN)
		out->interval_s = DMARC_INTERVAL_MIN;
	return FAIL_NONE;
}
