#include "mailauth/dkim_signature.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "mailauth/tags.h"
#include "message/header.h"

#define LENGTH_DIGITS_MAX 76 /* of l= (RFC 6376 3.5) */
#define INSTANCE_MAX      50 /* RFC 8617 4.2.1 */

const struct str dkim_algorithm_names[DKIM_ALGORITHM_COUNT] = {
	[DKIM_RSA_SHA256] = STR_INIT("rsa-sha256"),
	[DKIM_ED25519_SHA256] = STR_INIT("ed25519-sha256"),
};

const struct str dkim_canon_names[DKIM_CANON_COUNT] = {
	[DKIM_RELAXED] = STR_INIT("relaxed"),
	[DKIM_SIMPLE] = STR_INIT("simple"),
};

/* What is wrong: the verdict, and why. */
struct judge {
	enum verdict verdict;
	struct str reason;
};

static bool
refuse(struct judge *j, enum verdict verdict, struct str reason)
{
	*j = (struct judge){ verdict, reason };
	return false;
}

static bool
is_wrong(struct judge *j, struct str reason)
{
	return refuse(j, VERDICT_NEUTRAL, reason);
}

static bool
is_blank(char c)
{
	return char_is_space(c) || c == '\r' || c == '\n';
}

/* base64 with blanks anywhere (RFC 6376 2.10), not nothing */
static bool
is_base64(struct str s)
{
	bool is_padded = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (is_blank(c))
			continue;
		if (c == '=')
			is_padded = true;
		else if (is_padded ||
		    (!char_is_alpha(c) && !char_is_digit(c) && c != '+' && c != '/'))
			return false;
	}
	return !str_empty(s);
}

/* sub-domain *("." sub-domain), with underscores; above 127 for RFC 8616 */
bool
dkim_is_domain(struct str s)
{
	struct str label;

	if (str_empty(s))
		return false;
	while (str_next_part(&s, '.', &label)) {
		if (str_empty(label) || label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		for (size_t i = 0; i < label.n; i++) {
			char c = label.p[i];

			if (!char_is_alpha(c) && !char_is_digit(c) && c != '-' && c != '_' &&
			    (unsigned char)c < 0x80)
				return false;
		}
	}
	return true;
}

/* domain-name = sub-domain 1*("." sub-domain) (3.5) */
bool
dkim_is_signer(struct str s)
{
	return dkim_is_domain(s) && str_find_char(s, '.') != STR_NONE;
}

static bool
parse_algorithm(struct dkim_signature *out, struct judge *j)
{
	if (str_eq(out->a, STR("rsa-sha1")))
		return refuse(j, VERDICT_PERMERROR, STR("rsa-sha1 is historic (RFC 8301)"));
	for (int i = 0; i < DKIM_ALGORITHM_COUNT; i++) {
		if (str_eq(out->a, dkim_algorithm_names[i])) {
			out->algorithm = (enum dkim_algorithm)i;
			return true;
		}
	}
	return is_wrong(j, STR("an unknown algorithm (a=)"));
}

static bool
find_canon(struct str name, enum dkim_canon *out)
{
	for (int i = 0; i < DKIM_CANON_COUNT; i++) {
		if (str_eq(name, dkim_canon_names[i])) {
			*out = (enum dkim_canon)i;
			return true;
		}
	}
	return false;
}

/* c= is header ["/" body], both simple when it is left out */
static bool
parse_canon(const struct tag_list *tags, struct dkim_signature *out, struct judge *j)
{
	struct str c, header;

	out->header_canon = out->body_canon = DKIM_SIMPLE;
	out->has_canon = tag_find(tags, STR("c"), &c);
	if (!out->has_canon)
		return true;
	if (!str_take_until(&c, '/', &header)) {
		header = c;
		c = dkim_canon_names[DKIM_SIMPLE];
	}
	return (find_canon(header, &out->header_canon) && find_canon(c, &out->body_canon)) ||
	    is_wrong(j, STR("an unknown canonicalization (c=)"));
}

/* l=: a number beyond ours is longer than any body */
static bool
parse_length(const struct tag_list *tags, struct dkim_signature *out, struct judge *j)
{
	struct str text, rest;

	out->length = DKIM_LENGTH_ALL;
	if (!tag_find(tags, STR("l"), &text))
		return true;
	rest = text;
	if (text.n <= LENGTH_DIGITS_MAX && str_u64(&rest, DKIM_LENGTH_ALL - 1, &out->length) &&
	    rest.n == 0)
		return true;
	for (size_t i = 0; i < text.n; i++) {
		if (!char_is_digit(text.p[i]))
			return is_wrong(j, STR("a wrong length (l=)"));
	}
	out->length = DKIM_LENGTH_ALL - 1;
	return (text.n > 0 && text.n <= LENGTH_DIGITS_MAX) ||
	    is_wrong(j, STR("a wrong length (l=)"));
}

static bool
parse_time(const struct tag_list *tags, struct str name, int64_t *out)
{
	struct str text;
	uint64_t seconds;

	*out = -1;
	if (!tag_find(tags, name, &text))
		return true;
	if (!str_u64(&text, INT64_MAX, &seconds) || text.n > 0)
		return false;
	*out = (int64_t)seconds;
	return true;
}

static bool
parse_times(const struct tag_list *tags, struct dkim_signature *out, struct judge *j)
{
	if (!parse_time(tags, STR("t"), &out->time_s) ||
	    !parse_time(tags, STR("x"), &out->expires_s))
		return is_wrong(j, STR("a wrong time (t= or x=)"));
	/* "MUST be greater" */
	if (out->expires_s >= 0 && out->expires_s <= out->time_s)
		return is_wrong(j, STR("it expired before it was made (x= and t=)"));
	return true;
}

/* hdr-name = field-name (RFC 5322 2.2), without ";" */
bool
dkim_is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] <= 32 || s.p[i] > 126)
			return false;
	}
	return !str_empty(s);
}

