#include "base/str.h"

/* system */
#include <string.h>

/* base */
#include "base/num.h"

struct str
str_c(const char *c)
{
	return (struct str){ c, c ? strlen(c) : 0 };
}

bool
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

int
str_cmp(struct str a, struct str b)
{
	size_t n = size_min(a.n, b.n);
	int order = n ? memcmp(a.p, b.p, n) : 0;

	if (order != 0)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

int
str_cmp_nocase(struct str a, struct str b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		unsigned char x = (unsigned char)char_lower(a.p[i]);
		unsigned char y = (unsigned char)char_lower(b.p[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return (a.n > b.n) - (a.n < b.n);
}

bool
str_eq_nocase(struct str a, struct str b)
{
	return a.n == b.n && str_cmp_nocase(a, b) == 0;
}

bool
str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_head(s, prefix.n), prefix);
}

bool
str_starts_nocase(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq_nocase(str_head(s, prefix.n), prefix);
}

bool
str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_from(s, s.n - suffix.n), suffix);
}

bool
str_ends_nocase(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq_nocase(str_from(s, s.n - suffix.n), suffix);
}

size_t
str_find_char(struct str s, char c)
{
	const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;

	return hit ? (size_t)(hit - s.p) : STR_NONE;
}

size_t
str_rfind_char(struct str s, char c)
{
	const char *hit = s.n ? memrchr(s.p, c, s.n) : NULL;

	return hit ? (size_t)(hit - s.p) : STR_NONE;
}

size_t
str_find(struct str s, struct str needle)
{
	const char *hit;

	if (needle.n == 0)
		return 0;
	if (needle.n > s.n)
		return STR_NONE;
	hit = memmem(s.p, s.n, needle.p, needle.n);
	return hit ? (size_t)(hit - s.p) : STR_NONE;
}

size_t
str_find_nocase(struct str s, struct str needle)
{
	if (needle.n == 0)
		return 0;
	for (size_t i = 0; i + needle.n <= s.n; i++) {
		if (char_lower(s.p[i]) == char_lower(needle.p[0]) &&
		    str_eq_nocase(str_slice(s, i, needle.n), needle))
			return i;
	}
	return STR_NONE;
}

struct str
str_from(struct str s, size_t start)
{
	start = size_min(start, s.n);
	return s.p ? (struct str){ s.p + start, s.n - start } : s;
}

struct str
str_head(struct str s, size_t n)
{
	return (struct str){ s.p, size_min(n, s.n) };
}

struct str
str_slice(struct str s, size_t start, size_t n)
{
	return str_head(str_from(s, start), n);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str
str_trim(struct str s)
{
	while (s.n && is_blank(s.p[0]))
		s = str_from(s, 1);
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool
str_skip_char(struct str *cur, char c)
{
	if (cur->n == 0 || cur->p[0] != c)
		return false;
	*cur = str_from(*cur, 1);
	return true;
}

bool
str_skip(struct str *cur, struct str word)
{
	if (!str_starts(*cur, word))
		return false;
	*cur = str_from(*cur, word.n);
	return true;
}

bool
str_skip_nocase(struct str *cur, struct str word)
{
	if (!str_starts_nocase(*cur, word))
		return false;
	*cur = str_from(*cur, word.n);
	return true;
}

struct str
str_take_set(struct str *cur, const struct str_set *set)
{
	size_t n = 0;
	struct str run;

	while (n < cur->n && str_set_has(set, (unsigned char)cur->p[n]))
		n++;
	run = str_head(*cur, n);
	*cur = str_from(*cur, n);
	return run;
}

bool
str_take_until(struct str *cur, char c, struct str *out)
{
	size_t at = str_find_char(*cur, c);

	if (at == STR_NONE)
		return false;
	*out = str_head(*cur, at);
	*cur = str_from(*cur, at + 1);
	return true;
}

bool
str_next_part(struct str *cur, char c, struct str *out)
{
	if (cur->p == NULL)
		return false;
	if (!str_take_until(cur, c, out)) {
		*out = *cur;
		*cur = (struct str){ NULL, 0 };
	}
	return true;
}

bool
str_take(struct str *cur, size_t n, struct str *out)
{
	if (n > cur->n)
		return false;
	*out = str_head(*cur, n);
	*cur = str_from(*cur, n);
	return true;
}

static bool
take_number(struct str *cur, unsigned base, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < cur->n; i++) {
		char c = char_lower(cur->p[i]);
		unsigned digit;

		if (char_is_digit(c))
			digit = (unsigned)(c - '0');
		else if (base == 16 && c >= 'a' && c <= 'f')
			digit = (unsigned)(c - 'a') + 10;
		else
			break;
		if (value > (UINT64_MAX - digit) / base)
			return false;
		value = value * base + digit;
		if (value > max)
			return false;
	}
	if (i == 0)
		return false;
	*cur = str_from(*cur, i);
	*out = value;
	return true;
}

bool
str_u64(struct str *cur, uint64_t max, uint64_t *out)
{
	return take_number(cur, 10, max, out);
}

bool
str_u32(struct str *cur, uint32_t max, uint32_t *out)
{
	uint64_t value;

	if (!take_number(cur, 10, max, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

bool
str_hex(struct str *cur, uint64_t max, uint64_t *out)
{
	return take_number(cur, 16, max, out);
}
