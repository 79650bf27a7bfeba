#include "message/mime.h"

/* system */
#include <string.h>

/* base */
#include "base/buf.h"
#include "base/limits.h"
#include "base/num.h"

/* rooms */
#include "message/charset.h"
#include "message/header.h"

/* tspecials of RFC 2045 5.1, blanks and control characters end a token; '%' and '*' may be in one. */
static bool
is_token(char c)
{
	return (unsigned char)c > 32 && c != 127 && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

struct str
lower_case(struct str s, struct arena *a)
{
	char *p = NULL;

	for (size_t i = 0; i < s.n; i++) {
		if (char_lower(s.p[i]) == s.p[i])
			continue;
		p = arena_alloc(a, s.n, 1);
		if (p == NULL)
			return s;
		for (size_t k = 0; k < s.n; k++)
			p[k] = char_lower(s.p[k]);
		return str_of(p, s.n);
	}
	return s;
}

/*
 * quoted-string. Liberal: a backslash quotes only '"' and itself, because file names come with
 * Windows paths; the closing quote may be missing.
 */
static struct str
take_quoted(struct str *cur, struct arena *a)
{
	size_t i = 1, n = 0;
	bool has_escape = false;
	struct str inner;
	char *p;

	for (; i < cur->n && cur->p[i] != '"'; i++) {
		if (cur->p[i] == '\\' && i + 1 < cur->n && strchr("\\\"", cur->p[i + 1]) != NULL) {
			has_escape = true;
			i++;
		}
	}
	inner = str_slice(*cur, 1, i - 1);
	*cur = str_from(*cur, i + 1);
	if (!has_escape || (p = arena_alloc(a, inner.n, 1)) == NULL)
		return inner;
	for (size_t k = 0; k < inner.n; k++) {
		if (inner.p[k] == '\\' && k + 1 < inner.n && strchr("\\\"", inner.p[k + 1]) != NULL)
			k++;
		p[n++] = inner.p[k];
	}
	return str_of(p, n);
}

/* Does an attribute with its '=' begin here? */
static bool
is_attribute(struct str s)
{
	size_t i = 0;

	while (i < s.n && is_token(s.p[i]))
		i++;
	return i > 0 && i < s.n && s.p[i] == '=';
}

/*
 * A value without quotes. Liberal: it goes to the next ';', blanks included (`name=my file.txt`),
 * unless a comment or another attribute stands behind the blank.
 */
static struct str
take_plain(struct str *cur)
{
	struct str out;
	size_t i = 0;

	for (; i < cur->n && cur->p[i] != ';'; i++) {
		if (!char_is_space(cur->p[i]) || i + 1 == cur->n)
			continue;
		if (cur->p[i + 1] == '(' || is_attribute(str_from(*cur, i + 1)))
			break;
	}
	out = str_trim(str_head(*cur, i));
	*cur = str_from(*cur, i);
	return out;
}

static size_t
collect(struct str cur, struct arena *a, struct param found[PARAMS_MAX])
{
	size_t count = 0;

	while (count < PARAMS_MAX) {
		struct str name;
		size_t i = 0;

		do {
			header_skip_blanks(&cur, STR(""));
		} while (str_skip_char(&cur, ';') || str_skip_char(&cur, ','));
		if (cur.n == 0)
			break;
		while (i < cur.n && is_token(cur.p[i]))
			i++;
		name = str_head(cur, i);
		cur = str_from(cur, i);
		header_skip_blanks(&cur, STR(""));
		if (name.n == 0 || !str_skip_char(&cur, '=')) {
			size_t next = str_find_char(cur, ';');

			if (name.n == 0)
				cur = str_from(cur, next == STR_NONE ? cur.n : next);
			continue;
		}
		header_skip_blanks(&cur, STR(""));
		found[count].name = lower_case(name, a);
		found[count].value =
		    cur.n > 0 && cur.p[0] == '"' ? take_quoted(&cur, a) : take_plain(&cur);
		count++;
	}
	return count;
}

/* --- RFC 2231 ------------------------------------------------------------------------------ */

/* name "*" section ["*"] (RFC 2231 section 7). False when it is no continuation. */
static bool
parse_section(struct str name, struct str *base, uint32_t *section, bool *is_extended)
{
	size_t star = str_find_char(name, '*');
	struct str rest;

	if (star == STR_NONE || star == 0)
		return false;
	rest = str_from(name, star + 1);
	if (!str_u32(&rest, PARAMS_MAX, section))
		return false;
	*is_extended = str_eq(rest, STR("*"));
	*base = str_head(name, star);
	return *is_extended || rest.n == 0;
}

static const struct param *
find_section(const struct param *found, size_t count, struct str base, uint32_t wanted,
    bool *is_extended)
{
	for (size_t i = 0; i < count; i++) {
		struct str name;
		uint32_t section;

		if (parse_section(found[i].name, &name, &section, is_extended) &&
		    section == wanted && str_eq(name, base))
			return &found[i];
	}
	return NULL;
}

/* A piece of an extended value that is not extended itself: '%' must stand for itself. */
static void
add_escaped(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' || s.p[i] == '\'')
			buf_add_c(b, s.p[i] == '%' ? "%25" : "%27");
		else
			buf_add_char(b, s.p[i]);
	}
}

static bool
join_sections(const struct param *found, size_t count, struct str base, struct arena *a,
    struct param *out)
{
	bool is_extended, any_extended = false;
	const struct param *p;
	struct buf b, name;
	uint32_t sections = 0;

