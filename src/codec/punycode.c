#include "codec/punycode.h"

/* system */
#include <string.h>

/* rooms */
#include "codec/utf8.h"

/* RFC 3492 section 5 */
enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, FIRST_BIAS = 72, FIRST_N = 128 };

struct points {
	uint32_t p[PUNYCODE_POINTS_MAX];
	size_t n;
};

/* RFC 3492 6.1 */
static uint32_t
adapt(uint32_t delta, uint32_t count, bool is_first)
{
	uint32_t k = 0;

	delta = is_first ? delta / DAMP : delta / 2;
	delta += delta / count;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static uint32_t
threshold(uint32_t k, uint32_t bias)
{
	return k <= bias ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
}

static char
digit_char(uint32_t digit)
{
	return (char)(digit < 26 ? 'a' + digit : '0' + digit - 26);
}

static uint32_t
digit_value(char c)
{
	c = char_lower(c);
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a');
	return char_is_digit(c) ? (uint32_t)(c - '0') + 26 : BASE;
}

/* A generalised variable-length integer (RFC 3492 3.3). */
static void
write_delta(struct buf *out, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = threshold(k, bias);

		if (delta < t)
			break;
		buf_add_char(out, digit_char(t + (delta - t) % (BASE - t)));
		delta = (delta - t) / (BASE - t);
	}
	buf_add_char(out, digit_char(delta));
}

static enum fail
take_points(struct str label, struct points *out)
{
	out->n = 0;
	while (label.n > 0) {
		if (out->n == PUNYCODE_POINTS_MAX)
			return FAIL_LIMIT;
		if (!utf8_next(&label, &out->p[out->n++]))
			return FAIL_SYNTAX;
	}
	return FAIL_NONE;
}

static uint32_t
next_point(const struct points *points, uint32_t from)
{
	uint32_t least = UINT32_MAX;

	for (size_t i = 0; i < points->n; i++) {
		if (points->p[i] >= from && points->p[i] < least)
			least = points->p[i];
	}
	return least;
}

/* RFC 3492 6.3; with 256 points at most, delta stays under 2^29 and cannot overflow. */
enum fail
punycode_write(struct buf *out, struct str label)
{
	struct points points;
	uint32_t n = FIRST_N, delta = 0, bias = FIRST_BIAS, basic = 0, done;
	enum fail fail = take_points(label, &points);

	if (fail != FAIL_NONE)
		return fail;
	for (size_t i = 0; i < points.n; i++) {
		if (points.p[i] < FIRST_N) {
			buf_add_char(out, (char)points.p[i]);
			basic++;
		}
	}
	if (basic > 0)
		buf_add_char(out, '-');
	for (done = basic; done < points.n; delta++, n++) {
		uint32_t least = next_point(&points, n);

		delta += (least - n) * (done + 1);
		n = least;
		for (size_t i = 0; i < points.n; i++) {
			if (points.p[i] < n)
				delta++;
			if (points.p[i] != n)
				continue;
			write_delta(out, delta, bias);
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
	return buf_ok(out) ? FAIL_NONE : FAIL_LIMIT;
}

/* One variable-length integer is added to *i. */
static bool
take_delta(struct str *cur, uint32_t bias, uint32_t *i)
{
	uint32_t weight = 1;

	for (uint32_t k = BASE;; k += BASE) {
		uint32_t digit, t = threshold(k, bias), add;

		if (cur->n == 0)
			return false;
		digit = digit_value(cur->p[0]);
		*cur = str_from(*cur, 1);
		if (digit >= BASE || __builtin_mul_overflow(digit, weight, &add) ||
		    __builtin_add_overflow(*i, add, i))
			return false;
		if (digit < t)
			return true;
		if (__builtin_mul_overflow(weight, BASE - t, &weight))
			return false;
	}
}

static enum fail
take_basic(struct str *text, struct points *points)
{
	size_t hyphen = str_rfind_char(*text, '-');

	points->n = 0;
	if (hyphen == STR_NONE)
		return FAIL_NONE;
	if (hyphen == 0)
		return FAIL_SYNTAX;
	if (hyphen > PUNYCODE_POINTS_MAX)
		return FAIL_LIMIT;
	for (size_t i = 0; i < hyphen; i++) {
		if (text->p[i] & 0x80)
			return FAIL_SYNTAX;
		points->p[points->n++] = (unsigned char)text->p[i];
	}
	*text = str_from(*text, hyphen + 1);
	return FAIL_NONE;
}

/* RFC 3492 6.2 */
enum fail
punycode_parse(struct buf *out, struct str text)
{
	struct points points;
	uint32_t n = FIRST_N, i = 0, bias = FIRST_BIAS;
	enum fail fail = take_basic(&text, &points);

	if (fail != FAIL_NONE)
		return fail;
	while (text.n > 0) {
		uint32_t count = (uint32_t)points.n + 1, before = i;

		if (points.n == PUNYCODE_POINTS_MAX)
			return FAIL_LIMIT;
		if (!take_delta(&text, bias, &i))
			return FAIL_SYNTAX;
		bias = adapt(i - before, count, before == 0);
		if (i / count > 0x10ffff - n)
			return FAIL_SYNTAX;
		n += i / count;
		if (n >= 0xd800 && n < 0xe000)
			return FAIL_SYNTAX;
		i %= count;
		memmove(points.p + i + 1, points.p + i, (points.n - i) * sizeof points.p[0]);
		points.p[i++] = n;
		points.n++;
	}
	for (size_t at = 0; at < points.n; at++)
		utf8_write(out, points.p[at]);
	return buf_ok(out) ? FAIL_NONE : FAIL_LIMIT;
}
