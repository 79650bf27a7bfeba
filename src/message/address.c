#include "message/address.h"

/* system */
#include <string.h>

/* base */
#include "base/num.h"

/* rooms */
#include "message/header.h"
#include "message/quoted_string.h"

/*
 * Two passes over each address: find where it ends and what stands out in it (angle brackets, '@',
 * comments), then take it apart. A quote or parenthesis that is never closed stands for itself; once
 * one was found, no other is looked for, so the time stays linear.
 */
struct lexer {
	struct str s;
	bool no_quotes, no_comments;
};

enum lexeme { LEX_CHAR, LEX_BLANK, LEX_QUOTED, LEX_COMMENT };

/* What stands out; all other characters are words and stand for themselves. */
enum {
	IS_BLANK = 1,     /* space, tab */
	IS_LINE_END = 2,  /* CR, LF: folds */
	IS_OPENING = 4,   /* a quoted string or a comment may begin */
	IS_BACKSLASH = 8, /* of a quoted-pair */
	IS_SPECIAL = 16,  /* separates, or belongs to an addr-spec */
};

static const unsigned char classes[256] = {
	[' '] = IS_BLANK,
	['\t'] = IS_BLANK,
	['\r'] = IS_LINE_END,
	['\n'] = IS_LINE_END,
	['"'] = IS_OPENING,
	['('] = IS_OPENING,
	['\\'] = IS_BACKSLASH,
	[','] = IS_SPECIAL,
	[';'] = IS_SPECIAL,
	[':'] = IS_SPECIAL,
	['<'] = IS_SPECIAL,
	['>'] = IS_SPECIAL,
	['@'] = IS_SPECIAL,
};

static unsigned
class_of(char c)
{
	return classes[(unsigned char)c];
}

static bool
has_any(struct str s, unsigned which)
{
	unsigned found = 0;

	for (size_t i = 0; i < s.n; i++)
		found |= class_of(s.p[i]);
	return (found & which) != 0;
}

static size_t
quoted_end(struct str s, size_t i)
{
	for (i++; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return STR_NONE;
}

/* Where what stands out begins again; i: it does here. */
static size_t
word_end(struct str s, size_t i)
{
	while (i < s.n && class_of(s.p[i]) == 0)
		i++;
	return i;
}

/* What stands at i, and where it ends. */
static enum lexeme
lex(struct lexer *l, size_t i, size_t *end_out)
{
	char c = l->s.p[i];
	unsigned class = class_of(c);
	size_t end = STR_NONE;

	*end_out = i + 1;
	if (class & (IS_BLANK | IS_LINE_END))
		return LEX_BLANK;
	if (!(class & IS_OPENING))
		return LEX_CHAR;
	if (c == '"' && !l->no_quotes) {
		end = quoted_end(l->s, i);
		l->no_quotes = end == STR_NONE;
	} else if (c == '(' && !l->no_comments) {
		size_t n = header_comment_size(str_from(l->s, i));

		end = n > 0 ? i + n : STR_NONE;
		l->no_comments = n == 0;
	}
	if (end == STR_NONE)
		return LEX_CHAR;
	*end_out = end;
	return c == '"' ? LEX_QUOTED : LEX_COMMENT;
}

/* --- taking apart -------------------------------------------------------------------------- */

/* Append with quoted-pairs undone and line ends dropped. */
static size_t
unescape(char *p, struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		if (s.p[i] != '\r' && s.p[i] != '\n')
			p[n++] = s.p[i];
	}
	return n;
}

/* Words with quotes, comments and folds undone, one blank between them. */
static struct str
phrase(struct str s, struct arena *a)
{
	struct lexer l = { .s = str_trim(s) };
	size_t end, n = 0;
	bool is_blank_due = false;
	char *p;

	if (l.s.n > 1 && l.s.p[0] == '"' && quoted_end(l.s, 0) == l.s.n &&
	    !has_any(l.s, IS_BACKSLASH | IS_LINE_END))
		return str_slice(l.s, 1, l.s.n - 2);
	if (!has_any(l.s, IS_OPENING | IS_BACKSLASH | IS_LINE_END))
		return l.s;
	p = arena_alloc(a, l.s.n, 1);
	if (p == NULL)
		return l.s;
	for (size_t i = 0; i < l.s.n; i = end) {
		enum lexeme what = lex(&l, i, &end);

		if (what == LEX_BLANK || what == LEX_COMMENT) {
			is_blank_due = n > 0;
			continue;
		}
		if (is_blank_due)
			p[n++] = ' ';
		is_blank_due = false;
		if (what == LEX_QUOTED)
			n += unescape(p + n, str_slice(l.s, i + 1, end - i - 2));
		else
			p[n++] = l.s.p[i];
	}
	return str_of(p, n);
}

