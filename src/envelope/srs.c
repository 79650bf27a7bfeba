#include "envelope/srs.h"

/* base */
#include "base/limits.h"
#include "base/mem.h"

/* rooms */
#include "codec/idna.h"
#include "crypto/hmac.h"
#include "message/quoted_string.h"

#define MARK_CHARS 6    /* base32, 30 bits: a billion bounces to forge one address */
#define DAY_CHARS  2    /* base32 */
#define DAY_CYCLE  1024 /* days that two such characters tell apart */
#define DAY_S      86400
#define INNER_MAX  (2 * SMTP_PATH_MAX + SRS_LOCAL_MAX) /* bytes of a local part at work on */

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* --- local parts (RFC 5321 4.1.2) ------------------------------------------------------------------ */

/* The last '@': a quoted local part may hold others. */
static bool
split(struct str address, struct str *local, struct str *domain)
{
	size_t at = str_rfind_char(address, '@');

	if (at == STR_NONE)
		return false;
	*local = str_head(address, at);
	*domain = str_from(address, at + 1);
	return local->n > 0 && domain->n > 0;
}

/* What a local part stands for, its quotes taken off. False: control characters, or a broken quote. */
static bool
unquote(struct buf *out, struct str local)
{
	bool is_quoted = local.n > 1 && local.p[0] == '"' && local.p[local.n - 1] == '"';

	if (is_quoted)
		local = str_slice(local, 1, local.n - 2);
	for (size_t i = 0; i < local.n; i++) {
		if (is_quoted && local.p[i] == '\\' && ++i == local.n)
			return false;
		if ((unsigned char)local.p[i] < ' ' || local.p[i] == 127)
			return false;
		buf_add_char(out, local.p[i]);
	}
	return buf_ok(out) && out->n > 0;
}

/* Liberal as path.h: dots may stand anywhere, because some phones' addresses are like that. */
static bool
needs_quotes(struct str text)
{
	static const struct str marks = STR_INIT("!#$%&'*+-/=?^_`{|}~.");

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (!char_is_alpha(c) && !char_is_digit(c) && (unsigned char)c < 0x80 &&
		    str_find_char(marks, c) == STR_NONE)
			return true;
	}
	return text.n == 0;
}

/* Append `text` as a local part, quoted where it must be. FAIL_LIMIT: that would be too long. */
static enum fail
write_address(struct buf *out, struct str text, struct str domain)
{
	size_t before = out->n;
	bool is_long;

	if (needs_quotes(text))
		quoted_string_write(out, text);
	else
		buf_add(out, text);
	is_long = out->n - before > SRS_LOCAL_MAX;
	buf_add_char(out, '@');
	buf_add(out, domain);
	if (buf_ok(out) && !is_long)
		return FAIL_NONE;
	buf_rewind(out, before);
	return FAIL_LIMIT;
}

/* --- the mark and the day -------------------------------------------------------------------------- */

static void
add_lower(struct hmac_state *h, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = char_lower(s.p[i]);

		hmac_add(h, str_of(&c, 1));
	}
}

/* The mark of what is written behind it: of which kind, on which day (-1: no day), what. */
static void
make_mark(char out[MARK_CHARS], struct str key, char kind, int64_t day, struct str rest)
{
	unsigned char digest[HASH_SIZE_MAX];
	char head[1 + sizeof day] = { kind };
	struct hmac_state h;

	for (size_t i = 0; i < sizeof day; i++)
		head[1 + i] = (char)(unsigned char)((uint64_t)day >> (8 * i) & 0xff);
	hmac_init(&h, HASH_SHA256, key);
	hmac_add(&h, str_of(head, sizeof head));
	add_lower(&h, rest);
	hmac_get(&h, digest);
	for (size_t i = 0; i < MARK_CHARS; i++)
		out[i] = base32[digest[i] & 31];
}

static bool
mark_is(struct str mark, struct str key, char kind, int64_t day, struct str rest)
{
	char want[MARK_CHARS], got[MARK_CHARS];

	if (mark.n != MARK_CHARS)
		return false;
	for (size_t i = 0; i < MARK_CHARS; i++)
		got[i] = char_upper(mark.p[i]);
	make_mark(want, key, kind, day, rest);
	return mem_equal_secret(want, got, MARK_CHARS);
}

