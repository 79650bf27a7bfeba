#include "mailauth/results.h"

/* base */
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "mailauth/results_lex.h"
#include "message/header.h"

#define HEAD_MAX 4096 /* bytes of a value in which our name is looked for when it is decoded */

/* Does nothing but blanks follow, up to ";" or the end? */
static bool
at_end(struct results_lex *l)
{
	results_skip_cfws(l);
	return l->cur.n == 0 || l->cur.p[0] == ';';
}

/* Results with a ptype that is not registered MUST be ignored (RFC 8601 4.1, 2.3). */
static bool
is_known_type(struct str type)
{
	static const struct str known[] = { STR_INIT("body"), STR_INIT("header"),
		STR_INIT("policy"), STR_INIT("smtp") };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (str_eq_nocase(type, known[i]))
			return true;
	return false;
}

/* Behind "ptype": "." property "=" pvalue; false: it is none. */
static bool
take_property(struct results_lex *l, struct arena *a, struct result_property *p)
{
	if (!results_char(l, '.') || !results_word(l, &p->name) || !results_char(l, '='))
		return false;
	if (!results_value(l, true, a, &p->value))
		p->value = str_of("", 0);
	return true;
}

/*
 * resinfo = methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]
 * methodspec = method [ "/" version ] "=" result
 * Liberal: reasons and properties in any order. False: it is none, or of no use to us.
 */
static bool
take_result(struct results_lex *l, struct arena *a, struct result_property *properties,
    struct result *out)
{
	struct str word, value;

	*out = (struct result){ 0 };
	if (!results_word(l, &out->method))
		return false;
	if (results_char(l, '/') && !(results_word(l, &word) && str_eq(word, STR("1"))))
		return false; /* another version of the method may mean something else (2.6) */
	if (!results_char(l, '=') || !results_word(l, &word) || !verdict_parse(word, &out->verdict))
		return false;
	while (!at_end(l)) {
		struct result_property p = { 0 };

		if (!results_word(l, &p.type))
			return false;
		if (results_char(l, '=')) {
			if (!results_value(l, true, a, &value))
				return false;
			if (str_eq_nocase(p.type, STR("reason")))
				out->reason = value;
		} else if (!is_known_type(p.type) || !take_property(l, a, &p)) {
			return false;
		} else if (out->property_count < RESULTS_PROPERTIES_MAX) {
			properties[out->property_count++] = p;
		}
	}
	return true;
}

/* Properties of the one that was read last go where they can stay. */
static bool
keep(struct arena *a, const struct result_property *from, struct result *r)
{
	struct result_property *to = arena_alloc(a, r->property_count, sizeof *to);

	for (size_t i = 0; to && i < r->property_count; i++) {
		to[i] = from[i];
		if (from[i].value.p == NULL)
			return false;
	}
	r->properties = to;
	return to != NULL && (r->reason.p != NULL || r->reason.n == 0);
}

/* "authserv-id [ CFWS authres-version ]" */
static enum fail
take_id(struct results_lex *l, struct arena *a, struct str *id_out, struct str *version_out)
{
	if (!results_value(l, false, a, id_out) || str_empty(*id_out))
		return FAIL_SYNTAX;
	if (!results_word(l, version_out))
		*version_out = STR("1");
	return FAIL_NONE;
}

enum fail
results_parse(struct str value, struct arena *a, struct results *out)
{
	struct results_lex l = { .cur = value };
	struct result_property properties[RESULTS_PROPERTIES_MAX];
	struct result *items = arena_alloc(a, RESULTS_MAX, sizeof *items);
	struct str version;

	*out = (struct results){ .items = items };
	if (items == NULL)
		return FAIL_LIMIT;
	if (take_id(&l, a, &out->id, &version) != FAIL_NONE || !str_eq(version, STR("1")))
		return FAIL_SYNTAX;
	for (;;) {
		while (!at_end(&l))
			results_skip_one(&l);
		if (l.cur.n == 0)
			return FAIL_NONE;
		l.cur = str_from(l.cur, 1);
		if (out->count == RESULTS_MAX)
			return FAIL_NONE;
		if (!take_result(&l, a, properties, &items[out->count]))
			continue;
		if (!keep(a, properties, &items[out->count]))
			return FAIL_LIMIT;
		out->count++;
	}
}

