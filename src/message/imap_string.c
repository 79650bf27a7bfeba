#include "message/imap_string.h"

/* system */
#include <string.h>

/* rooms */
#include "codec/utf8.h"

#define QUOTED_MAX \
	1000 /* longer strings are literals: some clients read lines into small buffers */

/* What the characters of a string ask for (RFC 9051 section 9, quoted): these bits. */
enum { NEEDS_ESCAPE = 1, NEEDS_LITERAL = 2 };

#define L   NEEDS_LITERAL
#define L16 L, L, L, L, L, L, L, L, L, L, L, L, L, L, L, L

/* Control characters but the tab, and what is not US-ASCII: nobody quotes them. */
static const unsigned char needs[256] = {
	L,
	L,
	L,
	L,
	L,
	L,
	L,
	L,
	L,
	0,
	L,
	L,
	L,
	L,
	L,
	L,
	L16, /* 0 .. 31 */
	['"'] = NEEDS_ESCAPE,
	['\\'] = NEEDS_ESCAPE,
	[127] = L,
	[128] = L16,
	L16,
	L16,
	L16,
	L16,
	L16,
	L16,
	L16,
};

static unsigned
needs_of(struct str s)
{
	unsigned found = 0;

	if (s.n > QUOTED_MAX)
		return NEEDS_LITERAL;
	for (size_t i = 0; i < s.n; i++)
		found |= needs[(unsigned char)s.p[i]];
	return found;
}

/* Nothing in it has to be escaped. */
static void
quote_plain(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	buf_add(out, s);
	buf_add_char(out, '"');
}

static void
quote(struct buf *out, struct str s)
{
	size_t start = 0;

	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '"' && s.p[i] != '\\')
			continue;
		buf_add(out, str_slice(s, start, i - start));
		buf_add_char(out, '\\');
		start = i;
	}
	buf_add(out, str_from(s, start));
	buf_add_char(out, '"');
}

static void
literal(struct buf *out, struct str s)
{
	size_t nul;

	buf_add_char(out, '{');
	buf_add_u64(out, s.n);
	buf_add_c(out, "}\r\n");
	while ((nul = str_find_char(s, '\0')) != STR_NONE) {
		buf_add(out, str_head(s, nul));
		buf_add_char(out, '?');
		s = str_from(s, nul + 1);
	}
	buf_add(out, s);
}

void
imap_string_write(struct buf *out, struct str s)
{
	unsigned found = needs_of(s);

	if (found & NEEDS_LITERAL)
		literal(out, s);
	else if (found & NEEDS_ESCAPE)
		quote(out, s);
	else
		quote_plain(out, s);
}

void
imap_nstring_write(struct buf *out, struct str s)
{
	if (s.p == NULL)
		buf_add(out, STR("NIL"));
	else
		imap_string_write(out, s);
}

/* ASTRING-CHAR (RFC 9051 section 9): no atom-specials but "]". */
static bool
is_astring_char(char c)
{
	return (unsigned char)c > 32 && (unsigned char)c < 127 && strchr("(){%*\"\\", c) == NULL;
}

void
imap_astring_write(struct buf *out, struct str s)
{
	bool is_atom = s.n > 0 && s.n <= QUOTED_MAX && !str_eq_nocase(s, STR("NIL"));

	for (size_t i = 0; i < s.n && is_atom; i++)
		is_atom = is_astring_char(s.p[i]);
	if (is_atom)
		buf_add(out, s);
	else
		imap_string_write(out, s);
}

void
imap_utf8_write(struct buf *out, struct str s)
{
	bool is_plain = s.n <= QUOTED_MAX && utf8_is_valid(s);

	for (size_t i = 0; i < s.n && is_plain; i++)
		is_plain = (unsigned char)s.p[i] >= 32 && s.p[i] != 127;
	if (is_plain)
		quote(out, s);
	else
		literal(out, s);
}