/* s without blanks and comments; *has_quotes_out when a quoted string is in it. */
static struct str
squeeze(struct str s, struct arena *a, bool *has_quotes_out)
{
	struct lexer l = { .s = str_trim(s) };
	size_t end, n = 0;
	char *p;

	*has_quotes_out = false;
	if (!has_any(l.s, IS_OPENING | IS_BLANK | IS_LINE_END))
		return l.s;
	p = arena_alloc(a, l.s.n, 1);
	if (p == NULL)
		return l.s;
	for (size_t i = 0; i < l.s.n; i = end) {
		enum lexeme what = lex(&l, i, &end);

		if (what == LEX_BLANK || what == LEX_COMMENT)
			continue;
		*has_quotes_out |= what == LEX_QUOTED;
		memcpy(p + n, l.s.p + i, end - i);
		n += end - i;
	}
	return str_of(p, n);
}

/* addr-spec, with an obsolete route before it: "@a,@b:" (RFC 5322 4.4). */
static void
split_spec(struct str s, struct arena *a, struct address *out)
{
	struct lexer l = { 0 };
	size_t at = STR_NONE, end, colon;
	bool has_quotes;
	char *p;

	s = squeeze(s, a, &has_quotes);
	colon = s.n > 0 && s.p[0] == '@' ? str_find_char(s, ':') : STR_NONE;
	if (colon != STR_NONE) {
		out->route = str_head(s, colon);
		s = str_from(s, colon + 1);
	}
	if (str_starts_nocase(s, STR("mailto:")))
		s = str_from(s, 7);
	l.s = s;
	if (!has_quotes)
		at = str_rfind_char(s, '@');
	for (size_t i = 0; has_quotes && i < s.n; i = end)
		if (lex(&l, i, &end) == LEX_CHAR && s.p[i] == '@')
			at = i;
	out->local = at == STR_NONE ? s : str_head(s, at);
	out->domain = at == STR_NONE ? (struct str){ "", 0 } : str_from(s, at + 1);
	if (has_quotes && (p = arena_alloc(a, out->local.n + 1, 1)) != NULL) {
		size_t n = 0;

		l = (struct lexer){ .s = out->local };
		for (size_t i = 0; i < l.s.n; i = end) {
			if (lex(&l, i, &end) == LEX_QUOTED)
				n += unescape(p + n, str_slice(l.s, i + 1, end - i - 2));
			else
				p[n++] = l.s.p[i];
		}
		out->local = str_of(p, n);
	}
}

/* --- finding ------------------------------------------------------------------------------- */

/* One address as it lies in the field. */
struct extent {
	struct str before;  /* all of it, or what stands before the angle bracket */
	struct str angle;   /* between the angle brackets */
	struct str comment; /* the last one, without parentheses */
	bool has_angle, has_at;
	char stop; /* ',', ';', ':' (a group's name ends), 'w' (a word follows '>'), 0: the end */
};

/* Move past an address and its separator. */
static void
find_extent(struct lexer *l, size_t *at, struct extent *x)
{
	size_t start = *at, i = word_end(l->s, start), end = start, angle = 0;
	bool in_angle = false, is_closed = false;

	*x = (struct extent){ .stop = 0 };
	for (; i < l->s.n; i = is_closed ? end : word_end(l->s, end)) {
		enum lexeme what = lex(l, i, &end);
		char c = l->s.p[i];

		if (what == LEX_COMMENT)
			x->comment = str_slice(l->s, i + 1, end - i - 2);
		if (what == LEX_BLANK || what == LEX_COMMENT)
			continue;
		if (what == LEX_CHAR && (c == ',' || c == ';' || c == ':')) {
			bool in_route = in_angle && l->s.p[angle] == '@';

			if (!(in_route && c != ';') && !(in_angle && c == ':') &&
			    !(c == ':' && (x->has_at || is_closed))) {
				x->stop = c;
				break;
			}
		}
		if (is_closed && c != '>') {
			x->stop = 'w';
			end = i;
			break;
		}
		if (what == LEX_CHAR && c == '<') {
			if (!x->has_angle)
				x->before = str_slice(l->s, start, i - start);
			x->has_angle = in_angle = true;
			angle = size_min(end, l->s.n - 1);
		} else if (what == LEX_CHAR && c == '>' && in_angle) {
			x->angle = str_slice(l->s, angle, i - angle);
			in_angle = false;
			is_closed = true;
		}
		x->has_at |= what == LEX_CHAR && c == '@';
	}
	if (in_angle)
		x->angle = str_slice(l->s, angle, i - angle);
	if (!x->has_angle)
		x->before = str_slice(l->s, start, i - start);
	*at = x->stop ? end : l->s.n;
}

