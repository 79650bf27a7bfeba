#include "codec/utf7.h"

/* rooms */
#include "codec/utf8.h"

/* mbase64 = base64 with "," in place of "/" and without padding (RFC 3501 5.1.3) */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static bool
is_direct(uint32_t c)
{
	return c >= 0x20 && c <= 0x7e;
}

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (char_is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == ',' ? 63 : -1;
}

/* UTF-16 in, code points out. */
struct units {
	uint32_t high; /* the first half of a pair, or 0 */
	struct buf *out;
};

static bool
take_unit(struct units *u, uint32_t unit)
{
	bool is_low = unit >= 0xdc00 && unit < 0xe000;

	if (is_low != (u->high != 0) || is_direct(unit))
		return false;
	if (is_low) {
		utf8_write(u->out, 0x10000 + ((u->high & 0x3ff) << 10) + (unit & 0x3ff));
		u->high = 0;
	} else if (unit >= 0xd800 && unit < 0xdc00) {
		u->high = unit;
	} else {
		utf8_write(u->out, unit);
	}
	return true;
}

/* One run between "&" and "-". */
static bool
parse_run(struct buf *out, struct str run)
{
	struct units u = { .out = out };
	uint32_t bits = 0;
	unsigned count = 0;

	for (size_t i = 0; i < run.n; i++) {
		int value = value_of(run.p[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		count += 6;
		if (count >= 16) {
			count -= 16;
			if (!take_unit(&u, bits >> count & 0xffff))
				return false;
			bits &= (1u << count) - 1;
		}
	}
	return run.n >= 3 && u.high == 0 && count < 6 && bits == 0;
}

enum fail
utf7_imap_parse(struct buf *out, struct str name)
{
	bool is_after_run = false;

	while (name.n > 0) {
		struct str run;

		if (!str_skip_char(&name, '&')) {
			if (!is_direct((unsigned char)name.p[0]))
				return FAIL_SYNTAX;
			buf_add_char(out, name.p[0]);
			name = str_from(name, 1);
			is_after_run = false;
			continue;
		}
		if (!str_take_until(&name, '-', &run))
			return FAIL_SYNTAX;
		if (run.n == 0) {
			buf_add_char(out, '&');
			is_after_run = false;
			continue;
		}
		if (is_after_run || !parse_run(out, run))
			return FAIL_SYNTAX; /* two runs side by side should have been one */
		is_after_run = true;
	}
	return buf_ok(out) ? FAIL_NONE : FAIL_LIMIT;
}

struct run {
	struct buf *out;
	uint32_t bits;
	unsigned count; /* bits not yet written */
	bool is_open;
};

static void
run_add(struct run *r, uint32_t unit)
{
	if (!r->is_open)
		buf_add_char(r->out, '&');
	r->is_open = true;
	r->bits = r->bits << 16 | unit;
	r->count += 16;
	while (r->count >= 6) {
		r->count -= 6;
		buf_add_char(r->out, alphabet[r->bits >> r->count & 63]);
	}
	r->bits &= (1u << r->count) - 1;
}

static void
run_end(struct run *r)
{
	if (!r->is_open)
		return;
	if (r->count > 0)
		buf_add_char(r->out, alphabet[r->bits << (6 - r->count) & 63]);
	buf_add_char(r->out, '-');
	*r = (struct run){ .out = r->out };
}

void
utf7_imap_write(struct buf *out, struct str name)
{
	struct run r = { .out = out };

	while (name.n > 0) {
		uint32_t c = utf8_take(&name);

		if (is_direct(c)) {
			run_end(&r);
			buf_add_char(out, (char)c);
			if (c == '&')
				buf_add_char(out, '-');
		} else if (c >= 0x10000) {
			run_add(&r, 0xd800 + ((c - 0x10000) >> 10));
			run_add(&r, 0xdc00 + (c & 0x3ff));
		} else {
			run_add(&r, c);
		}
	}
	run_end(&r);
}