bool
dkim_next_name(struct str *names, struct str *out)
{
	if (!str_next_part(names, ':', out))
		return false;
	*out = str_trim(*out);
	return true;
}

bool
dkim_has_name(struct str names, struct str name)
{
	struct str one;

	while (dkim_next_name(&names, &one)) {
		if (str_eq_nocase(one, name))
			return true;
	}
	return false;
}

bool
dkim_are_names(struct str names)
{
	struct str rest = names, name;
	size_t count = 0;

	while (dkim_next_name(&rest, &name)) {
		if (!dkim_is_name(name) || str_find_char(name, ';') != STR_NONE ||
		    ++count > DKIM_NAMES_MAX)
			return false;
	}
	return dkim_has_name(names, STR("From"));
}

static bool
parse_names(struct dkim_signature *out, enum dkim_form form, struct judge *j)
{
	struct str names = out->h, name;
	size_t count = 0;

	/* Liberal: ARC's drafts had it empty, too, and a body alone is something. */
	if (form == DKIM_FORM_ARC_MESSAGE && str_empty(names))
		return true;
	while (dkim_next_name(&names, &name)) {
		if (!dkim_is_name(name))
			return is_wrong(j, STR("a wrong list of names (h=)"));
		if (++count > DKIM_NAMES_MAX)
			return refuse(j, VERDICT_POLICY, STR("too many names (h=)"));
	}
	/* RFC 6376 6.1.1. Liberal: RFC 8617 4.1.2 says nothing of From. */
	if (form == DKIM_FORM_SIGNATURE && !dkim_has_name(out->h, STR("From")))
		return is_wrong(j, STR("From is not signed (h=)"));
	/* Liberal: 4.1.2 keeps the other fields of ARC out, too, but they harm nothing. */
	if (form == DKIM_FORM_ARC_MESSAGE && dkim_has_name(out->h, STR("ARC-Seal")))
		return is_wrong(j, STR("it signs ARC-Seal (h=)"));
	return true;
}

/* q= is a list; what nobody knows is passed over */
static bool
parse_query(const struct tag_list *tags, struct judge *j)
{
	struct str list, method;

	if (!tag_find(tags, STR("q"), &list))
		return true;
	while (str_next_part(&list, ':', &method)) {
		if (str_eq(str_trim(method), STR("dns/txt")))
			return true;
	}
	return is_wrong(j, STR("no known way to its key (q=)"));
}

/* i= is [local-part] "@" a domain that is d= or below it */
static bool
parse_identity(struct dkim_signature *out, struct judge *j)
{
	size_t at = str_rfind_char(out->i, '@');
	struct str domain = str_from(out->i, at == STR_NONE ? out->i.n : at + 1);

	if (str_empty(out->i))
		return true;
	if (!dkim_is_domain(domain))
		return is_wrong(j, STR("a wrong identity (i=)"));
	if (!str_ends_nocase(domain, out->d) ||
	    (domain.n > out->d.n && domain.p[domain.n - out->d.n - 1] != '.'))
		return is_wrong(j, STR("the identity is not of the domain (i= and d=)"));
	return true;
}