/* --- the list ------------------------------------------------------------------------------ */

struct builder {
	struct arena *a; /* borrow: the caller's */
	struct address_list *out;
	size_t room; /* items there is room for */
	bool in_group;
};

static struct address *
append(struct builder *b, enum address_kind kind)
{
	struct address_list *list = b->out;

	/* The end of a group may still come, so that it is not left open. */
	if (list->count >= ADDRESS_MAX && kind != ADDRESS_GROUP_END) {
		list->is_cut = true;
		return NULL;
	}
	if (list->count == b->room) {
		size_t room = b->room * 4;
		struct address *items = arena_alloc(b->a, room, sizeof *items);

		if (items == NULL) {
			list->is_cut = true;
			return NULL;
		}
		memcpy(items, list->items, list->count * sizeof *items);
		list->items = items;
		b->room = room;
	}
	list->items[list->count] = (struct address){ .kind = kind };
	return &list->items[list->count++];
}

static struct str
comment_text(struct str comment, struct arena *a)
{
	struct str s = str_trim(comment);
	char *p;

	if (!has_any(s, IS_BACKSLASH | IS_LINE_END) || (p = arena_alloc(a, s.n, 1)) == NULL)
		return s;
	return str_of(p, unescape(p, s));
}

static void
add_mailbox(struct builder *b, const struct extent *x)
{
	struct str before = str_trim(x->before);
	struct address *item;

	if (!x->has_angle && before.n == 0)
		return;
	if (!x->has_angle && !x->has_at) {
		struct str words = phrase(before, b->a);

		if (words.n == 0 || (item = append(b, ADDRESS_MAILBOX)) == NULL)
			return;
		item->local = words;
		item->domain = STR("");
	} else {
		if ((item = append(b, ADDRESS_MAILBOX)) == NULL)
			return;
		split_spec(x->has_angle ? x->angle : before, b->a, item);
		if (x->has_angle)
			item->name = phrase(before, b->a);
	}
	if (item->name.n == 0)
		item->name = comment_text(x->comment, b->a);
	if (item->name.n == 0)
		item->name.p = NULL;
}

static void
end_group(struct builder *b)
{
	if (b->in_group)
		append(b, ADDRESS_GROUP_END);
	b->in_group = false;
}

void
address_parse(struct str raw, struct arena *a, struct address_list *out)
{
	struct lexer l = { .s = str_trim(raw) };
	struct builder b = { .a = a, .out = out, .room = ADDRESS_FEW };
	struct extent x;
	struct address *group;
	size_t at = 0;
	char previous = ',';

	out->items = out->few;
	out->count = 0;
	out->is_cut = false;
	while (at < l.s.n && !out->is_cut) {
		find_extent(&l, &at, &x);
		if (x.stop == ':') {
			if (str_eq_nocase(str_trim(x.before), STR("mailto")))
				continue;
			end_group(&b);
			group = append(&b, ADDRESS_GROUP);
			if (group)
				group->name = phrase(x.before, a);
			b.in_group = group != NULL;
		} else if (previous != 'w' || x.has_angle || x.has_at) {
			/* Words behind a bracket without an address of their own are noise. */
			add_mailbox(&b, &x);
		}
		if (x.stop == ';')
			end_group(&b);
		previous = x.stop;
	}
	end_group(&b);
}

struct str
address_name(const struct address *address, struct arena *a)
{
	return address->name.n > 0 ? header_text(address->name, a) : STR("");
}

/* dot-atom-text of RFC 5322 3.2.3, with RFC 6532's UTF-8. */
static bool
is_dot_atom(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 32 || c == 127 || strchr("()<>[]:;@\\,\"", c) != NULL)
			return false;
	}
	return s.n > 0;
}

void
address_spec_write(struct buf *out, const struct address *address)
{
	struct str local = address->local;

	if (address->domain.n == 0) {
		buf_add(out, local);
		return;
	}
	if (is_dot_atom(local))
		buf_add(out, local);
	else
		quoted_string_write(out, local);
	buf_add_char(out, '@');
	buf_add(out, address->domain);
}

struct str
address_spec(const struct address *address, struct arena *a)
{
	struct str s;
	struct buf b;

	buf_init(&b, 2 * (address->local.n + address->domain.n) + 3);
	address_spec_write(&b, address);
	s = arena_str(a, buf_str(&b));
	buf_release(&b);
	return s.p ? s : STR("");
}
