#include "codec/idna.h"

/* rooms */
#include "codec/punycode.h"
#include "codec/utf8.h"

#define LABEL_MAX 63 /* RFC 1035 2.3.4 */

/* The dots of RFC 5895 section 2 (4). */
static bool
is_dot(uint32_t c)
{
	return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61;
}

/* What no label can hold: ASCII besides letters, digits, hyphen, underscore; blanks; private use. */
static bool
is_label_point(uint32_t c)
{
	if (c < 0x80)
		return char_is_alpha((char)c) || char_is_digit((char)c) || c == '-' || c == '_';
	if (c <= 0xa0 || c == 0xad || (c >= 0x2000 && c <= 0x200b) || (c >= 0x2028 && c <= 0x202f))
		return false;
	return c != 0x3000 && c != 0xfeff && !(c >= 0xe000 && c <= 0xf8ff) &&
	    !(c >= 0xfff0 && c <= 0xffff) && c < 0xe0000;
}

static bool
is_label(struct str label)
{
	uint32_t c;

	if (label.n == 0 || label.p[0] == '-' || label.p[label.n - 1] == '-')
		return false;
	while (label.n > 0) {
		if (!utf8_next(&label, &c) || !is_label_point(c))
			return false;
	}
	return true;
}

/* Lower case, ASCII and the rest. `label` is a good label. */
static void
write_a_label(struct buf *out, struct str label)
{
	if (utf8_is_ascii(label)) {
		buf_add(out, label);
		return;
	}
	buf_add(out, STR("xn--"));
	if (punycode_write(out, label) != FAIL_NONE)
		out->overflow = true;
}

/* The Unicode of an A-label, only when it encodes to the very same A-label. */
static bool
decode_a_label(struct buf *out, struct str label)
{
	struct buf again;
	struct str rest = label;
	bool is_good;

	if (!str_skip(&rest, STR("xn--")) || punycode_parse(out, rest) != FAIL_NONE)
		return false;
	if (utf8_is_ascii(buf_str(out)) || !is_label(buf_str(out)))
		return false;
	buf_init(&again, 4 * LABEL_MAX);
	utf8_lower(&again, buf_str(out));
	is_good = str_eq(buf_str(&again), buf_str(out));
	buf_clear(&again);
	write_a_label(&again, buf_str(out));
	is_good = is_good && buf_ok(&again) && str_eq(buf_str(&again), label);
	buf_release(&again);
	return is_good;
}

static enum fail
write_label(struct buf *out, struct str label, bool to_unicode)
{
	struct buf ascii, unicode;
	bool is_good, is_a_label;

	buf_init(&ascii, LABEL_MAX);
	buf_init(&unicode, 4 * LABEL_MAX);
	is_good = is_label(label);
	if (is_good)
		write_a_label(&ascii, label);
	is_good = is_good && buf_ok(&ascii);
	is_a_label = is_good && decode_a_label(&unicode, buf_str(&ascii));
	if (str_starts(label, STR("xn--")) && !is_a_label && !to_unicode)
		is_good = false;
	if (is_good)
		buf_add(out, to_unicode && is_a_label ? buf_str(&unicode) : buf_str(&ascii));
	buf_release(&ascii);
	buf_release(&unicode);
	return is_good ? FAIL_NONE : FAIL_SYNTAX;
}

/* Cut the next label off *cur; *is_last_out when no dot stood behind it. */
static struct str
take_label(struct str *cur, bool *is_last_out)
{
	struct str start = *cur;

	*is_last_out = false;
	while (cur->n > 0) {
		size_t n = start.n - cur->n;

		if (is_dot(utf8_take(cur)))
			return str_head(start, n);
	}
	*is_last_out = true;
	return start;
}

static enum fail
write_domain(struct buf *out, struct str domain, bool to_unicode)
{
	struct buf lower;
	struct str cur;
	size_t start = out->n;
	bool is_last = false;
	enum fail fail = FAIL_NONE;

	if (!utf8_is_valid(domain))
		return FAIL_SYNTAX;
	buf_init(&lower, 4 * (IDNA_DOMAIN_MAX + 1));
	utf8_lower(&lower, domain);
	if (!buf_ok(&lower))
		fail = FAIL_SYNTAX;
	cur = buf_str(&lower);
	while (fail == FAIL_NONE && !is_last) {
		struct str label = take_label(&cur, &is_last);

		if (is_last && label.n == 0 && out->n > start)
			break; /* the dot of the root */
		if (out->n > start)
			buf_add_char(out, '.');
		fail = write_label(out, label, to_unicode);
	}
	if (fail == FAIL_NONE && !to_unicode && out->n - start > IDNA_DOMAIN_MAX)
		fail = FAIL_SYNTAX;
	buf_release(&lower);
	if (fail == FAIL_NONE && !buf_ok(out))
		fail = FAIL_LIMIT;
	if (fail != FAIL_NONE)
		buf_truncate(out, start);
	return fail;
}

enum fail
idna_write_ascii(struct buf *out, struct str domain)
{
	return write_domain(out, domain, false);
}

enum fail
idna_write_unicode(struct buf *out, struct str domain)
{
	return write_domain(out, domain, true);
}