/* 1*2DIGIT [CFWS] (RFC 8617 4.2.1) */
static bool
parse_instance(struct dkim_signature *out, struct judge *j)
{
	struct str text = out->i;

	if (!str_u32(&text, INSTANCE_MAX, &out->instance) || out->instance == 0)
		return is_wrong(j, STR("a wrong instance (i=)"));
	header_skip_blanks(&text, STR("\r\n"));
	return str_empty(text) || is_wrong(j, STR("a wrong instance (i=)"));
}

/* seal-cv-tag = %x63.76 [FWS] "=" [FWS] ("none" / "fail" / "pass") */
static bool
parse_chain(const struct tag_list *tags, struct dkim_signature *out, struct judge *j)
{
	struct str cv, unused;

	if (tag_find(tags, STR("h"), &unused))
		return is_wrong(j, STR("h= in a seal"));
	if (!tag_find(tags, STR("cv"), &cv) || !verdict_parse(cv, &out->chain) ||
	    (out->chain != VERDICT_NONE && out->chain != VERDICT_PASS &&
		out->chain != VERDICT_FAIL))
		return is_wrong(j, STR("a wrong state of the chain (cv=)"));
	return true;
}

/* What all forms have. */
static bool
parse_common(const struct tag_list *tags, enum dkim_form form, struct dkim_signature *out,
    struct judge *j)
{
	struct str version;

	if (form == DKIM_FORM_SIGNATURE &&
	    (!tag_find(tags, STR("v"), &version) || !str_eq(version, STR("1"))))
		return is_wrong(j, STR("another version (v=)"));
	if (str_empty(out->a) || str_empty(out->b) || str_empty(out->d) || str_empty(out->s))
		return is_wrong(j, STR("a tag is missing (a=, b=, d=, s=)"));
	if (!dkim_is_signer(out->d) || !dkim_is_domain(out->s))
		return is_wrong(j, STR("a wrong domain or selector (d=, s=)"));
	if (!is_base64(out->b))
		return is_wrong(j, STR("b= is not base64"));
	return parse_algorithm(out, j) && parse_times(tags, out, j) &&
	    (form == DKIM_FORM_SIGNATURE ? parse_identity(out, j) : parse_instance(out, j));
}

/* What those have that sign a message. */
static bool
parse_message(const struct tag_list *tags, enum dkim_form form, struct dkim_signature *out,
    struct judge *j)
{
	struct str unused;

	if (str_empty(out->bh) || !tag_find(tags, STR("h"), &unused) ||
	    (form == DKIM_FORM_SIGNATURE && str_empty(out->h)))
		return is_wrong(j, STR("a tag is missing (bh=, h=)"));
	if (!is_base64(out->bh))
		return is_wrong(j, STR("bh= is not base64"));
	return parse_canon(tags, out, j) && parse_length(tags, out, j) && parse_query(tags, j) &&
	    parse_names(out, form, j);
}

enum verdict
dkim_signature_parse(struct str value, enum dkim_form form, struct dkim_signature *out,
    struct str *reason)
{
	struct tag_list tags;
	struct judge judge = { .verdict = VERDICT_NONE };
	enum fail fail = tag_list_parse(value, &tags);
	struct {
		struct str name, *value;
	} known[] = { { STR_INIT("a"), &out->a }, { STR_INIT("b"), &out->b },
		{ STR_INIT("bh"), &out->bh }, { STR_INIT("d"), &out->d },
		{ STR_INIT("s"), &out->s }, { STR_INIT("h"), &out->h },
		{ STR_INIT("i"), &out->i } };

	*out = (struct dkim_signature){ .length = DKIM_LENGTH_ALL, .time_s = -1, .expires_s = -1 };
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!tag_find(&tags, known[i].name, known[i].value))
			*known[i].value = (struct str){ "", 0 };
	}
	if (fail == FAIL_LIMIT)
		(void)refuse(&judge, VERDICT_POLICY, STR("too many tags"));
	else if (fail != FAIL_NONE)
		(void)is_wrong(&judge, STR("not a list of tags"));
	else if (parse_common(&tags, form, out, &judge))
		(void)(form == DKIM_FORM_ARC_SEAL ? parse_chain(&tags, out, &judge)
						  : parse_message(&tags, form, out, &judge));
	*reason = judge.reason;
	return judge.verdict;
}
