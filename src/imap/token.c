#include "imap/token.h"

/* base */
#include "base/mem.h"

/*
 * Sets of bytes (RFC 9051 section 9): bit c of bits[c / 32]. All exclude CTL, SP and 8-bit bytes.
 *   ATOM-CHAR    without ( ) { % * " \ ]
 *   ASTRING-CHAR the same with ]
 *   list-char    the same with ] % *
 */
static const struct str_set atom_set = { { 0, 0xfffff8da, 0xcfffffff, 0x77ffffff } };
static const struct str_set astring_set = { { 0, 0xfffff8da, 0xefffffff, 0x77ffffff } };
static const struct str_set list_set = { { 0, 0xfffffcfa, 0xefffffff, 0x77ffffff } };

enum fail
imap_cursor_fail(const struct imap_cursor *c)
{
	return c->is_over ? FAIL_LIMIT : FAIL_SYNTAX;
}

bool
imap_sp(struct imap_cursor *c)
{
	return str_skip_char(&c->at, ' ');
}

bool
imap_at_end(const struct imap_cursor *c)
{
	return c->at.n == 0;
}

bool
imap_char(struct imap_cursor *c, char wanted)
{
	return str_skip_char(&c->at, wanted);
}

bool
imap_next_is(const struct imap_cursor *c, char wanted)
{
	return c->at.n > 0 && c->at.p[0] == wanted;
}

bool
imap_tag(struct imap_cursor *c, struct str *out)
{
	struct str rest = c->at;
	struct str tag = str_take_set(&rest, &astring_set);

	if (tag.n == 0 || str_find_char(tag, '+') != STR_NONE)
		return false;
	c->at = rest;
	*out = tag;
	return true;
}

static bool
take_run(struct imap_cursor *c, const struct str_set *set, struct str *out)
{
	struct str run = str_take_set(&c->at, set);

	if (run.n == 0)
		return false;
	*out = run;
	return true;
}

bool
imap_atom(struct imap_cursor *c, struct str *out)
{
	return take_run(c, &atom_set, out);
}

bool
imap_keyword(struct imap_cursor *c, struct str word)
{
	struct str rest = c->at;

	if (!str_eq_nocase(str_take_set(&rest, &atom_set), word))
		return false;
	c->at = rest;
	return true;
}

/* The text between the quotes, without its escapes. */
static bool
unescape(struct imap_cursor *c, struct str raw, struct str *out)
{
	char *p = arena_alloc(c->arena, raw.n, 1);
	size_t n = 0;

	if (!p) {
		c->is_over = true;
		return false;
	}
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\')
			i++;
		p[n++] = raw.p[i];
	}
	*out = str_of(p, n);
	return true;
}

/*
 * quoted = DQUOTE *QUOTED-CHAR DQUOTE; CR, LF and NUL are not allowed. Liberal: 8-bit bytes are, whatever was enabled
 * and in whatever charset, where RFC 6855 3 wants BAD for what is not UTF-8: SEARCH CHARSET KOI8-R comes so.
 */
static bool
take_quoted(struct imap_cursor *c, struct str *out)
{
	struct str s = c->at;
	bool has_escape = false;
	size_t i;

	for (i = 1; i < s.n && s.p[i] != '"'; i++) {
		if (s.p[i] == '\r' || s.p[i] == '\n' || s.p[i] == '\0')
			return false;
		if (s.p[i] != '\\')
			continue;
		has_escape = true;
		i++;
		if (i >= s.n || (s.p[i] != '"' && s.p[i] != '\\'))
			return false;
	}
	if (i >= s.n)
		return false;
	if (!has_escape)
		*out = str_slice(s, 1, i - 1);
	else if (!unescape(c, str_slice(s, 1, i - 1), out))
		return false;
	c->at = str_from(s, i + 1);
	return true;
}

/* literal = "{" number64 ["+"] "}" CRLF *CHAR8; literal8 = "~" the same, with NUL */
static bool
take_literal(struct imap_cursor *c, bool is_binary, struct str *out)
{
	struct str rest = c->at, text;
	uint64_t bytes;

	if (is_binary && !str_skip_char(&rest, '~'))
		return false;
	if (!str_skip_char(&rest, '{') || !str_u64(&rest, SIZE_MAX, &bytes))
		return false;
	if (rest.n > 0 && rest.p[0] == '+')
		rest = str_from(rest, 1);
	if (!str_skip(&rest, STR("}\r\n")) || !str_take(&rest, (size_t)bytes, &text))
		return false;
	if (!is_binary && str_find_char(text, '\0') != STR_NONE)
		return false;
	c->at = rest;
	*out = text;
	return true;
}

bool
imap_string(struct imap_cursor *c, struct str *out)
{
	if (imap_next_is(c, '"'))
		return take_quoted(c, out);
	return take_literal(c, false, out);
}

bool
imap_astring(struct imap_cursor *c, struct str *out)
{
	return take_run(c, &astring_set, out) || imap_string(c, out);
}

bool
imap_nstring(struct imap_cursor *c, struct str *out)
{
	if (imap_keyword(c, STR("NIL"))) {
		*out = (struct str){ NULL, 0 };
		return true;
	}
	if (!imap_string(c, out))
		return false;
	if (!out->p)
		out->p = "";
	return true;
}

bool
imap_nstring8(struct imap_cursor *c, struct str *out)
{
	if (!imap_next_is(c, '~'))
		return imap_nstring(c, out);
	if (!take_literal(c, true, out))
		return false;
	if (!out->p)
		out->p = "";
	return true;
}

bool
imap_list_mailbox(struct imap_cursor *c, struct str *out)
{
	return take_run(c, &list_set, out) || imap_string(c, out);
}

bool
imap_number(struct imap_cursor *c, uint64_t min, uint64_t max, uint64_t *out)
{
	struct str rest = c->at;
	uint64_t n;

	if (!str_u64(&rest, max, &n) || n < min)
		return false;
	c->at = rest;
	*out = n;
	return true;
}

bool
imap_literal_suffix(struct str line, struct imap_literal *out)
{
	size_t open = str_rfind_char(line, '{');
	struct str mark, digits;

	if (open == STR_NONE || !str_ends(line, STR("}")))
		return false;
	mark = str_slice(line, open + 1, line.n - open - 2);
	*out = (struct imap_literal){ .is_sync = true, .mark = line.n - open };
	if (str_ends(mark, STR("+"))) {
		out->is_sync = false;
		mark.n--;
	}
	if (mark.n == 0)
		return false;
	digits = mark;
	for (size_t i = 0; i < digits.n; i++)
		if (!char_is_digit(digits.p[i]))
			return false;
	if (!str_u64(&mark, INT64_MAX, &out->bytes))
		out->bytes = UINT64_MAX;
	if (open > 0 && line.p[open - 1] == '~') {
		out->is_binary = true;
		out->mark++;
	}
	return true;
}