static int64_t
day_of(int64_t now_s)
{
	return now_s > 0 ? now_s / DAY_S : 0;
}

static void
write_day(struct buf *out, int64_t day)
{
	buf_add_char(out, base32[day % DAY_CYCLE / 32]);
	buf_add_char(out, base32[day % 32]);
}

/* The latest day that is written like this; tomorrow is one, for clocks that were set back. */
static bool
parse_day(struct str text, int64_t today, int64_t *out)
{
	int64_t value = 0, tomorrow = today + 1;

	if (text.n != DAY_CHARS)
		return false;
	for (size_t i = 0; i < DAY_CHARS; i++) {
		size_t digit = str_find_char(str_c(base32), char_upper(text.p[i]));

		if (digit == STR_NONE)
			return false;
		value = value * 32 + (int64_t)digit;
	}
	*out = tomorrow - ((tomorrow - value) % DAY_CYCLE + DAY_CYCLE) % DAY_CYCLE;
	return true;
}

/* --- forward --------------------------------------------------------------------------------------- */

static bool
is_separator(char c)
{
	return c == '=' || c == '-' || c == '+';
}

/* "SRS0=.." and "SRS1=..": the kind, and what stands behind it, the separator included. */
static bool
is_kind(struct str local, char kind, struct str *rest)
{
	if (!str_skip_nocase(&local, STR("SRS")) || !str_skip_char(&local, kind) || local.n == 0 ||
	    !is_separator(local.p[0]))
		return false;
	*rest = local;
	return true;
}

bool
srs_is_rewritten(struct str address)
{
	struct str local, domain, rest;

	if (!split(address, &local, &domain))
		return false;
	if (local.p[0] == '"')
		local = str_from(local, 1);
	return is_kind(local, '0', &rest) || is_kind(local, '1', &rest);
}

/* The parts of "=MARK=host=rest" of an SRS1 address, ours or not. */
static bool
split_srs1(struct str rest, struct str *mark, struct str *host, struct str *opaque)
{
	rest = str_from(rest, 1);
	if (!str_take_until(&rest, '=', mark) || !str_take_until(&rest, '=', host))
		return false;
	*opaque = rest;
	return host->n > 0 && opaque->n > 1 && is_separator(opaque->p[0]);
}

/* Behind the mark: what is covered by it. */
static void
write_marked(struct buf *out, struct str key, char kind, int64_t day, struct str rest)
{
	char mark[MARK_CHARS];

	make_mark(mark, key, kind, day, rest);
	buf_add_c(out, "SRS");
	buf_add_char(out, kind);
	buf_add_char(out, '=');
	buf_add(out, str_of(mark, MARK_CHARS));
	buf_add_char(out, '=');
	buf_add(out, rest);
}

/* A domain in ASCII; an address literal, and what IDNA does not take, stay as they are if they are ASCII. */
static bool
write_domain(struct buf *out, struct str domain)
{
	if (idna_write_ascii(out, domain) == FAIL_NONE)
		return true;
	buf_clear(out);
	for (size_t i = 0; i < domain.n; i++)
		if ((unsigned char)domain.p[i] <= ' ' || (unsigned char)domain.p[i] >= 127 ||
		    domain.p[i] == '=' || domain.p[i] == '@')
			return false;
	buf_add(out, domain);
	return buf_ok(out);
}

/*
 * An address that was rewritten by others keeps what they wrote, behind the name of the first of them;
 * hosts in between drop out, so that addresses do not grow with each hop.
 */
static void
write_new_local(struct buf *out, struct str local, struct str domain, struct str key, int64_t today)
{
	struct str rest, mark, host, opaque;
	struct buf inner;

	buf_init(&inner, INNER_MAX);
	if (is_kind(local, '1', &rest) && split_srs1(rest, &mark, &host, &opaque) &&
	    write_domain(&inner, host)) {
		buf_add_char(&inner, '=');
		buf_add(&inner, opaque);
		write_marked(out, key, '1', -1, buf_str(&inner));
	} else if (is_kind(local, '0', &rest) && rest.n > 1) {
		buf_add(&inner, domain);
		buf_add_char(&inner, '=');
		buf_add(&inner, rest);
		write_marked(out, key, '1', -1, buf_str(&inner));
	} else {
		write_day(&inner, today);
		buf_add_char(&inner, '=');
		buf_add(&inner, domain);
		buf_add_char(&inner, '=');
		buf_add(&inner, local);
		write_marked(out, key, '0', today, buf_str(&inner));
	}
	out->overflow |= !buf_ok(&inner);
	buf_release(&inner);
}

