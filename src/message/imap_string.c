#include "message/imap_string.h"

/* system */
#include <string.h>

/* rooms */
#include "codec/utf8.h"
#include "message/quoted_string.h"

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

#define EACH(byte) (UINT64_MAX / 255 * (byte)) /* eight times this byte */

/* The high bits of those bytes that may need something: a tab, too. Exact as long as the answer is none. */
static uint64_t
suspects(uint64_t eight)
{
	uint64_t quote = eight ^ EACH('"'), backslash = eight ^ EACH('\\'), del = eight ^ EACH(127);

	return (eight | (eight - EACH(32)) | (quote - EACH(1)) | (backslash - EACH(1)) |
		   (del - EACH(1))) &
	    EACH(128);
}

static unsigned
needs_of(struct str s)
{
	unsigned found = 0;
	uint64_t eight;
	size_t i = 0;

	if (s.n > QUOTED_MAX)
		return NEEDS_LITERAL;
	for (; s.n - i >= sizeof(eight); i += sizeof(eight)) {
		memcpy(&eight, s.p + i, sizeof(eight));
		if (suspects(eight))
			break;
	}
	for (; i < s.n; i++)
		found |= needs[(unsigned char)s.p[i]];
	return found;
}

/* Nothing in it has to be escaped; there is room for s.n + 2 bytes. Returns where it ends. */
static char *
put_plain(char *p, struct str s)
{
	p[0] = p[s.n + 1] = '"';
	if (s.n > 0)
		memcpy(p + 1, s.p, s.n);
	return p + s.n + 2;
}

static void
quote_plain(struct buf *out, struct str s)
{
	char *p = buf_extend(out, s.n + 2);

	if (p)
		put_plain(p, s);
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
		quoted_string_write(out, s);
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

static char *
put_nil(char *p)
{
	memcpy(p, "NIL", 3);
	return p + 3;
}

/* Nothing in them has to be escaped; `bytes` is all of it. */
static void
quote_all_plain(struct buf *out, const struct str *items, size_t count, size_t bytes)
{
	char *p = buf_extend(out, bytes);

	for (size_t i = 0; p && i < count; i++) {
		if (i > 0)
			*p++ = ' ';
		p = items[i].p ? put_plain(p, items[i]) : put_nil(p);
	}
}

void
imap_nstrings_write(struct buf *out, const struct str *items, size_t count)
{
	size_t bytes = 0;
	unsigned found = 0;

	for (size_t i = 0; i < count; i++) {
		found |= needs_of(items[i]);
		bytes += (i > 0 ? 1 : 0) + (items[i].p ? items[i].n + 2 : 3);
	}
	if (!found) {
		quote_all_plain(out, items, count, bytes);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		imap_nstring_write(out, items[i]);
	}
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
		quoted_string_write(out, s);
	else
		literal(out, s);
}
