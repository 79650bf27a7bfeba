#include "mailauth/results_lex.h"

/* rooms */
#include "message/header.h"

/* tspecials of RFC 2045 5.1 */
static const struct str specials = STR_INIT("()<>@,;:\\\"/[]?=");

static bool
is_blank(char c)
{
	return char_is_space(c) || c == '\r' || c == '\n';
}

/* Bytes above 127 are allowed by RFC 8616 section 5. */
bool
results_is_token_char(char c)
{
	unsigned char u = (unsigned char)c;

	return u > 32 && u != 127 && str_find_char(specials, c) == STR_NONE;
}

/* Of what begins at "(" or a quote: its bytes, 0 when it stands for itself. */
static size_t
comment_size(struct results_lex *l)
{
	size_t n;

	if (l->no_comments)
		return 0;
	n = header_comment_size(l->cur);
	l->no_comments = n == 0;
	return n;
}

static size_t
quoted_size(struct results_lex *l)
{
	for (size_t i = 1; !l->no_quotes && i < l->cur.n; i++) {
		if (l->cur.p[i] == '\\')
			i++;
		else if (l->cur.p[i] == '"')
			return i + 1;
	}
	l->no_quotes = true;
	return 0;
}

void
results_skip_cfws(struct results_lex *l)
{
	for (;;) {
		size_t n = 0;

		while (n < l->cur.n && is_blank(l->cur.p[n]))
			n++;
		l->cur = str_from(l->cur, n);
		if (l->cur.n == 0 || l->cur.p[0] != '(')
			return;
		n = comment_size(l);
		if (n == 0)
			return;
		l->cur = str_from(l->cur, n);
	}
}

void
results_skip_one(struct results_lex *l)
{
	size_t n = 0;

	if (l->cur.p[0] == '(')
		n = comment_size(l);
	else if (l->cur.p[0] == '"')
		n = quoted_size(l);
	l->cur = str_from(l->cur, n > 0 ? n : 1);
}

bool
results_word(struct results_lex *l, struct str *out)
{
	size_t n = 0;

	results_skip_cfws(l);
	while (n < l->cur.n &&
	    (char_is_alpha(l->cur.p[n]) || char_is_digit(l->cur.p[n]) || l->cur.p[n] == '-' ||
		l->cur.p[n] == '_'))
		n++;
	return n > 0 && str_take(&l->cur, n, out);
}

bool
results_char(struct results_lex *l, char c)
{
	results_skip_cfws(l);
	return str_skip_char(&l->cur, c);
}

static bool
is_liberal_char(char c)
{
	unsigned char u = (unsigned char)c;

	return u > 32 && u != 127 && c != ';' && c != '(' && c != '"';
}

/* The inside of a quoted-string without its escapes and line ends. */
static struct str
unquote(struct str inside, struct arena *a)
{
	size_t n = 0;
	char *p;

	if (str_find_char(inside, '\\') == STR_NONE && str_find_char(inside, '\n') == STR_NONE &&
	    str_find_char(inside, '\r') == STR_NONE)
		return inside;
	p = arena_alloc(a, inside.n, 1);
	if (p == NULL)
		return str_of(NULL, 0);
	for (size_t i = 0; i < inside.n; i++) {
		if (inside.p[i] == '\\' && i + 1 < inside.n)
			i++;
		if (inside.p[i] != '\r' && inside.p[i] != '\n')
			p[n++] = inside.p[i];
	}
	return str_of(p, n);
}

/* Both parts of "a b"@example.org as one. */
static struct str
join(struct str left, struct str right, struct arena *a)
{
	struct str parts[] = { left, right };
	size_t n = 0;
	char *p;

	if (left.n == 0 || right.n == 0)
		return left.n == 0 ? right : left;
	p = arena_alloc(a, left.n + right.n, 1);
	if (p == NULL)
		return str_of(NULL, 0);
	for (size_t i = 0; i < 2; i++) {
		for (size_t j = 0; j < parts[i].n; j++)
			p[n++] = parts[i].p[j];
	}
	return str_of(p, n);
}

bool
results_value(struct results_lex *l, bool is_liberal, struct arena *a, struct str *out)
{
	struct str start, quoted = str_of("", 0);
	size_t n;

	results_skip_cfws(l);
	start = l->cur;
	n = l->cur.n > 0 && l->cur.p[0] == '"' ? quoted_size(l) : 0;
	if (n > 0) {
		quoted = unquote(str_slice(l->cur, 1, n - 2), a);
		l->cur = str_from(l->cur, n);
		if (!is_liberal || quoted.p == NULL) {
			*out = quoted;
			return true;
		}
	}
	n = 0;
	while (n < l->cur.n &&
	    (is_liberal ? is_liberal_char(l->cur.p[n]) : results_is_token_char(l->cur.p[n])))
		n++;
	*out = join(quoted, str_head(l->cur, n), a);
	l->cur = str_from(l->cur, n);
	return l->cur.n < start.n;
}
