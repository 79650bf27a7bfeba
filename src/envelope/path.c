#include "envelope/path.h"

/* base */
#include "base/limits.h"

/* rooms */
#include "codec/utf8.h"

#define DOMAIN_MAX 255 /* bytes; RFC 5321 4.5.3.1.2 */

static bool
is_utf8_byte(char c)
{
	return (unsigned char)c >= 0x80;
}

/* atext of RFC 5322 3.2.3, with the UTF-8 of RFC 6531 3.3 */
static bool
is_atext(char c)
{
	static const struct str marks = STR_INIT("!#$%&'*+-/=?^_`{|}~");

	return char_is_alpha(c) || char_is_digit(c) || is_utf8_byte(c) ||
	    str_find_char(marks, c) != STR_NONE;
}

/* Dot-string = Atom *("." Atom). Liberal: empty atoms too, because phones send "a..b@carrier". */
static bool
take_dot_string(struct str *cur)
{
	size_t n = 0;

	while (n < cur->n && (is_atext(cur->p[n]) || cur->p[n] == '.'))
		n++;
	*cur = str_from(*cur, n);
	return n > 0;
}

/* Quoted-string = DQUOTE *QcontentSMTP DQUOTE */
static bool
take_quoted_string(struct str *cur)
{
	struct str rest = *cur;

	if (!str_skip_char(&rest, '"'))
		return false;
	while (rest.n > 0 && rest.p[0] != '"') {
		if (rest.p[0] == '\\')
			rest = str_from(rest, 1);
		if (rest.n == 0 || ((unsigned char)rest.p[0] < ' ') || rest.p[0] == 127)
			return false;
		rest = str_from(rest, 1);
	}
	if (!str_skip_char(&rest, '"'))
		return false;
	*cur = rest;
	return true;
}

static bool
is_domain_char(char c)
{
	/* "_" is no let-dig, but host names with it exist and send mail. */
	return char_is_alpha(c) || char_is_digit(c) || c == '-' || c == '_' || is_utf8_byte(c);
}

/* Domain = sub-domain *("." sub-domain); a final dot is taken too */
static bool
take_domain_name(struct str *cur)
{
	struct str rest = *cur;
	bool has_label = false;

	while (rest.n > 0 && (is_domain_char(rest.p[0]) || (rest.p[0] == '.' && has_label))) {
		has_label = rest.p[0] != '.';
		rest = str_from(rest, 1);
	}
	if (rest.p == cur->p)
		return false;
	*cur = rest;
	return true;
}

/* address-literal = "[" ( IPv4 / "IPv6:" .. / general ) "]"; what is inside is not interpreted */
static bool
take_literal(struct str *cur)
{
	struct str rest = *cur, inside;

	if (!str_skip_char(&rest, '[') || !str_take_until(&rest, ']', &inside))
		return false;
	for (size_t i = 0; i < inside.n; i++) {
		char c = inside.p[i];

		if (!char_is_alpha(c) && !char_is_digit(c) && c != '.' && c != ':' && c != '-')
			return false;
	}
	*cur = rest;
	return inside.n > 0;
}

static bool
take_domain(struct str *cur)
{
	return take_literal(cur) || take_domain_name(cur);
}

/* A-d-l ":" = At-domain *( "," At-domain ) ":" */
static bool
skip_source_route(struct str *cur)
{
	struct str rest = *cur;

	if (rest.n == 0 || rest.p[0] != '@')
		return true;
	do {
		if (!str_skip_char(&rest, '@') || !take_domain(&rest))
			return false;
	} while (str_skip_char(&rest, ','));
	if (!str_skip_char(&rest, ':'))
		return false;
	*cur = rest;
	return true;
}

static struct str
between(struct str start, struct str end)
{
	return str_of(start.p, (size_t)(end.p - start.p));
}

/* Mailbox = Local-part "@" Domain, and "postmaster" alone (RFC 5321 4.1.1.3). */
static bool
take_mailbox(struct str *cur, struct path *out)
{
	struct str start = *cur;

	if (!take_quoted_string(cur) && !take_dot_string(cur))
		return false;
	out->local = between(start, *cur);
	if (cur->n > 0 && cur->p[0] == '>') {
		out->address = out->local;
		return str_eq_nocase(out->local, STR("postmaster"));
	}
	if (!str_skip_char(cur, '@'))
		return false;
	out->domain = *cur;
	if (!take_domain(cur))
		return false;
	out->domain = between(out->domain, *cur);
	out->address = between(start, *cur);
	return true;
}

enum fail
path_parse(struct str *cur, struct path *out)
{
	struct str rest = *cur;

	*out = (struct path){ 0 };
	if (!str_skip_char(&rest, '<'))
		return FAIL_SYNTAX;
	if (str_skip_char(&rest, '>')) {
		*cur = rest;
		return FAIL_NONE;
	}
	if (!skip_source_route(&rest) || !take_mailbox(&rest, out) || !str_skip_char(&rest, '>'))
		return FAIL_SYNTAX;
	if (out->local.n > SMTP_LOCAL_MAX || out->domain.n > DOMAIN_MAX ||
	    out->address.n > SMTP_PATH_MAX)
		return FAIL_LIMIT;
	if (!utf8_is_valid(out->address))
		return FAIL_SYNTAX;
	out->is_utf8 = !utf8_is_ascii(out->address);
	*cur = rest;
	return FAIL_NONE;
}

static bool
is_param_char(char c)
{
	return char_is_alpha(c) || char_is_digit(c) || c == '-';
}

bool
path_param_next(struct str *cur, struct str *name_out, struct str *value_out)
{
	size_t n = 0, before = cur->n;

	while (str_skip_char(cur, ' '))
		continue;
	*name_out = *value_out = STR("");
	if (cur->n == 0)
		return false;
	if (cur->n == before) { /* something glued to the path or a value */
		*cur = STR("");
		return true;
	}
	while (n < cur->n && is_param_char(cur->p[n]))
		n++;
	*name_out = str_head(*cur, n);
	*cur = str_from(*cur, n);
	if (str_skip_char(cur, '=')) {
		for (n = 0; n < cur->n && (unsigned char)cur->p[n] > ' ' && cur->p[n] != '='; n++)
			continue;
		*value_out = str_head(*cur, n);
		*cur = str_from(*cur, n);
	}
	if (name_out->n == 0 || (cur->n > 0 && cur->p[0] != ' ')) {
		*name_out = STR("");
		*cur = STR("");
	}
	return true;
}

bool
path_is_hello_name(struct str name)
{
	return name.n <= DOMAIN_MAX && utf8_is_ascii(name) && take_domain(&name) && name.n == 0;
}

/* The last "@" and what is behind it; empty for none. */
static struct str
domain_of(struct str address)
{
	size_t at = address.n;

	while (at > 0 && address.p[at - 1] != '@')
		at--;
	return at > 0 ? str_from(address, at - 1) : STR("");
}

bool
path_is_same(struct str one, struct str other)
{
	struct str domain = domain_of(one);

	return one.n == other.n && str_eq_nocase(domain, domain_of(other)) &&
	    str_eq(str_head(one, one.n - domain.n), str_head(other, one.n - domain.n));
}