static enum fail
write_unchanged(struct buf *out, struct str address)
{
	size_t before = out->n;

	buf_add(out, address);
	if (buf_ok(out))
		return FAIL_NONE;
	buf_rewind(out, before);
	return FAIL_LIMIT;
}

enum fail
srs_forward(struct buf *out, struct str sender, struct str domain, struct str key, int64_t now_s)
{
	struct buf plain, from, text;
	struct str local, their;
	enum fail fail = FAIL_SYNTAX;

	if (sender.n == 0)
		return FAIL_NONE;
	if (!split(sender, &local, &their))
		return FAIL_SYNTAX;
	buf_init(&plain, INNER_MAX);
	buf_init(&from, INNER_MAX);
	buf_init(&text, INNER_MAX);
	if (unquote(&plain, local) && write_domain(&from, their)) {
		if (str_eq_nocase(buf_str(&from), domain)) {
			fail = write_unchanged(out, sender);
		} else {
			write_new_local(&text, buf_str(&plain), buf_str(&from), key, day_of(now_s));
			fail =
			    buf_ok(&text) ? write_address(out, buf_str(&text), domain) : FAIL_LIMIT;
		}
	}
	buf_release(&plain);
	buf_release(&from);
	buf_release(&text);
	return fail;
}

/* --- back ------------------------------------------------------------------------------------------ */

/* =MARK=TT=domain=local */
static enum fail
reverse_srs0(struct buf *out, struct str rest, struct str key, int64_t today)
{
	struct str mark, covered, day_text, domain, local;
	int64_t day;

	rest = str_from(rest, 1);
	if (!str_take_until(&rest, '=', &mark))
		return FAIL_SYNTAX;
	covered = rest;
	if (!str_take_until(&rest, '=', &day_text) || !str_take_until(&rest, '=', &domain))
		return FAIL_SYNTAX;
	local = rest;
	if (!parse_day(day_text, today, &day) || domain.n == 0 || local.n == 0)
		return FAIL_SYNTAX;
	if (!mark_is(mark, key, '0', day, covered))
		return FAIL_DENIED;
	if (today - day > SRS_DAYS)
		return FAIL_LIMIT;
	return write_address(out, local, domain);
}

/* =MARK=host=opaque, opaque beginning with the separator of that host's SRS0 address */
static enum fail
reverse_srs1(struct buf *out, struct str rest, struct str key)
{
	struct str mark, host, opaque, covered = str_from(rest, 1 + MARK_CHARS + 1);
	struct buf local;
	enum fail fail;

	if (!split_srs1(rest, &mark, &host, &opaque))
		return FAIL_SYNTAX;
	if (!mark_is(mark, key, '1', -1, covered))
		return FAIL_DENIED;
	buf_init(&local, INNER_MAX);
	buf_add_c(&local, "SRS0");
	buf_add(&local, opaque);
	fail = buf_ok(&local) ? write_address(out, buf_str(&local), host) : FAIL_LIMIT;
	buf_release(&local);
	return fail;
}

enum fail
srs_reverse(struct buf *out, struct str address, struct str key, int64_t now_s)
{
	struct str local, domain, rest;
	struct buf plain;
	enum fail fail = FAIL_SYNTAX;

	if (!split(address, &local, &domain))
		return FAIL_SYNTAX;
	buf_init(&plain, INNER_MAX);
	if (unquote(&plain, local)) {
		if (is_kind(buf_str(&plain), '0', &rest))
			fail = reverse_srs0(out, rest, key, day_of(now_s));
		else if (is_kind(buf_str(&plain), '1', &rest))
			fail = reverse_srs1(out, rest, key);
	}
	buf_release(&plain);
	return fail;
}
