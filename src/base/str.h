/*
 * str.h - borrowed text: a pointer and a length.
 *
 * A struct str never owns its bytes, may hold NUL, and is passed by value. Parsers use it as a
 * cursor: functions that take `struct str *cur` move it past what they read, and only on success,
 * so that a grammar rule reads like its ABNF.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"

struct str {
	const char *p; /* borrow: whoever made it; may be NULL when n is 0 */
	size_t n;      /* bytes */
};

/* A string literal as a str. */
#define STR(literal) ((struct str){ "" literal, sizeof(literal) - 1 })

/* The same for static initialisers. */
#define STR_INIT(literal) \
	{ \
		"" literal, sizeof(literal) - 1 \
	}

/* For printf-like calls of our own tests and tools: "%.*s", STR_ARG(s). Never for protocols. */
#define STR_ARG(s) (int)(s).n, (s).n ? (s).p : ""

static inline struct str
str_of(const void *p, size_t n)
{
	return (struct str){ p, n };
}

/* A C string, NULL counting as empty. */
struct str str_c(const char *c);

/* Comparing. "nocase" folds A-Z only, as protocol keywords do. */
bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b);
int str_cmp(struct str a, struct str b); /* as memcmp, a prefix sorts first */
int str_cmp_nocase(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_ends_nocase(struct str s, struct str suffix);

/* Position of the first `c` / of `needle`, or STR_NONE. An empty needle is found at 0. */
#define STR_NONE ((size_t)-1)
size_t str_find_char(struct str s, char c);
size_t str_rfind_char(struct str s, char c);
size_t str_find(struct str s, struct str needle);
size_t str_find_nocase(struct str s, struct str needle);

/* Slices. Out-of-range positions are cut to the end, so these cannot fail. */
struct str str_from(struct str s, size_t start);            /* s[start ..] */
struct str str_head(struct str s, size_t n);                /* s[.. n] */
struct str str_slice(struct str s, size_t start, size_t n); /* s[start .. start+n] */
struct str str_trim(struct str s); /* without SP, TAB, CR, LF at both ends */

/* True when s is empty. */
static inline bool
str_empty(struct str s)
{
	return s.n == 0;
}

/* --- cursors: move on success only ------------------------------------------------------- */

/* Skip one given byte. */
MUST_CHECK bool str_skip_char(struct str *cur, char c);

/* Skip a given word, exactly or folding A-Z. */
MUST_CHECK bool str_skip(struct str *cur, struct str word);
MUST_CHECK bool str_skip_nocase(struct str *cur, struct str word);

/* Take the longest run of bytes for which the bit is set in `set` (see str_set). */
struct str_set {
	uint32_t bits[8];
};
static inline bool
str_set_has(const struct str_set *set, unsigned char c)
{
	return (set->bits[c >> 5] >> (c & 31)) & 1;
}
struct str str_take_set(struct str *cur, const struct str_set *set);

/* Take up to the first `c`, which is skipped; false (nothing moved) when there is none. */
MUST_CHECK bool str_take_until(struct str *cur, char c, struct str *out);

/* The next part before `c` or the end; false when the cursor was already used up (p == NULL). */
MUST_CHECK bool str_next_part(struct str *cur, char c, struct str *out);

/* Take `n` bytes; false when there are fewer. */
MUST_CHECK bool str_take(struct str *cur, size_t n, struct str *out);

/*
 * Decimal digits, at least one, at most `max`; more is false, as is a sign. Leading zeros are
 * allowed (the protocols that forbid them check that themselves).
 */
MUST_CHECK bool str_u32(struct str *cur, uint32_t max, uint32_t *out);
MUST_CHECK bool str_u64(struct str *cur, uint64_t max, uint64_t *out);

/* Hexadecimal digits, either case. */
MUST_CHECK bool str_hex(struct str *cur, uint64_t max, uint64_t *out);

/* --- bytes ------------------------------------------------------------------------------- */

static inline char
char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}
static inline char
char_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}
static inline bool
char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool
char_is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
/* The hexadecimal digit of the low four bits of `n`. */
static inline char
char_hex(unsigned n)
{
	return "0123456789abcdef"[n & 15];
}
static inline char
char_hex_upper(unsigned n)
{
	return "0123456789ABCDEF"[n & 15];
}
static inline bool
char_is_space(char c) /* WSP of RFC 5234 */
{
	return c == ' ' || c == '\t';
}

#endif