	while (sections <= PARAMS_MAX && find_section(found, count, base, sections, &is_extended)) {
		any_extended |= is_extended;
		sections++;
	}
	if (sections == 0)
		return false;
	buf_init(&b, MESSAGE_HEADER_MAX);
	buf_init(&name, MESSAGE_HEADER_MAX);
	for (uint32_t i = 0; i < sections; i++) {
		p = find_section(found, count, base, i, &is_extended);
		if (i == 0 && any_extended && !is_extended)
			buf_add_c(&b, "''");
		if (any_extended && !is_extended)
			add_escaped(&b, p->value);
		else
			buf_add(&b, p->value);
	}
	buf_add(&name, base);
	if (any_extended)
		buf_add_char(&name, '*');
	out->value = arena_str(a, buf_str(&b));
	out->name = arena_str(a, buf_str(&name));
	buf_release(&b);
	buf_release(&name);
	return out->value.p != NULL && out->name.p != NULL;
}

static size_t
join(struct param found[PARAMS_MAX], size_t count, struct arena *a, struct param out[PARAMS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		struct str base;
		uint32_t section;
		bool is_extended;

		if (!parse_section(found[i].name, &base, &section, &is_extended))
			out[n++] = found[i];
		else if (section == 0 && join_sections(found, count, base, a, &out[n]))
			n++;
	}
	return n;
}

void
params_parse(struct str raw, struct arena *a, struct str *value_out, struct param **params_out,
    uint32_t *count_out)
{
	struct param found[PARAMS_MAX], joined[PARAMS_MAX];
	struct str cur = header_unfold(raw, a);
	size_t end = 0, count;

	header_skip_blanks(&cur, STR(""));
	while (end < cur.n && cur.p[end] != ';' && cur.p[end] != '(') {
		if (char_is_space(cur.p[end]) && is_attribute(str_from(cur, end + 1)))
			break;
		end++;
	}
	*value_out = str_trim(str_head(cur, end));
	*params_out = NULL;
	*count_out = 0;
	count = collect(str_from(cur, end), a, found);
	if (count > 0)
		count = join(found, count, a, joined);
	if (count == 0 || (*params_out = arena_alloc(a, count, sizeof **params_out)) == NULL)
		return;
	memcpy(*params_out, joined, count * sizeof joined[0]);
	*count_out = (uint32_t)count;
}

/* --- values -------------------------------------------------------------------------------- */

/* charset'language'text with %XX (RFC 2231 section 4); without quotes all of it is text. */
static struct str
extended_text(struct str value, struct arena *a)
{
	const struct charset *charset = charset_guess();
	struct str rest = value, name, language, hex;
	uint64_t byte;
	size_t n = 0;
	char *p;

	if (str_take_until(&rest, '\'', &name) && str_take_until(&rest, '\'', &language))
		charset = charset_find(name);
	else
		rest = value;
	p = arena_alloc(a, size_max(rest.n, 1), 1);
	if (p == NULL)
		return rest;
	for (size_t i = 0; i < rest.n; i++) {
		hex = str_slice(rest, i + 1, 2);
		if (rest.p[i] == '%' && hex.n == 2 && str_hex(&hex, 0xff, &byte) && hex.n == 0) {
			p[n++] = (char)(unsigned char)byte;
			i += 2;
		} else {
			p[n++] = rest.p[i];
		}
	}
	return charset_to_utf8(charset, str_of(p, n), a);
}

struct str
param_text(const struct param *params, uint32_t count, struct str name, struct arena *a)
{
	struct str plain = { NULL, 0 };

	for (uint32_t i = 0; i < count; i++) {
		const struct param *p = &params[i];

		if (p->name.n == name.n + 1 && p->name.p[name.n] == '*' &&
		    str_starts(p->name, name))
			return extended_text(p->value, a);
		if (plain.p == NULL && str_eq(p->name, name))
			plain = p->value.p ? p->value : STR("");
	}
	return plain.p == NULL ? plain : header_text(plain, a);
}

struct str
param_raw(const struct param *params, uint32_t count, struct str name)
{
	for (uint32_t i = 0; i < count; i++)
		if (str_eq(params[i].name, name))
			return params[i].value.p ? params[i].value : STR("");
	for (uint32_t i = 0; i < count; i++)
		if (params[i].name.n == name.n + 1 && params[i].name.p[name.n] == '*' &&
		    str_starts(params[i].name, name))
			return params[i].value;
	return (struct str){ NULL, 0 };
}

struct str
part_charset(const struct part *p)
{
	struct str charset = param_raw(p->params, p->param_count, STR("charset"));

	return charset.n > 0 ? charset : STR("us-ascii");
}

bool
media_type_parse(struct str value, struct arena *a, struct str *type_out, struct str *subtype_out)
{
	size_t n = 0, start;

	while (n < value.n && is_token(value.p[n]))
		n++;
	start = n;
	while (start < value.n && char_is_space(value.p[start]))
		start++;
	if (n == 0 || start >= value.n || value.p[start] != '/')
		return false;
	*type_out = lower_case(str_head(value, n), a);
	value = str_from(value, start + 1);
	while (value.n > 0 && char_is_space(value.p[0]))
		value = str_from(value, 1);
	n = 0;
	while (n < value.n && is_token(value.p[n]))
		n++;
	if (n == 0)
		return false;
	*subtype_out = lower_case(str_head(value, n), a);
	return true;
}