bool
result_find(const struct result *r, struct str type, struct str name, struct str *out)
{
	for (size_t i = 0; i < r->property_count; i++) {
		if (str_eq_nocase(r->properties[i].type, type) &&
		    str_eq_nocase(r->properties[i].name, name)) {
			*out = r->properties[i].value;
			return true;
		}
	}
	return false;
}

/* --- forged ones --------------------------------------------------------------------------- */

/* The same host name: any case, form of IDN, a dot behind it. */
static bool
is_same_name(struct str found, struct str id)
{
	struct buf ascii, ours;
	bool is_same = str_eq_nocase(found, id);

	buf_init(&ascii, IDNA_DOMAIN_MAX + 1);
	buf_init(&ours, IDNA_DOMAIN_MAX + 1);
	if (!is_same && idna_write_ascii(&ascii, found) == FAIL_NONE &&
	    idna_write_ascii(&ours, id) == FAIL_NONE)
		is_same = str_eq(buf_str(&ascii), buf_str(&ours));
	buf_release(&ours);
	buf_release(&ascii);
	return is_same;
}

/* Up to the first blank. */
static struct str
first_word(struct str s)
{
	size_t n = 0;

	s = str_trim(s);
	while (n < s.n && (unsigned char)s.p[n] > ' ')
		n++;
	return str_head(s, n);
}

/* The first thing that could be a name; what is in front of it and no name is passed over. */
static bool
begins_with(struct str value, struct str id, struct arena *a)
{
	struct results_lex l = { .cur = value };
	struct str found = str_of("", 0);

	while (str_empty(found)) {
		if (results_value(&l, false, a, &found)) {
			if (found.p == NULL)
				return true; /* too large to be looked at */
			found = first_word(found);
		} else if (l.cur.n > 0) {
			results_skip_one(&l);
		} else {
			return false;
		}
	}
	return is_same_name(found, id);
}

/* The front of the value, up to ";", without comments, blanks, controls, quotes and escapes. */
static struct str
squeeze(struct str value, struct arena *a)
{
	struct results_lex l = { .cur = str_head(value, HEAD_MAX) };
	char *p = arena_alloc(a, l.cur.n, 1);
	size_t n = 0;

	for (results_skip_cfws(&l); p && l.cur.n > 0; results_skip_cfws(&l)) {
		unsigned char c = (unsigned char)l.cur.p[0];

		if (c == ';' && n > 0)
			break;
		if (c > 32 && c != 127 && c != '"' && c != '\\')
			p[n++] = (char)c;
		l.cur = str_from(l.cur, 1);
	}
	return str_of(p, n);
}

bool
results_is_ours(struct str value, struct str id)
{
	struct arena a;
	bool is_ours;

	arena_init(&a, RESULTS_ARENA_MAX);
	is_ours = begins_with(value, id, &a) || begins_with(squeeze(value, &a), id, &a);
	if (!is_ours && str_find(value, STR("=?")) != STR_NONE)
		is_ours = begins_with(header_text(str_head(value, HEAD_MAX), &a), id, &a);
	arena_release(&a);
	return is_ours;
}

/* Is it a number (RFC 8601 2.2), and not 1? */
static bool
is_other(struct str version)
{
	while (version.n > 1 && str_skip_char(&version, '0'))
		;
	for (size_t i = 0; i < version.n; i++)
		if (!char_is_digit(version.p[i]))
			return false;
	return !str_eq(version, STR("1"));
}

bool
results_is_other_version(struct str value)
{
	struct results_lex l = { .cur = value };
	struct str id, version;
	struct arena a;
	bool is;

	arena_init(&a, RESULTS_ARENA_MAX);
	is = take_id(&l, &a, &id, &version) == FAIL_NONE && is_other(version);
	arena_release(&a);
	return is;
}
